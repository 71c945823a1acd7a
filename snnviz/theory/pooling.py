"""Means over combinations of other settings, at each seed: what a comparison of two levels of an axis is made of.

All runs of one seed share its images and its random numbers, so they are no independent observations of how seeds
scatter. A seed is the sampling unit: values are averaged over the combinations within each seed first, and only then
compared over seeds (decision 36).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple


class Crossing(NamedTuple):
    """Combinations (by index) and seeds of which each combination has a value at each seed."""

    combinations: tuple[int, ...]
    seeds: tuple[int, ...]

    @property
    def pairs(self) -> int:
        """The number of values: combinations times seeds."""
        return len(self.combinations) * len(self.seeds)


def complete_crossing(present: Sequence[Collection[int]], *, whole: bool = False) -> Crossing:
    """Returns combinations and seeds that have all values, so that each seed's mean is over the same combinations.

    present: the seeds at which each combination has a value. whole: only seeds at which every combination has one;
    otherwise seeds are taken in the order of how many combinations they have, as long as that leaves as many values
    or more. The choice does not look at the values.

    >>> complete_crossing([{0, 1, 2}, {0, 1}, {0, 1, 2}])
    Crossing(combinations=(0, 2), seeds=(0, 1, 2))
    >>> complete_crossing([{0, 1, 2}, {0}, {0, 1, 2}], whole=True).seeds
    (0,)
    """
    having = {seed: {n for n, seeds in enumerate(present) if seed in seeds} for seeds in present for seed in seeds}
    order = sorted(having, key=lambda seed: (-len(having[seed]), seed))
    best, left = Crossing((), ()), set(range(len(present)))
    for count, seed in enumerate(order, 1):
        left &= having[seed]
        if whole and len(left) < len(present):
            break
        if count * len(left) >= best.pairs and left:
            best = Crossing(tuple(sorted(left)), tuple(sorted(order[:count])))
    return best


def pool(values: Sequence[Mapping[int, float]], crossing: Crossing) -> dict[int, float]:
    """Returns the mean over a crossing's combinations for each of its seeds.

    values: of each combination by seed.

    >>> pool([{0: 1.0, 1: 2.0}, {0: 3.0, 1: 5.0}], Crossing((0, 1), (0, 1)))
    {0: 2.0, 1: 3.5}
    """
    return {seed: fmean(values[n][seed] for n in crossing.combinations) for seed in crossing.seeds}
