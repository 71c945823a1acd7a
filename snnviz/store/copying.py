"""Backups of a store, which are one SQLite file whatever database the store is in, and restoring a store from one.

What is in a backup is every row but those of supervisors, which are processes. Weights are files of their own.
"""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Table, func, insert, inspect, select, text, update

from snnviz.errors import InputError, StoreError, Unquoted
from snnviz.places import cache_dir
from snnviz.store import classes, learning, opening, tables
from snnviz.store.single import SingleStore
from snnviz.store.tables import ABOUT, RUNS, SUPERVISORS

BATCH = 2000
"""Number of rows that are read and written at once."""

METADATA = (tables.METADATA, learning.METADATA, classes.METADATA)
"""Of all tables that a store may have."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored store has: its number of runs, of rows in all tables, and of weights that were put back."""

    runs: int
    rows: int
    weights: int


def copied_tables() -> list[Table]:
    """Returns all tables that a backup has, those whose rows others belong to first."""
    found = [table for metadata in METADATA for table in metadata.sorted_tables]
    return [table for table in found if table not in (ABOUT, SUPERVISORS)]


def backup(store: SingleStore, to: Path) -> None:
    """Writes a consistent copy of the store to the SQLite file `to`, also while the store is in use. Checkpoints are
    not copied.

    Raises `InputError` if the file exists, and `StoreError`.
    """
    if to.exists():
        raise InputError("file", "be a name that is free", str(to))
    new = to.with_name(f".{to.name}.{secrets.token_hex(8)}")
    try:
        if store.path is not None:
            _copy_file(store, new, to)
        else:
            _write_file(store, new)
        with opening.translate_errors(str(to)):
            with closing(sqlite3.connect(new)) as copy:
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, whoever opens it
            os.link(new, to)
    finally:
        for left in new.parent.glob(f"{glob.escape(new.name)}*"):
            left.unlink()


def _copy_file(store: SingleStore, new: Path, to: Path) -> None:
    """By SQLite's own means."""
    with (
        opening.translate_errors(str(to)),
        store._engine.connect() as connection,
        closing(sqlite3.connect(new)) as copy,
    ):
        opening.raw_sqlite_connection(connection).backup(copy, pages=2000)


def _write_file(store: SingleStore, new: Path) -> None:
    """Row by row, all as they are at one moment."""
    copy = SingleStore(new)
    try:
        with opening.translate_errors(store.place), store._engine.connect() as source:
            source.execution_options(isolation_level="REPEATABLE READ")
            with copy._writing() as target:
                _transfer(source, target)
                target.execute(update(ABOUT).values(id=store._seen.id))
    finally:
        copy.close()


def restore(store: SingleStore, file: Path, *, replace: bool = False, weights: Path | None = None) -> Restored:
    """Fills an empty store with what is in a backup, or in another store's SQLite file, of this or an older release.

    `replace`: delete what the store has instead of refusing it; nobody may use it meanwhile. `weights`: folder of the
    checkpoints of the store that was backed up; those of the restored runs are linked or copied. All or nothing: it is
    one transaction. Raises `InputError` if the store is not empty, and `StoreError` if the backup is damaged.
    """
    if weights is not None and not weights.is_dir():
        raise InputError("weights", "be a folder of checkpoints", str(weights))
    with _opened(file) as source:
        source.check()
        with store._writing() as target:
            if target.dialect.name == "postgresql":  # nobody adds a run between the look and the end
                target.execute(text("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE"))
            _make_room(target, replace)
            with source._reading() as connection:
                rows = _transfer(connection, target)
            _count_on(target)
            names = target.scalars(select(RUNS.c.run).where(RUNS.c.checkpoint.is_not(None))).all()
            runs = target.scalar(select(func.count()).select_from(RUNS).where(RUNS.c.state != "deleted")) or 0
    if replace:
        for left in {*store.checkpoints.glob("*.safetensors")} - {store.checkpoint_path(name) for name in names}:
            left.unlink(missing_ok=True)
    found = 0 if weights is None else _take_weights(store, weights, names)
    return Restored(runs, rows, found)


@contextmanager
def _opened(file: Path) -> Iterator[SingleStore]:
    """A copy of the file, brought up to date: the file itself stays as it is."""
    if not file.is_file():
        raise InputError("file", "be a backup that is there", str(file))
    with opening.translate_errors(str(file)):
        cache_dir().mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="restoring-", dir=cache_dir())
    with folder as name:
        copy = Path(name) / "runs.sqlite"
        try:
            with (
                opening.translate_errors(str(file)),
                closing(sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(copy)) as new,
            ):
                source.backup(new, pages=10_000)
            opened = SingleStore(copy, create=False)
        except StoreError as error:
            raise StoreError(str(error).replace(str(copy), str(file))) from error.__cause__
        opened.place = str(file)
        try:
            yield opened
        finally:
            opened.close()


def _make_room(target: Connection, replace: bool) -> None:
    present = inspect(target)
    held = [table for table in copied_tables() if present.has_table(table.name)]
    if replace:
        for table in reversed(held):
            target.execute(table.delete())
        return
    counted = {table.name: target.scalar(select(func.count()).select_from(table)) or 0 for table in held}
    if any(counted.values()):
        said = ", ".join(f"{count:,} rows of {name}" for name, count in counted.items() if count)
        raise InputError("store", "be empty, or be one that may be replaced (--replace)", Unquoted(said))


def _transfer(source: Connection, target: Connection) -> int:
    """Every row of every table; how many there were."""
    present, count = inspect(source), 0
    for table in copied_tables():
        if not present.has_table(table.name):
            continue
        table.create(target, checkfirst=True)
        query = select(table).order_by(*table.primary_key.columns)
        rows = source.execute(query.execution_options(stream_results=True, yield_per=BATCH)).mappings()
        for several in rows.partitions(BATCH):
            target.execute(insert(table), [dict(row) for row in several])
            count += len(several)
    return count


def _count_on(target: Connection) -> None:
    """Have a server number new rows on from those that were given with their numbers."""
    if target.dialect.name != "postgresql":
        return
    for table in copied_tables():
        column = table.autoincrement_column
        if column is not None and inspect(target).has_table(table.name):
            last = f"(SELECT max({column.name}) FROM {table.name})"
            numbers = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            target.execute(text(f"SELECT setval({numbers}, GREATEST(nextval({numbers}), {last}))"))


def _take_weights(store: SingleStore, folder: Path, names: Sequence[str]) -> int:
    """Checkpoints are replaced and never changed, so that two stores may have one file."""
    found = 0
    with opening.translate_errors(str(store.checkpoints)):
        store.checkpoints.mkdir(parents=True, exist_ok=True)
        for name in names:
            old, new = folder / f"{name}.safetensors", store.checkpoint_path(name)
            if not old.exists() or old.resolve() == new.resolve():
                continue
            aside = new.with_name(f"{name}.0.tmp")
            aside.unlink(missing_ok=True)
            try:
                with suppress(OSError):  # another disk
                    os.link(old, aside)
                if not aside.exists():
                    shutil.copyfile(old, aside)
                os.replace(aside, new)
            finally:
                aside.unlink(missing_ok=True)
            found += 1
    return found
