"""What all sessions of the server share: the store, the engine, and recently read values."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from snnviz.design.submitted import Task
from snnviz.errors import NotFound, SnnvizError
from snnviz.jobs.durations import DurationModel, QueuePosition, fit_durations, queue_positions, remaining_seconds
from snnviz.jobs.engine import Engine
from snnviz.jobs.local import Local
from snnviz.places import cache_dir
from snnviz.store import Run, Store, classes
from snnviz.store.columns import metric_columns
from snnviz.store.index import indexed_runs
from snnviz.store.retention import expire
from snnviz.store.switches import Switches
from snnviz.theory.metrics import METRICS
from snnviz.ui.kit import warming
from snnviz.ui.kit.expecting import Refits
from snnviz.ui.kit.people import current_person, retention
from snnviz.ui.kit.shared import shared
from snnviz.ui.server import frontend
from snnviz.ui.server.middleware import upload_memory

T = TypeVar("T")
LOG = logging.getLogger(__name__)
TTL_SECONDS = 0.5
MOST_ENTRIES = 500
"""Largest number of cached keys."""

TEND_SECONDS = 2.0
SWEPT_SECONDS = 3600.0
"""Seconds between two looks for classes that nobody uses any more."""


EXPIRED_SECONDS = 60.0
"""Seconds between two looks for what nobody opened for long, or is too much."""


@shared(4)
def store() -> Store:
    """Returns the store of this server. Raises `StoreError`."""
    return Store()


def store_as_person() -> Store:
    """Returns the store as it is for the person who looks at the page: every change by a page goes through it, or
    through `engine`. Raises `StoreError`.
    """
    return store().acting_as(*current_person())


def switches() -> Switches:
    """Returns what the host has switched, at most half a second old. Raises `StoreError`."""
    return CACHE.get("switches", lambda: store().switches())


def engine() -> Engine:
    """Returns the engine that runs what the person who looks at the page submits. Raises `StoreError`."""
    return Local(store_as_person())


def is_wanted_by_others(run: str) -> bool:
    """Returns whether a run is wanted by the person who looks at the page and by others, so that it goes on without
    them.
    """
    person, _ = current_person()
    owners = store().owners([run]).get(run, ())
    return person is not None and not person.is_admin and person.id in owners and len(owners) > 1


def others(runs: Iterable[Run]) -> set[str]:
    """Returns the names of those of these runs that the person who looks at the page may not change."""
    names = tuple(run.run for run in runs)
    person = current_person()[0] if names else None
    if person is None or person.is_admin:
        return set()
    owned = CACHE.get(("owners", names), lambda: store().owners(names))
    return {name for name, people in owned.items() if person.id not in people}


@shared(4)
def _engine() -> Local:
    return Local(store())


class _Entry:
    """A cached value, the time at which it was computed, and the lock of whoever computes it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = -math.inf
        self.value: Any = None


class TtlCache:
    """A cache whose values are valid for `seconds`, so that what many sessions ask every second is computed once.

    Simultaneous requests for one key wait for each other; requests for other keys do not.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._kept: dict[Any, _Entry] = {}
        self._lock = threading.Lock()

    def get(self, key: Any, compute: Callable[[], T]) -> T:
        """Returns the cached value of this key, or else the result of `compute`; the store's path is part of the
        key.
        """
        key = (str(cache_dir()), key)
        with self._lock:
            if key not in self._kept and len(self._kept) >= MOST_ENTRIES:
                self._tidy()
            kept = self._kept.setdefault(key, _Entry())
        with kept.lock:
            if time.monotonic() - kept.at >= self.seconds:
                kept.value = compute()
                kept.at = time.monotonic()
            value: T = kept.value
            return value

    def drop(self, key: Any) -> None:
        """Drops the value of this key, so that a change of our own shows at once."""
        with self._lock:
            self._kept.pop((str(cache_dir()), key), None)

    def clear(self) -> None:
        """Drops all cached values, so that a change that this server made shows at once."""
        with self._lock:
            self._kept.clear()

    def _tidy(self) -> None:
        """Let go of what is too old to be shown, and if that is little of what was known first."""
        now = time.monotonic()
        fresh = {key: kept for key, kept in self._kept.items() if now - kept.at < self.seconds or kept.lock.locked()}
        self._kept = dict(list(fresh.items())[-MOST_ENTRIES // 2 :])


REFITS = Refits()
CACHE = TtlCache(TTL_SECONDS)
PACES = TtlCache(30.0)
QUEUES = TtlCache(1.0)
OPENED = TtlCache(600.0)
QUEUE = 1000
"""Largest number of waiting runs that are read to find a run's place."""


def run_and_version(run: str) -> tuple[Run, str] | None:
    """Returns a run and its version (`Store.version`), at most half a second old; None if there is no such run."""

    def read() -> tuple[Run, str] | None:
        try:
            return store().get(run), store().version(run)
        except NotFound:
            return None

    return CACHE.get(run, read)


def mark_opened(run: str) -> None:
    """Records in the store that somebody views the run, so that its weights are not among the first to be deleted."""
    OPENED.get(run, lambda: store().mark_viewed(run))


def queue_problem() -> str | None:
    """Returns a sentence for the page if the queue of runs is stuck, else None."""
    return CACHE.get("stuck_message", lambda: _engine().stuck_message())


def duration_model() -> DurationModel:
    """Returns the model of how long tasks take on this machine, fitted to the runs that have ended in the store. Cached
    for some seconds.
    """
    return PACES.get("pace", lambda: fit_durations(store()))


def queue_place(run: str) -> QueuePosition | None:
    """Returns a run's place in the queue; None if it does not wait, or is beyond the first `QUEUE`."""

    def read() -> dict[str, QueuePosition]:
        known = store()
        return queue_positions(known.queued_runs(QUEUE), known.runs(states=("running",), of=None), duration_model())

    return QUEUES.get("queue", read).get(run)


def time_left(tasks: Sequence[Task], runs: Mapping[str, Run]) -> float:
    """Returns the seconds until all of these tasks are done, including other runs before them in the queue.

    `runs`: existing runs by digest.
    """
    names = tuple(task.digest for task in tasks)
    at = tuple((name, run.revision) for name, run in runs.items())
    return CACHE.get(("time left", names, at), lambda: _time_left(tasks, runs))


def _time_left(tasks: Sequence[Task], runs: Mapping[str, Run]) -> float:
    known = duration_model()
    ends = [
        waits.seconds + remaining_seconds([run.task], {run.run: run}, known)
        for run in runs.values()
        if run.state == "queued" and (waits := queue_place(run.run)) is not None
    ]
    return max(remaining_seconds(tasks, runs, known), *ends, 0.0)


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """The server's ASGI lifespan: fills caches before the first visitor, and keeps a worker alive while the server
    runs.
    """
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)  # small matrices on two threads wait for each other as soon as something trains
    gc.collect()
    gc.freeze()
    tasks = [asyncio.create_task(asyncio.to_thread(act)) for act in (frontend.warm, warming.warm)]
    tasks.append(asyncio.create_task(_tend()))
    yield {}
    for task in tasks:
        task.cancel()
    await asyncio.to_thread(REFITS.stop)
    await asyncio.to_thread(_stop_worker)
    with contextlib.suppress(SnnvizError):
        store().close()


def _start_worker() -> None:
    _engine().start()
    REFITS.start_if_due(store())


def _stop_worker() -> None:
    """Leave no idle process behind; one that trains goes on."""
    with contextlib.suppress(SnnvizError, TimeoutError):
        if not any(store().counts()[state] for state in ("queued", "running")):
            _engine().stop(timeout=5.0)


def _read_runs() -> None:
    """Reads what pages ask of all runs, of which there may be thousands, before a visitor waits for it."""
    metric_columns(store(), indexed_runs(store()), [metric.name for metric in METRICS.listed])


def _expire() -> None:
    gone = expire(store(), retention())
    if gone.runs or gone.data_sets:
        names = ", ".join((*gone.runs, *gone.data_sets))
        LOG.warning("Nobody opened them for long: %.1f MB of %s went.", gone.bytes / 1e6, names[:2000])


async def _tend() -> None:
    checked, swept, expired = False, -math.inf, -math.inf
    while True:
        upload_memory.drop_left_behind()
        try:
            if not checked:
                await asyncio.to_thread(store().check_in_background)
                await asyncio.to_thread(_read_runs)
                checked = True
            await asyncio.to_thread(_start_worker)
            if time.monotonic() - swept > SWEPT_SECONDS:
                await asyncio.to_thread(lambda: classes.delete_unused(store()))
                swept = time.monotonic()
            if time.monotonic() - expired > EXPIRED_SECONDS:
                expired = time.monotonic()
                await asyncio.to_thread(_expire)
        except SnnvizError as error:
            LOG.warning("%s", error)
        await asyncio.sleep(TEND_SECONDS)
