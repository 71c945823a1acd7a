"""Groups of runs whose designs are the same except for the seed, with their metrics by seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from snnviz.design import links, naming
from snnviz.design.design import Design
from snnviz.store.columns import Column, metric_columns
from snnviz.store.filters import RunFilter
from snnviz.store.index import IndexedRun, IndexedRuns, indexed_runs
from snnviz.store.store import Store
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval
from snnviz.theory.metrics import METRICS


@dataclass(frozen=True, slots=True)
class RunGroup:
    """The runs of one design with different seeds.

    key: digest of the design with seed 0, see `group_key`. settings: the fields that a link of the design names, by
    path, without the seed. runs: name of the run with each seed, in any state. values: metrics of finished runs by
    name and seed; runs without a value are left out.
    """

    key: str
    settings: Mapping[str, Any]
    runs: Mapping[int, str]
    values: Mapping[str, Mapping[int, float]]

    def interval(self, metric: str) -> ConfidenceInterval | None:
        """Returns a metric's mean and 95 % confidence interval over seeds; None if no run has it."""
        values = self.values.get(metric)
        return confidence_interval([*values.values()]) if values else None

    @property
    def design(self) -> Design:
        """The design with the smallest seed of the group."""
        return links.from_sparse({**self.settings, "seed": min(self.runs)})


def group_key(design: Design) -> str:
    """Returns the key of the group (runs that differ only in the seed) that a design's run belongs to: the digest of
    the design with seed 0.
    """
    return naming.task_key(Design.kind, Design, {**design.document(), "seed": 0})


def sparse_settings(design: Design) -> dict[str, Any]:
    """Returns the fields that a link of a design names, path to value, without the seed."""
    return {path: value for path, value in links.sparse_fields(links.flatten(design)).items() if path != "seed"}


def run_groups(store: Store, where: RunFilter | None = None, metrics: Sequence[str] | None = None) -> list[RunGroup]:
    """Returns the groups (runs that differ only in the seed) of all runs of designs, the newest first.

    where: a filter of runs; its conditions on metrics apply to the means over a group's seeds, so that no seed is
    selected by its result. metrics: the metrics to read, None for all.
    """
    names = METRICS.names if metrics is None else tuple(metrics)
    now = indexed_runs(store)
    asked = where.metrics if where is not None else ()
    columns = metric_columns(store, now, [*dict.fromkeys((*names, *asked))])
    found = []
    for key, members in filtered_groups(now, columns, where).items():
        done = [(seed, run.run) for seed, run in members.items() if run.state == "done"]
        values = {}
        for name in names:
            column = columns[name]
            values[name] = {seed: column[run] for seed, run in done if run in column}
        runs = {seed: run.run for seed, run in members.items()}
        found.append(RunGroup(key, next(iter(members.values())).design.settings, runs, values))
    return found


def filtered_groups(
    now: IndexedRuns, columns: Mapping[str, Column], where: RunFilter | None
) -> dict[str, dict[int, IndexedRun]]:
    """Returns the groups (runs that differ only in the seed) that match a filter, by key, each with its runs that match
    by seed.

    columns: values of the metrics that the filter compares, by metric and run.
    """
    found = group_runs(now.runs)
    if where is None:
        return found
    taken = {}
    for key, members in found.items():
        means = {name: _mean(columns[name], members.values()) for name in where.metrics}
        if some := {seed: run for seed, run in members.items() if where.matches(run, means)}:
            taken[key] = some
    return taken


def group_runs(runs: Iterable[IndexedRun]) -> dict[str, dict[int, IndexedRun]]:
    """Returns runs by the key of their group (runs that differ only in the seed) and by seed, in order.

    Of two runs with the same design, the finished one is kept, else the one that a new submission would find.
    """
    found: dict[str, dict[int, IndexedRun]] = {}
    for run in runs:
        mine = found.setdefault(run.design.key, {})
        if run.seed not in mine or _rank(run) > _rank(mine[run.seed]):
            mine[run.seed] = run
    return {key: dict(sorted(mine.items())) for key, mine in found.items()}


def _rank(run: IndexedRun) -> tuple[bool, bool]:
    return run.state == "done", run.key is not None


def _mean(column: Mapping[str, float], runs: Iterable[IndexedRun]) -> float | None:
    values = [column[run.run] for run in runs if run.state == "done" and run.run in column]
    return fmean(values) if values else None
