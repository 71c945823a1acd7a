"""The runs of one database, with their rows and checkpoints, without the gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, delete, func, select

from snnviz.design.design import Design
from snnviz.design.submitted import Task
from snnviz.errors import InputError, NotFound, StoreError
from snnviz.events import Row
from snnviz.store import opening, owners, reading, renewing, server, tables
from snnviz.store.batch_reads import by_requested_name
from snnviz.store.leases import update_and_notify
from snnviz.store.marks import Marks
from snnviz.store.tables import OF_RUNS, RUNS, TABLES
from snnviz.store.values import STATES, Run, State, Submitted, UnreadableRun
from snnviz.tasks import KINDS

R = TypeVar("R", bound=Row)


class SingleStore(Marks):
    """The runs of one database; base class of `Store`, which adds the runs distributed with snnviz, and whose docstring
    is the contract.
    """

    def submit(self, task: Task) -> Submitted:
        """Adds a task, such as a design, to the queue, unless the store has a run of it; see `Store` for tasks that
        were submitted before.
        """
        key, now = task.digest, server.now(self.path)
        known = select(RUNS.c.run, RUNS.c.state).where(RUNS.c.key == key)
        with self._reading() as connection:
            found = connection.execute(known).one_or_none()
        if found is not None and found.state in ("queued", "running", "done"):
            return Submitted(found.run, cached=found.state == "done", created=False)
        fresh = {
            "state": "queued",
            "queued": now,
            "kind": KINDS.kind_of(task).name,
            "design": task.stored(),
            "started": None,
            "finished": None,
            "error": None,
            "traceback": None,
            "note": None,
            "owner": None,
            "cancel_requested": False,
            "deaths": 0,
            "estimate": KINDS.kind_of(task).cost(task).seconds,
            "expected_bytes": self._expected_bytes(task),
        }
        with self._writing() as connection:
            if connection.scalar(select(RUNS.c.state).where(RUNS.c.key == key)) not in ("queued", "running", "done"):
                self._admit(connection, task)
            created = False
            for name in renewing.candidate_names(key):  # the second where a deleted run of another task is called so
                new = self._insert(RUNS).values(run=name, key=key, created=now, **fresh).on_conflict_do_nothing()
                created = connection.scalar(new.returning(RUNS.c.run)) is not None
                if created or connection.execute(known).one_or_none() is not None:
                    break
            if not created:
                back = update_and_notify(RUNS.c.key == key, RUNS.c.state == "deleted").values(created=now, **fresh)
                created = connection.scalar(back.returning(RUNS.c.run)) is not None
            if not created:
                connection.execute(
                    update_and_notify(RUNS.c.key == key, RUNS.c.state.in_(("failed", "cancelled"))).values(fresh)
                )
            found = connection.execute(known).one()
            self._admitted(connection, found.run)
        return Submitted(found.run, cached=found.state == "done", created=created)

    def _admit(self, connection: Connection, task: Task) -> None:
        """Raises `LimitReached` if the task may not be queued."""

    def _expected_bytes(self, task: Task) -> int | None:  # noqa: ARG002
        """Of weights; None where nobody is limited."""
        return None

    def _admitted(self, connection: Connection, run: str) -> None:
        """Records what follows from a run that was queued."""

    def cancel(self, run: str) -> None:
        """Cancels a queued run at once and asks a running one to stop; ended runs do not change."""
        run = self.resolve_name(run)
        with self._writing() as connection:
            connection.execute(
                update_and_notify(RUNS.c.run == run, RUNS.c.state == "queued").values(
                    state="cancelled", finished=server.now(self.path)
                )
            )
            connection.execute(
                update_and_notify(RUNS.c.run == run, RUNS.c.state == "running").values(cancel_requested=True)
            )

    def rename(self, run: str, title: str) -> None:
        """Sets the run's title, at most 200 characters (else `InputError`); an empty one removes it. Raises
        `NotFound`.
        """
        title = " ".join(title.split())
        if "\0" in title:
            raise InputError("title", "have no NUL, which no database keeps", title)
        if len(title) > 200:
            raise InputError("title", "be at most 200 characters long", title)
        with self._writing() as connection:
            mine = (RUNS.c.run == reading.name_query(run), _SHOWN)
            _known(run, connection.execute(update_and_notify(*mine).values(title=title)).rowcount)

    def delete(self, run: str) -> None:
        """Deletes a run, its rows and its checkpoint; its worker can write no more. Works on a full disk.

        Raises:
            InputError: the run is starred.
        """
        run = self.resolve_name(run)
        with self._reading() as connection:
            _refuse_starred(connection, run)
        try:
            self._delete(run)
        except StoreError as error:
            if not opening.is_disk_full(error) or not self.release():
                raise
            for file in self.checkpoints.glob(f"{run}.*"):  # which nobody wants any more, and which is large
                file.unlink(missing_ok=True)
            self._delete(run)
        self.shrink()
        self.reserve()

    def retrain(self, run: str) -> None:
        """Queues a finished run without weights to be trained again, from the start. Its rows stay and will be the
        same.
        """
        anew = {
            "state": "queued",
            "queued": server.now(self.path),
            "seconds": 0,
            "step": 0,
            "finished": None,
            "note": None,
        }
        with self._writing() as connection:
            gone = (RUNS.c.run == reading.name_query(run), RUNS.c.state == "done", RUNS.c.checkpoint.is_(None))
            for known in connection.execute(select(RUNS.c.kind, RUNS.c.design).where(gone[0])):
                if not isinstance(task := reading.task_from_text(known.kind, known.design), str):
                    self._admit(connection, task)
            if (name := connection.scalar(update_and_notify(*gone).values(deaths=0, traceback=None, **anew)
                                          .returning(RUNS.c.run))) is not None:  # fmt: skip
                owners.forget_charges(connection, name)

    def delete_all(self, which: Mapping[str, Sequence[ColumnElement[bool]]]) -> list[str]:
        """Deletes runs, each if its row in the table still is as these conditions say, in one transaction, and returns
        the names of those that it deleted.
        """
        with self._writing() as connection:
            gone = [run for run, still in which.items() if _empty(connection, run, *still)]
            for table in OF_RUNS:
                connection.execute(delete(table).where(table.c.run.in_(gone)))
            for run in gone:
                self.checkpoint_path(run).unlink(missing_ok=True)
        return gone

    def _delete(self, run: str) -> None:
        with self._writing() as connection:
            _refuse_starred(connection, run)
            _known(run, _empty(connection, run))
            for table in OF_RUNS:
                connection.execute(delete(table).where(table.c.run == run))
            for file in self.checkpoints.glob(f"{run}.*"):
                file.unlink(missing_ok=True)

    def get(self, run: str) -> Run:
        """Returns the run with this name or digest, or the only one whose name starts with this text. Raises
        `NotFound`, `StoreError`.
        """
        if not run or len(run) > 16 or set(run) - set("0123456789abcdef"):
            raise NotFound(f"run must be the name of a run (16 hexadecimal digits) or its start, got {run[:60]!r}")
        found = self._matching(run)
        if len(found) != 1:
            count = f"{len(found)} runs start so" if found else "there is no such run"
            raise NotFound(f"run must be the name of a run or its start ({count}), got {run!r}")
        if isinstance(found[0], UnreadableRun):
            raise StoreError(f"The run {found[0].run} cannot be read by this snnviz: {found[0].reason}.")
        return found[0]

    def _matching(self, run: str) -> list[Run | UnreadableRun]:
        """The run with this name or digest, else those whose name or digest starts so."""
        with self._reading() as connection:
            found = connection.execute(reading.RUN_QUERY.where(RUNS.c.run == reading.name_query(run), _SHOWN)).all()
            for column in (RUNS.c.run, RUNS.c.key):
                if not found:  # "g" comes after all hexadecimal digits
                    begins = reading.RUN_QUERY.where(column >= run, column < f"{run}g", _SHOWN)
                    found = connection.execute(begins.limit(100)).all()
        return [reading.run_from_columns(row) for row in found]

    def runs(self, limit: int = 1000, states: Sequence[State] = STATES, of: type[Task] | None = Design) -> list[Run]:
        """Returns readable runs, the newest first: of designs, or of the kind of task `of` (None: of any kind)."""
        kind = None if of is None else KINDS.kind_of(of).name
        return [shown for shown in self._list(limit, states, kind) if isinstance(shown, Run)]

    def unreadable(self, limit: int = 1000) -> list[UnreadableRun]:
        """Returns the runs whose stored task this release does not accept, each with the reason."""
        return [shown for shown in self._list(limit, STATES) if isinstance(shown, UnreadableRun)]

    def counts(self) -> dict[State, int]:
        """Returns the number of runs in each state."""
        with self._reading() as connection:
            counted = connection.execute(select(RUNS.c.state, func.count()).group_by(RUNS.c.state)).all()
        found: dict[State, int] = dict(counted)
        return {state: found.get(state, 0) for state in STATES}

    def rows(self, run: str, event: type[R], since: int = 0) -> list[tuple[int, R]]:
        """Returns the rows of one kind (a class of `Row`) of a run with their numbers, in order, after the row number
        `since`.
        """
        with self._reading() as connection:
            found = connection.execute(reading.ROW_QUERIES[event], {"of": run, "since": since}).all()
        return [(seq, tables.row_from_columns(event, name, columns, crc)) for seq, name, *columns, crc in found]

    def last_rows(self, event: type[R], runs: Sequence[str] | None = None) -> dict[str, R]:
        """Returns the newest row of one kind (a class of `Row`) of each run that has any, by the run's name.

        `runs`: names or digests; None: every run, without damaged rows.
        """
        table = TABLES[event]
        newest = select(func.max(table.c.seq)).group_by(table.c.run)
        if runs is not None:
            newest = newest.where(table.c.run.in_(select(RUNS.c.run).where(reading.has_name_or_key(tuple(runs)))))
        with self._reading() as connection:
            found = connection.execute(reading.LAST_ROW_QUERIES[event].where(table.c.seq.in_(newest))).all()
        last: list[tuple[str, str | None, R]] = []
        for run, *columns, crc, key in found:
            try:
                last.append((run, key, tables.row_from_columns(event, run, columns, crc)))
            except StoreError:
                if runs is not None:
                    raise
        return {run: row for run, _, row in last} if runs is None else by_requested_name(runs, last)

    def version(self, run: str | None = None) -> str:
        """Returns a text that changes whenever anything shown of the run (None: of any run) changes; cheap. Heartbeats
        do not count.
        """
        with self._reading() as connection:
            if run is not None:
                mine = RUNS.c.run == reading.name_query(run)
                return str(connection.scalar(select(RUNS.c.revision).where(mine)))
            return "-".join(str(n) for n in connection.execute(select(func.count(), func.sum(RUNS.c.revision))).one())

    def _list(self, limit: int, states: Sequence[State], kind: str | None = None) -> list[Run | UnreadableRun]:
        # Few wait or run; of the others there are many, and the newest are to be found by age and not by state.
        state = RUNS.c.state if {*states} <= {"queued", "running"} else RUNS.c.state + ""
        newest = reading.RUN_QUERY.where(state.in_(states)).order_by(RUNS.c.created.desc(), RUNS.c.run).limit(limit)
        if kind is not None:
            newest = newest.where(RUNS.c.kind == kind)
        with self._reading() as connection:
            found = connection.execute(newest).all()
        return [reading.run_from_columns(row) for row in found]


_SHOWN = RUNS.c.state != "deleted"


def _empty(connection: Connection, run: str, *still: ColumnElement[bool]) -> int:
    """Leaves of a run only its name, key and attempts in the table of runs; 1, or 0 if it is not as `still` says."""
    owners.charge(connection, run)
    deleted = update_and_notify(RUNS.c.run == run, _SHOWN, *still).values(
        state="deleted",
        title="",
        tags="",
        notes="",
        design="",
        seconds=0,
        step=0,
        steps=0,
        cancel_requested=False,
        **dict.fromkeys(_EMPTIED),
    )
    count = connection.execute(deleted).rowcount
    if count:
        renewing.transfer_key(connection, run)
    return count


_EMPTIED = (
    "owner", "started", "finished", "eta_seconds", "error", "traceback", "note", "checkpoint", "opened", "twin",
)  # fmt: skip


def _refuse_starred(connection: Connection, run: str) -> None:
    if connection.scalar(select(RUNS.c.starred).where(RUNS.c.run == run, _SHOWN)):
        raise InputError("run", "have no star, which keeps it: take that off first", run)


def _known(run: str, count: int) -> None:
    if not count:
        raise NotFound(f"run must be the name of a run, got {run[:60]!r}")
