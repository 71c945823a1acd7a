"""Runs as they were kept before images were drawn for a look."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from snnviz.store import Store


def age(store: Store, run: str) -> None:
    """A run's looks become those of before: of fewer spikes, on the first 64 images, without counts and checksums."""
    engine = create_engine(f"sqlite:///{store.place}")
    with engine.begin() as connection:
        sets = "probe = NULL, synops = NULL, macs = NULL, additions = NULL, beta = NULL, threshold = NULL"
        changed = f"UPDATE layers SET {sets}, rate = rate / 4, crc = NULL WHERE run = :run"
        connection.execute(text(changed), {"run": run})
        connection.execute(text("UPDATE gradients SET probe = NULL, crc = NULL WHERE run = :run"), {"run": run})
        connection.execute(text("UPDATE runs SET revision = revision + 1 WHERE run = :run"), {"run": run})
    engine.dispose()
