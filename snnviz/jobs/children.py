"""The supervisor's processes: a forkserver that has torch loaded, and what it forks, one for each run."""

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
"""How long a process that was asked to stop may take to write what it has."""

UNREAPED_SECONDS = 10.0
"""After being killed, a process has ended; where the forkserver does not say so, it hangs itself."""

FORKSERVER_GONE = 255
"""The exit code of processes whose forkserver died: theirs is then unknown, and they have been killed with it."""


class Forkserver:
    """Starts processes in a thread of its own: that takes seconds while torch is loaded, and for ever if it hangs.

    The thread lives as long as the supervisor: who is started by a thread ends with it (`machine.die_with_parent`).
    """

    def __init__(self) -> None:
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["snnviz.jobs.warm"])
        self._orders: queue.SimpleQueue[tuple[Future[None], Callable[[], object]]] = queue.SimpleQueue()
        self._open: list[Future[None]] = []
        self._silence = SilenceTimer()
        threading.Thread(target=self._follow, name="forkserver", daemon=True).start()
        self._order(system.ensure_running)  # loads torch now, not when the first person waits for it

    @property
    def pid(self) -> int | None:
        """Its process number, once it was started."""
        number: int | None = getattr(system._forkserver, "_forkserver_pid", None)
        return number

    def child(self, url: str, claim: Claim) -> RunProcess:
        """A process for a run, which will start soon."""
        process = self._context.Process(target=worker.process_main, args=(url, claim), daemon=True)
        return RunProcess(claim, process, self._order(process.start))

    def hangs(self) -> bool:
        """Whether it has been asked for a process and did nothing for it for a while. To be called again and again."""
        self._open = [order for order in self._open if not order.done()]
        pid = self.pid
        worked = machine.cpu_seconds(pid) if pid is not None and self._open else None
        words = {} if worked is None else {(pid, id(self._open[0])): worked}
        return any(silent > HUNG_SECONDS for silent in self._silence.look(words).values())

    def kill(self) -> None:
        """End it and all that it forked. The next order starts another one."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _order(self, act: Callable[[], object]) -> Future[None]:
        order: Future[None] = Future()
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
                order.set_result(None)


class RunProcess:
    """A run's process. `stopped`: when it was asked to stop; `cancelled`: because a person wanted it so;
    `silent`: because it said nothing for so long, and will not hear either."""

    def __init__(self, claim: Claim, process: ForkServerProcess, start: Future[None]) -> None:
        self.claim, self.process, self._start = claim, process, start
        self.stopped: float | None = None
        self.cancelled = False
        self.silent = False

    @property
    def starts(self) -> bool:
        """It has been ordered and is not there yet."""
        return not self._start.done()

    @property
    def failure(self) -> BaseException | None:
        """Why it could not be started."""
        return None if self.starts else self._start.exception()

    @property
    def gone(self) -> bool:
        """It has ended, or was never there."""
        return not self.starts and (self.failure is not None or not self.process.is_alive())

    @property
    def unburied(self) -> bool:
        """It was killed long ago, and still counts as alive."""
        return self.stopped is not None and time.monotonic() - self.stopped > GRACE_SECONDS + UNREAPED_SECONDS

    @property
    def sentinels(self) -> list[int]:
        """What becomes readable when it ends."""
        return [] if self.starts or self.failure else [self.process.sentinel]

    @property
    def bytes(self) -> int:
        """Memory that it has to itself."""
        return 0 if self.starts or self.failure else machine.private_bytes(self.process.pid or 0)

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stand still."""
        return not self.starts and self.failure is None and machine.is_suspended(self.process.pid or 0)

    def stop(self) -> None:
        """Ask it to end; kill it when it was asked before and had time for it. To be called again and again."""
        if self.starts or self.failure:
            return
        if self.stopped is None:
            self.stopped = time.monotonic()
            self.process.terminate()
        elif self.silent or time.monotonic() - self.stopped > GRACE_SECONDS:
            self.process.kill()

    @property
    def exitcode(self) -> int | None:
        """Of one that is `gone`; None where its end is unknown."""
        code = self.process.exitcode
        return None if code == FORKSERVER_GONE else code

    def end(self) -> None:
        """Let go of one that is `gone`."""
        if self.failure is None:
            self.process.join()
            self.process.close()


def describe_exit_code(exitcode: int) -> str:
    """What an exit code says."""
    if exitcode >= 0:
        return f"it ended with exit code {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else str(-exitcode)
    return f"it was killed by {name}" + (" (perhaps for want of memory)" if name == "SIGKILL" else "")
