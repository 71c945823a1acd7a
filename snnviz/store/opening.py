"""Finding, creating and opening a store, and translating database errors into one sentence."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, select, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from snnviz.errors import StoreError
from snnviz.places import cache_dir
from snnviz.store import migrating, server, tables

BUSY_SECONDS = 20.0
"""How long a write waits for another one to end, in seconds."""

CHECKED_BYTES = 64_000_000
"""A larger SQLite file is not checked for damage on opening (2 ms per megabyte), but by `Store.check_in_background`."""


SYNCHRONOUS = "FULL"
"""SQLite's synchronous mode: rows must be on disk before the checkpoint that follows them."""


def resolve_url(url: str | Path | None) -> tuple[URL, Path | None]:
    """Returns the URL of the store and, for SQLite, the path of its file. Raises `StoreError`.

    `url` None: $SNNVIZ_STORE, else ``runs.sqlite`` in `cache_dir()`.
    """
    given: str | Path = url or os.environ.get("SNNVIZ_STORE") or cache_dir() / "runs.sqlite"
    if isinstance(given, str) and "://" in given:
        try:
            address = make_url(given)
        except ArgumentError:
            raise StoreError("store must be a path or a URL such as sqlite:///cache/runs.sqlite") from None
        if address.get_backend_name() != "sqlite":
            return address, None
        if not address.database or address.database == ":memory:":
            raise StoreError("store must be a file that several processes can open, got an SQLite store in memory")
        given = address.database
    path = Path(given).absolute()
    return URL.create("sqlite", database=str(path)), path


@dataclass
class StoreStatus:
    """What was found when a store was opened: which file it is, and whether it was replaced or migrated.

    `id`: identity of the file. `replaced`: another file took its place while it was open. `migrated`: time until which
    to show a message about its migration, and the message.
    """

    id: str | None = None
    replaced: bool = False
    migrated: tuple[float, str] | None = None


def connect(
    url: URL, path: Path | None, check: bool, create: bool = True, frozen: bool = False
) -> tuple[Engine, StoreStatus]:
    """Returns an SQLAlchemy engine for a store and its status; an empty store is created if it does not exist.

    `check`: check it for damage. `create`: False to create none. `frozen`: a file that nobody ever writes to, which is
    opened without a log and locks. Raises `StoreError`.
    """
    place, seen = str(path or url.render_as_string()), StoreStatus()
    try:
        with translate_errors(place):
            if path is None:
                engine = create_engine(url, pool_pre_ping=True, connect_args=server.connect_arguments(url))
                with engine.connect() as connection:
                    there = connection.dialect.has_table(connection, tables.ABOUT.name)
                if not there:
                    _fill(engine)
            else:
                if create and not path.exists():
                    _create(path)
                engine = _sqlite(path, seen, frozen)
            server.replace_nul(engine)
            try:
                with engine.connect() as connection:
                    _look(connection, path, check, frozen)
                    seen.id = connection.scalar(select(tables.ABOUT.c.id))
                    seen.migrated = migrating.migration_message(connection)
            except BaseException:
                engine.dispose()
                raise
    except ModuleNotFoundError as error:
        raise StoreError(MISSING.format(place, error.name)) from error
    return engine, seen


MISSING = "The store {} needs the Python package {}, which is not installed."


def stored_version(url: URL, path: Path | None) -> tuple[int | None, bool]:
    """Returns the version of a store before it is opened, None if there is none yet, and whether it lacks tables or
    columns of this release. Raises `StoreError`.
    """
    if path is not None and not path.exists():
        return None, False
    place = str(path or url.render_as_string())
    try:
        with translate_errors(place):
            if path is None:
                engine = create_engine(url, connect_args=server.connect_arguments(url))
            else:
                engine = _sqlite(path, StoreStatus(), frozen=False)
            try:
                with engine.connect() as connection:
                    if not connection.dialect.has_table(connection, tables.ABOUT.name):
                        return None, False
                    version = connection.scalar(select(tables.ABOUT.c.version))
                    return version, tables.is_schema_incomplete(connection)
            finally:
                engine.dispose()
    except ModuleNotFoundError as error:
        raise StoreError(MISSING.format(place, error.name)) from error


def _fill(engine: Engine) -> None:
    with engine.begin() as connection:
        tables.add_missing_schema(connection)
        if connection.scalar(select(tables.ABOUT.c.version)) is None:
            connection.execute(tables.ABOUT.insert().values(version=tables.VERSION))
        _name(connection)


def _name(connection: Connection) -> None:
    """Give a store that has none a name of its own."""
    connection.execute(update(tables.ABOUT).where(tables.ABOUT.c.id.is_(None)).values(id=secrets.token_hex(8)))


def _create(path: Path) -> None:
    """Write a whole empty store beside `path` and give it that name, so that nobody ever sees half a store."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        engine = create_engine(URL.create("sqlite", database=str(new)))
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA auto_vacuum=INCREMENTAL")  # before there are tables
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        _fill(engine)
        engine.dispose()  # the last connection to go writes everything into the file itself
        try:
            os.link(new, path)
        except FileExistsError:  # somebody was faster
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                new.rename(path)
    finally:
        for left in path.parent.glob(f"{new.name}*"):
            left.unlink()


def is_readonly(path: Path) -> bool:
    """Returns whether the file exists and can be read but not written."""
    effective = {"effective_ids": True} if os.access in os.supports_effective_ids else {}
    if not path.exists():
        return False
    return not os.access(path, os.W_OK, **effective) or not (  # SQLite makes a log beside the file
        os.access(path.parent, os.W_OK, **effective) or os.access(_log(path), os.W_OK, **effective)
    )


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _source(path: Path, frozen: bool) -> str:
    """How SQLite is to open the file."""
    # rw: a file that has been removed must be an error, not an empty store without tables.
    mode = "ro&immutable=1" if frozen else "rw"
    if not frozen and is_readonly(path):
        # Where nobody has it open there is no log, and without the right to make one only this way is left.
        has_log = _log(path).exists() and _log(path).stat().st_size > 0
        mode = "ro" if has_log else "ro&immutable=1"
    return f"file:{quote(str(path))}?mode={mode}"


def _sqlite(path: Path, seen: StoreStatus, frozen: bool) -> Engine:
    def open_file() -> sqlite3.Connection:
        source = _source(path, frozen)
        connection = sqlite3.connect(source, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.isolation_level = None  # transactions begin where `begin` says so, and as it says
        connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
        connection.execute("PRAGMA cell_size_check=ON")
        if seen.id is not None:
            try:
                now = connection.execute("SELECT id FROM snnviz_store").fetchone()[0]
            except (sqlite3.Error, TypeError):
                now = None  # whoever uses the connection meets the trouble
            seen.replaced = seen.replaced or now != seen.id
            seen.id = now
        return connection

    engine = create_engine("sqlite://", creator=open_file, poolclass=QueuePool, pool_size=4, max_overflow=60)

    def signature() -> tuple[object, ...]:
        state, source = path.stat(), _source(path, frozen)
        return state.st_ino, source, (state.st_mtime_ns if "immutable" in source else None)

    @event.listens_for(engine, "connect")
    def remember(_: sqlite3.Connection, record: Any) -> None:
        record.info["file"] = signature()

    @event.listens_for(engine, "checkout")
    def same_file(_: sqlite3.Connection, record: Any, __: Any) -> None:
        """The cache may be removed under a running server: writing on to a file without a name would lose it all."""
        if not path.exists() or signature() != record.info["file"]:
            raise DisconnectionError

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _look(connection: Connection, path: Path | None, check: bool, frozen: bool) -> None:
    """Refuse a store that is not ours, damaged or newer, before anything is written to it."""
    if path is not None and check and path.stat().st_size <= CHECKED_BYTES:
        check_integrity(connection)
    if path is not None and not connection.dialect.has_table(connection, tables.ABOUT.name):
        raise StoreError(
            f"{path} is not a store of snnviz; name another file with SNNVIZ_STORE, or move this one away."
        )
    version = connection.scalar(select(tables.ABOUT.c.version))
    if version is None or version > tables.VERSION:
        raise StoreError(
            f"The store {path or ''} was written by a newer snnviz (store version {version}, "
            f"this one reads up to {tables.VERSION}); update snnviz, or name another file with SNNVIZ_STORE."
        )
    old = version < tables.VERSION
    if old or tables.is_schema_incomplete(connection):
        if path is not None and (frozen or is_readonly(path)):
            raise StoreError(
                f"The store {path} is read-only and of an older snnviz: make the file and its folder writable once, "
                "so that it can be brought up to date."
            )
        connection.rollback()
        if old:
            migrating.migrate(connection, path)
        with connection.execution_options(writes=True).begin():
            tables.add_missing_schema(connection)
            connection.execute(update(tables.ABOUT).where(tables.ABOUT.c.id.is_(None)).values(id=secrets.token_hex(8)))
    if check and not frozen and not (path is not None and is_readonly(path)):
        migrating.assign_missing_keys(connection)


def raw_sqlite_connection(connection: Connection) -> sqlite3.Connection:
    """Returns the sqlite3 connection below SQLAlchemy's, outside of any transaction."""
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def check_integrity(connection: Connection) -> None:
    """Checks a whole SQLite file for damage (2 ms per megabyte). Raises `sqlite3.Error` if there is any."""
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise sqlite3.DatabaseError(str(found))


@contextmanager
def translate_errors(place: str) -> Iterator[None]:
    """Context manager that re-raises database and disk errors as `StoreError`; `place` names the store in its
    sentence.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(error_sentence(error, place)) from error
    except UnicodeError as error:  # of a damaged text, such as one of the schema
        raise StoreError(DAMAGED.format(place)) from error


DAMAGED = "The store {} is damaged or not a store, and was left as it is: move it away or restore a copy."

_SAID = {
    sqlite3.SQLITE_FULL: "The disk is full: the store {} cannot grow. Free some space; what is there is unharmed.",
    sqlite3.SQLITE_READONLY: "The store {} is read-only: make the file and its folder writable.",
    sqlite3.SQLITE_CANTOPEN: "The store {} cannot be opened: its folder must exist, be readable and be writable.",
    sqlite3.SQLITE_PERM: "The store {} may not be read: check who owns it.",
    sqlite3.SQLITE_BUSY: "The store {} is in use by another program and did not become free in time.",
    sqlite3.SQLITE_LOCKED: "The store {} is in use by another program and did not become free in time.",
    sqlite3.SQLITE_IOERR: "The disk refused to read or write the store {}: it may be full or failing.",
}


def is_disk_full(error: StoreError) -> bool:
    """Returns whether the error may mean that the disk is full."""
    cause: BaseException | None = error.__cause__
    cause = cause.orig if isinstance(cause, DBAPIError) else cause
    if isinstance(cause, OSError):
        return cause.errno in (errno.ENOSPC, errno.EDQUOT)
    if server.is_disk_full(cause):
        return True
    code = getattr(cause, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def error_sentence(error: Exception, place: str) -> str:
    """Returns one sentence for an error of SQLite, PostgreSQL, SQLAlchemy or the operating system."""
    if (said := server.error_sentence(error, place)) is not None:
        return said
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, OSError):
        return f"The store {place} cannot be used: {(cause.strerror or str(cause)).lower()}."
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None and code & 0xFF == sqlite3.SQLITE_CANTOPEN and not Path(place).exists():
        return f"The store {place} is gone and cannot be opened: put it back, or start snnviz again for an empty one."
    if code is not None and code & 0xFF in _SAID:
        return _SAID[code & 0xFF].format(place)
    if type(cause) is sqlite3.DatabaseError:
        return DAMAGED.format(place)
    first = (str(cause).splitlines() or [type(cause).__name__])[0]
    return f"The store {place} does not answer as it should: {first[:200]}"
