"""Rank correlation: Kendall's tau, its confidence interval, permutation tests and Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray


def kendall_tau(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Returns Kendall's tau-b (Kendall 1945): 1 if the orders agree, -1 if they are reversed; tied pairs count for
    neither.

    None if all values of x or of y are equal, or if there are fewer than two.

    >>> kendall_tau([1, 2, 3], [10, 20, 15])
    0.3333333333333333
    """
    return _tau(_signs(x), _signs(y))


def kendall_tau_of_groups(groups: Mapping[float, Sequence[float]]) -> float | None:
    """Returns `kendall_tau` of a key and the values at that key, over all keys and values, in O(n log n).

    >>> kendall_tau_of_groups({1: [10.0, 12.0], 2: [11.0]}), kendall_tau([1, 1, 2], [10, 12, 11])
    (0.0, 0.0)
    """
    parts = [np.sort(np.asarray(groups[key], float)) for key in sorted(groups)]
    balance = 0
    for place, low in enumerate(parts):
        for high in parts[place + 1 :]:
            below, until = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
            balance += int((below - (len(low) - until)).sum())
    sizes = [len(part) for part in parts]
    ties = np.unique(np.concatenate(parts), return_counts=True)[1] if parts else ()
    whole, alike, equal = (sum(int(n) * (int(n) - 1) // 2 for n in some) for some in ((sum(sizes),), sizes, ties))
    pairs = (whole - alike) * (whole - equal)
    return balance / math.sqrt(pairs) if pairs else None


DRAWS = 5000
"""Number of random orders in a permutation test of more than `MAX_EXACT_COUNT` pairs."""

MAX_EXACT_COUNT = 7
"""Largest number of pairs for which a permutation test enumerates all orders: 5,040 for 7."""

QUANTILE = 1.959964
"""97.5 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Kendall's `tau` of `count` pairs, its 95 % interval `low` to `high`, and `p` of a two-sided permutation test."""

    tau: float
    low: float
    high: float
    p: float
    count: int


@lru_cache(maxsize=512)
def rank_correlation(x: tuple[float, ...], y: tuple[float, ...], draws: int = DRAWS) -> RankCorrelation | None:
    """Returns Kendall's tau of independent pairs (x, y) with interval and p; None where tau does not exist.

    p is that of a permutation test: over all orders for few pairs, else over `draws` random ones (never below 1 /
    (draws + 1)). The interval is `kendall_tau_interval`. For error rates of both see `benchmarks/ranks.py`.

    >>> rank_correlation((1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 6, 5))
    RankCorrelation(tau=0.8666666666666667, low=0.192, high=0.976, p=0.016666666666666666, count=6)
    """
    tau = kendall_tau(x, y)
    return None if tau is None else RankCorrelation(tau, *kendall_tau_interval(x, y, tau), _tail(x, y, draws), len(x))


def holm_correction(tails: Sequence[float]) -> list[float]:
    """Returns the p values adjusted for multiple tests by Holm's method (Holm 1979), in the order of `tails`.

    >>> holm_correction([0.01, 0.04, 0.3])
    [0.03, 0.08, 0.3]
    """
    found, least = [0.0] * len(tails), 0.0
    for place, number in enumerate(sorted(range(len(tails)), key=lambda number: tails[number])):
        least = max(least, min(1.0, tails[number] * (len(tails) - place)))
        found[number] = least
    return found


def kendall_tau_interval(x: Sequence[float], y: Sequence[float], tau: float) -> tuple[float, float]:
    """Returns the 95 % confidence interval of Kendall's `tau` of the pairs (x, y), rounded to three digits.

    It contains all t at most 1.96 standard deviations from tau, with the variance that tau has where t is true: that of
    normal pairs (Esscher 1924). Ties increase the variance; by how much is known at t = 0, and elsewhere taken from
    simulations: less if only one of x and y has ties, more if both have. Coverage is a little lower for pairs whose
    dependence has heavier tails than normal.

    >>> kendall_tau_interval(range(30), range(30), 0.5)
    (0.266, 0.646)
    """
    count = len(x)
    apart = np.abs(tau - _TRUTHS)
    a, b, none = np.asarray(x, float), np.asarray(y, float), np.arange(count, dtype=float)
    shared = 2 * min(_tied(a, none), _tied(none, b)) - 2
    ties = (_tied(a, b) - 1 - shared) * (1 - _TRUTHS**2) + shared * (1 + _TRUTHS**2)
    held = apart <= QUANTILE * np.sqrt(_variance(count) * (1 + ties))
    held |= apart == apart.min()
    low, high = _TRUTHS[held][[0, -1]]
    return round(float(low), 3), round(float(high), 3)


_TRUTHS = np.linspace(-1, 1, 2001)
"""Where an interval may begin and end."""


@lru_cache(maxsize=64)
def _variance(count: int) -> NDArray[np.float64]:
    """Of tau of `count` normal pairs, wherever it may be in truth."""
    half = np.arcsin(np.sin(np.pi / 2 * _TRUTHS) / 2) * 2 / np.pi
    found = 2 / (count * (count - 1)) * (1 - _TRUTHS**2 + 2 * (count - 2) * (1 / 9 - half**2))
    return np.maximum(found, 0.0)


def _tied(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """By how much the variance of tau-b of independent x and y is larger than without ties (Kendall 1945)."""
    n = len(x)
    a, b = (np.unique(values, return_counts=True)[1].astype(np.float64) for values in (x, y))
    pairs = n * (n - 1)

    def sum_of(ties: NDArray[np.float64], factor: NDArray[np.float64] | float) -> float:
        return float((ties * (ties - 1) * factor).sum())

    plain = pairs * (2 * n + 5)
    var = plain - sum_of(a, 2 * a + 5) - sum_of(b, 2 * b + 5) + 9 * sum_of(a, 1) * sum_of(b, 1) / pairs
    if n > 2:
        var += 2 * sum_of(a, a - 2) * sum_of(b, b - 2) / (pairs * (n - 2))
    return var / plain * pairs**2 / ((pairs - sum_of(a, 1)) * (pairs - sum_of(b, 1)))


def _tail(x: Sequence[float], y: Sequence[float], draws: int) -> float:
    """The share of orders of y that agree with x, or disagree, as much as this one.

    Of the orders with this tau those count whose Spearman correlation is as large, too: by tau alone, which takes few
    values, a test of few pairs rejects too rarely (3.0 % at 7 pairs, 4.1 % at 11).
    """
    few = len(x) <= MAX_EXACT_COUNT
    orders = _all_orders(len(x)) if few else _some_orders(len(x), draws)
    place = np.argsort(np.asarray(x), kind="stable")
    given, other = np.asarray(x)[place], np.asarray(y)[place]
    ranks = np.unique(other, return_inverse=True)[1].astype(np.int16)
    a, b = _centred(given), _centred(other)
    found = np.abs(_balance(given, ranks[orders]) + a @ b[orders] / 2)
    own = abs(_balance(given, ranks[:, None])[0] + a @ b / 2)
    extreme = int((found >= own - 1e-9).sum())
    return extreme / len(found) if few else (1 + extreme) / (draws + 1)


def _balance(x: NDArray[np.float64], ranks: NDArray[np.int16]) -> NDArray[np.int64]:
    """Pairs in the same order less pairs in the reverse one, of a sorted x and each column of (n, orders) ranks."""
    total = np.zeros(ranks.shape[1], np.int64)
    for i in range(len(x) - 1):
        later = ranks[np.searchsorted(x, x[i], "right") :]
        total += (later > ranks[i]).sum(0, np.int16)
        total -= (later < ranks[i]).sum(0, np.int16)
    return total


def _centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks, of equal values their middle, of mean 0 and length 1: their products are Spearman's correlation."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(many) - many / 2)[place]
    apart = ranks - ranks.mean()
    found: NDArray[np.float64] = apart / np.sqrt((apart * apart).sum())
    return found


@lru_cache(maxsize=16)
def _all_orders(count: int) -> NDArray[np.int16]:
    return np.array(list(permutations(range(count))), np.int16).T


@lru_cache(maxsize=16)
def _some_orders(count: int, draws: int) -> NDArray[np.int16]:
    """(count, draws), the same in every process."""
    rows = np.tile(np.arange(count, dtype=np.int16), (draws, 1))
    return np.ascontiguousarray(np.random.default_rng(0).permuted(rows, axis=1).T)


def _signs(values: Sequence[float]) -> NDArray[np.float64]:
    """(n, n): whether value i is above value j."""
    given = np.asarray(values, np.float64)
    return np.sign(np.subtract.outer(given, given))


def _tau(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    pairs = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / pairs if pairs else None
