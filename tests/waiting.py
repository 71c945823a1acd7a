"""Waiting for what happens in other processes, and finding them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from snnviz.store import Run, Store

T = TypeVar("T")

PATIENCE = 60.0
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


def run_processes(supervisor: int) -> list[int]:
    """The processes of runs: forked by the forkserver, which the supervisor started."""
    alive = [process for process in processes() if process.session == supervisor]
    servers = {process.pid for process in alive if process.parent == supervisor}
    return [process.pid for process in alive if process.parent in servers]


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
