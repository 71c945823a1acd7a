"""What every engine does, and what it refuses."""

from __future__ import annotations

import os
import platform
from typing import Protocol

from snnviz.catalog.cells import CellSearch, Scoring
from snnviz.catalog.measuring import Measurement
from snnviz.catalog.searches import Search, widest
from snnviz.catalog.shortcutstudies import GradientSurvey
from snnviz.catalog.trajectories import Trajectories
from snnviz.catalog.ttfslimits import FineTuning
from snnviz.design import Design
from snnviz.errors import InputError, NotFound, TooLarge
from snnviz.jobs import machine
from snnviz.store import Store, Submitted, Task
from snnviz.theory import cell_costs, tuningcosts
from snnviz.theory.costs import deepest, memory_bytes, trajectories_bytes

SIDE_BY_SIDE = 2
"""Candidates of a search that are in memory at once."""


class Engine(Protocol):
    """Something that runs what is submitted to its store. Every engine on a store may be used at the same time."""

    store: Store

    def submit(self, task: Task) -> Submitted:
        """See to it that a task is done, once. Raises `TooLarge`, `InputError`, `StoreError`."""

    def again(self, run: str) -> None:
        """Train a finished run once more whose weights are not kept. Raises `TooLarge`, `StoreError`."""

    def cancel(self, run: str) -> None:
        """A queued run is cancelled, a running one stops within a second and keeps what it has. Raises `StoreError`."""

    def tend(self) -> None:
        """Make sure that somebody works while there is work. Cheap, and to be called now and then."""


def submit(store: Store, task: Task) -> Submitted:
    """`Store.submit`, unless the run needs more memory than there is or units that the processor lacks.

    Raises `TooLarge` or `InputError`.
    """
    try:
        known = store.get(task.digest).state in ("queued", "running", "done")
    except NotFound:
        known = False
    if not known and _precision(task) == "bfloat16" and not machine.has_bfloat16():
        raise InputError("training.precision", "be float32 on a machine whose processor lacks bfloat16", "bfloat16")
    free = machine.free_bytes()
    if not known and free is not None:
        # What running runs use becomes free when they end; until then this one waits in the queue.
        free += sum(needed_bytes(run.task) for run in store.runs(states=("running",), of=None))
        check_memory(task, free)
    return store.submit(task)


def needed_bytes(task: Task) -> int:
    """An estimate from above of the memory that a task needs."""
    if isinstance(task, Scoring | CellSearch):
        return cell_costs.memory_bytes(task)
    if isinstance(task, Search):
        return SIDE_BY_SIDE * memory_bytes(widest(task))
    if isinstance(task, Trajectories):
        return trajectories_bytes(task)
    if isinstance(task, FineTuning):
        return tuningcosts.memory_bytes(task)
    if isinstance(task, Measurement):
        return memory_bytes(task.design)
    return memory_bytes(deepest(task) if isinstance(task, GradientSurvey) else task)


def check_memory(task: Task, free: int) -> None:
    """Raises `TooLarge` with the sentence for it."""
    need = needed_bytes(task)
    if need > free:
        name, less = "design", "a smaller batch, width or number of time steps needs less"
        if isinstance(task, Scoring | CellSearch):
            name, less = "setting", "fewer images, channels or time steps need less"
        raise TooLarge(
            f"{name} must fit into the {_gigabytes(free)} of memory that are free, got one that needs "
            f"{_gigabytes(need)}; {less}"
        )


def _precision(task: Task) -> str:
    design = getattr(task, "design", task)
    return design.training.precision if isinstance(design, Design) else "float32"


def owner(kind: str, pid: int | None = None) -> str:
    """The name under which a process of this machine, or this one, claims runs."""
    return f"{kind}@{platform.node()}#{os.getpid() if pid is None else pid}"


def is_gone(owner: str) -> bool | None:
    """True if the process with this name is known to have ended; None where that cannot be told from here."""
    node, _, pid = owner.partition("@")[2].rpartition("#")
    if node != platform.node() or not pid.isdigit():
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's process
        return None
    return None  # it lives, or its number has been given to another one


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.{1 if count < 1e10 else 0}f} GB"
