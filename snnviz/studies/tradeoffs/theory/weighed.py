"""Groups of runs against objectives: means with intervals over seeds, limits, and the Pareto front.

No seed is chosen by its result: a group is represented by its mean over seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.design import links
from snnviz.store.groups import RunGroup
from snnviz.studies.tradeoffs.pairing import follows_from_design
from snnviz.studies.tradeoffs.weighing import VALIDATION, Limit, Objective
from snnviz.theory.effects import varying_settings
from snnviz.theory.importance import ABSENT, Column, Importance, importances, top_share
from snnviz.theory.intervals import confidence_intervals
from snnviz.theory.metrics import METRICS
from snnviz.theory.pareto import hypervolumes, nadir, pareto_front, possible_front

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_COUNTS = 60
"""Places at which the hypervolume is computed."""


@dataclass(frozen=True)
class WeighedGroups:
    """The n groups (runs that differ only in the seed) with finished runs, the oldest first, with their values of k
    objectives and the Pareto front.

    mean, low, high: (n, k) mean over seeds and 95 % interval; NaN if a group has no value, infinite ends if it has no
    interval (a single seed, or equal values). left: (n,) whether a group is within all limits and has all values.
    front: (n,) whether it is on the Pareto front of these. chosen_on: the images on which accuracy or loss is
    measured, "validation" or "test"; "" if neither is an objective. partly: if only some groups have validation
    images, their number, else 0. limited_on_test: whether there is a limit on accuracy or loss of the test images.
    """

    groups: tuple[RunGroup, ...]
    objectives: tuple[Objective, ...]
    mean: Floats
    low: Floats
    high: Floats
    left: Flags
    front: Flags
    chosen_on: str = ""
    partly: int = 0
    limited_on_test: bool = False

    @cached_property
    def directions(self) -> list[Any]:
        """The direction of each objective, "more" or "less"."""
        return [one.direction for one in self.objectives]

    @cached_property
    def told_apart(self) -> Flags:
        """Whether the intervals tell that a group (runs that differ only in the seed) is on the front, or is not, (n,);
        see `theory.pareto.possible_front`.

        What follows from the design alone has no interval and needs none.
        """
        low, high = (np.where(self.left[:, None], ends, np.nan) for ends in (self.low, self.high))
        for side, one in enumerate(self.objectives):
            if self.groups and follows_from_design(one.metric, self.groups[0].design):
                low[:, side] = high[:, side] = np.where(self.left, self.mean[:, side], np.nan)
        possible, certain = possible_front(low, high, self.directions, self.front)
        return np.asarray(np.where(self.front, certain, ~possible), bool)

    @cached_property
    def fields(self) -> dict[str, list[Any]]:
        """The fields that vary among these groups (runs that differ only in the seed): path to the value in each group;
        see `varying_fields`.
        """
        return varying_fields([group.settings for group in self.groups])

    @cached_property
    def seeds(self) -> list[int]:
        """Number of finished runs (seeds) of each group."""
        return [max((len(told) for told in group.values.values()), default=0) for group in self.groups]

    def group_index(self, key: str) -> int | None:
        """Returns the index of the group (runs that differ only in the seed) with this key; None if it is not among
        these.
        """
        return next((place for place, group in enumerate(self.groups) if group.key == key), None)

    def importances(self, side: int) -> list[Importance]:
        """Returns the importance of each field for an objective (by index), the most important first; limits are
        ignored.
        """
        columns = {name: Column.from_values(values) for name, values in self.fields.items()}
        known = int(np.isfinite(self.mean[:, side]).sum())
        return importances(columns, self.mean[:, side], self.objectives[side].direction, top_share(known))

    def hypervolume_course(self) -> tuple[list[int], list[float]]:
        """Returns the course of the front's hypervolume: numbers of finished runs, and the hypervolume of the groups
        (runs that differ only in the seed) so far.

        It is a share of the last value; groups are taken in order of time. Two empty lists if there is no group.
        """
        values = np.where(self.left[:, None], self.mean, np.nan)
        reference = nadir(values, self.directions)
        if not reference or not len(values):
            return [], []
        counts = sorted({*np.linspace(1, len(values), min(MOST_COUNTS, len(values))).astype(int).tolist()})
        found = hypervolumes(values, reference, self.directions, counts)
        runs = np.cumsum(self.seeds)
        return [int(runs[count - 1]) for count in counts], [one / found[-1] if found[-1] else 0.0 for one in found]


def weigh_groups(
    groups: Sequence[RunGroup], objectives: Sequence[Objective], limits: Sequence[Limit] = ()
) -> WeighedGroups:
    """Returns the groups (runs that differ only in the seed) against the objectives, with the Pareto front of those
    within all limits.

    groups: the oldest first; those without a finished run are left out. If every group has the validation accuracy
    (or loss), it replaces that of the test images (decision 38).
    """
    kept = tuple(group for group in groups if any(group.values.values()))
    sides, chosen_on, partly = _chosen(kept, objectives)
    told = [_intervals(kept, one.name) for one in sides]
    mean, low, high = (
        np.stack([one[:, part] for one in told], axis=1) if told else np.empty((len(kept), 0)) for part in range(3)
    )
    left: Flags = np.asarray(np.isfinite(mean).all(axis=1), bool)
    for limit in limits:
        values = _intervals(kept, limit.metric)[:, 0]
        with np.errstate(invalid="ignore"):
            if limit.above is not None:
                left &= values >= limit.above
            if limit.below is not None:
                left &= values <= limit.below
    better = [one.direction for one in sides]
    front = pareto_front(np.where(left[:, None], mean, np.nan), better)
    on_test = any(limit.metric in VALIDATION for limit in limits)
    return WeighedGroups(kept, tuple(sides), mean, low, high, left, front, chosen_on, partly, on_test)


def _chosen(groups: Sequence[RunGroup], objectives: Sequence[Objective]) -> tuple[list[Objective], str, int]:
    """The objectives by validation images, if all groups have those; how that is called, and how many have them."""
    asked = [one.name for one in objectives if one.name in VALIDATION]
    if not asked:
        return list(objectives), "", 0
    have = sum(all(group.values.get(VALIDATION[name]) for name in asked) for group in groups)
    if have < len(groups) or not groups:
        return list(objectives), "test", have
    swapped = [Objective(METRICS[VALIDATION[one.name]]) if one.name in VALIDATION else one for one in objectives]
    return swapped, "validation", 0


def _intervals(groups: Sequence[RunGroup], name: str) -> Floats:
    return confidence_intervals([[*group.values.get(name, {}).values()] for group in groups])


def varying_fields(settings: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Returns the fields that vary among designs, each with its value in each design: path to list, `ABSENT` if a
    design has no such field.

    settings: for each design the fields that its link names, by path. A field that has the same value wherever it
    exists follows from a choice of kind, and is left out.

    >>> some = [{"neuron.threshold": 0.5}, {}, {"init.kind": "kaiming"}]
    >>> varying_fields(some)["neuron.threshold"], varying_fields(some)["init.kind"]
    ([0.5, 1.0, 1.0], ['variance-preserving', 'variance-preserving', 'kaiming'])
    """
    said = {name for each in settings for name in each}
    if any(name.endswith(".kind") for name in said):
        found = varying_settings([links.complete_fields(each) for each in settings])
    else:  # the same kinds everywhere: only what is said can differ
        base = links.absent_values_like({})
        found = varying_settings([{name: each.get(name, base.get(name)) for name in said} for each in settings])
    found.pop("seed", None)
    return {name: values for name, values in found.items() if len({repr(v) for v in values if v is not ABSENT}) > 1}
