"""Migration of a store of an older version when it is opened: every run gets the key of its task.

On SQLite this is one transaction, after the file was copied: if the process is killed, nothing has changed, and the
next process that opens the store starts again. Names, rows and weights stay as they are. A run whose task equals that
of another run loses only its key; a run whose formulas have changed since keeps its old key.
"""

from __future__ import annotations

import glob
import logging
import os
import secrets
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update
from sqlalchemy import Row as Columns

from snnviz.design import naming
from snnviz.errors import InputError, StoreError
from snnviz.events import LayerState
from snnviz.store import renewing, tables
from snnviz.store.tables import ABOUT, RUNS, TABLES
from snnviz.tasks import KINDS

MESSAGE_SECONDS = 86_400.0
"""How long users are told that a store was migrated, in seconds."""

BUSY_MILLISECONDS = 600_000
"""How long to wait for another process that migrates, in milliseconds."""

BATCH = 500
"""Number of runs that are written at once."""

MANY = 1000
"""Number of runs from which on the migration, which then takes seconds, is announced in the log."""

LOG = logging.getLogger("snnviz.store")


def backup_path(path: Path, version: int) -> Path:
    """Returns the path of the copy that is made of a store of this version before it is migrated."""
    return path.with_name(f"{path.stem}.version-{version}{path.suffix}")


def migrate(connection: Connection, path: Path | None) -> None:
    """Migrates the store of this connection, which must have no open transaction, to the current version.

    Raises `StoreError` if there is no room for the copy.
    """
    if path is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        connection.rollback()
    with connection.execution_options(writes=True).begin():
        tables.add_missing_schema(connection)
        version = connection.scalar(select(ABOUT.c.version))
        if version is None or version >= tables.VERSION:  # somebody was faster
            return
        if (count := connection.scalar(select(func.count()).select_from(RUNS)) or 0) > MANY:
            LOG.warning(
                "The store %s is of an older snnviz: its %d runs are being brought up to date.", path or "", count
            )
        kept = None if path is None else _keep(path, version)
        _give_keys(connection)
        if path is not None:  # a supervisor of before would fail what is submitted now: it ends when its lock is gone,
            path.with_name(f"{path.stem}.worker.lock").unlink(missing_ok=True)  # and hands back what it is at
        about = {"version": tables.VERSION, "migrated": time.time(), "kept": None if kept is None else kept.name}
        connection.execute(update(ABOUT).values(about))
        said = migration_message(connection)
    if said is not None:
        LOG.warning("%s: %s", path or "the server", said[1])


def migration_message(connection: Connection) -> tuple[float, str] | None:
    """Returns a sentence on the migration of this store and the time until which to show it, or None."""
    about = connection.execute(select(ABOUT.c.migrated, ABOUT.c.kept)).first()
    if about is None or about.migrated is None:
        return None
    said = "The store was brought up to date from an older snnviz, with all its runs"
    if about.kept is not None:
        said += f"; as it was before it is kept beside it as {about.kept}"
    return about.migrated + MESSAGE_SECONDS, f"{said}."


def _free(kept: Path, path: Path) -> Path:
    """The first such name that is free, or has a copy of this store: one of another store that lay here stays."""
    here, found = _runs(path), kept
    for number in range(2, 100):
        if not found.exists() or ((there := _runs(found)) is not None and here is not None and there <= here):
            break
        found = kept.with_name(f"{kept.stem}-{number}{kept.suffix}")
    return found


def _runs(path: Path) -> set[str] | None:
    """The names of a store's runs, which stay even of deleted ones; None where it is none."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        return {run for (run,) in connection.execute("SELECT run FROM runs")}
    return None


def _keep(path: Path, version: int) -> Path:
    """Copy the file as it is, while this connection keeps everybody else from writing."""
    kept = _free(backup_path(path, version), path)
    size, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    if size > free:
        raise StoreError(
            f"The store {path} is of an older snnviz, and there is no room to keep a copy of it before it is brought "
            f"up to date: free {size / 1e6:,.0f} MB. It was left as it is."
        )
    for left in path.parent.glob(f".{glob.escape(kept.name)}.*"):  # of one who was killed: nobody else is at it now
        left.unlink()
    new = path.with_name(f".{kept.name}.{secrets.token_hex(8)}")
    try:
        new.touch()
        shutil.copymode(path, new)  # who may not read the store may not read its copy
        with (
            closing(sqlite3.connect(path)) as source,
            closing(sqlite3.connect(new)) as copy,
        ):
            source.backup(copy, pages=10_000)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, whoever opens it
        os.replace(new, kept)
    finally:
        for left in new.parent.glob(f"{glob.escape(new.name)}*"):
            left.unlink()
    return kept


@dataclass(frozen=True)
class KeyedRun:
    """Intermediate value of a migration: a database row of a run with what is added to it.

    key: digest of its task. at: the revisions it was computed with. mended: a sentence on what is computed differently
    now. text: its new stored text.
    """

    row: Columns[*tuple[Any, ...]]
    key: str
    at: dict[str, int]
    mended: str
    text: str

    @property
    def rank(self) -> tuple[bool, bool, bool, int, float]:
        """Sort key: of several runs of one task, the largest one is found by the task's digest."""
        row, state = self.row, self.row.state
        return state == "done", state == "running", state == "queued", row.step, row.finished or row.created


def _give_keys(connection: Connection) -> None:
    connection.execute(update(RUNS).where(RUNS.c.state != "deleted").values(key=None, twin=None))
    _give(connection, _some(connection, RUNS.c.state != "deleted"))


def assign_missing_keys(connection: Connection) -> None:
    """Gives a key to each run without one: runs added by an older release, and runs that have become readable."""
    without = (RUNS.c.key.is_(None), RUNS.c.twin.is_(None), RUNS.c.state != "deleted")
    if not _some(connection, *without):
        return
    connection.rollback()
    with connection.execution_options(writes=True).begin():
        _give(connection, _some(connection, *without))


def _some(connection: Connection, *which: ColumnElement[bool]) -> list[KeyedRun]:
    """The runs of which a key can be made."""
    columns = [RUNS.c[n] for n in ("run", "kind", "design", "state", "attempt", "step", "finished", "created", "note")]
    rows = connection.execute(select(*columns).where(*which)).all()
    if not rows:
        return []
    layers = TABLES[LayerState].c
    probed = select(layers.run).where(layers.probe.is_not(None)).distinct()
    if len(rows) < MANY:
        probed = probed.where(layers.run.in_([row.run for row in rows]))
    today = set(connection.scalars(probed))
    return [keyed for row in rows if (keyed := _keyed(row, row.run in today)) is not None]


def _give(connection: Connection, runs: list[KeyedRun]) -> None:
    """Each run its key; of those of one task the first of them, if none has it yet, and the others a word."""
    held = {row.key: row for row in connection.execute(select(RUNS.c.run, RUNS.c.key, RUNS.c.state)) if row.key}
    groups: dict[str, list[KeyedRun]] = {}
    for keyed in runs:
        groups.setdefault(keyed.key, []).append(keyed)
    new: list[dict[str, Any]] = []
    for key, several in groups.items():
        several.sort(key=lambda keyed: keyed.rank, reverse=True)
        first = held.get(key)
        if first is not None and first.state == "deleted":
            connection.execute(update(RUNS).where(RUNS.c.run == first.run).values(key=None))
            first = None
        if first is None:
            new.append(_columns(several[0], key=key))
        name = several.pop(0).row.run if first is None else first.run
        new += [_columns(other, twin=key, said=renewing.TWIN.format(name)) for other in several]
    for start in range(0, len(new), BATCH):
        _write(connection, new[start : start + BATCH])


def _keyed(row: Columns[*tuple[Any, ...]], today: bool) -> KeyedRun | None:
    """`today`: whether it was computed with the formulas of today. None where nothing can be made of its text."""
    if row.kind not in KINDS:
        return None
    model = KINDS[row.kind].value
    try:
        document, at = naming.from_stored_text(row.kind, model, row.design, "task")
        with suppress(InputError):  # a data set that is not here now may come back
            document = model.check(document).document()
        now = naming.revision_numbers(model, document)
        if today or not row.attempt:
            at = now
        mended = naming.applicable_revisions(model, document, at)
        key, text = naming.task_key(row.kind, model, document, at), row.design
        if at != renewing.stored_revisions(row.design):
            text = naming.to_stored_text(model, document, at)
    except (InputError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return KeyedRun(row, key, at, renewing.describe_revisions(mended) if mended else "", text)


def _columns(keyed: KeyedRun, *, key: str | None = None, twin: str | None = None, said: str = "") -> dict[str, Any]:
    row, waits = keyed.row, keyed.row.state == "queued"
    if keyed.mended and not waits and row.state != "running":  # those begin anew when they are taken up
        said = f"{renewing.BEFORE.format(keyed.mended)} {said}".strip()
    return {
        "of": row.run,
        "key": key,
        "twin": twin,
        "design": keyed.text,
        "state": "cancelled" if twin and waits else row.state,
        "finished": time.time() if twin and waits else row.finished,
        "note": row.note if said in (row.note or "") else f"{row.note or ''} {said}".strip(),
    }


def _write(connection: Connection, several: list[dict[str, Any]]) -> None:
    new: dict[Any, Any] = {RUNS.c[name]: bindparam(f"new_{name}") for name in several[0] if name != "of"}
    change = update(RUNS).where(RUNS.c.run == bindparam("of")).values({**new, RUNS.c.revision: RUNS.c.revision + 1})
    rows = [{name if name == "of" else f"new_{name}": row[name] for name in row} for row in several]
    connection.execute(change, rows)
