"""Metrics of all runs of a store as columns, one mapping for each metric, for sorting and filtering thousands of
runs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from snnviz.design.measurement import Measurement
from snnviz.store import metrics as kept_metrics
from snnviz.store.index import BATCH, IndexedRun, IndexedRuns
from snnviz.store.store import Store
from snnviz.store.tables import RUNS

Column = Mapping[str, float]
"""Values of one metric by the run's name, without runs that have no value."""


class MetricColumns:
    """Cache of a store's metrics by column, which `update` brings up to date. Queued runs have no values."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._columns: dict[str, dict[str, float]] = {}
        self._seen: dict[str, int] = {}
        self._unsure: set[str] = set()
        self._measured: object = None
        self._at = ""

    def update(self, store: Store, now: IndexedRuns, names: Sequence[str]) -> dict[str, Column]:
        """Returns the columns of the metrics in `names` for all runs in `now`; reads only what has changed since the
        last call.

        Raises `StoreError` if the store cannot be read.
        """
        with self._lock:
            known = [name for name in self._columns if name not in names]
            if new := [name for name in names if name not in self._columns]:
                self._columns |= {name: {} for name in new}
                self._read(store, [run for run in now.runs if self._seen.get(run.run) == run.revision], new)
            if self._columns and self._at != now.version:
                self._refresh(store, now, [*known, *names])
            return {name: self._columns[name].copy() for name in names}

    def _refresh(self, store: Store, now: IndexedRuns, names: Sequence[str]) -> None:
        changed = [run for run in now.runs if self._seen.get(run.run) != run.revision]
        measured = _last_measurement(store)
        if measured != self._measured:
            changed = [*{run.run: run for run in (*changed, *_of(now, self._unsure))}.values()]
        self._measured = measured
        for run in changed:
            self._unsure.discard(run.run)
            for column in self._columns.values():
                column.pop(run.run, None)
        for gone in self._seen.keys() - now.by_name.keys():
            self._unsure.discard(gone)
            for column in self._columns.values():
                column.pop(gone, None)
        self._read(store, changed, names)
        self._seen = {run.run: run.revision for run in now.runs}
        self._at = now.version

    def _read(self, store: Store, runs: Sequence[IndexedRun], names: Sequence[str]) -> None:
        ended = [run for run in runs if run.ended]
        unsure = [run.run for run in runs if run.state == "running"]
        asked, every = {*names, kept_metrics.PROBE}, len(ended) > 4 * BATCH
        for some in [ended] if every else _batches(ended):
            kept = store.summaries(None if every else [run.run for run in some], asked)
            for run in some:
                values = kept_metrics.kept_values(run.finished, kept.get(run.run, {}), names)
                if values is None:
                    unsure.append(run.run)
                else:
                    self._put(run.run, values)
        self._unsure |= {*unsure}
        for few in _batches(unsure):
            whole = [*store.get_many(few).values()]
            for name, values in kept_metrics.metrics(store, whole, names).items():
                self._put(name, values)

    def _put(self, run: str, values: Mapping[str, float | None]) -> None:
        for name, value in values.items():
            if value is not None:
                self._columns[name][run] = value


T = TypeVar("T")


def _batches(several: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(several), BATCH):
        yield several[start : start + BATCH]


def _of(now: IndexedRuns, names: Iterable[str]) -> list[IndexedRun]:
    return [now.by_name[name] for name in names if name in now.by_name]


def _last_measurement(store: Store) -> object:
    """Changes when a run was measured anew."""
    ended = select(func.count(), func.max(RUNS.c.finished)).where(RUNS.c.kind == Measurement.kind)
    with store._reading() as connection:
        return tuple(connection.execute(ended).one())


_COLUMNS: WeakKeyDictionary[Store, MetricColumns] = WeakKeyDictionary()
_MAKING = threading.Lock()


def metric_columns(store: Store, now: IndexedRuns, names: Sequence[str]) -> dict[str, Column]:
    """Returns the metrics in `names` of all runs in `now`: by metric, then by the run's name, without queued runs.

    Uses one cache per store. Raises `StoreError` if the store cannot be read.
    """
    with _MAKING:
        columns = _COLUMNS.setdefault(store, MetricColumns())
    return columns.update(store, now, names)


def values_of(columns: Mapping[str, Column], run: str) -> dict[str, float | None]:
    """Returns one run's metrics by name from columns, None where the run has no value."""
    return {name: column.get(run) for name, column in columns.items()}
