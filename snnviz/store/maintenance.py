"""Maintenance of a store: integrity checks, and cleaning up after killed processes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from snnviz.errors import StoreError
from snnviz.places import cache_dir
from snnviz.store import opening, reading, tables
from snnviz.store.disk_space import DiskSpace
from snnviz.store.tables import RUNS
from snnviz.temporary_files import is_abandoned


class Maintenance(DiskSpace):
    """The maintenance methods of `Store`, which hosts call."""

    _checking = False

    def notices(self) -> list[str]:
        """Returns sentences on the state of the store that are shown to users, such as that it is read-only, was
        replaced or is being checked.
        """
        said = []
        if self.readonly:
            said.append(f"The store {self.place} is read-only: runs can be looked at, none can be added or changed.")
        if self._seen.replaced:
            said.append(
                f"The store {self.place} was removed or moved while it was open, and another one is in its place: "
                "these are the runs of the new one."
            )
        if (migrated := self._seen.migrated) is not None and time.time() < migrated[0]:
            said.append(migrated[1])
        if self._checking:
            said.append(f"The store {self.place} is large, and is being searched for damage in the background.")
        return said

    def check_in_background(self) -> threading.Thread | None:
        """Starts an integrity check in a background thread, for files too large to be checked on opening, and returns
        the thread.

        Returns None for small files and database servers. `notices` reports that the check is running; after damage was
        found, every use of the store raises `StoreError`.
        """
        if self.path is None or not self.path.exists() or self.path.stat().st_size <= opening.CHECKED_BYTES:
            return None
        self._checking = True

        def search() -> None:
            try:
                self.check(rows=False)
            except StoreError as error:
                self._damage = str(error)
            finally:
                self._checking = False

        thread = threading.Thread(target=search, name="search for damage", daemon=True)
        thread.start()
        return thread

    def check(self, *, rows: bool = True) -> int:
        """Checks the whole store for damage, pages and indices, and, if `rows`, the checksum of every row.

        Returns the number of rows read. Raises `StoreError` if there is damage.
        """
        count = 0
        if self.path is not None:
            with opening.translate_errors(self.place), self._engine.connect() as connection:
                if (found := connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()) != "ok":
                    raise sqlite3.DatabaseError(str(found))
        with self._reading() as connection:
            names = connection.scalars(select(RUNS.c.run)).all() if rows else []
        for run in names:
            for event in tables.TABLES:
                with self._reading() as connection:
                    found = connection.execute(reading.ROW_QUERIES[event], {"of": run, "since": 0}).all()
                count += sum(tables.row_from_columns(event, run, row[2:-1], row[-1]) is not None for row in found)
        return count

    def sweep(self, gone: Callable[[str], bool | None]) -> list[Path]:
        """Deletes temporary files and folders that killed workers left behind, and returns their paths. Called by the
        supervisor.

        `gone(owner)`: whether that supervisor is known to be dead; None if unknown.
        """
        left: list[Path] = []
        with self._reading() as connection:
            columns = select(RUNS.c.run, RUNS.c.attempt).where(RUNS.c.state == "running")
            at_work = {f"{row.run}.{row.attempt}.tmp" for row in connection.execute(columns)}
        # Who does not have the run's current attempt can write no checkpoint any more.
        left += [path for path in self.checkpoints.glob("*.tmp") if path.name not in at_work]
        if self.path is not None:
            left += [path for path in self.path.parent.glob(f".{self.path.name}.*") if is_abandoned(path)]
        for pattern in ("own-*.tmp", "*/unpacking-*"):
            left += [path for path in (cache_dir() / "datasets").glob(pattern) if is_abandoned(path)]
        for supervisor in self.supervisors():
            if gone(supervisor.owner):
                self.remove_supervisor(supervisor.owner)
                if (path := _temporary(supervisor.temporary)) is not None:
                    left.append(path)
        for path in left:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        return left


def _temporary(name: str | None) -> Path | None:
    """The folder of a dead supervisor, if it is one that Python makes and is ours: the store could name any."""
    path = Path(name) if name else None
    if path is None or path.parent != Path(tempfile.gettempdir()) or not path.name.startswith("pymp-"):
        return None
    with suppress(OSError):
        if path.lstat().st_uid == os.geteuid() and path.is_dir() and not path.is_symlink():
            return path
    return None
