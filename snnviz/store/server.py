"""What a store on a database server (PostgreSQL) needs that a file does not: sentences for its errors, the names of its
files on this machine, and the server's clock.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Double, cast, event, extract, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ColumnElement

from snnviz.errors import StoreError

CONNECT_SECONDS = 10
"""How long to wait for a server that does not answer at all, in seconds; `connect_timeout` in a URL goes first."""

ADVISORY_LOCK = 7_668_749
"""Number of the PostgreSQL advisory lock that `wait_for_others` takes."""

NOW: ColumnElement[float] = cast(extract("epoch", func.clock_timestamp()), Double)
"""SQL expression: seconds since 1970 by the clock of the server, which is one for all machines that use it."""

REPLACED = "\N{REPLACEMENT CHARACTER}"
"""What stands in a text for a NUL, which PostgreSQL cannot keep."""

_FULL = "53100"
_SAID = {
    _FULL: "The disk is full: the store {} cannot grow. Free some space on its server; what is there is unharmed.",
    "25006": "The store {} is read-only: its server takes no writes.",
    "42501": "The store {} may not be used: its server does not give this user the right to.",
    "53300": "The store {} cannot be reached: its server has no connection left, and takes more with max_connections.",
}
"""Sentences by SQLSTATE."""


def insert(dialect: str) -> Any:
    """Returns SQLAlchemy's insert of a database, "sqlite" or "postgresql", which knows `on_conflict_do_nothing`."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def connect_arguments(url: URL) -> dict[str, Any]:
    """Returns arguments for connecting to the server of this URL."""
    postgresql = url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query
    return {"connect_timeout": CONNECT_SECONDS} if postgresql else {}


def file_stem(id: str) -> str:
    """Returns what the names of a store's files on this machine begin with: of its lock, log and checkpoints.

    `id`: the store's own, which stays when the server gets another address or password.
    """
    return f"server-{id}"


def adopt_files(folder: Path, url: str, id: str) -> None:
    """Makes `folder`, where a store's files lie on this machine, and renames the store's files of earlier releases,
    which named them by a hash of the URL.

    A supervisor of such a release ends when its lock is gone, and hands its runs back.
    """
    old, new = f"server-{hashlib.sha256(url.encode()).hexdigest()[:8]}", file_stem(id)
    with suppress(OSError):  # what cannot be written is said by whoever needs it
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{old}.worker.lock").unlink(missing_ok=True)
        if (folder / f"{old}-checkpoints").exists() and not (folder / f"{new}-checkpoints").exists():
            (folder / f"{old}-checkpoints").rename(folder / f"{new}-checkpoints")


def now(path: Path | None) -> Any:
    """Returns the time that is written to a store with this file, in seconds since 1970; of a server its own (`NOW`),
    since clocks of the machines that use it may differ.
    """
    return NOW if path is None else time.time()


def clock(connection: Connection) -> float:
    """Returns the time in seconds since 1970 by the clock that `now` is of."""
    return float(connection.scalar(select(NOW)) or 0.0) if connection.dialect.name == "postgresql" else time.time()


def wait_for_others(connection: Connection) -> None:
    """Has a transaction that writes what follows from what it reads, such as a count below a limit, wait for others
    that called this, as on SQLite every writer does.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))


def replace_nul(engine: Engine) -> None:
    """Has each NUL in a text that is sent to the database replaced, on SQLite as on PostgreSQL, which refuses it."""

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def clean(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> tuple[str, Any]:
        several = parameters if isinstance(parameters, list) else [parameters]
        if any(type(value) is str and "\0" in value for row in several for value in _values(row)):
            cleaned = [_without_nul(row) for row in several]
            return statement, cleaned if isinstance(parameters, list) else cleaned[0]
        return statement, parameters


def text_without_nul(text: str) -> str:
    """Returns the text with a replacement character for each NUL.

    >>> text_without_nul("a\\0b") == "a\N{REPLACEMENT CHARACTER}b"
    True
    """
    return text.replace("\0", REPLACED)


def _values(row: Any) -> Any:
    return row.values() if isinstance(row, dict) else row


def _without_nul(row: Any) -> Any:
    def clean(value: Any) -> Any:
        return text_without_nul(value) if type(value) is str else value

    return {name: clean(row[name]) for name in row} if isinstance(row, dict) else tuple(clean(value) for value in row)


def is_away(error: StoreError) -> bool:
    """Returns whether the error means that the server cannot be reached at the moment, or ended the connection."""
    cause = error.__cause__
    return isinstance(cause, DBAPIError) and _is_away(cause)


def _is_away(error: DBAPIError) -> bool:
    if not type(error.orig).__module__.startswith("psycopg"):
        return False
    state: str | None = getattr(error.orig, "sqlstate", None)
    # 08: no connection; 57P: shutting down, or not started yet. Without a connection there is no state at all.
    gone = state is None and type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")
    return error.connection_invalidated or gone or (state or "").startswith(("08", "57P"))


def is_disk_full(error: BaseException | None) -> bool:
    """Returns whether an error of the database driver says that the disk of the server is full."""
    return getattr(error, "sqlstate", None) == _FULL


def error_sentence(error: Exception, place: str) -> str | None:
    """Returns one sentence for an error of PostgreSQL, or None for an error that is none, or has no sentence here."""
    if not isinstance(error, DBAPIError):
        return None
    if (state := getattr(error.orig, "sqlstate", None)) in _SAID:
        return _SAID[state].format(place)
    if not _is_away(error):
        return None
    lines = [line.strip() for line in str(error.orig).splitlines() if line.strip()] or ["no connection"]
    why = lines[0].removeprefix("connection failed: ").rstrip(".:")[:200]
    return f"The store {place} cannot be reached ({why}); snnviz goes on when its server is there again."
