"""The class `Store`: all runs with their rows and checkpoints, including those distributed with snnviz."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from snnviz.design.design import Design
from snnviz.design.submitted import Task
from snnviz.errors import InputError
from snnviz.events import Checkpoint, Row
from snnviz.people.hosting import Hosting
from snnviz.people.person import Person
from snnviz.store import limits, owners, reading, server, shipped, switches
from snnviz.store.fair_shares import Share
from snnviz.store.shipped import Shipped
from snnviz.store.single import SingleStore
from snnviz.store.summaries import StoredMetric
from snnviz.store.switches import Switches
from snnviz.store.tables import RUNS
from snnviz.store.values import STATES, Run, State, Submitted, UnreadableRun
from snnviz.theory.metrics import METRICS

R = TypeVar("R", bound=Row)


class Store(SingleStore):
    """Runs, their rows and their checkpoints, shared by any number of threads and processes.

    A run goes ``queued -> running -> done | failed | cancelled``. The store guarantees:

    - **One design, one run.** A run is found by the digest of its task (a design, for example) or by its own name,
      which is given at the first submission and kept. `submit` is atomic: of simultaneous submissions exactly one
      creates the run. Submitting a queued, running or done task again changes nothing; a failed or cancelled run is
      queued again and continues from its checkpoint.
    - **One worker at a time.** `claim` hands a queued run to one caller and increments its attempt number. Every
      write of a worker carries that number; once the run is claimed again, ended or deleted, such a write raises
      `LeaseLost` and changes nothing. Attempt numbers are never reused, not even when a deleted run is submitted
      again.
    - **Dead workers.** `recover` queues a run again if its worker died. After `MAX_DEATHS` deaths since the last
      submission by a person, the run fails, and a record of its deaths is kept.
    - **Rows are only added.** There is one row per `key` of its event, so what a resumed run computes again changes
      nothing. `rows` can continue from where a reader stopped. `version` changes when anything shown of a run
      changes.
    - **Summaries follow from rows.** A run's metrics (`store.metrics`) are stored when it ends, and computed again
      where the summary is missing, damaged or from an earlier end of the run.
    - **Damage is detected.** Each row has a checksum; reading an altered row raises `StoreError`. A file of up to 64
      MB is checked when it is opened, a larger one by `check_in_background`; `check` reads everything.
    - **Stars protect.** A run with a star cannot be deleted, and `trim` keeps its weights. Tags, notes and stars are
      set by people alone, change nothing else, and are deleted with the run.
    - **Checkpoints are atomic**: complete or absent, on disk together with every row that led to them, and never
      pickle. A damaged one is ignored, with a note on the run, which then starts from the beginning.
    - **Errors are one sentence.** If the disk is full, or the store is read-only, damaged, busy or from a newer
      snnviz, `StoreError` is raised, and nothing is written partly. A read-only store can be read; a store file that
      is removed while open is not created again.
    - **Disk space.** Of a finished run only the weights are kept. `trim` removes checkpoints beyond a budget, never
      those of runs that are to be computed, and `retrain` trains a run without weights once more. Deleting also works
      on a full disk.
    - **What came with snnviz** (`store.shipped`) is read as one's own is, and never written: it cannot be deleted,
      renamed or marked. Submitting its design finds it; `retrain` trains it here, and from then on the run of one's own
      is shown in its place, until that is deleted. `counts` does not count it, and its time is compared with no other.
    - **A run is its owners'.** The store of a person (`acting_as`) lets them cancel, rename, mark and delete their own
      runs and those of nobody; an admin all. Who submits a task that is there already wants the run as well; it is
      cancelled or deleted when the last of them lets it go. What people used decides whose run is next
      (`store.fair_shares`), and their role's limits how much they may queue and keep (`store.limits`, `LimitReached`),
      as counted in the transaction that queues it.
    - **The host switches** (`switches`) a line for all, and whether others may change anything or add runs.
    - **The file can be copied** while no worker writes: everything a run wrote is in the file itself when it ends.
      `copying.backup` copies it at any time, and a store on a server as well.

    `url`: a path or a database URL (SQLite or PostgreSQL); default ``$SNNVIZ_STORE``, else ``runs.sqlite`` in
    `cache_dir()`. `check`: whether to check for damage; False in a process whose parent has just checked. `create`:
    whether to create the store if there is none. `gallery`: whether what came with snnviz is shown as well.
    """

    def __init__(
        self,
        url: str | Path | None = None,
        *,
        check: bool = True,
        create: bool = True,
        gallery: bool = True,
    ) -> None:
        super().__init__(url, check=check, create=create)
        self._gallery = gallery
        self._person: Person | None = None
        self._lender: Store | None = None
        self._hosting = Hosting()

    def acting_as(self, person: Person | None, hosting: Hosting | None = None) -> Store:
        """Returns this store as it is for a person, with the limits that their host sets; None: for whoever has the
        machine, who may do everything. Cheap.
        """
        acting = copy.copy(self)
        acting._person, acting._hosting = person, hosting or Hosting()
        acting._lender = self  # which closes the connections when nobody has it
        return acting

    def owners(self, runs: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Returns the ids of the people who want each of these runs (by name), the first to ask first; runs of nobody
        are left out.
        """
        with self._reading() as connection:
            return owners.owners_of(connection, runs)

    @property
    def person(self) -> Person | None:
        """Whose store it is; None: of whoever has the machine."""
        return self._person

    @property
    def hosting(self) -> Hosting:
        """What the host decided."""
        return self._hosting

    def switches(self) -> Switches:
        """Returns what the host has switched: a line for all, read-only, no new runs."""
        with self._reading() as connection:
            return switches.read_switches(connection)

    def share(self, person: str) -> Share:
        """Returns what a person used until now."""
        with self._reading() as connection:
            return owners.shares_of(connection, [person], server.clock(connection)).get(person, Share())

    @property
    def shipped(self) -> Shipped | None:
        """The gallery (the runs distributed with snnviz), or None."""
        return shipped.shipped() if self._gallery else None

    def submit(self, task: Task) -> Submitted:
        """Adds a task, such as a design, to the queue, unless there is a run of it already; see the class for tasks
        that were submitted before. Raises `LimitReached`.
        """
        if self._came([task.digest])[1]:
            return Submitted(self.resolve_name(task.digest), cached=True, created=False)
        submitted = super().submit(task)
        if not submitted.created:
            self._want(submitted.run)
        return submitted

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with super()._writing() as connection:
            switches.refuse_if_read_only(connection, self._person)
            yield connection

    def _admit(self, connection: Connection, task: Task) -> None:
        if self._person is not None:
            server.wait_for_others(connection)  # of two who press at once, the second is counted after the first
            limits.check_limits(connection, self._person, self._hosting, task, self)

    def _expected_bytes(self, task: Task) -> int | None:
        return None if self._person is None else limits.expected_bytes(task)

    def _admitted(self, connection: Connection, run: str) -> None:
        if self._person is not None:
            owners.add_owner(connection, run, self._person.id)

    def _want(self, run: str) -> None:
        if self._person is not None:
            with self._writing() as connection:
                owners.add_owner(connection, run, self._person.id)

    def retrain(self, run: str) -> None:
        """Queues a finished run without weights to be trained again, from the start, or one that came with snnviz to be
        trained here, for anybody who wants it. Rows of one's own stay and will be the same. Raises `LimitReached`.
        """
        there, came = self._came([run])
        if there is not None and came:
            run = super().submit(there.store.get(run).task).run
        else:
            super().retrain(run)
        self._want(self.resolve_name(run))

    def cancel(self, run: str) -> None:
        """Cancels a queued run at once and asks a running one to stop; ended runs do not change."""
        self._refuse(run)
        if not self._let_go(run):
            super().cancel(run)

    def rename(self, run: str, title: str) -> None:
        """Sets the run's title, at most 200 characters (else `InputError`); an empty one removes it. Raises
        `NotFound`.
        """
        self._refuse(run)
        super().rename(run, title)

    def delete(self, run: str) -> None:
        """Deletes a run, its rows and its checkpoint; its worker can write no more. Works on a full disk.

        Raises:
            InputError: the run is starred, or came with snnviz.
        """
        self._refuse(run)
        if not self._let_go(run):
            super().delete(run)

    def tag(self, run: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> tuple[str, ...]:
        """Adds tags to a run, removes others, and returns the tags that it then has.

        Raises `InputError` for an invalid tag and `NotFound` if there is no such run.
        """
        self._refuse(run)
        return super().tag(run, add, remove)

    def annotate(self, run: str, note: str) -> None:
        """Replaces the note of a run; an empty note removes it."""
        self._refuse(run)
        super().annotate(run, note)

    def star(self, run: str, starred: bool = True) -> None:
        """Stars a run, which protects it from deletion and its weights from eviction, or removes the star.

        Raises `InputError` if too many runs have a star.
        """
        self._refuse(run)
        super().star(run, starred)

    def _admit_star(self, connection: Connection, run: str) -> None:
        if self._person is not None:
            limits.check_star(connection, self._person, self._hosting, run, self)

    def mark_viewed(self, run: str) -> None:
        """Records that somebody views the run, so that its checkpoint is not among the first to be deleted."""
        if not self._came([run])[1]:
            super().mark_viewed(run)

    def notices(self) -> list[str]:
        """Returns sentences on the state of the store that are shown to users, such as that it is read-only, was
        replaced or is being checked.
        """
        return super().notices() + ([said] if self._gallery and (said := shipped.problem()) else [])

    def resolve_name(self, run: str) -> str:
        """Returns the name of a run, given its name or the digest of its task; any other text is returned unchanged."""
        there, came = self._came([run])
        return super().resolve_name(run) if there is None or not came else there.store.resolve_name(run)

    def get_many(self, names: Iterable[str]) -> dict[str, Run]:
        """Returns several runs with one query, as a dictionary from the given strings, which are names of runs or
        digests of their tasks; those that are not found are left out. Raises `StoreError` if one cannot be read.
        """
        asked = tuple(names)
        found = super().get_many(asked)
        there, came = self._came(name for name in asked if name not in found)
        if there is not None and came:
            more = there.store.get_many(came)
            found |= {name: there.mark(run) for name, run in more.items()}
            return {name: found[name] for name in asked if name in found}
        return found

    def rows(self, run: str, event: type[R], since: int = 0) -> list[tuple[int, R]]:
        """Returns the rows of one kind (a class of `Row`) of a run with their numbers, in order, after the row number
        `since`.
        """
        there, came = self._came([run])
        return super().rows(run, event, since) if there is None or not came else there.store.rows(run, event, since)

    def rows_of(self, names: Iterable[str], event: type[R]) -> dict[str, list[R]]:
        """Returns all rows of one kind (a class of `Row`) of several runs, in order, by the requested name; runs
        without such rows are left out.
        """
        asked = tuple(names)
        there, came = self._came(asked)
        found = super().rows_of(asked, event)
        return found | there.store.rows_of(came, event) if there is not None and came else found

    def new_rows(self, since: Mapping[str, int], event: type[R]) -> dict[str, list[tuple[int, R]]]:
        """Returns the rows of one kind (a class of `Row`), with their numbers, that each of several runs has gained
        since a row number (0 for all rows).
        """
        there, came = self._came(since)
        if there is None or not came:
            return super().new_rows(since, event)
        own = {name: number for name, number in since.items() if name not in came}
        more = there.store.new_rows({name: since[name] for name in came}, event)
        return (super().new_rows(own, event) if own else {}) | more

    def last_rows(self, event: type[R], runs: Sequence[str] | None = None) -> dict[str, R]:
        """Returns the newest row of one kind (a class of `Row`) of each run that has any, by the run's name.

        `runs`: names or digests; None: every run, without damaged rows.
        """
        found = super().last_rows(event, runs)
        if runs is None:
            there = self.shipped
            return found if there is None else {**there.store.last_rows(event, self._unshadowed(there)), **found}
        there, came = self._came(runs)
        return found | there.store.last_rows(event, came) if there is not None and came else found

    def runs(
        self,
        limit: int = 1000,
        states: Sequence[State] = STATES,
        of: type[Task] | None = Design,
        *,
        include_shipped: bool = True,
    ) -> list[Run]:
        """Returns readable runs, the newest first: of designs, or of the kind of task `of` (None: of any kind).

        `include_shipped`: include the runs distributed with snnviz.
        """
        found = super().runs(limit, states, of)
        there = self.shipped if include_shipped and "done" in states else None
        if there is None:
            return found
        shown = {*self._unshadowed(there)}
        more = [there.mark(run) for run in there.store.runs(limit, states, of) if run.run in shown]
        return sorted((*found, *more), key=lambda run: (-run.created, run.run))[:limit]

    def summaries(self, runs: Iterable[str] | None, metrics: Iterable[str]) -> dict[str, dict[str, StoredMetric]]:
        """Returns the stored values of these metrics for each run (None: for all runs), by the runs' names; damaged
        ones are left out. Times of runs distributed with snnviz are None, since another machine trained them.
        """
        asked, named = (None if runs is None else tuple(runs)), tuple(metrics)
        found = super().summaries(asked, named)
        there = self.shipped
        came = [] if there is None else self._unshadowed(there) if asked is None else self._came(asked)[1]
        if there is not None and came:
            for run, kept in there.store.summaries(came, named).items():
                found[run] = {name: _timeless(name, one) for name, one in kept.items()} | found.get(run, {})
        return found

    def finished_times(self, names: Iterable[str]) -> dict[str, float | None]:
        """Returns when runs ended, by name and by digest; unknown runs are left out."""
        asked = tuple(names)
        there, came = self._came(asked)
        found = super().finished_times(asked)
        return found | there.store.finished_times(came) if there is not None and came else found

    def version(self, run: str | None = None) -> str:
        """Returns a text that changes whenever anything shown of the run (None: of any run) changes; cheap. Heartbeats
        do not count.
        """
        if run is None:
            there = self.shipped
            return super().version() + (f"-{there.id[:8]}" if there is not None else "")
        return "came" if self._came([run])[1] else super().version(run)

    def load_checkpoint(self, run: str) -> Checkpoint | None:
        """Returns the run's last checkpoint or None; a damaged one gives None too, and a note on the run."""
        there, came = self._came([run])
        return super().load_checkpoint(run) if there is None or not came else there.store.load_checkpoint(run)

    def _matching(self, run: str) -> list[Run | UnreadableRun]:
        found = super()._matching(run)
        there = self.shipped
        if there is None or (found and len(run) == 16):
            return found
        shown = {*self._unshadowed(there)}
        more = [one for one in there.store._matching(run) if one.run in shown]
        return [*found, *(there.mark(one) if isinstance(one, Run) else one for one in more)]

    def _came(self, names: Iterable[str]) -> tuple[Shipped | None, list[str]]:
        """The gallery, and those of these names and digests that it has and that were not trained here."""
        there = self.shipped
        came = shipped.elsewhere(there, names)
        if not came:
            return there, []
        own = self._own(came)
        return there, [name for name in came if name not in own]

    def _own(self, names: Sequence[str]) -> set[str]:
        columns = select(RUNS.c.run, RUNS.c.key).where(reading.has_name_or_key(names), RUNS.c.state != "deleted")
        with self._reading() as connection:
            return {name for row in connection.execute(columns) for name in row if name}

    def _unshadowed(self, there: Shipped) -> list[str]:
        """The names of all runs of the gallery that were not trained here."""
        own = self._own([*there.names])
        keys = there.keys
        return [name for name in there.machines if name not in own and keys.get(name) not in own]

    def _refuse(self, run: str) -> None:
        if self._came([run])[1]:
            raise InputError("run", "be one of those trained here: what came with snnviz stays as it is", run)
        if self._person is not None:
            name = self.resolve_name(run)
            with self._reading() as connection:
                rule = owners.refusal(connection, name, self._person)
            if rule is not None:
                raise InputError("run", rule, run)

    def _let_go(self, run: str) -> bool:
        """Whether others want the run, so that it stays, and no more this person's."""
        if self._person is None or self._person.is_admin:
            return False
        name = self.resolve_name(run)
        with self._writing() as connection:
            return owners.let_go(connection, name, self._person.id)


def _timeless(metric: str, kept: StoredMetric) -> StoredMetric:
    return kept._replace(value=None) if metric in METRICS and METRICS[metric].form == "seconds" else kept
