"""The one process that looks after a store's queue: ``python -m snnviz.jobs.worker --store cache/runs.sqlite``.

It computes nothing. Each run gets a process of its own, forked from a forkserver that has torch loaded, so that a run
can be stopped at any moment, take its memory with it, and take nobody else down.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.context import ForkServerProcess

from snnviz.errors import LeaseLost, SnnvizError, StoreError, TooLarge
from snnviz.jobs import lock, machine, worker
from snnviz.jobs.engine import check_memory, is_gone, needed_bytes, owner
from snnviz.store import Claim, Held, Store

POLL_SECONDS = 0.06
IDLE_POLL_SECONDS = 0.12
GRACE_SECONDS = 0.5
"""How long a process that was asked to stop may take to write what it has."""

RECOVER_SECONDS = 2.0
CROWDED_SECONDS = 1.0
"""After finding too little memory for the next run."""

TROUBLE_SECONDS = 60.0
"""A store that cannot be used for so long is given up; its runs are found again later."""

NICENESS = 5
"""Training yields to whatever answers a person."""


@dataclass
class Child:
    """A run's process. `stopped`: when it was asked to stop; `cancelled`: because a person wanted it so."""

    claim: Claim
    process: ForkServerProcess
    stopped: float | None = None
    cancelled: bool = False

    def stop(self) -> None:
        if self.stopped is None:
            self.stopped = time.monotonic()
            self.process.terminate()
        elif time.monotonic() - self.stopped > GRACE_SECONDS:
            self.process.kill()


class Told(Exception):
    """Somebody wants the supervisor to stop while it waits for the forkserver, which takes seconds to load torch."""


class Supervisor:
    """Works until it is told to stop, or until nothing has been queued for `idle` seconds."""

    def __init__(self, store: Store, handle: int, children: int, idle: float) -> None:
        self.store, self.handle, self.limit, self.idle = store, handle, children, idle
        self.owner = owner("local")
        self.children: list[Child] = []
        self.stopping = self._starting = False
        self._busy = time.monotonic()
        self._recovered = self._crowded = -RECOVER_SECONDS
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["snnviz.jobs.warm"])

    def stop(self, *_: object) -> None:
        """Leave soon; a signal handler."""
        told, self.stopping = self.stopping, True
        if self._starting and not told:
            raise Told

    def work(self) -> None:
        """The whole life of the supervisor."""
        from multiprocessing.forkserver import ensure_running

        ensure_running()  # loads torch now, not when the first person waits for it
        trouble: float | None = None
        while not self.stopping and lock.is_at(self.handle, self.store.lock):
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
            connection.wait([child.process.sentinel for child in self.children], timeout=pause)
        self._end()

    def _round(self) -> None:
        for child in [child for child in self.children if not child.process.is_alive()]:
            self._bury(child)
        if time.monotonic() - self._recovered > RECOVER_SECONDS:
            self._recovered = time.monotonic()
            self.store.recover(self._verdict)
            self._heed(self.store.held(self.owner))
        elif self.children:
            self._heed(self.store.held(self.owner))
        while len(self.children) < self.limit and not self.stopping and self._start_next():
            pass

    def _bury(self, child: Child) -> None:
        run, attempt = child.claim.run, child.claim.attempt
        with suppress(LeaseLost):
            if child.cancelled:
                self.store.finish(run, attempt, "cancelled")
            elif self.stopping:
                self.store.finish(run, attempt, "queued")
            elif child.process.exitcode != 0:
                self.store.died(run, attempt, _how(child.process.exitcode))
        self.children.remove(child)
        child.process.join()
        child.process.close()

    def _heed(self, runs: list[Held]) -> None:
        """Stop the processes of runs that are not wanted any more."""
        held = {(run.run, run.attempt): run for run in runs}
        for child in self.children:
            mine = held.pop((child.claim.run, child.claim.attempt), None)
            if mine is None:  # deleted, ended, or taken over: nothing it computes can be kept
                child.stop()
            elif mine.cancel_requested:
                child.cancelled = True
                child.stop()
        for run, attempt in held:
            self.store.died(run, attempt, "its process could not be started")

    def _start_next(self) -> bool:
        """Whether a run left the queue. The oldest one waits for its memory, and the others wait behind it."""
        run = self.store.next_queued()
        if run is None:
            return False
        self._busy = time.monotonic()
        if self._busy < self._crowded:
            return False
        refusal = None
        try:
            check_memory(run.task, self._free())
        except TooLarge as error:
            if self.children:
                self._crowded = self._busy + CROWDED_SECONDS
                return False
            refusal = str(error)
        claim = self.store.claim(self.owner, run.run)
        if claim is None:
            return True
        if refusal is not None:
            self.store.finish(claim.run, claim.attempt, "failed", refusal)
            return True
        process = self._context.Process(target=worker.child, args=(self.store.url, claim), daemon=True)
        try:
            self._starting = True
            process.start()
        except Told:
            self.store.finish(claim.run, claim.attempt, "queued")
            return False
        except (OSError, EOFError) as error:
            print(error, file=sys.stderr, flush=True)  # `_heed` finds the run without a process
            return False
        finally:
            self._starting = False
        self.children.append(Child(claim, process))
        return True

    def _free(self) -> int:
        """Free memory, less what the running runs have announced and not taken yet."""
        free = machine.free_bytes()
        if free is None:
            return sys.maxsize
        for child in self.children:
            taken = machine.private_bytes(child.process.pid or 0)
            free -= max(0, needed_bytes(child.claim.task) - taken)
        return free

    def _verdict(self, name: str) -> bool | None:
        """Who holds runs is dead (True), alive (False), or unknown: then the lease decides."""
        if name == self.owner:
            return False
        # Of a file there is one supervisor, and it is this one, which has the lock.
        return True if name.startswith("local@") and self.store.path is not None else is_gone(name)

    def _still_needed(self) -> bool:
        """Let go of the lock, then look once more: who submitted before that relied on us."""
        os.close(self.handle)
        if self.store.next_queued() is None:
            return False
        handle = lock.take(self.store.lock)
        if handle is None:  # somebody else has started
            return False
        self.handle = handle
        lock.sign(handle, os.getpid())
        self._busy = time.monotonic()
        return True

    def _end(self) -> None:
        self.stopping = True
        deadline = time.monotonic() + 2 * GRACE_SECONDS
        while self.children and time.monotonic() < deadline:
            for child in self.children:
                child.stop()
            connection.wait([child.process.sentinel for child in self.children], timeout=POLL_SECONDS)
            for child in [child for child in self.children if not child.process.is_alive()]:
                with suppress(StoreError):
                    self._bury(child)


def _how(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"it ended with exit code {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else str(-exitcode)
    return f"it was killed by {name}" + (" (perhaps for want of memory)" if name == "SIGKILL" else "")


def main() -> None:
    """The command line of the worker."""
    parser = argparse.ArgumentParser(prog="python -m snnviz.jobs.worker", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", help="a path or a database URL; else $SNNVIZ_STORE, else the cache's runs.sqlite")
    parser.add_argument("--children", type=int, default=machine.cores(), help="runs at a time (default: cores)")
    parser.add_argument("--idle", type=float, default=600.0, help="seconds without work after which to leave")
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # the open, locked file, from `Local`
    given = parser.parse_args()
    os.nice(NICENESS)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        store = Store(given.store)
        handle = given.lock if given.lock is not None else lock.take(store.lock)
        if handle is None:
            parser.exit(0, f"Another supervisor looks after {store.place}.\n")
        os.set_inheritable(handle, False)
        lock.sign(handle, os.getpid())
    except SnnvizError as error:
        parser.exit(1, f"{error}\n")
    supervisor = Supervisor(store, handle, max(1, given.children), given.idle)
    signal.signal(signal.SIGTERM, supervisor.stop)
    signal.signal(signal.SIGINT, supervisor.stop)
    supervisor.work()
    store.close()
