"""Groups of runs: those whose designs differ in their seed alone, with what they came to, seed by seed."""

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
    """Runs of one design but for its seed.

    key: of the design with the seed 0, `group_key`. settings: what a link of it says, by path, without the seed. runs:
    the name of the run of each seed, in whatever state. values: of each metric, by seed, the number of the runs that
    are done; what has none is left out.
    """

    key: str
    settings: Mapping[str, Any]
    runs: Mapping[int, str]
    values: Mapping[str, Mapping[int, float]]

    def interval(self, metric: str) -> ConfidenceInterval | None:
        """Mean and 95 % interval over seeds; None where no run has this metric."""
        values = self.values.get(metric)
        return confidence_interval([*values.values()]) if values else None

    @property
    def design(self) -> Design:
        """The design of its smallest seed."""
        return links.from_sparse({**self.settings, "seed": min(self.runs)})


def group_key(design: Design) -> str:
    """What the group of a design is found by: the digest of this design with the seed 0."""
    return naming.task_key(Design.kind, Design, {**design.document(), "seed": 0})


def sparse_settings(design: Design) -> dict[str, Any]:
    """What a link says of a design, by path, without its seed: `RunGroup.settings`."""
    return {path: value for path, value in links.sparse_fields(links.flatten(design)).items() if path != "seed"}


def run_groups(store: Store, where: RunFilter | None = None, metrics: Sequence[str] | None = None) -> list[RunGroup]:
    """The groups of all runs of designs, the newest first; of `where` those that it takes. `metrics`: None for all.

    What a filter asks of a metric is asked of the mean over a group's seeds, so that no seed is chosen by its result.
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
    """The groups that a filter takes, and of each the runs that it takes, by seed. `columns`: of `where.metrics`."""
    found = group_runs(now.runs)
    if where is None:
        return found
    taken = {}
    for key, members in found.items():
        means = {name: _mean(columns[name], members.values()) for name in where.metrics}
        if some := {seed: run for seed, run in members.items() if where.takes(run, means)}:
            taken[key] = some
    return taken


def group_runs(runs: Iterable[IndexedRun]) -> dict[str, dict[int, IndexedRun]]:
    """Runs by the key of their group and by their seed, in order. Of two with one seed that which is done, and then
    that which a submitted design finds."""
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
