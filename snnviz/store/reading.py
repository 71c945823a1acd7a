"""From columns to values."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import Row as Columns
from sqlalchemy import Select, bindparam, select

from snnviz.design import Design
from snnviz.errors import InputError
from snnviz.events import ROWS
from snnviz.store.tables import KINDS, RUNS, TABLES
from snnviz.store.values import Run, Unreadable

RUN = select(*(RUNS.c[field.name] for field in fields(Run)))
"""The columns of a `Run`, named like its fields."""

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
    """The run, if its design is one that this snnviz accepts."""
    read = design(row.design)
    if isinstance(read, str):
        return Unreadable(row.run, row.state, read)
    columns: dict[str, Any] = dict(row._mapping)
    return Run(**columns | {"design": read})


@lru_cache(maxsize=4096)
def design(text: str) -> Design | str:
    """The stored design, or why it is not one (any more)."""
    try:
        return Design.read(text)
    except InputError as error:
        return str(error)
