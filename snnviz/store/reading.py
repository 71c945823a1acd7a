"""Queries for runs and rows, and conversion of their columns to values."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, func, literal, or_, select
from sqlalchemy import Row as Columns

from snnviz.design.submitted import Task
from snnviz.errors import InputError
from snnviz.store.tables import COLUMNS, RUNS, TABLES
from snnviz.store.values import Run, UnreadableRun, tags_from_text
from snnviz.tasks import KINDS


def name_query(run: str | ColumnElement[str]) -> ColumnElement[str]:
    """Returns an SQL expression for a run's own name, given its name or the digest of its task."""
    said = literal(run, String) if isinstance(run, str) else run
    own = select(RUNS.c.run).where(RUNS.c.run == said).scalar_subquery()
    keyed = select(RUNS.c.run).where(RUNS.c.key == said).scalar_subquery()
    return func.coalesce(own, keyed, said)


def has_name_or_key(names: Any) -> ColumnElement[bool]:
    """Returns an SQL condition that holds for runs whose name or task's digest is in `names`."""
    return or_(RUNS.c.run.in_(names), RUNS.c.key.in_(names))


RUN_QUERY = select(
    *(RUNS.c[field.name] for field in fields(Run) if field.name not in ("task", "machine")), RUNS.c.design, RUNS.c.kind
)
"""Selects the columns of a `Run`, named like its fields, and its task."""

ROW_QUERIES: dict[type[Any], Select[*tuple[Any, ...]]] = {
    event: select(
        TABLES[event].c.seq,
        TABLES[event].c.run,  # which the checksum is of, whatever the run was asked for by
        *(TABLES[event].c[name] for name in COLUMNS[event]),
        TABLES[event].c.crc,
    )
    .where(TABLES[event].c.run == name_query(bindparam("of", type_=String)), TABLES[event].c.seq > bindparam("since"))
    .order_by(TABLES[event].c.seq)
    for event in TABLES
}
"""For each kind of row: selects number, run, fields and checksum of one run's rows."""

LAST_ROW_QUERIES: dict[type[Any], Select[*tuple[Any, ...]]] = {
    event: select(
        TABLES[event].c.run, *(TABLES[event].c[name] for name in COLUMNS[event]), TABLES[event].c.crc, RUNS.c.key
    ).join(RUNS, RUNS.c.run == TABLES[event].c.run)
    for event in TABLES
}
"""For each kind of row: selects its run, its fields, its checksum and the run's key."""

MANY_ROWS_QUERIES: dict[type[Any], Select[*tuple[Any, ...]]] = {
    event: LAST_ROW_QUERIES[event]
    .where(has_name_or_key(bindparam("of", expanding=True)))
    .order_by(TABLES[event].c.run, TABLES[event].c.seq)
    for event in TABLES
}
"""For each kind of row: as `LAST_ROW_QUERIES`, of all rows of several runs."""

NEW: dict[type[Any], Select[*tuple[Any, ...]]] = {
    event: select(TABLES[event].c.seq, *LAST_ROW_QUERIES[event].selected_columns)
    .join(RUNS, RUNS.c.run == TABLES[event].c.run)
    .where(has_name_or_key(bindparam("of", expanding=True)), TABLES[event].c.seq > bindparam("since"))
    .order_by(TABLES[event].c.seq)
    for event in TABLES
}
"""For each kind of row: as `MANY_ROWS_QUERIES`, with each row's number, of the rows after a given number."""


def run_from_columns(row: Columns[*tuple[Any, ...]]) -> Run | UnreadableRun:
    """Returns the run in a database row, or an `UnreadableRun` if this release does not accept its task."""
    columns: dict[str, Any] = dict(row._mapping)
    read = task_from_text(columns.pop("kind"), columns.pop("design"))
    columns["tags"] = tags_from_text(columns["tags"])
    return UnreadableRun(row.run, row.state, read) if isinstance(read, str) else Run(task=read, **columns)


@lru_cache(maxsize=4096)
def task_from_text(kind: str, text: str | None) -> Task | str:
    """Returns the task read from its stored text, or a sentence on why this release cannot read it."""
    if not text:  # of a store whose schema was damaged
        return "what was submitted is lost"
    if kind not in KINDS:
        return f"kind must be one of {', '.join(KINDS.names)}, got {kind!r}"
    try:
        read: Task = KINDS[kind].value.restore(text)
        return read
    except InputError as error:
        return str(error)
