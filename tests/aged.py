"""Runs as they were kept before images were drawn for a look."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, text

from snnviz.design.design import Design
from snnviz.design.submitted import Task
from snnviz.store import Store, tables
from snnviz.tasks import KINDS

UNCOUNTED = "probe = NULL, synops = NULL, macs = NULL, additions = NULL, beta = NULL, threshold = NULL, crc = NULL"


def age(store: Store, run: str) -> None:
    """A run's looks become those of before: of fewer spikes, on the first 64 images, without counts, checksums and
    summary."""
    engine = create_engine(f"sqlite:///{store.place}")
    with engine.begin() as connection:
        for change in (
            f"UPDATE layers SET {UNCOUNTED}, rate = rate / 4",
            "UPDATE gradients SET probe = NULL, crc = NULL",
            "UPDATE runs SET revision = revision + 1",
            "DELETE FROM summaries",
        ):
            connection.execute(text(f"{change} WHERE run = :run"), {"run": run})
    engine.dispose()


def digest_of_before(task: Task) -> str:
    """The name of a run in stores of version 1."""
    kind = "" if isinstance(task, Design) else f"{task.kind}:"
    return hashlib.sha256(f"{kind}1:{task.canonical()}".encode()).hexdigest()[:16]


def older(path: Path, names: Mapping[str, str] | None = None, texts: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make a closed store one of version 1, and say what each run is called there, by its name of today.

    `names` and `texts`: of runs that an even older release named and wrote otherwise.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.isolation_level = None
        called = {}
        for run, kind, text_ in connection.execute("SELECT run, kind, design FROM runs").fetchall():
            task = KINDS[kind].value.restore(text_)
            called[run] = (names or {}).get(run) or digest_of_before(task)
            written = (texts or {}).get(run) or task.canonical()
            connection.execute("UPDATE runs SET run = ?, design = ? WHERE run = ?", (called[run], written, run))
            for event, table in tables.TABLES.items():
                fields = tuple(tables.COLUMNS[event])
                rows = connection.execute(f"SELECT seq, {','.join(fields)} FROM {table.name} WHERE run = ?", [run])
                for seq, *values in rows.fetchall():
                    crc = tables.checksum(called[run], dict(zip(fields, values, strict=True)))
                    connection.execute(
                        f"UPDATE {table.name} SET run = ?, crc = ? WHERE seq = ?", (called[run], crc, seq)
                    )
            for weights in path.parent.glob(f"checkpoints/{run}.*"):
                weights.rename(weights.with_name(weights.name.replace(run, called[run])))
        connection.execute("DROP INDEX runs_by_key")
        connection.execute("DROP INDEX runs_by_twin")
        for column in ("key", "twin"):
            connection.execute(f"ALTER TABLE runs DROP COLUMN {column}")
        for column in ("migrated", "kept"):
            connection.execute(f"ALTER TABLE snnviz_store DROP COLUMN {column}")
        connection.execute("UPDATE snnviz_store SET version = 1")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return called
