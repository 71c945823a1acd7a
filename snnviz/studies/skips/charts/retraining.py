"""The spread between trainings of one network, and what the best candidate reaches when it is trained again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snnviz.design.design import Design
from snnviz.events import EpochEnd
from snnviz.studies.skips.search import Search
from snnviz.theory.costs import parameter_count
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval, standard_deviation
from snnviz.views.numbers import difference_text, share
from snnviz.views.results import Result

ENOUGH = 4
"""Degrees of freedom from which on the estimated spread is used."""

Groups = Mapping[str, Sequence[Design]]
"""Designs that differ in their seed only, by name (`skips.optimisation.retraining_designs`)."""


@dataclass(frozen=True, slots=True)
class Retraining:
    """The spread between trainings of one network from scratch: the standard deviation of the search's objective on the
    test images.

    Trainings differ in initial weights and order of images. Pooled over `networks`, with `freedom` degrees of freedom.
    """

    sd: float
    freedom: int
    networks: int
    trainings: int


def test_objective(search: Search, end: EpochEnd, result: Result) -> float:
    """Returns the objective of a skip search on the test images; the drop from the ANN twin (the same network with
    ReLUs) only up to a constant.
    """
    if search.objective == "loss":
        return end.test_loss
    spent = search.price * (result.operations.macs + result.operations.additions) / 1e6
    return -100 * end.test_accuracy + (spent if search.objective == "accuracy+operations" else 0.0)


def retraining(
    several: Sequence[tuple[Search, Groups]], ends: Mapping[str, EpochEnd], results: Mapping[str, Result]
) -> Retraining | None:
    """Returns the spread between trainings of one network, from finished runs by digest; None if there are too few."""
    squares, freedom, networks, trainings = 0.0, 0, 0, 0
    known: set[str] = set()
    for search, groups in several:
        for designs in groups.values():
            names = [d.digest for d in designs if d.digest in ends and d.digest in results and d.digest not in known]
            known |= set(names)
            if len(names) < 2:
                continue
            found = [test_objective(search, ends[name], results[name]) for name in names]
            squares += (standard_deviation(found) or 0.0) ** 2 * (len(found) - 1)
            freedom, networks, trainings = freedom + len(found) - 1, networks + 1, trainings + len(found)
    if freedom < ENOUGH or not math.isfinite(squares):
        return None
    return Retraining(math.sqrt(squares / freedom), freedom, networks, trainings)


def gain_interval(groups: Groups, other: str, results: Mapping[str, Result]) -> ConfidenceInterval | None:
    """Returns the gain in test accuracy of the best candidate over the networks called `other` ("original", "plain"),
    in percentage points, paired by seed; or None.
    """
    first = next(iter(groups.values()), ())
    pairs = [(results.get(a.digest), results.get(b.digest)) for a, b in zip(first, groups.get(other, ()), strict=False)]
    gains = [100 * (a.accuracy - b.accuracy) for a, b in pairs if a and b]
    return confidence_interval(gains) if gains else None


def retraining_text(groups: Groups, results: Mapping[str, Result]) -> list[str]:
    """Returns sentences on what the best candidate network reaches when trained again; [] before there are two
    seeds.

    The best of many candidates looks better than it is; another training does not.
    """
    said = []
    best = next(iter(groups.values()), ())
    for name, what in (("original", "the original"), ("plain", "a plain block of equal parameters, without skips")):
        found = gain_interval(groups, name, results)
        if found is None or math.isinf(found.high):
            continue
        sizes = [parameter_count(designs[0]) for designs in (best, groups[name])]
        size = "" if name == "plain" else f", which has {share(sizes[1] / sizes[0], 0)} of its parameters"
        said.append(
            f"Trained anew, from scratch with other seeds, the best reaches in test accuracy over {what}{size}: "
            f"{difference_text(found)}."
        )
    return said
