"""Runs a claimed task in this process: the only place outside the core that starts the computation."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing import connection, parent_process
from types import FrameType

from snnviz.data import datasets
from snnviz.errors import LeaseLost, SnnvizError, StoreError
from snnviz.events import Event, Progress
from snnviz.jobs import machine
from snnviz.jobs.history import StoredHistory
from snnviz.jobs.outages import PATIENT_SECONDS, outlast
from snnviz.jobs.recorder import Recorder
from snnviz.store import Claim, State, Store, metrics, opening, server
from snnviz.tasks import KINDS, resolve


def execute_claim(store: Store, claim: Claim, on_event: Callable[[Event], object] | None = None) -> None:
    """Runs a claimed task from its last checkpoint to the end and records it as done, failed or cancelled.

    `on_event` is called with each event. Each operation uses one thread, so that numbers depend on the design alone,
    even where a second core computes another part of the batch. Raises `StoreError` if not even the failure can be
    written; returns quietly if the lease is lost, because then another process has the run.
    """
    state: State = "done"
    error = trace = None
    try:
        import torch  # takes seconds, in which somebody may press Ctrl-C

        from snnviz.core import memory

        torch.set_num_threads(1)
        memory.retain_freed_memory()
        with Recorder(store, claim) as recorder:

            def hear(event: Event) -> None:
                recorder.put(event)
                if on_event is not None:
                    on_event(event)

            kind = KINDS.kind_of(claim.task)
            for data in kind.needs(claim.task):
                datasets.ensure_downloaded(data, lambda words: hear(Progress(0, 0, words)))
                if words := datasets.availability_remark(data):
                    outlast(partial(store.add_note, claim.run, claim.attempt, words))
            for event in resolve(kind.run)(claim.task, StoredHistory(store, claim.run), machine.ThreadBudget()):
                hear(event)
                if recorder.cancelled:
                    state = "cancelled"
                    break
    except LeaseLost:
        return
    except KeyboardInterrupt:
        with suppress(LeaseLost):
            outlast(lambda: store.finish(claim.run, claim.attempt, "cancelled"))
            _sum_up(store, claim)
        raise
    except SnnvizError as reason:
        away = isinstance(reason, StoreError) and server.is_away(reason)  # no fault of the run's, which waits again
        state, error = "queued" if away else "failed", str(reason)
    except Exception as reason:
        state, trace = "failed", traceback.format_exc()
        error = f"The computation stopped: {' '.join(str(reason).split())[:300] or type(reason).__name__}."
    with suppress(LeaseLost):
        outlast(lambda: store.finish(claim.run, claim.attempt, state, error, trace))
        _sum_up(store, claim)


def _sum_up(store: Store, claim: Claim) -> None:
    """Keep what the run comes to, so that nobody who lists many has to read its rows. It is over and written: whoever
    asks for what is missing here makes it."""
    kind = KINDS.kind_of(claim.task)
    if kind.summed is not None:
        with suppress(SnnvizError):
            metrics.summarise(store, kind.summed(claim.task))


def warm_up() -> None:
    """Imports and prepares what the first task of each kind would otherwise wait for.

    On one thread, because a process that has run a parallel region must not be forked.
    """
    import torch

    from snnviz.core import memory

    torch.set_num_threads(1)
    memory.retain_freed_memory()
    for kind in KINDS:
        if kind.warm is not None:
            try:
                resolve(kind.warm)()
            except Exception:
                traceback.print_exc()  # for the log; a run that meets this will say what is wrong


def process_main(url: str, claim: Claim) -> None:
    """Entry point of a run's process, forked with everything imported. It ends with SIGTERM and when its parent
    ends.
    """
    machine.die_with_parent()
    machine.name_process(claim.run)
    faulthandler.enable()  # a crash of torch itself leaves its story in the supervisor's log
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent's watch", daemon=True).start()
    opening.BUSY_SECONDS = PATIENT_SECONDS
    store = outlast(lambda: Store(url, check=False))
    try:
        execute_claim(store, claim)
    finally:
        store.close()


def _stop(number: int, _: FrameType | None) -> None:
    """Leave by way of the recorder, which writes what is there."""
    sys.exit(128 + number)


def _end_with_parent() -> None:
    supervisor = parent_process()
    assert supervisor is not None
    forkserver = os.getppid()
    while os.getppid() == forkserver:
        if connection.wait([supervisor.sentinel], timeout=1.0):
            break
    os._exit(1)
