"""Waiting for what happens in other processes, and finding them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from snnviz.jobs.local import Local
from snnviz.store import Run, Store

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds after which something that should happen at once is taken not to happen: the machine may be busy."""


class Process:
    """What Linux knows of a process; the state is Z for one that has ended and was not waited for."""

    def __init__(self, pid: int) -> None:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        self.pid, self.state, self.parent, self.session = pid, fields[0], int(fields[1]), int(fields[3])


def processes() -> list[Process]:
    """Every process that has not ended."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                found.append(Process(int(name)))
    return [process for process in found if process.state != "Z"]


def until(condition: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """The first truthy value of `condition`."""
    end = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError("what the test waits for did not happen")
        time.sleep(0.005)
    return value


def ended(store: Store, run: str) -> Run:
    """The run, once it has ended."""

    def look() -> Run | None:
        found = store.get(run)
        return found if found.ended else None

    return until(look)


class Background(Local):
    """A local engine that knows its processes: a supervisor leads a session, in which all that it starts stays."""

    def __init__(self, store: Store, **options: Any) -> None:
        super().__init__(store, **options)
        self.sessions: set[int] = set()

    def start(self) -> None:
        super().start()
        self.sessions.update(filter(None, [self.supervisor_pid()]))

    def processes(self) -> list[Process]:
        """All of them, dead supervisors' too."""
        return [process for process in processes() if process.session in self.sessions]

    def forkservers(self) -> list[int]:
        """What the supervisor started: the forkserver, and Python's resource tracker."""
        return [process.pid for process in self.processes() if process.parent in self.sessions]

    def run_processes(self) -> list[int]:
        """The processes of runs, forked by the forkserver."""
        servers = self.forkservers()
        return [process.pid for process in self.processes() if process.parent in servers]

    def end(self) -> None:
        """Stop, and fail unless every process has gone."""
        self.stop()
        until(lambda: not self.processes())
