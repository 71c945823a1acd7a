"""What the host of a server sees and does: people, disk, failures; cancel, clear, announce, hold and drain.

Every call asks whose store it is: to anybody but an admin, or whoever has the machine, it is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from snnviz.data import owndata
from snnviz.data import owners as data_owners
from snnviz.errors import NotAllowed, NotFound
from snnviz.people.person import data_mark
from snnviz.places import cache_dir
from snnviz.store import owners, server
from snnviz.store.owners import PersonUsage, Workload
from snnviz.store.retention import store_bytes
from snnviz.store.store import Store
from snnviz.store.switches import Switches, read_switches, write_switches
from snnviz.store.tables import OWNERS, RUNS

FOR_THE_HOST = "This is for the host of the server, whom snnviz.toml names in people.admins."

NOBODY = ""
"""Whose runs nobody asked for: those of the command line and of earlier releases."""


class Failure(NamedTuple):
    """A run that failed: its name, kind of task, title and owners, when (seconds since 1970), and what is known."""

    run: str
    kind: str
    title: str
    people: tuple[str, ...]
    finished: float
    error: str
    traceback: str


class DiskUse(NamedTuple):
    """What a server keeps, in bytes: by kind of thing, and by person; `runs`: weights by run.

    A run of several people counts in equal parts. Rows in the database are counted for nobody.
    """

    kinds: dict[str, int]
    people: dict[str, int]
    runs: dict[str, int]


class Host:
    """What a host asks of a store. `store`: as it is for the person who asks (`Store.acting_as`)."""

    def __init__(self, store: Store) -> None:
        self._asked = store

    @property
    def _store(self) -> Store:
        person = self._asked.person
        if person is not None and not person.is_admin:
            raise NotAllowed(FOR_THE_HOST)
        return self._asked

    def people(self) -> list[PersonUsage]:
        """Returns all who want a run or used something; who used the most of late first. Raises `NotAllowed`, as all
        of these.
        """
        with self._store._reading() as connection:
            return owners.people(connection)

    def workload(self) -> Workload:
        """Returns what the store has done and has to do."""
        with self._store._reading() as connection:
            return owners.workload(connection)

    def failures(self, limit: int = 100) -> list[Failure]:
        """Returns the runs that failed, the last first."""
        columns = select(RUNS.c.run, RUNS.c.kind, RUNS.c.title, RUNS.c.finished, RUNS.c.error, RUNS.c.traceback)
        failed = columns.where(RUNS.c.state == "failed").order_by(RUNS.c.finished.desc(), RUNS.c.run).limit(limit)
        with self._store._reading() as connection:
            found = connection.execute(failed).all()
            whose = owners.owners_of(connection, [row.run for row in found])
        return [
            Failure(row.run, row.kind, row.title, whose.get(row.run, ()), row.finished or 0.0, row.error or "",
                    row.traceback or "")
            for row in found
        ]  # fmt: skip

    def disk(self) -> DiskUse:
        """Returns what the server keeps. Looks at each file of weights and of data."""
        store = self._store
        _, sizes = store_bytes(store)
        with store._reading() as connection:
            known = {row.run: row.kind for row in connection.execute(select(RUNS.c.run, RUNS.c.kind))}
            whose: dict[str, list[str]] = defaultdict(list)
            for run, person in connection.execute(select(OWNERS.c.run, OWNERS.c.person)):
                whose[run].append(person)
            database = self._database(connection)
        kinds: dict[str, int] = defaultdict(int, {"database": database})
        people: dict[str, float] = defaultdict(float)
        for run, size in sizes.items():
            kinds[f"weights of {known[run]}" if run in known else "weights of no run"] += size
            for person in whose.get(run, [NOBODY]):
                people[person] += size / len(whose.get(run, [NOBODY]))
        marks = {data_mark(person): person for persons in whose.values() for person in persons}
        for folder, size in owndata.own_dataset_sizes().items():
            kinds["data sets of people"] += size
            makers = data_owners.read_owners(folder) or {NOBODY: ""}
            for mark in makers:
                people[marks.get(mark, mark)] += size / len(makers)
        everything = _bytes_below(cache_dir() / "datasets")
        kinds["data sets and frames"] = max(0, everything - kinds["data sets of people"])
        larger = lambda one: -one[1]  # noqa: E731
        return DiskUse(
            {name: size for name, size in sorted(kinds.items(), key=larger) if size},
            {person: round(size) for person, size in sorted(people.items(), key=larger)},
            sizes,
        )

    def _database(self, connection: Connection) -> int:
        path = self._store.path
        if path is None:
            return int(connection.scalar(select(func.pg_database_size(func.current_database()))) or 0)
        return sum(_size(path.with_name(path.name + more)) for more in ("", "-wal", "-shm"))

    def cancel(self, run: str) -> None:
        """Cancels a run for all who want it."""
        self._store.cancel(run)

    def clear(self, person: str | None = None) -> int:
        """Cancels all that waits, or what a person (by id) has waiting or running, and returns how many runs; a run
        that others want as well goes on without that person.
        """
        store = self._store
        asked = select(RUNS.c.run).where(RUNS.c.state.in_(("queued",) if person is None else ("queued", "running")))
        if person is not None:
            asked = asked.where(OWNERS.c.run == RUNS.c.run, OWNERS.c.person == person)
        with store._reading() as connection:
            runs = connection.scalars(asked).all()
        for run in runs:
            if person is not None:
                with store._writing() as connection:
                    if owners.let_go(connection, run, person):
                        continue
            with suppress(NotFound):
                store.cancel(run)
        return len(runs)

    def switches(self) -> Switches:
        """Returns what the host has switched."""
        return self._store.switches()

    def switch(
        self, *, notice: str | None = None, read_only: bool | None = None, draining: bool | None = None
    ) -> Switches:
        """Changes what is given, and returns all switches. Raises `InputError`."""
        store = self._store
        with store._writing() as connection:
            server.wait_for_others(connection)
            now = read_switches(connection)
            write_switches(
                connection,
                Switches(
                    now.notice if notice is None else notice,
                    now.read_only if read_only is None else read_only,
                    now.draining if draining is None else draining,
                ),
            )
            return read_switches(connection)


def _bytes_below(folder: Path) -> int:
    return sum(_size(file) for file in _files_below(folder))


def _files_below(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (path for path in folder.rglob("*") if not path.is_symlink() and path.is_file())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
