"""The supervisor's child processes: a forkserver with torch imported, and one process for each run, forked from it."""

from __future__ import annotations

import multiprocessing.forkserver as system
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess

from snnviz.jobs import machine, worker
from snnviz.store import HUNG_SECONDS, Claim, SilenceTimer

GRACE_SECONDS = 0.5
"""How long a process that was asked to stop may take to write its results, in seconds."""

UNREAPED_SECONDS = 10.0
"""If a killed process is still reported as alive after this many seconds, the forkserver itself hangs."""

FORKSERVER_GONE = 255
"""Exit code reported for processes whose forkserver died: their own is unknown, and they were killed with it."""

DYING_SECONDS = 10.0
"""Seconds within which a killed forkserver has ended, even on a busy machine."""


class Forkserver:
    """Starts the processes of runs, in a thread, as starting takes seconds while torch is imported, or may hang.

    The thread lives as long as the supervisor, since processes end with the thread that started them
    (`machine.die_with_parent`).
    """

    def __init__(self) -> None:
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["snnviz.jobs.warm"])
        self._orders: queue.SimpleQueue[tuple[Future[int | None], Callable[[], object]]] = queue.SimpleQueue()
        self._open: list[Future[int | None]] = []
        self._silence = SilenceTimer()
        threading.Thread(target=self._follow, name="forkserver", daemon=True).start()
        self._order(system.ensure_running)  # loads torch now, not when the first person waits for it

    @property
    def pid(self) -> int | None:
        """The forkserver's process number, or None before it was started."""
        number: int | None = getattr(system._forkserver, "_forkserver_pid", None)
        return number

    def child(self, url: str, claim: Claim) -> RunProcess:
        """Starts the process of a claimed run in the background, and returns it."""
        process = self._context.Process(target=worker.process_main, args=(url, claim), daemon=True)
        return RunProcess(claim, process, self._order(lambda: self._start(process)))

    def is_hanging(self) -> bool:
        """Returns whether the forkserver was asked for a process and did nothing for a while. To be called
        repeatedly.
        """
        self._open = [order for order in self._open if not order.done()]
        pid = self.pid
        worked = machine.cpu_seconds(pid) if pid is not None and self._open else None
        words = {} if worked is None else {(pid, id(self._open[0])): worked}
        return any(silent > HUNG_SECONDS for silent in self._silence.update(words).values())

    def kill(self) -> None:
        """Kills the forkserver and all processes forked from it. The next request starts another one."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _start(self, process: ForkServerProcess) -> None:
        try:
            process.start()
        except ConnectionRefusedError:  # it dies, and nothing was sent: nobody works at this attempt
            end = time.monotonic() + DYING_SECONDS
            while self.pid is not None and not machine.has_ended(self.pid) and time.monotonic() < end:
                time.sleep(0.005)
            process.start()

    def _order(self, act: Callable[[], object]) -> Future[int | None]:
        """Done, with the forkserver's process number, when `act` was called."""
        order: Future[int | None] = Future()
        self._open.append(order)
        self._orders.put((order, act))
        return order

    def _follow(self) -> None:
        while True:
            order, act = self._orders.get()
            try:
                act()
            except BaseException as error:  # whoever waits for it hears of it
                order.set_exception(error)
            else:
                order.set_result(self.pid)


class RunProcess:
    """The process that computes one claimed run, and the state of stopping it.

    `stopped`: when it was asked to stop, or None; `cancelled`: a user asked for it; `silent`: it hangs, so it is killed
    without waiting.
    """

    def __init__(self, claim: Claim, process: ForkServerProcess, start: Future[int | None]) -> None:
        self.claim, self.process, self._start = claim, process, start
        self.stopped: float | None = None
        self._lost: float | None = None
        self.cancelled = False
        self.silent = False

    @property
    def is_starting(self) -> bool:
        """Whether the process was requested and has not started yet."""
        return not self._start.done()

    @property
    def failure(self) -> BaseException | None:
        """The exception that prevented the process from starting, or None."""
        return None if self.is_starting else self._start.exception()

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended or could not be started.

        A process that died with its forkserver counts only once the forkserver has ended too, because a dying
        forkserver would not start the next attempt.
        """
        if self.is_starting or (self.failure is None and self.process.is_alive()):
            return False
        if self.failure is not None or self.process.exitcode != FORKSERVER_GONE or self._forkserver_ended:
            return True
        self._lost = time.monotonic() if self._lost is None else self._lost
        return time.monotonic() - self._lost > DYING_SECONDS

    @property
    def _forkserver_ended(self) -> bool:
        pid = self._start.result()
        return pid is None or machine.has_ended(pid)

    @property
    def is_unreaped(self) -> bool:
        """Whether the process was killed long ago and the operating system still reports it as alive."""
        return self.stopped is not None and time.monotonic() - self.stopped > GRACE_SECONDS + UNREAPED_SECONDS

    @property
    def sentinels(self) -> list[int]:
        """File descriptors that become readable when the process ends, for `multiprocessing.connection.wait`."""
        if self.is_starting or self.failure or self._lost is not None:
            return []
        return [self.process.sentinel]

    @property
    def bytes(self) -> int:
        """Private memory of the process in bytes."""
        return 0 if self.is_starting or self.failure else machine.private_bytes(self.process.pid or 0)

    @property
    def is_stopped(self) -> bool:
        """Whether the process was suspended, as by SIGSTOP."""
        return not self.is_starting and self.failure is None and machine.is_suspended(self.process.pid or 0)

    def stop(self) -> None:
        """Asks the process to end, and kills it once it has had `GRACE_SECONDS` for that. To be called repeatedly."""
        if self.is_starting or self.failure:
            return
        if self.stopped is None:
            self.stopped = time.monotonic()
            self.process.terminate()
        elif self.silent or time.monotonic() - self.stopped > GRACE_SECONDS:
            self.process.kill()

    @property
    def exitcode(self) -> int | None:
        """Exit code of a process that has ended (`has_ended`); None if unknown."""
        code = self.process.exitcode
        return None if code == FORKSERVER_GONE and self._forkserver_ended else code

    def release(self) -> None:
        """Releases the resources of a process that has ended (`has_ended`)."""
        if self.failure is None:
            self.process.join()
            self.process.close()


def describe_exit_code(exitcode: int) -> str:
    """Returns a phrase on how a process ended, such as "it was killed by SIGKILL"."""
    if exitcode >= 0:
        return f"it ended with exit code {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else str(-exitcode)
    return f"it was killed by {name}" + (" (perhaps for want of memory)" if name == "SIGKILL" else "")
