"""Writes the events of a run to the store, in a thread, so that the computation does not wait."""

from __future__ import annotations

import threading
import time
from functools import partial
from types import TracebackType

from snnviz.errors import SnnvizError
from snnviz.events import Checkpoint, Event, Progress, Row
from snnviz.jobs.outages import outlast
from snnviz.store import Claim, Store

PAUSE_SECONDS = 0.2
"""Seconds between two writes, so that fast runs do not keep the disk busy."""

BEAT_SECONDS = 0.5
"""Seconds after which a run without events renews its lease and asks whether it was cancelled."""


class Recorder:
    """Context manager that writes a run's events in the background, in order; leaving it waits until all are written.

    `cancelled` becomes True when somebody asked for the run to stop.
    """

    def __init__(self, store: Store, claim: Claim) -> None:
        self.store, self.claim = store, claim
        self.cancelled = False
        self._rows: list[Row] = []
        self._progress: Progress | None = None
        self._first: tuple[float, int] | None = None  # when the first training step of this attempt began, and which
        self._counted = 0.0  # until when training time has been written
        self._failure: SnnvizError | None = None
        self._writing = threading.Lock()
        self._news, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._write, name=f"recorder {claim.run}", daemon=True)

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._news.set()
        self._thread.join()
        try:
            if self._failure is None:
                self._flush()
        except SnnvizError as failure:
            self._failure = failure
        if kind is None and self._failure is not None:
            raise self._failure

    def put(self, event: Event) -> None:
        """Queues an event for writing. Raises `LeaseLost` or `StoreError` if an earlier one could not be written."""
        if self._failure is not None:
            raise self._failure
        if isinstance(event, Progress):
            if self._first is None and event.doing is None:
                self._counted = time.monotonic()
                self._first = (self._counted, event.step)
            self._progress = event
        elif isinstance(event, Checkpoint):
            self._flush()  # the rows first: a resumed run starts after them
            outlast(lambda: self.store.save_checkpoint(self.claim.run, self.claim.attempt, event))
        else:
            self._rows.append(event)
        self._news.set()

    def _write(self) -> None:
        while not self._over.is_set():
            self._news.wait(BEAT_SECONDS)
            try:
                self._flush()
            except SnnvizError as failure:
                self._failure = failure
                return
            self._over.wait(PAUSE_SECONDS)

    def _flush(self) -> None:
        with self._writing:
            self._news.clear()
            count, progress, now = len(self._rows), self._progress, time.monotonic()
            rows = self._rows[:count]
            write = partial(
                self.store.append_rows,
                self.claim.run,
                self.claim.attempt,
                rows,
                progress,
                eta_seconds=self._left(progress, now),
                seconds=now - self._counted if self._first and (rows or progress) else 0.0,
            )
            wanted = outlast(write)
            if rows or progress:
                self._counted = now
            del self._rows[:count]
            if self._progress is progress:
                self._progress = None
            self.cancelled = self.cancelled or not wanted

    def _left(self, progress: Progress | None, now: float) -> float | None:
        """Training time that is left, going by this attempt's steps so far."""
        if self._first is None or progress is None:
            return None
        start, first = self._first
        made = progress.step - first
        return (now - start) / made * (progress.steps - progress.step) if made > 0 else None
