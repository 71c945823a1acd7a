"""Which two designs are compared, at how many seeds: the setting of the view Compare.

>>> Comparing.check({"b": "neuron.threshold=1.5", "seeds": 5}).design("b").neuron.threshold
1.5
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import field_validator

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.studies.tradeoffs.pairing import Pair, pairs
from snnviz.theory.sequential import FIRST_LOOK, LAST_LOOK

EVERY_OTHER = "*"
"""In place of B: every other group of the experiment."""

MOST_GROUPS = 50
"""Groups that are compared with one at once."""

AHEAD = 1
"""Seeds that are trained beyond the next look of *until decided*, so that no core waits for it."""


class Comparing(Document):
    """A and B as links of designs ("" for the first and the second group of the experiment, "*" for every other one),
    and their seeds.

    looks: "each": looked at after each seed, with intervals that hold at every look, until it is decided, at `most`
    seeds.
    """

    noun = "a comparison"

    a: str = ""
    b: str = ""
    seeds: Annotated[int, Range(1, LAST_LOOK, "Runs of A and of B.", 1, "Seeds")] = 3
    looks: Literal["once", "each"] = "once"
    most: Annotated[int, Range(FIRST_LOOK, LAST_LOOK, "Seeds at which *until decided* ends anyway.", 1, "at most")] = 20

    @field_validator("a", "b")
    @classmethod
    def _readable(cls, text: str) -> str:
        if text not in ("", EVERY_OTHER):
            links.from_query(text, bare=False)
        return text

    def design(self, side: Literal["a", "b"], asked: Experiment | None = None) -> Design:
        """A or B; of the experiment `asked` where the setting names none. Raises `InputError`."""
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
        """A and B at every seed, so many as are asked for. Raises `InputError`."""
        return pairs(self.design("a", asked), self.design("b", asked), self.seeds)

    def all_pairs(self, asked: Experiment) -> dict[str, tuple[Pair, ...]]:
        """A and every other group of the experiment, by its link. Raises `InputError`."""
        first = self.design("a", asked)
        others = [group for group in asked.groups().values() if not same_group(group, first)]
        if not others or len(others) > MOST_GROUPS:
            raise InputError("B", f"be 1 to {MOST_GROUPS} other groups of the experiment", f"{len(others)}")
        return {to_text(other): pairs(first, other, self.seeds) for other in others}


def same_group(one: Design, other: Design) -> bool:
    """Whether two designs differ in their seed at most."""
    return one.digest == other.model_copy(update={"seed": one.seed}).digest


def to_text(design: Design) -> str:
    """A design as A or B of a link, without its seed unless it is not 0."""
    return links.to_query(design) or "seed=0"
