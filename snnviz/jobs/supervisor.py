"""The one process that looks after a store's queue: ``python -m snnviz.jobs --store cache/runs.sqlite``.

It computes nothing itself. Each run gets a process of its own, forked from a forkserver that has imported torch, so
that a run can be stopped at any moment, frees its memory, and affects no other run if it crashes.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, util

from snnviz.errors import LeaseLost, SnnvizError, StoreError, TooLarge
from snnviz.jobs import lock, machine
from snnviz.jobs.children import GRACE_SECONDS, Forkserver, RunProcess, describe_exit_code
from snnviz.jobs.engine import check_memory, owner_has_exited, owner_name, required_memory
from snnviz.store import HUNG_SECONDS, LEASE_SECONDS, Run, RunningClaim, SilenceTimer, Store, opening

POLL_SECONDS = 0.06
IDLE_POLL_SECONDS = 0.12
RECOVER_SECONDS = 2.0
BEAT_SECONDS = LEASE_SECONDS / 3
TIDY_SECONDS = 600.0
CROWDED_SECONDS = 1.0
"""How long to wait, in seconds, after finding too little memory for the next run."""

MAX_QUEUE_SCAN = 50
MAX_OVERTAKES = 8
MAX_OVERTAKE_SECONDS = 300.0
"""A run that waits for memory lets at most `MAX_OVERTAKES` smaller ones pass, for at most this many seconds."""

TROUBLE_SECONDS = 60.0
"""After a store could not be used for this many seconds the supervisor exits; its runs are recovered later."""

FAILED_STARTS = 10
"""Number of consecutive failures to start a run after which the run is failed."""

NICENESS = 5
"""Niceness of training processes, which yield to processes that answer users."""


@dataclass
class OvertakenRun:
    """A queued run that waits because memory is short: since when it waits, and how many later runs were started before
    it.
    """

    since: float
    runs: int = 0

    @property
    def enough(self) -> bool:
        """Whether so many later runs were started before this one, or it has waited so long, that no further one may
        be.
        """
        return self.runs >= MAX_OVERTAKES or time.monotonic() - self.since > MAX_OVERTAKE_SECONDS


class Supervisor:
    """Takes tasks from the queue and runs each in a process of its own, until stopped or idle for `idle` seconds.

    `handle`: file descriptor of the lock; `children`: number of runs at a time.
    """

    def __init__(self, store: Store, handle: int, children: int, idle: float) -> None:
        self.store, self.handle, self.limit, self.idle = store, handle, children, idle
        self.owner = owner_name("local")
        self.children: list[RunProcess] = []
        self.stopping = False
        self.temporary = util.get_temp_dir()
        self._busy = time.monotonic()
        self._recovered = self._crowded = self._beaten = self._tidied = float("-inf")
        self._failures = 0
        self._can_write = True
        self._silence = SilenceTimer()
        self._passed: dict[str, OvertakenRun] = {}

    def stop(self, *_: object) -> None:
        """Signal handler: makes `work` return soon."""
        self.stopping = True

    def work(self) -> None:
        """Takes tasks from the queue and runs them until the supervisor is stopped or idle."""
        self._beat()
        self.forkserver = Forkserver()
        with suppress(StoreError):  # it will be met again
            # One before this had perhaps the same number: what it held is nobody's.
            self.store.recover(lambda name: name == self.owner or self._verdict(name))
            self.store.sweep(self._verdict)
        trouble: float | None = None
        while not self.stopping and lock.is_same_file(self.handle, self.store.lock):
            try:
                self._round()
                trouble = None
            except StoreError as error:
                print(error, file=sys.stderr, flush=True)
                trouble = trouble or time.monotonic()
                if time.monotonic() - trouble > TROUBLE_SECONDS:
                    break
                time.sleep(1.0)
            if self.children:
                self._busy = time.monotonic()
            elif time.monotonic() - self._busy > self.idle and not self._still_needed():
                break
            pause = POLL_SECONDS if self.children else IDLE_POLL_SECONDS
            connection.wait([end for child in self.children for end in child.sentinels], timeout=pause)
        self._end()

    def _beat(self) -> None:
        if time.monotonic() - self._beaten > BEAT_SECONDS:
            self._beaten = time.monotonic()
            try:
                self.store.record_heartbeat(self.owner, self.temporary)
                self._can_write = True
            except StoreError:  # of a full disk, or another one was stopped in the middle of a write
                self._can_write = False

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidied = time.monotonic()
            self.store.reserve()
            self.store.shrink()
            if gone := self.store.trim():
                print(f"weights removed to make room: {', '.join(gone)}", file=sys.stderr, flush=True)

    def _round(self) -> None:
        self._heed(
            self.store.running_claims(self.owner)
        )  # first, because whoever hangs may be why nothing below can be written
        self._beat()
        self._tidy()
        for child in [child for child in self.children if child.has_ended]:
            self._bury(child)
        if self.forkserver.is_hanging() or any(child.is_unreaped for child in self.children):
            self.forkserver.kill()
        if time.monotonic() - self._recovered > RECOVER_SECONDS:
            self._recovered = time.monotonic()
            self.store.recover(self._verdict)
        while len(self.children) < self.limit and not self.stopping and self._start_next():
            pass

    def _bury(self, child: RunProcess) -> None:
        run, attempt = child.claim.run, child.claim.attempt
        if child.failure is None:
            self._failures = 0
        with suppress(LeaseLost):
            if child.cancelled:
                self.store.finish(run, attempt, "cancelled")
            elif self.stopping:
                self.store.finish(run, attempt, "queued")
            elif child.failure is not None:
                self._unstarted(child)
            elif child.silent:
                self.store.record_death(run, attempt, f"it was silent for {HUNG_SECONDS:.0f} s")
            elif child.exitcode is None:
                self.store.record_death(run, attempt, "its forkserver was gone", own=False)
            elif child.exitcode != 0:
                self.store.record_death(run, attempt, describe_exit_code(child.exitcode))
        self.children.remove(child)
        child.release()

    def _unstarted(self, child: RunProcess) -> None:
        """Not the run's fault, as far as can be told: it waits again, but not for ever."""
        print(f"{child.claim.run} could not be started: {child.failure!r}", file=sys.stderr, flush=True)
        self._failures += 1
        self._crowded = time.monotonic() + CROWDED_SECONDS
        if self._failures < FAILED_STARTS:
            self.store.finish(child.claim.run, child.claim.attempt, "queued")
        else:
            log = self.store.lock.with_suffix(".log")
            reason = f"The run's process could not be started {FAILED_STARTS} times: {log} may say why."
            self.store.finish(child.claim.run, child.claim.attempt, "failed", reason)

    def _heed(self, runs: list[RunningClaim]) -> None:
        """Stop the processes of runs that are not wanted any more, and of those that hang."""
        held = {(run.run, run.attempt): run for run in runs}
        starting = {(child.claim.run, child.claim.attempt) for child in self.children if child.is_starting}
        silent = self._silence.update({name: (run.heartbeat, name in starting) for name, run in held.items()})
        for child in self.children:
            name = (child.claim.run, child.claim.attempt)
            mine = held.pop(name, None)
            if mine is None:  # deleted, ended, or taken over: nothing it computes can be kept
                child.stop()
            elif mine.cancel_requested:
                child.cancelled = True
                child.stop()
            elif silent[name] > HUNG_SECONDS and not child.is_starting and (self._can_write or child.is_stopped):
                child.silent = True  # where nobody can write, only one that stands still is to blame
                child.stop()
        for run, attempt in held:  # claimed, and then the store was in trouble
            with suppress(LeaseLost):
                self.store.finish(run, attempt, "queued")

    def _start_next(self) -> bool:
        """Whether a run left the queue: the oldest that has the memory it needs, with a bound for those it passes."""
        waiting = self.store.queued_runs(MAX_QUEUE_SCAN)
        if not waiting:
            self._passed.clear()
            return False
        self._busy = now = time.monotonic()
        if now < self._crowded:
            return False
        free = self._free()
        passed = {run.run: self._passed.get(run.run, OvertakenRun(now)) for run in waiting}
        self._passed = {name: one for name, one in passed.items() if name in self._passed}  # who still waits
        for place, run in enumerate(waiting):
            try:
                check_memory(run.task, free)
            except TooLarge as error:
                if not self.children:
                    if (claim := self.store.claim(self.owner, run.run)) is not None:
                        self.store.finish(claim.run, claim.attempt, "failed", str(error))
                    return True
                self._passed[run.run] = passed[run.run]
                if passed[run.run].enough:
                    break
                continue
            for other in waiting[:place]:
                passed[other.run].runs += 1
            self._start(run)
            return True
        self._crowded = now + CROWDED_SECONDS
        return False

    def _start(self, run: Run) -> None:
        if (claim := self.store.claim(self.owner, run.run)) is not None:
            self.children.append(self.forkserver.child(self.store.url, claim))

    def _free(self) -> int:
        """Free memory, less what the running runs have announced and not taken yet."""
        free = machine.free_bytes()
        if free is None:
            return sys.maxsize
        for child in self.children:
            free -= max(0, required_memory(child.claim.task) - child.bytes)
        return free

    def _verdict(self, name: str) -> bool | None:
        """Who holds runs is dead (True), alive (False), or unknown: then the lease decides."""
        if name == self.owner:
            return False
        # Of a file there is one supervisor, and it is this one, which has the lock.
        return True if name.startswith("local@") and self.store.path is not None else owner_has_exited(name)

    def _still_needed(self) -> bool:
        """Let go of the lock, then look once more: who submitted before that relied on us."""
        os.close(self.handle)
        if self.store.next_queued() is None:
            return False
        handle = lock.acquire(self.store.lock)
        if handle is None:  # somebody else has started
            return False
        self.handle = handle
        lock.write_pid(handle, os.getpid())
        self._busy = time.monotonic()
        return True

    def _end(self) -> None:
        self.stopping = True
        deadline = time.monotonic() + 2 * GRACE_SECONDS
        if any(child.is_starting for child in self.children):
            self.forkserver.kill()  # it may be at loading torch for seconds
        while self.children:
            for child in self.children:
                child.stop()
            connection.wait([end for child in self.children for end in child.sentinels], timeout=POLL_SECONDS)
            for child in [child for child in self.children if child.has_ended]:
                with suppress(StoreError):
                    self._bury(child)
            if time.monotonic() > deadline:
                self.forkserver.kill()
                break
        with suppress(StoreError):
            self.store.remove_supervisor(self.owner)


def main() -> None:
    """Entry point of ``python -m snnviz.jobs``."""
    parser = argparse.ArgumentParser(prog="python -m snnviz.jobs", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", help="a path or a database URL; else $SNNVIZ_STORE, else the cache's runs.sqlite")
    parser.add_argument(
        "--children", type=int, default=machine.available_cores(), help="runs at a time (default: cores)"
    )
    parser.add_argument("--idle", type=float, default=600.0, help="seconds without work after which to leave")
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # the open, locked file, from `Local`
    given = parser.parse_args()
    os.nice(NICENESS)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        opening.BUSY_SECONDS = LEASE_SECONDS / 3  # it has others to look after meanwhile
        # Who was started for a store does not make another one where that was removed.
        store = Store(given.store, create=given.lock is None)
        handle = given.lock if given.lock is not None else lock.acquire(store.lock)
        if handle is None:
            parser.exit(0, f"Another supervisor looks after {store.place}.\n")
        os.set_inheritable(handle, False)
        lock.write_pid(handle, os.getpid())
    except SnnvizError as error:
        parser.exit(1, f"{error}\n")
    supervisor = Supervisor(store, handle, max(1, given.children), given.idle)
    signal.signal(signal.SIGTERM, supervisor.stop)
    signal.signal(signal.SIGINT, supervisor.stop)
    supervisor.work()
    store.close()
