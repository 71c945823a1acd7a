"""The part of `Store` that workers use. A lease is a worker's right to write to a run; it carries an attempt number."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Update, case, delete, false, func, select, update
from sqlalchemy.sql import ColumnElement

from snnviz.design.submitted import Task
from snnviz.errors import LeaseLost, StoreError
from snnviz.events import Checkpoint, Progress, Row
from snnviz.places import cache_dir
from snnviz.store import checkpoints, opening, owners, reading, renewing, server, tables
from snnviz.store.silence import LEASE_SECONDS, SilenceTimer
from snnviz.store.tables import RUNS, SUPERVISORS, TABLES
from snnviz.store.values import ENDED, MAX_DEATHS, Claim, Run, RunningClaim, State, SupervisorStatus, UnreadableRun
from snnviz.tasks import KINDS


class Leases:
    """The methods of `Store` for workers: claiming queued runs, writing their rows and checkpoints, heartbeats; the
    docstring of `Store` is the contract.
    """

    def __init__(
        self, url: str | Path | None = None, *, check: bool = True, create: bool = True, frozen: bool = False
    ) -> None:
        address, self.path = opening.resolve_url(url)
        self.url = str(self.path or address.render_as_string(hide_password=False))  # Store(url) is this store again
        self.place = str(self.path or address.render_as_string())
        self._engine, self._seen = opening.connect(address, self.path, check, create, frozen)
        folder = self.path.parent if self.path else cache_dir().absolute()
        stem = self.path.stem if self.path else server.file_stem(str(self._seen.id))
        self.lock = folder / f"{stem}.worker.lock"  # for the supervisor of its queue
        self.checkpoints = folder / ("checkpoints" if stem == "runs" else f"{stem}-checkpoints")
        if self.path is None:
            server.adopt_files(folder, self.url, str(self._seen.id))
        self._frozen = frozen
        weakref.finalize(self, self._engine.dispose)  # also at the end of a process that does not `close`
        self._writer = self._engine.execution_options(writes=True)
        self._silence = SilenceTimer()
        self._damage: str | None = None
        self._insert = server.insert(self._engine.dialect.name)

    def close(self) -> None:
        """Closes the database connections, after writing SQLite's log into the file; the next use opens them again."""
        self.flush_log()
        self._engine.dispose()

    @property
    def readonly(self) -> bool:
        """Whether the store can only be read."""
        return self._frozen or (self.path is not None and opening.is_readonly(self.path))

    def flush_log(self) -> None:
        """Moves SQLite's write-ahead log into the database file, so that a copy of this file alone is complete.

        Does not block: what others are reading meanwhile stays in the log until the next call.
        """
        if self.path is None or self.readonly or not self.path.exists():
            return
        with suppress(StoreError), opening.translate_errors(self.place), self._engine.connect() as connection:
            opening.raw_sqlite_connection(connection).execute("PRAGMA wal_checkpoint(PASSIVE)")

    def clock(self) -> float:
        """Returns the time in seconds since 1970 by the clock that the store's times are of."""
        with self._reading() as connection:
            return server.clock(connection)

    def claim(self, owner: str, run: str | None = None) -> Claim | None:
        """Claims the queued run that is next, or the given `run`, for a worker; None if none is queued.

        Next is the run that has waited longest; where runs have owners, the order is fair (`store.fair_shares`).

        At most one caller gets a run. A queued design that this release does not accept is marked as failed with the
        reason; tasks of an unknown kind stay queued. A run of an older release is resumed, or, if formulas have changed
        since, started again (`store.renewing`).
        """
        while True:
            name = run
            if name is None and (name := next(iter(self._fair_queue(1)), None)) is None:
                return None
            waiting = select(RUNS.c.run).where(RUNS.c.run == reading.name_query(name), *_WAITS)
            now = server.now(self.path)
            taken = update_and_notify(RUNS.c.run == waiting.with_for_update(skip_locked=True).scalar_subquery()).values(
                state="running",
                attempt=RUNS.c.attempt + 1,
                owner=owner,
                started=func.coalesce(RUNS.c.started, now),
                heartbeat=now,
                eta_seconds=None,
                cancel_requested=False,
            )
            with self._writing() as connection:
                row = connection.execute(
                    taken.returning(RUNS.c.run, RUNS.c.attempt, RUNS.c.design, RUNS.c.kind, RUNS.c.key)
                ).one_or_none()
                if row is not None:
                    owners.start(connection, row.run)
            if row is None and run is None:
                continue  # somebody else was faster
            if row is None:
                return None
            task = reading.task_from_text(row.kind, row.design)
            if isinstance(task, str):
                self.finish(row.run, row.attempt, "failed", error=f"The run cannot be computed: {task}.")
            elif row.key == task.digest or self._renewed(row.run, row.attempt, task, row.design):
                return Claim(row.run, row.attempt, task)

    def _renewed(self, run: str, attempt: int, task: Task, stored: str) -> bool:
        """Bring a claimed run of an older release up to date; False, and it ends, where another run is the same."""
        with self._writing() as connection:
            self._fenced(connection, run, attempt, {"heartbeat": server.now(self.path)})
            other = renewing.renew_key(connection, run, task, stored)
        if other is not None:
            self.add_note(run, attempt, renewing.TWIN.format(other))
            self.finish(run, attempt, "cancelled")
        return other is None

    def resolve_name(self, run: str) -> str:
        """Returns the name of a run, given its name or the digest of its task; any other text is returned unchanged."""
        with self._reading() as connection:
            found: str | None = connection.scalar(select(reading.name_query(run)))
        return found or run

    def queued_runs(self, limit: int = 50) -> list[Run]:
        """Returns up to `limit` queued runs, in the order in which they will be claimed."""
        while True:
            with self._reading() as connection:
                names = owners.fair_queue(connection, _WAITS, limit)
                rows = connection.execute(reading.RUN_QUERY.where(RUNS.c.run.in_(names), *_WAITS)).all()
            place = {name: number for number, name in enumerate(names)}
            found = [reading.run_from_columns(row) for row in sorted(rows, key=lambda row: place[row.run])]
            if not (strange := [shown for shown in found if isinstance(shown, UnreadableRun)]):
                return [shown for shown in found if isinstance(shown, Run)]
            for shown in strange:
                self.claim("nobody", shown.run)  # which fails it

    def _fair_queue(self, limit: int) -> list[str]:
        with self._reading() as connection:
            return owners.fair_queue(connection, _WAITS, limit)

    def next_queued(self) -> Run | None:
        """Returns the run that a worker's next `claim` would return, or None if none is queued."""
        return next(iter(self.queued_runs(1)), None)

    def running_claims(self, owner: str) -> list[RunningClaim]:
        """Returns the runs that this owner (the name of a supervisor or process) has claimed and that are running."""
        with self._reading() as connection:
            columns = select(RUNS.c.run, RUNS.c.attempt, RUNS.c.cancel_requested, RUNS.c.heartbeat)
            found = connection.execute(columns.where(RUNS.c.state == "running", RUNS.c.owner == owner)).all()
        return [RunningClaim(*row) for row in found]

    def append_rows(
        self,
        run: str,
        attempt: int,
        rows: Iterable[Row] = (),
        progress: Progress | None = None,
        *,
        eta_seconds: float | None = None,
        seconds: float = 0.0,
    ) -> bool:
        """Writes new rows of a run, replaces its progress, adds `seconds` to its training time, and renews the worker's
        lease.

        `eta_seconds`: training time left. Returns False if cancelling was requested, else True. Raises `LeaseLost`.
        """
        rows = list(rows)
        new: dict[str, Any] = {"heartbeat": server.now(self.path)}
        if rows or progress or seconds:
            new |= {"seconds": RUNS.c.seconds + seconds, "revision": RUNS.c.revision + 1}
        if progress:
            new |= {"step": progress.step, "steps": progress.steps, "eta_seconds": eta_seconds, "doing": progress.doing}
        with self._writing() as connection:
            cancelled = self._fenced(connection, run, attempt, new)
            for event, table in TABLES.items():
                if batch := [tables.row_to_columns(run, row) for row in rows if type(row) is event]:
                    connection.execute(self._insert(table).on_conflict_do_nothing(), batch)
        return not cancelled

    def renew_lease(self, run: str, attempt: int) -> bool:
        """Renews the lease of a run without writing anything else. Returns False if cancelling was requested, else
        True. Raises `LeaseLost`.
        """
        return self.append_rows(run, attempt)

    def add_note(self, run: str, attempt: int, note: str) -> None:
        """Adds a sentence to the run's note for users, unless it is there already. Raises `LeaseLost`."""
        with self._writing() as connection:
            old = connection.scalar(select(RUNS.c.note).where(RUNS.c.run == run).with_for_update()) or ""
            new = {"note": old if note in old else f"{old} {note}".strip(), "revision": RUNS.c.revision + 1}
            self._fenced(connection, run, attempt, new)

    def finish(
        self,
        run: str,
        attempt: int,
        state: State,
        error: str | None = None,
        traceback: str | None = None,
    ) -> None:
        """Ends an attempt: sets the run's `state` to one of `ENDED`, or to "queued" to hand the run back to the queue.
        Raises `LeaseLost`.
        """
        new: dict[str, Any] = {
            "state": state if state != "queued" else case((RUNS.c.cancel_requested, "cancelled"), else_="queued"),
            "owner": None,
            "eta_seconds": None,
            "cancel_requested": False,
            "revision": RUNS.c.revision + 1,
        }
        if state in ENDED:
            new |= {"finished": server.now(self.path), "error": error, "traceback": traceback}
        if state == "done":
            self._slim(run, attempt)
        with self._writing() as connection:
            self._fenced(connection, run, attempt, new)
            owners.charge(connection, run)
        if state in ENDED:
            self.flush_log()

    def record_death(self, run: str, attempt: int, how: str, *, own: bool = True) -> None:
        """Records that the process of an attempt died: the run is queued again, or failed after its third death.

        `how`: a sentence on how it died. `own`: whether the run itself was the cause; other deaths are not counted.
        """
        with self._writing() as connection:
            self._bury(connection, run, attempt, how, own)

    def recover(self, verdict: Callable[[str], bool | None] | None = None, lease: float = LEASE_SECONDS) -> list[str]:
        """Queues running runs again whose owner is dead, and returns their names; these deaths are not counted.

        `verdict(owner)`: True for dead, False for alive, None for unknown: then a run is lost once this `Store` object
        has seen no heartbeat for `lease` seconds, so the method must be called repeatedly.
        """
        columns = select(RUNS.c.run, RUNS.c.attempt, RUNS.c.owner, RUNS.c.heartbeat)
        with self._reading() as connection:
            found = connection.execute(columns.where(RUNS.c.state == "running")).all()
        silent = self._silence.update({(row.run, row.attempt): row.heartbeat for row in found})
        lost = []
        for row in found:
            dead = verdict(row.owner) if verdict is not None else None
            if dead or (dead is None and silent[row.run, row.attempt] > lease):
                lost.append(row.run)
                how = "its worker was gone" if dead else f"its worker was silent for {lease:.0f} s"
                still = () if dead else (RUNS.c.heartbeat == row.heartbeat,)
                with self._writing() as connection:
                    self._bury(connection, row.run, row.attempt, how, False, *still)
        return lost

    def record_heartbeat(self, owner: str, temporary: str | None = None) -> None:
        """Records the heartbeat of a supervisor, and the temporary folder that would be left if it died."""
        now = {"heartbeat": server.now(self.path), "temporary": temporary, "version": tables.VERSION}
        new = self._insert(SUPERVISORS).values(owner=owner, **now)
        with self._writing() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["owner"], set_=now))

    def remove_supervisor(self, owner: str) -> None:
        """Removes the record of a supervisor that has ended or is known to be dead."""
        with self._writing() as connection:
            connection.execute(delete(SUPERVISORS).where(SUPERVISORS.c.owner == owner))

    def supervisors(self) -> list[SupervisorStatus]:
        """Returns all registered supervisors, the one with the latest heartbeat first."""
        with self._reading() as connection:
            found = connection.execute(select(SUPERVISORS).order_by(SUPERVISORS.c.heartbeat.desc())).all()
        return [SupervisorStatus(*row) for row in found]

    def save_checkpoint(self, run: str, attempt: int, checkpoint: Checkpoint) -> None:
        """Replaces the run's checkpoint; its rows must have been appended before. Raises `LeaseLost`."""
        new = self.checkpoints / f"{run}.{attempt}.tmp"
        try:
            with opening.translate_errors(str(self.checkpoints)):
                self.checkpoints.mkdir(parents=True, exist_ok=True)
                checkpoints.write_checkpoint(new, checkpoint)
            with self._writing() as connection:
                # Renamed while the run's row is locked: no later attempt can have been claimed in between.
                self._fenced(
                    connection, run, attempt, {"heartbeat": server.now(self.path), "checkpoint": checkpoint.epoch}
                )
                os.replace(new, self.checkpoint_path(run))
        finally:
            with suppress(OSError):
                new.unlink()

    def _slim(self, run: str, attempt: int) -> None:
        """Keep the weights alone of a run that is about to be done. What cannot be written stays as it is."""
        path = self.checkpoint_path(run)
        if checkpoints.has_optimizer_state(path):
            with suppress(StoreError, checkpoints.CorruptCheckpoint):
                self.save_checkpoint(
                    run, attempt, checkpoints.without_optimizer_state(checkpoints.read_checkpoint(path))
                )

    def checkpoint_path(self, run: str) -> Path:
        """Returns the path of a run's checkpoint file, whether it exists or not."""
        return self.checkpoints / f"{run}.safetensors"

    def mark_viewed(self, run: str) -> None:
        """Records that somebody views the run, so that its checkpoint is not among the first to be deleted."""
        now = time.time()
        with suppress(StoreError):
            run = self.resolve_name(run)
        with suppress(StoreError), self._reading() as connection:
            last = connection.scalar(select(RUNS.c.opened).where(RUNS.c.run == run))
            if last is not None and last > now - 3600:
                return
        with suppress(StoreError), self._writing() as connection:
            connection.execute(update(RUNS).where(RUNS.c.run == run).values(opened=now))

    def load_checkpoint(self, run: str) -> Checkpoint | None:
        """Returns the run's last checkpoint or None; a damaged one gives None too, and a note on the run."""
        run = self.resolve_name(run)
        with self._reading() as connection:
            known = connection.execute(
                select(RUNS.c.checkpoint, RUNS.c.state, RUNS.c.attempt).where(RUNS.c.run == run)
            ).one_or_none()
        if known is None or known.checkpoint is None:
            # A file without a word in the store is left from a store that was removed: its rows are gone.
            return None
        writing = f"{run}.{known.attempt}.tmp" if known.state == "running" else ""  # at this moment, perhaps
        for left in self.checkpoints.glob(f"{run}.*.tmp"):  # of an attempt that was killed while it wrote
            if left.name != writing:
                with suppress(OSError):
                    left.unlink()
        self.mark_viewed(run)
        try:
            return checkpoints.read_checkpoint(self.checkpoint_path(run))
        except checkpoints.CorruptCheckpoint as damage:
            reason = " ".join(str(damage).split())[:80]
            anew = f"The checkpoint was damaged ({reason}); training began anew."
            gone = f"The weights were damaged ({reason}) and are not kept; training it again brings them back."
            done = RUNS.c.state == "done"
            new = {"note": case((done, gone), else_=anew), "checkpoint": case((done, None), else_=RUNS.c.checkpoint)}
            with suppress(StoreError), self._writing() as connection:  # a read-only one says nothing more
                connection.execute(update_and_notify(RUNS.c.run == run).values(new))
            return None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._damage is not None:
            raise StoreError(self._damage)
        with opening.translate_errors(self.place), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._damage is not None:
            raise StoreError(self._damage)
        with opening.translate_errors(self.place), self._writer.begin() as connection:
            yield connection

    def _fenced(self, connection: Connection, run: str, attempt: int, new: dict[str, Any]) -> bool:
        """Change the run if `attempt` still owns it; whether cancelling it was asked for."""
        mine = update(RUNS).where(RUNS.c.run == run, RUNS.c.attempt == attempt, RUNS.c.state == "running").values(new)
        cancelled: bool | None = connection.scalar(mine.returning(RUNS.c.cancel_requested))
        if cancelled is None:
            raise LeaseLost(f"attempt {attempt} no longer owns the run {run}")
        return cancelled

    def _bury(
        self, connection: Connection, run: str, attempt: int, how: str, own: bool, *still: ColumnElement[bool]
    ) -> None:
        line = f"attempt {attempt}, {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC: {how}\n"
        deaths = RUNS.c.deaths + int(own)
        last = deaths >= MAX_DEATHS if own else false()
        failed = last & ~RUNS.c.cancel_requested
        sentence = f"The run's process died {MAX_DEATHS} times, the last time because {how}."
        mine = (RUNS.c.run == run, RUNS.c.attempt == attempt, RUNS.c.state == "running")
        ended = update_and_notify(*mine, *still).values(
            state=case((RUNS.c.cancel_requested, "cancelled"), (last, "failed"), else_="queued"),
            finished=case((RUNS.c.cancel_requested | last, server.now(self.path)), else_=None),
            error=case((failed, sentence), else_=None),
            traceback=func.coalesce(RUNS.c.traceback, "") + line,
            deaths=deaths,
            owner=None,
            eta_seconds=None,
            cancel_requested=false(),
        )
        connection.execute(ended)
        owners.charge(connection, run)


def update_and_notify(*which: ColumnElement[bool]) -> Update:
    """Returns an SQL update of the matching runs that also increases their revision, which readers poll."""
    return update(RUNS).where(*which).values(revision=RUNS.c.revision + 1)


_WAITS = (RUNS.c.state == "queued", RUNS.c.kind.in_(KINDS.names))
"""For a worker of this snnviz."""
