"""Groups of runs: those whose designs differ in their seed alone, with what they came to, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snnviz.design import links, naming
from snnviz.design.design import Design
from snnviz.store.filters import RunFilter
from snnviz.store.metrics import metrics as read_metrics
from snnviz.store.store import Store
from snnviz.store.values import Run
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
    """What a link says of a design, by path, without its seed."""
    return {path: value for path, value in links.sparse_fields(links.flatten(design)).items() if path != "seed"}


def run_groups(store: Store, where: RunFilter | None = None, metrics: Sequence[str] | None = None) -> list[RunGroup]:  # noqa: ARG001
    """The groups of all runs of designs, the newest first; of `where` those that it takes. `metrics`: None for all.

    What a filter asks of a metric is asked of the mean over a group's seeds, so that no seed is chosen by its result.
    """
    names = METRICS.names if metrics is None else tuple(metrics)
    listed = store.runs(limit=100_000)
    values = read_metrics(store, listed, names)
    members: dict[str, dict[int, Run]] = {}
    for run in listed:
        mine = members.setdefault(group_key(run.design), {})
        if run.design.seed not in mine or run.state == "done" != mine[run.design.seed].state:
            mine[run.design.seed] = run
    found = []
    for key, runs in members.items():
        told: dict[str, dict[int, float]] = {}
        for name in names:
            several = {seed: values[run.run][name] for seed, run in sorted(runs.items()) if run.state == "done"}
            told[name] = {seed: value for seed, value in several.items() if value is not None}
        first = next(iter(runs.values()))
        by_seed = {seed: run.run for seed, run in sorted(runs.items())}
        found.append(RunGroup(key, sparse_settings(first.design), by_seed, told))
    return found
