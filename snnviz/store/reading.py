"""From columns to values."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import Row as Columns
from sqlalchemy import Select, bindparam, select

from snnviz.catalog.searches import Search
from snnviz.design import Design
from snnviz.errors import InputError
from snnviz.events import ROWS
from snnviz.store.tables import KINDS, RUNS, TABLES
from snnviz.store.values import Run, Task, Unreadable

RUN = select(*(RUNS.c[field.name] for field in fields(Run) if field.name != "search"), RUNS.c.kind)
"""The columns of a `Run`, named like its fields, and what it is."""

ROW: dict[type[Any], Select[*tuple[Any, ...]]] = {
    event: select(TABLES[event].c.seq, *(TABLES[event].c[name] for name in KINDS[event]))
    .where(TABLES[event].c.run == bindparam("of"), TABLES[event].c.seq > bindparam("since"))
    .order_by(TABLES[event].c.seq)
    for event in ROWS
}
"""For each kind of row, its number and its fields."""

LAST: dict[type[Any], Select[*tuple[Any, ...]]] = {
    event: select(TABLES[event].c.run, *(TABLES[event].c[name] for name in KINDS[event])) for event in ROWS
}
"""For each kind of row, its run and its fields."""


def run(row: Columns[*tuple[Any, ...]]) -> Run | Unreadable:
    """The run, if its design, or its search, is one that this snnviz accepts."""
    columns: dict[str, Any] = dict(row._mapping)
    read = task(columns.pop("kind"), row.design)
    if isinstance(read, str):
        return Unreadable(row.run, row.state, read)
    if isinstance(read, Search):
        return Run(**columns | {"design": read.design, "search": read})
    return Run(**columns | {"design": read})


@lru_cache(maxsize=4096)
def task(kind: str, text: str) -> Task | str:
    """The stored design or search, or why it is not one (any more)."""
    try:
        return Search.read(text) if kind == "search" else Design.read(text)
    except InputError as error:
        return str(error)
