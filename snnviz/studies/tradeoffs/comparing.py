"""The settings of the view Compare: which two designs or levels are compared, and at how many seeds.

>>> Comparing.check({"b": "neuron.threshold=1.5", "seeds": 5}).design("b").neuron.threshold
1.5
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import field_validator

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError, Unquoted, did_you_mean
from snnviz.studies.tradeoffs.pairing import Pair, pairs
from snnviz.studies.tradeoffs.pooling import MatchedGroups, match_levels
from snnviz.theory.metrics import METRICS
from snnviz.theory.sequential import FIRST_LOOK, LAST_LOOK

EVERY_OTHER = "*"
"""In place of B: every other group of the experiment."""

MOST_GROUPS = 50
"""Groups that are compared with one at once."""

_LEVELS = re.compile(r"([1-9][0-9]{0,3}),([1-9][0-9]{0,3}|\*)", re.ASCII)

AHEAD = 1
"""Seeds that are trained beyond the next look of *until decided*, so that no core waits for it."""


DECIDING = ("accuracy", "loss", "rate", "synops", "operations", "energy", "seconds")
"""Metrics that are offered to decide *until decided*; a link may name others."""


class Comparing(Document):
    """Settings of a comparison of two designs A and B, or of two levels of an axis, paired by seed.

    a, b: designs as query strings of links; "" for the first and the second group of the experiment; b may be "*",
    every other group. axis: name of an axis of the experiment, of which levels are compared over all combinations of
    the other axes; "" to compare designs. levels: A's and B's level of that axis, counted from 1; B's may be "*", every
    other level. looks: "once" compares after `seeds` seeds; "each" compares after each seed with intervals that
    are valid at every look, and stops when B is decided to be better or worse, at the latest after `most` seeds. by:
    name of the metric that decides.
    """

    noun = "a comparison"

    a: str = ""
    b: str = ""
    seeds: Annotated[int, Range(1, LAST_LOOK, "Runs of A and of B.", 1, "Seeds")] = 3
    looks: Literal["once", "each"] = "once"
    most: Annotated[int, Range(FIRST_LOOK, LAST_LOOK, "Seeds at which *until decided* ends anyway.", 1, "at most")] = 20
    by: str = "accuracy"
    axis: str = ""
    levels: str = "1,2"

    @field_validator("by")
    @classmethod
    def _metric(cls, name: str) -> str:
        if name not in METRICS:
            raise InputError(
                "by", "be a metric of runs, such as accuracy", name[:80], did_you_mean(name, METRICS.names)
            )
        return name

    @field_validator("a", "b")
    @classmethod
    def _readable(cls, text: str) -> str:
        if text not in ("", EVERY_OTHER):
            links.from_query(text, bare=False)
        return text

    @field_validator("axis")
    @classmethod
    def _short(cls, text: str) -> str:
        if len(text) > 500 or not text.isprintable():
            raise InputError("axis", "be the name of an axis, such as neuron.threshold", text[:80])
        return text

    @field_validator("levels")
    @classmethod
    def _two(cls, text: str) -> str:
        found = _LEVELS.fullmatch(text)
        if found is None or found[1] == found[2]:
            raise InputError("levels", "be two different levels, counted from 1, such as 1,2 or 1,*", text[:80])
        return text

    @property
    def every_other(self) -> bool:
        """Whether A is compared with every other group, or with every other level of the axis."""
        return self.levels.endswith(EVERY_OTHER) if self.axis else self.b == EVERY_OTHER

    def axis_index(self, asked: Experiment) -> int:
        """Returns the index of the axis whose levels are compared. Raises `InputError` if the experiment has none of
        that name.
        """
        names = [axis.name for axis in asked.axes]
        if self.axis not in names:
            raise InputError("axis", "be an axis of the experiment", self.axis, did_you_mean(self.axis, names))
        return names.index(self.axis)

    def level_indices(self, asked: Experiment) -> tuple[int, tuple[int, ...]]:
        """Returns the index of A's level, and those of the levels that it is compared with. Raises `InputError`."""
        count = len(asked.axes[self.axis_index(asked)].levels)
        first, second = self.levels.split(",")
        a = int(first) - 1
        others = tuple(n for n in range(count) if n != a) if second == EVERY_OTHER else (int(second) - 1,)
        if max(a, *others) >= count or not others:
            raise InputError("levels", f"be levels of the axis, which has {count}", self.levels)
        return a, others

    def combinations(self, asked: Experiment) -> MatchedGroups:
        """Returns the pairs of groups with level A and level B of the axis, one for each combination of the others.
        Raises `InputError`.
        """
        a, others = self.level_indices(asked)
        return match_levels(asked, self.axis_index(asked), a, others[0])

    def design(self, side: Literal["a", "b"], asked: Experiment | None = None) -> Design:
        """Returns design A or B, from the experiment's groups (runs that differ only in the seed) if the setting does
        not name one. Raises `InputError`.

        asked: the experiment; None for a default one.
        """
        text: str = getattr(self, side)
        if text and text != EVERY_OTHER:
            return links.from_query(text, bare=False)
        groups = [*(asked or Experiment(vary=("neuron.threshold=0.5,1",))).groups().values()]
        if side == "a":
            return groups[0]
        first = self.design("a", asked)
        other = next((group for group in groups if not same_group(group, first)), None)
        if other is None:
            raise InputError("B", "be another group of the experiment", "none: it has one")
        return other

    def pairs(self, asked: Experiment) -> tuple[Pair, ...]:
        """Returns the pairs of designs A and B with each of the `seeds` seeds; of levels of an axis, those of each
        combination of the other axes. Raises `InputError`, for example if A and B are the same design.

        asked: the experiment whose groups stand in for designs that the setting does not name.
        """
        if self.axis:
            return self.combinations(asked).pairs(self.seeds)
        return pairs(self.design("a", asked), self.design("b", asked), self.seeds)

    def all_pairs(self, asked: Experiment) -> dict[str, tuple[Pair, ...]]:
        """Returns the pairs of A with every other group (runs that differ only in the seed) of the experiment, by the
        group's query string; of levels, by the level's number, counted from 1. Raises `InputError`.

        asked: the experiment.
        """
        if self.axis:
            return self._all_levels(asked)
        first = self.design("a", asked)
        others = [group for group in asked.groups().values() if not same_group(group, first)]
        if not others or len(others) > MOST_GROUPS:
            raise InputError("B", f"be 1 to {MOST_GROUPS} other groups of the experiment", f"{len(others)}")
        return {design_to_text(other): pairs(first, other, self.seeds) for other in others}

    def _all_levels(self, asked: Experiment) -> dict[str, tuple[Pair, ...]]:
        axis, (a, others) = self.axis_index(asked), self.level_indices(asked)
        if len(others) > MOST_GROUPS:
            raise InputError("B", f"be 1 to {MOST_GROUPS} other levels of the axis", f"{len(others)}")
        matched = {str(other + 1): match_levels(asked, axis, a, other) for other in others}
        found = {name: groups.pairs(self.seeds) for name, groups in matched.items() if groups.matched}
        if not found:
            raise InputError("the experiment", "be run with A and another level in some combination", Unquoted("none"))
        return found


def same_group(one: Design, other: Design) -> bool:
    """Returns whether two designs are the same except for the seed, so that their runs are in one group."""
    return one.digest == other.model_copy(update={"seed": one.seed}).digest


def design_to_text(design: Design) -> str:
    """Returns a design as a query string for `Comparing.a` or `b`, without its seed if that is 0."""
    return links.to_query(design) or "seed=0"
