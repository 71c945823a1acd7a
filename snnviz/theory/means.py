"""Means of few numbers, and the intervals that hold what they estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FEW = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622)


def student(freedom: int) -> float:
    """How many standard errors a 95 % interval reaches with so many degrees of freedom: Student's t.

    >>> round(student(1), 3), round(student(4), 3), round(student(30), 3)
    (12.706, 2.776, 2.042)
    """
    if freedom <= len(_FEW):
        return _FEW[freedom - 1]
    z = 1.959964  # beyond, its expansion at the normal law (Abramowitz and Stegun 1964, 26.7.5)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum((term / float(freedom**power) for power, term in enumerate(terms, 1)), 0.0)


@dataclass(frozen=True, slots=True)
class Mean:
    """Of `count` numbers, with `half` the width of its 95 % interval, which one number alone does not have, nor numbers
    that are all the same: they do not tell how far others would be."""

    value: float
    half: float | None
    count: int

    @property
    def low(self) -> float | None:
        return None if self.half is None else self.value - self.half

    @property
    def high(self) -> float | None:
        return None if self.half is None else self.value + self.half


def mean(values: Sequence[float]) -> Mean:
    """Of numbers that are drawn alike and independently, such as of seeds or of searches.

    >>> found = mean([0.9, 0.92, 0.94])
    >>> round(found.value, 3), round(found.half, 4), mean([0.9]).half
    (0.92, 0.0497, None)
    """
    count = len(values)
    if len(set(values)) < 2:
        return Mean(float(np.mean(values)), None, count)
    half = student(count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return Mean(float(np.mean(values)), half, count)


def differ(differences: Sequence[float]) -> str:
    """What paired differences of shares say, in points, and no more: of one seed nothing is told apart.

    >>> differ([0.01, 0.03]), differ([-0.01])
    ('+2.0 ± 12.7 points (95 %, 2 seeds), not told apart', '-1.0 points, of one seed')
    """
    found = mean(differences)
    if found.half is None:
        return f"{100 * found.value:+.1f} points, of one seed"
    apart = "" if abs(found.value) > found.half else ", not told apart"
    return f"{100 * found.value:+.1f} ± {100 * found.half:.1f} points (95 %, {found.count} seeds){apart}"


def deviation(values: Sequence[float]) -> float | None:
    """The standard deviation of what they are drawn from, with n - 1 (ddof 1): None of one alone.

    >>> deviation([1.0, 3.0]), deviation([1.0])
    (1.4142135623730951, None)
    """
    return float(np.std(values, ddof=1, dtype=float)) if len(values) > 1 else None
