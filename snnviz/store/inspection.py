"""Reading everything that a store has, and saying what is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Table, func, inspect, select

from snnviz.store import checkpoints
from snnviz.store.copying import BATCH, copied_tables
from snnviz.store.single import SingleStore
from snnviz.store.tables import OF_RUNS, RUNS

MOST_NAMED = 3
"""Number of runs that a remark names."""


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What was read of a store without damage, its numbers of rows and runs, and remarks, a sentence each."""

    rows: int
    runs: int
    remarks: tuple[str, ...]


def inspect_store(store: SingleStore) -> StoreReport:
    """Reads every row, every run and all weights of a store. Raises `StoreError` if a row or the file is damaged."""
    rows = store.check()
    for table in copied_tables():
        if table not in OF_RUNS:  # those were read
            _read(store, table)
    with store._reading() as connection:
        runs = connection.scalar(select(func.count()).select_from(RUNS).where(RUNS.c.state != "deleted")) or 0
    remarks = [f"The run {one.run} cannot be read by this snnviz: {one.reason}." for one in store.unreadable(runs + 1)]
    return StoreReport(rows, runs, (*remarks, *_of_weights(store), *_of_nobody(store)))


def _read(store: SingleStore, table: Table) -> None:
    query = select(table).execution_options(stream_results=True, yield_per=BATCH)
    with store._reading() as connection:
        if inspect(connection).has_table(table.name):
            for _ in connection.execute(query).partitions(BATCH):
                pass


def _of_weights(store: SingleStore) -> Iterator[str]:
    with store._reading() as connection:
        names = connection.scalars(select(RUNS.c.run).where(RUNS.c.checkpoint.is_not(None)).order_by(RUNS.c.run)).all()
    missing, damaged = [], []
    for name in names:
        if not store.checkpoint_path(name).exists():
            missing.append(name)
            continue
        try:
            checkpoints.read_checkpoint(store.checkpoint_path(name))
        except checkpoints.CorruptCheckpoint:
            damaged.append(name)
    for found, what in ((missing, "are not in"), (damaged, "are damaged, in")):
        if found:
            yield f"The weights of {_named(found)} {what} {store.checkpoints}."


def _of_nobody(store: SingleStore) -> Iterator[str]:
    """Rows of runs that are not there, which nothing shows and nothing deletes."""
    there = select(RUNS.c.run).where(RUNS.c.state != "deleted")
    for table in OF_RUNS:
        with store._reading() as connection:
            count = connection.scalar(select(func.count()).select_from(table).where(table.c.run.not_in(there)))
        if count:
            yield f"{count:,} rows of {table.name} are of runs that are not there."


def _named(runs: list[str]) -> str:
    more = len(runs) - MOST_NAMED
    return ", ".join(runs[:MOST_NAMED]) + (f" and {more} more runs" if more > 0 else "")
