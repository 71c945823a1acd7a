"""Disk space: a budget for checkpoints, a reserve for deleting on a full disk, and shrinking of the SQLite file."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, func, select

from snnviz.errors import StoreError
from snnviz.events import Checkpoint
from snnviz.store import checkpoints, opening, reading
from snnviz.store.leases import Leases, update_and_notify
from snnviz.store.tables import RUNS
from snnviz.store.values import ENDED
from snnviz.tasks import design_of

DEFAULT_MEGABYTES = 20_000
WEEK_SECONDS = 7 * 86_400.0

RESERVE_BYTES = 8_000_000
"""Size of the reserve, in bytes; deleting needs room because SQLite first writes changed pages to its log."""

PAGES = 1000
"""Number of database pages returned to the disk at a time, 4 MB."""

SHRINK_SECONDS = 1.0


def checkpoint_budget() -> float:
    """Returns how many bytes of checkpoints a store keeps: $SNNVIZ_CHECKPOINTS_MEGABYTES, inf for all. Raises
    `StoreError`.
    """
    try:
        found = float(os.environ.get("SNNVIZ_CHECKPOINTS_MEGABYTES") or DEFAULT_MEGABYTES) * 1e6
    except ValueError:
        found = math.nan
    if math.isnan(found):
        raise StoreError("SNNVIZ_CHECKPOINTS_MEGABYTES must be a number of megabytes.")
    return found


class DiskSpace(Leases):
    """The methods of `Store` that manage disk space; the docstring of `Store` is the contract."""

    def trim(self) -> list[str]:
        """Deletes checkpoints until they fit the budget, as far as allowed; returns the names of runs without weights
        now.

        First the optimizer states of finished runs; then the weights of ended runs that nobody viewed for a week, the
        longest unviewed first. Never those of a queued, running or starred run,
        or of a run that such a run starts from.
        """
        over = self._held() - checkpoint_budget()
        if over <= 0:
            return []
        last = func.coalesce(RUNS.c.opened, RUNS.c.finished, RUNS.c.created)
        ended = select(RUNS.c.run, RUNS.c.state, RUNS.c.starred, last.label("last")).where(
            RUNS.c.state.in_(ENDED), RUNS.c.checkpoint.is_not(None)
        )
        with self._reading() as connection:
            needed = names_needed(connection)
            found = [row for row in connection.execute(ended.order_by("last")) if row.run not in needed]
        for row in found:
            if row.state == "done":
                over -= self._lighten(row.run)
        gone = []
        for row in (row for row in found if not row.starred):
            if over <= 0 or row.last > time.time() - WEEK_SECONDS:
                break
            path, size = self.checkpoint_path(row.run), _size(self.checkpoint_path(row.run))
            day = time.strftime("%Y-%m-%d", time.gmtime())
            note = f"Its weights were removed on {day} to make room: nobody had opened it for a week."
            still = (RUNS.c.run == row.run, RUNS.c.state == row.state, last == row.last, ~RUNS.c.starred)
            with self._writing() as connection:
                if connection.execute(update_and_notify(*still).values(checkpoint=None, note=_said + note)).rowcount:
                    path.unlink(missing_ok=True)
                    over -= size
                    gone.append(row.run)
        return gone

    def reserve(self) -> None:
        """Writes a reserve file of a few megabytes if there is room; `release` deletes it when the disk is full, so
        that deleting runs still works.
        """
        if self._reserve is None or self._reserve.exists() or self.readonly:
            return
        with suppress(OSError):
            if shutil.disk_usage(self._reserve.parent).free < 4 * RESERVE_BYTES:
                return
            try:
                # Not zeros, which a file system may keep without room.
                with self._reserve.open("xb", buffering=0) as file:
                    written = file.write(os.urandom(RESERVE_BYTES))
            except FileExistsError:  # somebody was faster
                return
            except OSError:
                written = 0
            if written < RESERVE_BYTES:
                self.release()

    def release(self) -> bool:
        """Deletes the reserve file to free disk space; returns whether there was one."""
        try:
            if self._reserve is None:
                return False
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def shrink(self) -> None:
        """Returns unused database pages to the disk, for at most a second; files created by early releases keep their
        size.
        """
        if self.path is None or self.readonly:
            return
        end = time.monotonic() + SHRINK_SECONDS
        with suppress(StoreError), opening.translate_errors(self.place), self._engine.connect() as connection:
            file = opening.raw_sqlite_connection(connection)
            while file.execute("PRAGMA freelist_count").fetchone()[0] and time.monotonic() < end:
                if file.execute("PRAGMA auto_vacuum").fetchone()[0] != 2:
                    return
                file.executescript(f"PRAGMA incremental_vacuum({PAGES});")  # `execute` stops after one page
                file.execute("PRAGMA wal_checkpoint(PASSIVE)")
            wait = file.execute("PRAGMA busy_timeout").fetchone()[0]
            file.execute("PRAGMA busy_timeout = 100")
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            file.execute(f"PRAGMA busy_timeout = {wait}")

    @property
    def _reserve(self) -> Path | None:
        return None if self.path is None else self.path.with_suffix(".reserve")

    def _held(self) -> int:
        return sum(_size(path) for path in self.checkpoints.glob("*.safetensors"))

    def _lighten(self, run: str) -> int:
        """Bytes won by leaving out of a finished run's checkpoint what only training needs."""
        path = self.checkpoint_path(run)
        if not checkpoints.has_optimizer_state(path):
            return 0
        new, before = path.with_suffix(".0.tmp"), _size(path)
        try:
            light: Checkpoint = checkpoints.without_optimizer_state(checkpoints.read_checkpoint(path))
            checkpoints.write_checkpoint(new, light)
            with self._writing() as connection:  # no other attempt begins meanwhile
                done = select(RUNS.c.run).where(RUNS.c.run == run, RUNS.c.state == "done")
                if connection.scalar(done) is not None:
                    os.replace(new, path)
        except (OSError, StoreError, checkpoints.CorruptCheckpoint):
            return 0
        finally:
            new.unlink(missing_ok=True)
        return before - _size(path)


_said = func.coalesce(RUNS.c.note + " ", "")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def names_needed(connection: Connection) -> set[str]:
    """Returns the names of runs that are to be computed, and of those that they start from."""
    active = select(RUNS.c.run, RUNS.c.kind, RUNS.c.design).where(RUNS.c.state.in_(("queued", "running")))
    called = {name for row in connection.execute(active) for name in _names(row.run, row.kind, row.design)}
    return called.union(connection.scalars(select(RUNS.c.run).where(RUNS.c.key.in_(called))))


def _names(run: str, kind: str, text: str) -> Iterator[str]:
    """A run that is to be computed, and the key of the one it begins with."""
    yield run
    task = reading.task_from_text(kind, text)
    with suppress(TypeError):
        if not isinstance(task, str):
            yield design_of(task).digest
