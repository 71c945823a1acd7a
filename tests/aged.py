"""Runs as they were kept before images were drawn for a look."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from snnviz.store import Store

UNCOUNTED = "probe = NULL, synops = NULL, macs = NULL, additions = NULL, beta = NULL, threshold = NULL, crc = NULL"


def age(store: Store, run: str) -> None:
    """A run's looks become those of before: of fewer spikes, on the first 64 images, without counts and checksums."""
    engine = create_engine(f"sqlite:///{store.place}")
    with engine.begin() as connection:
        for change in (
            f"UPDATE layers SET {UNCOUNTED}, rate = rate / 4",
            "UPDATE gradients SET probe = NULL, crc = NULL",
            "UPDATE runs SET revision = revision + 1",
        ):
            connection.execute(text(f"{change} WHERE run = :run"), {"run": run})
    engine.dispose()
