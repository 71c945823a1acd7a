"""The engine that runs tasks in the background of this machine, by a supervisor process that outlives its starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from snnviz.errors import StoreError
from snnviz.jobs import engine, lock
from snnviz.places import ROOT
from snnviz.store import HUNG_SECONDS, SilenceTimer, Store, Submitted, Task, opening, tables

LOG_BYTES = 1_000_000
RETRY_SECONDS = 5.0
"""How long to wait, in seconds, after a supervisor failed to start."""

REPLACE_SECONDS = 10.0
"""How long to wait, in seconds, for a supervisor of an older release to exit, before the next try."""

_started: dict[Path, tuple[float, subprocess.Popen[bytes]]] = {}
_silences: dict[Path, SilenceTimer] = {}
_starting = threading.Lock()


class Local:
    """Engine that queues tasks for the store's supervisor, and starts one if there is none.

    `children`: number of runs at a time (None: one per core). `idle`: seconds without work after which the supervisor
    exits. Both are set by whoever starts it.
    """

    def __init__(self, store: Store, *, children: int | None = None, idle: float = 600.0) -> None:
        self.store, self.children, self.idle = store, children, idle

    def submit(self, task: Task) -> Submitted:
        """Queues a task unless it is done already, and starts the supervisor. Raises `TooLarge`, `InputError`,
        `StoreError`.
        """
        submitted = engine.submit_checked(self.store, task)
        if not submitted.cached:
            self.start()
        return submitted

    def retrain(self, run: str) -> None:
        """Queues a finished run whose weights were deleted, or that came with snnviz, to be trained once more.

        Raises as `submit`.
        """
        engine.retrain_checked(self.store, run)
        self.start()

    def cancel(self, run: str) -> None:
        """Cancels a queued run; a running one stops within a second and keeps its results. Raises `StoreError`."""
        self.store.cancel(run)
        self.ensure_worker()

    def ensure_worker(self) -> None:
        """Starts the supervisor if it does not run while there are queued or running tasks."""
        counts = self.store.counts()
        if counts["running"] or (counts["queued"] and self.store.next_queued() is not None):
            self.start()

    def start(self) -> None:
        """Starts the supervisor if it does not run, so that the first run finds torch imported; not for a read-only
        store.

        Never by `multiprocessing`, which from a page would run the page again in the child.
        """
        if self.store.readonly:
            return
        with _starting:
            at, last = _started.get(self.store.lock, (0.0, None))
            failed = last is not None and (last.poll() or 0) > 0  # poll: or it stays behind as a zombie
            if failed and time.monotonic() - at < RETRY_SECONDS:
                return
            # The lock is taken here and handed over, so that two who start at once do not start two.
            handle = lock.acquire(self.store.lock)
            if handle is None and (handle := self._replace()) is None:
                return
            if last is not None:
                with suppress(subprocess.TimeoutExpired):
                    last.wait(2.0)  # it has let go of the lock, so it is on its way out
            try:
                process = self._spawn(handle)
                lock.write_pid(handle, process.pid)
                _started[self.store.lock] = (time.monotonic(), process)
            finally:
                os.close(handle)

    def stop(self, timeout: float = 30.0) -> None:
        """Ends the supervisor, after at most `timeout` seconds; its runs return to the queue. Raises `TimeoutError`."""
        deadline = time.monotonic() + timeout
        while (pid := lock.holder_pid(self.store.lock)) is not None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the supervisor {pid} did not end within {timeout:.0f} s")
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            time.sleep(0.05)
        with _starting:
            _, process = _started.pop(self.store.lock, (0.0, None))
        if process is not None:
            process.wait(timeout)

    def supervisor_pid(self) -> int | None:
        """Returns the process id of the supervisor, or None if none runs."""
        return lock.holder_pid(self.store.lock)

    def seconds_since_heartbeat(self) -> float | None:
        """Returns the seconds since the last heartbeat of the supervisor; None if none runs or it has sent none yet."""
        pid = None if self.store.readonly else self.supervisor_pid()
        heartbeats = {supervisor.owner: supervisor.heartbeat for supervisor in self.store.supervisors()}
        heartbeat = None if pid is None else heartbeats.get(engine.owner_name("local", pid))
        return None if heartbeat is None else max(0.0, self.store.clock() - heartbeat)

    def stuck_message(self) -> str | None:
        """Returns a sentence for users if the queue is stuck because its supervisor hangs, else None."""
        silent = self.seconds_since_heartbeat()
        if silent is None or silent < HUNG_SECONDS / 2:
            return None
        then = "it is being replaced" if silent > HUNG_SECONDS else f"it is replaced after {HUNG_SECONDS:.0f} s"
        return (
            f"The queue stands still: its supervisor has not been heard of for {silent:.0f} s; {then}, and runs go on "
            "from their last epoch."
        )

    def _relieve(self, pid: int, name: str) -> int | None:
        """The lock of a supervisor of an older snnviz, which would fail what is submitted now: its runs are handed back
        to the queue. None where it takes longer to leave."""
        end = time.monotonic() + REPLACE_SECONDS
        while time.monotonic() < end:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            if (handle := lock.acquire(self.store.lock)) is not None:
                self.store.remove_supervisor(name)
                return handle
            time.sleep(0.1)
        return None

    def _replace(self) -> int | None:
        """The lock of a supervisor that hung, or is of an older snnviz, and is gone; None where it may stay."""
        pid = lock.holder_pid(self.store.lock)
        if pid is None:
            return lock.acquire(self.store.lock)
        name = engine.owner_name("local", pid)
        known = self.store.supervisors()
        if name in (one.owner for one in known if (one.version or 1) < tables.VERSION):
            return self._relieve(pid, name)
        heartbeats = {supervisor.owner: supervisor.heartbeat for supervisor in known}
        silence = _silences.setdefault(self.store.lock, SilenceTimer())
        if silence.update({name: heartbeats.get(name)})[name] <= HUNG_SECONDS:
            return None
        try:
            self.store.remove_supervisor(name)
        except StoreError as error:
            if opening.is_disk_full(error):  # then nobody can write, the supervisor neither
                raise
            # It may be busy because the supervisor was stopped in the middle of a write.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # or it would wake up beside the next one
        for _ in range(500):
            if (handle := lock.acquire(self.store.lock)) is not None:
                return handle
            time.sleep(0.01)
        return None

    def _spawn(self, handle: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "snnviz.jobs", "--lock", str(handle), "--idle", str(self.idle)]
        if self.children is not None:
            command += ["--children", str(self.children)]
        environment = dict(os.environ)
        if self.store.path is not None:
            command += ["--store", self.store.url]
        else:
            environment["SNNVIZ_STORE"] = self.store.url  # it may hold a password, and everybody sees a command line
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH"))))
        log = self.store.lock.with_suffix(".log")
        keep = log.exists() and log.stat().st_size < LOG_BYTES
        with log.open("ab" if keep else "wb") as output:
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[handle],
                start_new_session=True,
            )
