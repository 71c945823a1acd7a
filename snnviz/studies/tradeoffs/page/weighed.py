"""Groups of runs and figures of the view Weigh, computed once and cached for all users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from snnviz.design.experiment import Experiment
from snnviz.store import State
from snnviz.store.filters import parse_filter
from snnviz.store.groups import RunGroup, group_key, run_groups
from snnviz.store.index import IndexedRuns, indexed_runs
from snnviz.studies.tradeoffs.charts.field_importance import best_chart, effect_chart, importance_chart
from snnviz.studies.tradeoffs.charts.front import front_chart, volume_chart
from snnviz.studies.tradeoffs.charts.maps import fields_of_maps, interaction_charts, trained_charts
from snnviz.studies.tradeoffs.charts.operations import operations_chart
from snnviz.studies.tradeoffs.charts.parallel import parallel_chart
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups, weigh_groups
from snnviz.studies.tradeoffs.weighing import Weighing
from snnviz.theory.importance import Importance
from snnviz.theory.metrics import METRICS
from snnviz.ui.components.charts import payload
from snnviz.ui.kit import services
from snnviz.ui.kit.services import TtlCache
from snnviz.ui.kit.shared import shared

GROUPS = TtlCache(2.0)
"""While runs are active, groups are read so often at most, however many watch: that takes some tenths of a second of
thousands of runs."""


@dataclass(frozen=True)
class Groups:
    """Groups of runs, the oldest first; compared by `mark`, a hash of their content, so that equal ones share cached
    figures.
    """

    groups: tuple[RunGroup, ...] = field(compare=False)
    mark: int

    @cached_property
    def runs(self) -> int:
        """Number of finished runs."""
        return sum(max((len(told) for told in group.values.values()), default=0) for group in self.groups)


def active_runs() -> bool:
    """Returns whether runs are queued or running, in the whole store."""
    counts = _counts()
    return bool(counts["queued"] or counts["running"])


def _counts() -> dict[State, int]:
    return services.CACHE.get("weigh-counts", lambda: services.store().counts())


ALWAYS = ("accuracy", "validation_accuracy", "rate", "operations", "macs", "additions", "energy", "parameters",
          "silent_layers", "silent_before")  # fmt: skip
"""Metrics that figures and the group that is open ask for, whatever the objectives are."""


def groups_of(asked: Weighing, experiment: Experiment) -> Groups:
    """Returns the groups (runs that differ only in the seed) that the view's settings select: those of the experiment,
    of a filter, or all.

    Raises `InputError` for an invalid filter, and `StoreError`.
    """
    known = (*ALWAYS, "validation_loss", *asked.objectives, *(limit.metric for limit in asked.bounds))
    names = tuple(sorted({name for name in known if name in METRICS}))
    # When the last run has ended nothing is drawn again, so groups of a moment before do not do.
    ended = () if active_runs() else tuple(_counts().values())
    if asked.of == "experiment":
        return GROUPS.get(("weigh", experiment, names, ended), lambda: _marked(_of_experiment(experiment, names)))
    where = parse_filter(asked.where) if asked.of == "filter" and asked.where else None
    text = where.text if where is not None else ""
    return GROUPS.get(("weigh", text, names, ended), lambda: _of_store(indexed_runs(services.store()), text, names))


@shared(4)
def _of_store(_now: IndexedRuns, text: str, names: tuple[str, ...]) -> Groups:
    """Those of a filter, or of the whole store, read anew where anything changed in it."""
    where = parse_filter(text) if text else None
    return _marked(run_groups(services.store(), where, names)[::-1])


def _marked(groups: Sequence[RunGroup]) -> Groups:
    told = ((group.key, tuple((name, *values.items()) for name, values in group.values.items())) for group in groups)
    return Groups(tuple(groups), hash(tuple(told)))


def _of_experiment(experiment: Experiment, names: Sequence[str]) -> list[RunGroup]:
    """Those of the experiment, with its seeds alone."""
    wanted, seeds = _keys(experiment), set(experiment.seed_numbers)
    found = {}
    for group in run_groups(services.store(), metrics=names):
        if group.key in wanted:
            values = {
                name: {seed: value for seed, value in told.items() if seed in seeds}
                for name, told in group.values.items()
            }
            runs = {seed: run for seed, run in group.runs.items() if seed in seeds}
            if runs:
                found[group.key] = RunGroup(group.key, group.settings, runs, values)
    return [found[key] for key in wanted if key in found]


@shared(16)
def _keys(experiment: Experiment) -> dict[str, None]:
    return {group_key(design): None for design in experiment.groups().values()}


Asked = tuple[tuple[str, ...], tuple[str, ...]]
"""Objectives and limits: what of a `Weighing` decides what is computed."""


def asked_of(asked: Weighing) -> Asked:
    """Returns the objectives and limits in the view's settings, on which cached results depend."""
    return asked.objectives, asked.limits


@shared(24)
def weighed(groups: Groups, asked: Asked) -> WeighedGroups:
    """Returns groups of runs (that differ only in the seed) with their values of the objectives and the Pareto front;
    cached.
    """
    whole = Weighing.check({"objectives": asked[0], "limits": asked[1]})
    return weigh_groups(groups.groups, whole.parsed_objectives, whole.bounds)


@shared(24)
def ranked(groups: Groups, objective: str) -> tuple[Importance, ...]:
    """Returns the importance of each field for an objective (by name), the most important first; limits are ignored."""
    other = "accuracy" if objective != "accuracy" else "rate"
    return tuple(weighed(groups, ((objective, other), ())).importances(0))


@shared(24)
def front_figures(groups: Groups, asked: Asked, point: str) -> bytes:
    """Returns the serialised scatter plot with the front. `point`: key of the selected group (runs that differ only in
    the seed), "" for none.
    """
    return payload([front_chart(weighed(groups, asked), point)])


@shared(24)
def further_figures(groups: Groups, asked: Asked) -> bytes:
    """Returns the serialised figures of parallel coordinates and of operations, cached."""
    found = weighed(groups, asked)
    operations = operations_chart(found)
    names = [one.field for one in ranked(groups, asked[0][0])]
    return payload([parallel_chart(found, names), *([operations] if operations is not None else [])])


@shared(24)
def importance_figures(groups: Groups, asked: Asked) -> bytes:
    """Returns the serialised figures of importances for each objective, and of the front's hypervolume."""
    found = weighed(groups, asked)
    many = len(found.groups)
    bars = [importance_chart(one, ranked(groups, one.name), many) for one in found.objectives]
    return payload([*bars, volume_chart(found)])


@shared(24)
def level_figures(groups: Groups, asked: Asked, path: str) -> bytes:
    """Returns the serialised figures of a field: its marginal effects on each objective, and its levels among the
    best.

    path: of the field.
    """
    found = weighed(groups, asked)
    effects = [effect_chart(found, path, side) for side in range(len(found.objectives))]
    return payload([*effects, best_chart(found, path)])


@shared(24)
def map_figures(groups: Groups, asked: Asked, across: str, down: str) -> bytes:
    """Returns the serialised heat maps over two varied fields, cached. `across`, `down`: paths of the fields on x and
    y.
    """
    found = weighed(groups, asked)
    return payload([*interaction_charts(found, across, down), *trained_charts(found, across, down)])


def map_fields(groups: Groups, asked: Asked, wanted: tuple[str, str]) -> tuple[str, str] | None:
    """Returns the two varied fields that the heat maps show: `wanted` if they vary, else the most important; None if
    fewer than two vary.
    """
    names = [one.field for one in ranked(groups, asked[0][0])]
    return fields_of_maps(weighed(groups, asked), wanted, names)
