"""Comparison of two designs A and B, paired by seed: the mean difference of a metric with its confidence interval.

The same seed gives both designs the same split, the same order of images and weights from the same random numbers, so
the differences at each seed are compared. The interval of their mean is Student's t (reasons: decision 36).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from snnviz.theory.directions import Better
from snnviz.theory.intervals import confidence_interval, t_quantile
from snnviz.theory.mcnemar import Disagreement
from snnviz.theory.ranks import holm_correction

Verdict = Literal["better", "worse", "more", "less", "not told apart"]

POWER = 0.8
"""A difference that would be found so often is called one that can be found."""

PAIRED_T, IMAGES_ALONE, EXACT, NONE = "paired t", "test images alone", "exact", "none"
"""Methods: of the differences at each seed; McNemar's, where these are all the same; of what the designs say without
a run; and of nothing to go by."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference B - A of one metric: mean over seeds, and confidence interval from `low` to `high`.

    level: of confidence, such as 0.95. seeds: number of pairs. method: how the interval was computed. better: whether
    "more" or "less" of the metric is better, "" if neither. p: two-sided p value of no difference, corrected if
    several designs are compared, as the interval is. detectable: the true difference that a study with as many seeds
    would detect with a probability of 80 %, given the standard deviation of these differences. compared: number of
    comparisons that were corrected for. p and detectable are None if they are undefined.
    """

    difference: float
    low: float
    high: float
    level: float
    seeds: int
    method: str
    better: Better = ""
    p: float | None = None
    detectable: float | None = None
    compared: int = 1

    @property
    def verdict(self) -> Verdict:
        """Whether B is "better" or "worse" ("more" or "less" without a direction), or "not told apart" if the
        interval contains 0.
        """
        if not (self.low > 0 or self.high < 0):
            return "not told apart"
        more = self.low > 0
        if not self.better:
            return "more" if more else "less"
        return "better" if more == (self.better == "more") else "worse"

    def document(self) -> dict[str, float | int | str | None]:
        """Returns the comparison as a JSON object; infinite ends of the interval become None (null)."""
        low, high, difference = (x if math.isfinite(x) else None for x in (self.low, self.high, self.difference))
        return {
            "difference": difference,
            "low": low,
            "high": high,
            "level": self.level,
            "seeds": self.seeds,
            "method": self.method,
            "verdict": self.verdict,
            "p": self.p,
            "detectable": self.detectable,
        }

    def sentence(self, name: str = "B", *, factor: float = 1.0, unit: str = "") -> str:
        """Returns the result as a sentence. `name`: what B is called.

        factor, unit: of the numbers in the sentence, such as 100 and "points" for an accuracy.

        >>> paired_difference({0: .9, 1: .92, 2: .91}, {0: .92, 1: .935, 2: .926}, better="more").sentence(
        ...     factor=100, unit="points")
        'B is better by 1.70 points (95 %: 1.04 to 2.36; 3 seeds)'
        """
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        unit = f" {unit}" if unit else ""
        if not math.isfinite(self.high - self.low):
            return f"not told apart: {_why_open(self)}"
        digits = _digits((self.high - self.low) / 2 * factor)
        if any(end and not float(f"{end * factor:.{digits}f}") for end in (self.low, self.high)):
            digits = min(9, digits + 1)  # on which side of 0 an end is that is close to it
        low, high = _number(self.low * factor, digits), _number(self.high * factor, digits)
        if self.verdict == "not told apart":
            if self.detectable is None:
                return f"not told apart: {low} to {high}{unit} ({seeds})"
            found = _number(self.detectable * factor, digits)
            return (
                f"not told apart: {low} to {high}{unit}; with {seeds} a difference of {found} would be found in "
                "8 of 10 cases"
            )
        verb = f"{name} has {self.verdict}: by" if self.verdict in ("more", "less") else f"{name} is {self.verdict} by"
        amount = f"{verb} {_number(abs(self.difference * factor), digits)}{unit}"
        if self.method == EXACT:
            return f"{amount} (exactly)"
        ends = sorted((low.lstrip("-"), high.lstrip("-")), key=lambda end: abs(float(end.replace(",", ""))))
        return f"{amount} ({100 * self.level:g} %: {ends[0]} to {ends[1]}; {seeds})"


def _why_open(found: Comparison) -> str:
    if not math.isfinite(found.difference):
        return "no pair of runs with this number" if not found.seeds else "a number is not finite"
    if found.seeds == 1:
        return "one seed says nothing of how seeds scatter"
    return f"the difference is the same at all {found.seeds} seeds, by chance or because it is always so"


def _digits(half: float) -> int:
    """Decimals that leave two digits of half a width."""
    return min(9, max(0, 1 - math.floor(math.log10(half)))) if half > 0 else 0


def _number(value: float, digits: int) -> str:
    said = f"{value:,.{digits}f}"
    return said.lstrip("-") if not float(said.replace(",", "")) else said


def paired_difference(
    a: Mapping[int, float],
    b: Mapping[int, float],
    *,
    better: Better = "",
    level: float = 0.95,
    compared: int = 1,
    test_images: Disagreement | None = None,
    exact: bool = False,
) -> Comparison:
    """Returns the difference B - A over the seeds that both have, with Student's t interval of the mean difference.

    a, b: values by seed. compared: number of comparisons to correct for; the interval is Bonferroni's, at level 1 -
    (1 - level) / compared. test_images: comparison on the shared test images, whose interval is used if all
    differences are equal. exact: the values are determined by the designs and do not depend on the seed.

    >>> found = paired_difference({0: 1.0, 1: 2.0, 2: 4.0}, {0: 2.0, 1: 4.0, 2: 7.0, 3: 9.0})
    >>> found.difference, round(found.low, 3), round(found.high, 3), found.seeds, found.verdict
    (2.0, -0.484, 4.484, 3, 'not told apart')
    """
    seeds = sorted(set(a) & set(b))
    return compare_differences(
        [b[seed] - a[seed] for seed in seeds],
        better=better,
        level=level,
        compared=compared,
        test_images=test_images,
        exact=exact,
    )


def compare_differences(
    differences: Sequence[float],
    *,
    better: Better = "",
    level: float = 0.95,
    compared: int = 1,
    test_images: Disagreement | None = None,
    exact: bool = False,
) -> Comparison:
    """Returns the comparison of given differences B - A, one per seed; for parameters see `paired_difference`."""
    from scipy.special import stdtr  # a tenth of a second, which most have no need of

    count = len(differences)
    if not count:
        return Comparison(math.nan, -math.inf, math.inf, level, 0, NONE, better, compared=compared)
    inner = 1 - (1 - level) / compared
    found = confidence_interval(differences, inner)
    plain = Comparison(found.mean, found.low, found.high, level, count, NONE, better, compared=compared)
    if not math.isfinite(found.mean):
        return plain
    same = found.half is None  # or one alone
    if exact and same:
        return replace(plain, low=found.mean, high=found.mean, method=EXACT)
    if count > 1 and same and test_images is not None:
        low, high = test_images.interval(inner)
        p = min(1.0, compared * test_images.p)
        return replace(plain, low=low, high=high, method=IMAGES_ALONE, p=p)
    if same:
        return plain
    sd = found.sd or 0.0
    t = found.mean / (sd / math.sqrt(count))
    p = min(1.0, compared * 2 * float(stdtr(count - 1, -abs(t))))
    return replace(plain, method=PAIRED_T, p=p, detectable=detectable_difference(sd, count, inner))


def detectable_difference(sd: float, seeds: int, level: float = 0.95, power: float = POWER) -> float:
    """Returns the true difference that a t test with this number of seeds detects with probability `power`.

    That is: the t interval excludes 0 on the right side, by the noncentral t distribution. sd: standard deviation of
    the differences.

    >>> round(detectable_difference(1.0, 5), 2), round(detectable_difference(1.0, 20), 2)
    (1.68, 0.66)
    """
    return _noncentrality(seeds - 1, level, power) * sd / math.sqrt(seeds)


@lru_cache(maxsize=1024)
def _noncentrality(degrees_of_freedom: int, level: float, power: float) -> float:
    """Of the t law that is above the quantile for `level` with a probability of `power`."""
    from scipy.special import nctdtrinc  # a tenth of a second, which most have no need of

    return float(nctdtrinc(degrees_of_freedom, 1 - power, t_quantile(degrees_of_freedom, (1 + level) / 2)))


def compare_with_one(
    one: Mapping[int, float],
    others: Mapping[str, Mapping[int, float]],
    *,
    better: Better = "",
    level: float = 0.95,
    test_images: Mapping[str, Disagreement] | None = None,
    compared: int | None = None,
) -> dict[str, Comparison]:
    """Returns comparisons of several designs with one, by name, corrected for their number.

    one: values by seed. others: values by seed, by name. Intervals are corrected by Bonferroni's method, p values by
    Holm's (1979); the verdict is the interval's, so it may be open although p < 0.05. compared: number of comparisons
    to correct for; None for the number of `others`.
    """
    count, images = max(1, len(others), compared or 0), test_images or {}
    alone = {
        name: paired_difference(one, other, better=better, level=level, test_images=images.get(name))
        for name, other in others.items()
    }
    tested = [name for name, found in alone.items() if found.p is not None]
    tails = [alone[name].p or 0.0 for name in tested]
    holm = dict(zip(tested, holm_correction([*tails, *[1.0] * (count - len(tails))]), strict=False))
    return {
        name: replace(
            paired_difference(one, other, better=better, level=level, compared=count, test_images=images.get(name)),
            p=holm.get(name),
        )
        for name, other in others.items()
    }
