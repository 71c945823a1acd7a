"""Confidence intervals: of means of a few numbers, one for each seed or search, and of shares of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import NormalDist, fmean, stdev

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-9
"""Numbers whose standard deviation is below this share of them count as equal."""


@dataclass(frozen=True, slots=True)
class ConfidenceInterval:
    """The mean of `count` numbers with its t interval, `low` to `high`, in the numbers' unit; at 95 % by default.

    The interval is infinite for a single number, and for numbers that are all equal, whose spread is unknown. sd: the
    standard deviation, None for a single number.
    """

    mean: float
    low: float
    high: float
    count: int
    sd: float | None = field(default=None, compare=False)

    @property
    def half(self) -> float | None:
        """Half the width of the interval, or None if it is infinite."""
        return (self.high - self.low) / 2 if math.isfinite(self.high) else None

    def document(self) -> dict[str, float | int | None]:
        """Returns the interval as a dictionary for JSON; infinite ends become None."""
        low, high = (end if math.isfinite(end) else None for end in (self.low, self.high))
        return {"mean": self.mean, "low": low, "high": high, "count": self.count}

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval excludes 0: whether a difference is significant at 5 %."""
        return self.low > 0 or self.high < 0


def t_quantile(degrees_of_freedom: int, share: float = 0.975) -> float:
    """Returns the `share` quantile of Student's t distribution.

    >>> round(t_quantile(3), 3), round(t_quantile(20), 3)
    (3.182, 2.086)
    """
    from scipy.special import stdtrit  # a tenth of a second, which most have no need of

    return float(stdtrit(degrees_of_freedom, share))


@lru_cache(maxsize=256)
def studentized_range_quantile(count: int, degrees_of_freedom: int, share: float = 0.95) -> float:
    """Returns the `share` quantile of the studentized range, divided by sqrt(2) (Tukey), to 0.01.

    Among `count` equal candidates, the worst is at most so many standard errors of a difference below the best in
    `share` of all cases. `degrees_of_freedom`: those of the estimate of the standard error.

    >>> [round(studentized_range_quantile(*given), 2) for given in ((2, 10**6), (20, 10**6), (20, 24))]
    [1.96, 3.54, 3.96]
    """
    from scipy.special import ndtr  # a tenth of a second, which most have no need of

    z = np.linspace(-8, 8, 801)
    density, below = np.exp(-z * z / 2) / math.sqrt(2 * math.pi), ndtr(z)
    # The estimate as a share of what it estimates: sqrt(chi^2 / freedom), by its law on a grid.
    scale = np.linspace(
        max(0.02, 1 - 6 / math.sqrt(2 * degrees_of_freedom)), 1 + 6 / math.sqrt(2 * degrees_of_freedom), 61
    )
    law = np.exp((degrees_of_freedom - 1) * np.log(scale) + degrees_of_freedom * (1 - scale**2) / 2)
    law /= law.sum()

    def within(width: float) -> float:
        lower = np.interp(z - width * scale[:, None], z, below)
        inside = count * np.trapezoid(density * (below - lower) ** (count - 1), z, axis=1)
        return float(law @ inside)

    low, high = 0.0, 40.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) < share else (low, middle)
    return high / math.sqrt(2)


def confidence_interval(values: Sequence[float], level: float = 0.95) -> ConfidenceInterval:
    """Returns mean and 95 % t interval of independent, identically distributed numbers, at least one.

    The mean is NaN and the interval infinite if a number is not finite.

    >>> found = confidence_interval([1.0, 2.0, 3.0])
    >>> found.mean, round(found.low, 3), round(found.high, 3), found.count
    (2.0, -0.484, 4.484, 3)
    """
    if not all(map(math.isfinite, values)):
        return ConfidenceInterval(math.nan, -math.inf, math.inf, len(values))
    mean, sd, half = fmean(values), standard_deviation(values), math.inf
    if sd is not None and sd > max(ROUNDING * max(map(abs, values)), 1e-12):  # of zeros that are rounded, too
        half = t_quantile(len(values) - 1, (1 + level) / 2) * sd / math.sqrt(len(values))
    return ConfidenceInterval(mean, mean - half, mean + half, len(values), sd)


def interval_of_mean(mean: float, sd: float, count: int) -> ConfidenceInterval:
    """Returns the 95 % t interval of a mean of `count` numbers whose standard deviation is known.

    >>> round(interval_of_mean(2.0, 1.0, 3).low, 3)
    -0.484
    """
    half = t_quantile(count - 1) * sd / math.sqrt(count) if count > 1 and sd > 0 else math.inf
    return ConfidenceInterval(mean, mean - half, mean + half, count, sd)


def wilson_interval(hits: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Returns the score interval (Wilson 1927) of a share of which `hits` of `count` independent images were seen.

    Unlike the usual one it stays between 0 and 1 and is not of width 0 where all or none hit. (0, 1) without an image.

    >>> [round(end, 4) for end in wilson_interval(8, 10)]
    [0.4902, 0.9433]
    """
    if not count:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = hits / count, z * z / count
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / count + weight / (4 * count)) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)


def standard_deviation(values: Sequence[float]) -> float | None:
    """Returns the sample standard deviation, with n - 1 (ddof 1).

    None for fewer than two values, NaN if a value is not finite.

    >>> standard_deviation([1.0, 3.0]), standard_deviation([1.0]), standard_deviation([1.0, math.inf])
    (1.4142135623730951, None, nan)
    """
    given = [float(value) for value in values]
    if len(given) < 2:
        return None
    return stdev(given) if all(map(math.isfinite, given)) else math.nan


def confidence_intervals(samples: Sequence[Sequence[float]], level: float = 0.95) -> NDArray[np.float64]:
    """Returns the `confidence_interval` of each sample as (n, 3): mean, low and high; fast for thousands of samples.

    All three are NaN for an empty sample.

    >>> confidence_intervals([[1.0, 2.0, 3.0], [5.0], []]).round(2).tolist()
    [[2.0, -0.48, 4.48], [5.0, -inf, inf], [nan, nan, nan]]
    """
    found = np.full((len(samples), 3), np.nan)
    for count in sorted({len(sample) for sample in samples} - {0}):
        rows = [row for row, sample in enumerate(samples) if len(sample) == count]
        values = np.array([list(samples[row]) for row in rows], np.float64)
        with np.errstate(invalid="ignore"):
            mean = values.mean(axis=1)
            half = np.full(len(rows), np.inf)
            if count > 1:
                sd = values.std(axis=1, ddof=1)
                apart = sd > np.maximum(ROUNDING * np.abs(values).max(axis=1), 1e-12)
                half[apart] = t_quantile(count - 1, (1 + level) / 2) * sd[apart] / math.sqrt(count)
            finite = np.isfinite(values).all(axis=1)
            mean[~finite] = np.nan
            low, high = np.where(finite, mean - half, -np.inf), np.where(finite, mean + half, np.inf)
        found[rows] = np.stack([mean, low, high], axis=1)
    return found
