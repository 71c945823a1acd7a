"""The database schema: tables of runs, of each kind of row that runs report, and of summaries.

The tables of rows are made from the fields of the event dataclasses, so that a new field is a new column. A store that
lacks a column or a table gets it when it is opened; `VERSION` is increased only for changes that this cannot make.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_type_hints

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.types import TypeEngine

from snnviz.errors import StoreError
from snnviz.events import Row
from snnviz.store.server import text_without_nul, wait_for_others
from snnviz.tasks import KINDS

VERSION = 2
"""Version of the schema. 1: runs are named by a digest of all fields. 2: they are found by a key (`store.migrating`).
"""

R = TypeVar("R", bound=Row)

METADATA = MetaData()

ABOUT = Table(
    "snnviz_store",
    METADATA,
    Column("version", Integer, nullable=False),
    Column("id", String(32)),  # tells this store from one that took its place
    Column("migrated", Double),  # when it was brought from an older version
    Column("kept", Text),  # the copy of it as it was before
)

RUNS = Table(
    "runs",
    METADATA,
    Column("run", String(16), primary_key=True),  # its name, for ever; of a new run the key
    Column("key", String(16)),  # of its task (`snnviz.design.naming`), by which it is found; a deleted run keeps it
    Column("twin", String(16)),  # the key of one that turned out to be the same task as the run that has the key
    # A deleted run stays as an empty row in the state "deleted": if its design comes back, its attempts are
    # numbered on from where they were, so that a worker of the deleted run can still not write.
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False, server_default="run"),  # see `tasks.KINDS`; `design` holds it
    Column("title", Text, nullable=False, server_default=""),
    Column("design", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("owner", Text),
    Column("created", Double, nullable=False),
    Column("queued", Double, nullable=False),
    Column("started", Double),
    Column("finished", Double),
    Column("seconds", Double, nullable=False, server_default="0"),
    Column("step", Integer, nullable=False, server_default="0"),
    Column("steps", Integer, nullable=False, server_default="0"),
    Column("eta_seconds", Double),
    Column("doing", Text),
    Column("error", Text),
    Column("traceback", Text),
    Column("note", Text),
    Column("tags", Text, nullable=False, server_default=""),  # of people, see `marks`
    Column("notes", Text, nullable=False, server_default=""),
    Column("starred", Boolean, nullable=False, server_default="0"),
    Column("checkpoint", Integer),  # the epoch after which it was saved
    Column("opened", Double),  # when somebody last looked at it, to the hour
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    Column("heartbeat", Double),
    Column("revision", Integer, nullable=False, server_default="0"),  # goes up with every change that is shown
    Column("estimate", Double),  # processor-seconds that it was expected to take when it was submitted
    Column("expected_bytes", BigInteger),  # of weights, as was expected then (`store.limits`)
    Index("runs_by_state", "state", "queued"),
    Index("runs_by_age", "created"),
    Index("runs_by_kind", "kind", "created"),
    Index("runs_by_key", "key", unique=True),
    Index("runs_by_twin", "twin"),
)

SUPERVISORS = Table(
    "supervisors",
    METADATA,
    Column("owner", Text, primary_key=True),
    Column("heartbeat", Double, nullable=False),
    Column("temporary", Text),  # a folder that is left behind where it is killed
    Column("version", Integer),  # of the store as it knows it; none of one of version 1
)

OWNERS = Table(
    "owners",
    METADATA,
    Column("run", String(16), primary_key=True),
    Column("person", String(200), primary_key=True),  # who wants it, see `people.person`
    Column("since", Double, nullable=False),
    Column("charged", Double, nullable=False, server_default="0"),  # of its seconds, what its owners were charged for
    Index("owners_by_person", "person"),
)

SHARES = Table(
    "shares",
    METADATA,
    Column("person", String(200), primary_key=True),
    Column("recent", Double, nullable=False),  # processor-seconds, see `fair_shares.Share`
    Column("day", Double, nullable=False),
    Column("started", Double, nullable=False),
    Column("at", Double, nullable=False),  # when `recent` and `day` were so
)

SWITCHES = Table(
    "switches",
    METADATA,
    Column("name", String(20), primary_key=True),  # see `store.switches`
    Column("value", Text, nullable=False),
)

SUMMARIES = Table(
    "summaries",
    METADATA,
    Column("run", String(16), primary_key=True),
    Column("metric", String(40), primary_key=True),  # see `theory.metrics`
    Column("value", Double),
    Column("revision", Integer, nullable=False),  # of the metric
    Column("finished", Double, nullable=False),  # the end of the run that it is of
    Column("measured", Double),  # and of a measurement of it
    Column("crc", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

DESIGNS = Table(
    "designs",
    METADATA,
    Column("text", String(32), primary_key=True),  # a digest of what runs keep of a design, but for the seed
    Column("key", String(16), nullable=False),  # of its group
    Column("settings", Text, nullable=False),
    Column("release", String(16), nullable=False),  # what read it, see `index.release_digest`
    Column("crc", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

_TYPES: dict[type, type[TypeEngine[Any]]] = {int: Integer, float: Double, str: Text}


def _table(event: type[Row]) -> Table:
    columns = []
    for name, (kind, optional) in _columns(event).items():
        # SQLite stores a NaN (a loss that diverged) as NULL, so every float has to accept it.
        columns.append(Column(name, _TYPES[kind], nullable=optional or kind is float))
    return Table(
        event.table,
        METADATA,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("run", String(16), nullable=False),
        *columns,
        Column("crc", BigInteger),  # see `checksum`; rows of before have none
        UniqueConstraint("run", *event.key),
        Index(f"{event.table}_by_run", "run", "seq"),
        sqlite_autoincrement=True,  # a number is never used twice, so `since` holds when a run comes back
    )


def _columns(event: type[Row]) -> dict[str, tuple[type, bool]]:
    """Each field's type, and whether it may be None."""
    hints = get_type_hints(event)
    found = {}
    for field in fields(cast(Any, event)):
        members = get_args(hints[field.name]) or (hints[field.name],)
        found[field.name] = (next(m for m in members if m is not NoneType), NoneType in members)
    return found


COLUMNS: dict[type[Any], dict[str, tuple[type, bool]]] = {event: _columns(event) for event in KINDS.row_types}
TABLES: dict[type[Any], Table] = {event: _table(event) for event in KINDS.row_types}


OF_RUNS = (*TABLES.values(), SUMMARIES, OWNERS)
"""The tables whose rows belong to a run and are deleted with it."""


def row_to_columns(run: str, row: Row) -> dict[str, Any]:
    """Returns an event as database columns, its checksum included; numpy numbers become Python numbers."""
    columns: dict[str, Any] = {"run": run}
    for name, (kind, _) in COLUMNS[type(row)].items():
        value = getattr(row, name)
        columns[name] = None if value is None else text_without_nul(str(value)) if kind is str else kind(value)
    return columns | {"crc": checksum(run, columns)}


def checksum(run: str, columns: Mapping[str, Any]) -> int:
    """Returns the CRC-32 of a row's values, by which damage of the stored row is detected.

    NULL columns are left out, so that a column added by a later release does not change it.
    """
    said = [run]
    for name in columns:
        value = columns[name]
        if name != "run" and value is not None and value == value:  # SQLite keeps a NaN as NULL
            said.append(f"{name}={value + 0.0 if type(value) is float else value}")  # and -0.0 as 0.0
    return zlib.crc32("\0".join(said).encode())


def row_from_columns(kind: type[R], run: str, columns: Sequence[Any], crc: int | None) -> R:
    """Returns the event in a database row, given its columns in the order of the fields; NULL in a float column is NaN.

    Raises `StoreError` if the checksum `crc` does not match.
    """
    if crc is not None and crc != checksum(run, dict(zip(COLUMNS[kind], columns, strict=True))):
        raise StoreError(
            f"The store is damaged: a row of the run {run} ({kind.table}) is not what was written; delete the run and "
            "train it again, or restore a copy."
        )
    given = [
        math.nan if value is None and kinds == (float, False) else value
        for value, kinds in zip(columns, COLUMNS[kind].values(), strict=True)
    ]
    make: Callable[..., R] = kind
    return make(*given)


def add_missing_schema(connection: Connection) -> None:
    """Creates missing tables, and missing columns that a later release added."""
    wait_for_others(connection)  # two who create a table at once disturb each other
    METADATA.create_all(connection)
    present = inspect(connection)
    for table in METADATA.sorted_tables:
        names = {column["name"] for column in present.get_columns(table.name)}
        for column in table.columns:
            if column.name not in names:
                kind = column.type.compile(connection.dialect)
                default = f" DEFAULT {_literal(column)}" if column.server_default is not None else ""
                connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}{default}"))
        for index in table.indexes:
            index.create(connection, checkfirst=True)


def is_schema_incomplete(connection: Connection) -> bool:
    """Returns whether tables or columns are missing, which `add_missing_schema` would add."""
    tables: Mapping[str, Table] = METADATA.tables
    found = inspect(connection).get_multi_columns(filter_names=[*tables])  # of a server in one query
    present = {name: {column["name"] for column in columns} for (_, name), columns in found.items()}
    return any({column.name for column in table.columns} - present.get(name, set()) for name, table in tables.items())


def _literal(column: Column[Any]) -> str:
    default = column.server_default.arg  # type: ignore[union-attr]
    return f"'{default}'"
