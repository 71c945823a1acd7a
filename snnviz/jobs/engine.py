"""The interface of all engines, and the checks before a task is submitted."""

from __future__ import annotations

import os
import platform
from typing import Protocol

from snnviz.design.submitted import Task
from snnviz.errors import InputError, NotFound, TooLarge
from snnviz.jobs import machine
from snnviz.store import Store, Submitted
from snnviz.tasks import KINDS, design_of


class Engine(Protocol):
    """Protocol of engines, which run what is submitted to their store. Several engines may share a store."""

    store: Store

    def submit(self, task: Task) -> Submitted:
        """Submits a task, so that it is run once. Raises `TooLarge`, `InputError`, `StoreError`."""

    def retrain(self, run: str) -> None:
        """Trains a finished run again, because its weights were deleted, or because it was distributed with snnviz
        without them.

        Raises as `submit`, and `NotFound`.
        """

    def cancel(self, run: str) -> None:
        """Cancels a queued run; a running one stops within a second and keeps its results. Raises `StoreError`."""

    def ensure_worker(self) -> None:
        """Makes sure that a worker runs while there are queued or running tasks. Cheap; to be called regularly."""


def submit_checked(store: Store, task: Task) -> Submitted:
    """Submits a task to the store after checking that memory and processor suffice.

    Raises `TooLarge` if it needs more memory than there is, `InputError` if the processor lacks bfloat16.
    """
    try:
        known = store.get(task.digest).state in ("queued", "running", "done")
    except NotFound:
        known = False
    _check(store, task, known=known)
    return store.submit(task)


def retrain_checked(store: Store, run: str) -> None:
    """Queues a finished run to be trained again, after the checks of `submit_checked` if it is a run distributed with
    snnviz.
    """
    found = store.get(run)
    _check(store, found.task, known=found.machine is None)
    store.retrain(found.run)


def _check(store: Store, task: Task, *, known: bool) -> None:
    if not known and _precision(task) == "bfloat16" and not machine.has_bfloat16():
        raise InputError("training.precision", "be float32 on a machine whose processor lacks bfloat16", "bfloat16")
    free = machine.free_bytes()
    if not known and free is not None:
        # What running runs use becomes free when they end; until then this one waits in the queue.
        free += sum(required_memory(run.task) for run in store.runs(states=("running",), of=None))
        check_memory(task, free)


def required_memory(task: Task) -> int:
    """Returns an upper estimate of the memory that a task needs, in bytes."""
    return KINDS.kind_of(task).cost(task).bytes


def check_memory(task: Task, free: int) -> None:
    """Raises `TooLarge` if a task needs more than `free` bytes of memory."""
    need = required_memory(task)
    if need > free:
        kind = KINDS.kind_of(task)
        raise TooLarge(
            f"{kind.noun} must fit into the {_gigabytes(free)} of memory that are free, got one that needs "
            f"{_gigabytes(need)}; {kind.smaller}"
        )


def _precision(task: Task) -> str:
    return design_of(task).training.precision if KINDS.kind_of(task).design is not None else "float32"


def owner_name(kind: str, pid: int | None = None) -> str:
    """Returns the name under which a process of this machine, by default this one, claims runs."""
    return f"{kind}@{platform.node()}#{os.getpid() if pid is None else pid}"


def owner_has_exited(owner: str) -> bool | None:
    """Returns True if the process with this owner name has ended, False if it lives, None if that is unknown."""
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
