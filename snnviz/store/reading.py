"""From columns to values."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import Row as Columns
from sqlalchemy import Select, bindparam, select

from snnviz.errors import InputError
from snnviz.events import ROWS
from snnviz.store.tables import KINDS, RUNS, TABLES
from snnviz.store.values import KINDS as TASKS
from snnviz.store.values import Run, Task, Unreadable

RUN = select(*(RUNS.c[field.name] for field in fields(Run) if field.name != "task"), RUNS.c.design, RUNS.c.kind)
"""The columns of a `Run`, named like its fields, and its task."""

ROW: dict[type[Any], Select[*tuple[Any, ...]]] = {
    event: select(TABLES[event].c.seq, *(TABLES[event].c[name] for name in KINDS[event]), TABLES[event].c.crc)
    .where(TABLES[event].c.run == bindparam("of"), TABLES[event].c.seq > bindparam("since"))
    .order_by(TABLES[event].c.seq)
    for event in ROWS
}
"""For each kind of row, its number, its fields and its checksum."""

LAST: dict[type[Any], Select[*tuple[Any, ...]]] = {
    event: select(TABLES[event].c.run, *(TABLES[event].c[name] for name in KINDS[event]), TABLES[event].c.crc)
    for event in ROWS
}
"""For each kind of row, its run, its fields and its checksum."""


def run(row: Columns[*tuple[Any, ...]]) -> Run | Unreadable:
    """The run, if its task is one that this snnviz accepts."""
    columns: dict[str, Any] = dict(row._mapping)
    read = task(columns.pop("kind"), columns.pop("design"))
    return Unreadable(row.run, row.state, read) if isinstance(read, str) else Run(task=read, **columns)


@lru_cache(maxsize=4096)
def task(kind: str, text: str | None) -> Task | str:
    """The stored task, or why it is not one (any more)."""
    if not text:  # of a store whose schema was damaged
        return "what was submitted is lost"
    if kind not in TASKS:
        return f"kind must be one of {', '.join(TASKS)}, got {kind!r}"
    try:
        return TASKS[kind].read(text)
    except InputError as error:
        return str(error)
