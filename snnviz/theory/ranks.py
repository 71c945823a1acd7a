"""Whether two things rise together, by ranks alone, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def kendall(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Kendall's tau-b (Kendall 1945): 1 where the orders agree, -1 where they are reversed; ties count for neither.

    None where one of them is the same everywhere, or there are fewer than two.

    >>> kendall([1, 2, 3], [10, 20, 15])
    0.3333333333333333
    """
    return _tau(_signs(x), _signs(y))


def kendall_of_groups(groups: Mapping[float, Sequence[float]]) -> float | None:
    """`kendall` of few different numbers and the many values at each of them, in a time of n log n.

    >>> kendall_of_groups({1: [10.0, 12.0], 2: [11.0]}), kendall([1, 1, 2], [10, 12, 11])
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


@dataclass(frozen=True, slots=True)
class Agreement:
    """Kendall's tau of `count` pairs, `low` to `high` its 95 % bootstrap interval, `p` of a permutation test.

    p: the share of random orders with so large a tau in either direction.
    """

    tau: float
    low: float
    high: float
    p: float
    count: int


@lru_cache(maxsize=512)
def agreement(x: tuple[float, ...], y: tuple[float, ...], draws: int = 2000, seed: int = 0) -> Agreement | None:
    """How far x and y agree; None where tau does not exist.

    p is that of a permutation test, the interval the percentiles of pairs drawn with replacement (Efron 1979), both of
    `draws` draws: p is never below 1 / (draws + 1).

    >>> found = agreement((1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 6, 5))
    >>> found.tau, found.p < 0.05 < found.low <= found.high
    (0.8666666666666667, True)
    """
    a, b = _signs(x), _signs(y)
    tau = _tau(a, b)
    if tau is None:
        return None
    random, count = np.random.default_rng(seed), len(x)
    extreme, redrawn = 1, []
    for _ in range(draws):
        order = random.permutation(count)
        other = _tau(a, b[np.ix_(order, order)])
        extreme += other is not None and abs(other) >= abs(tau) - 1e-12
        chosen = random.integers(0, count, count)
        again = np.ix_(chosen, chosen)
        if (drawn := _tau(a[again], b[again])) is not None:
            redrawn.append(drawn)
    low, high = np.percentile(redrawn, [2.5, 97.5])
    return Agreement(tau, float(low), float(high), extreme / (draws + 1), count)


def _signs(values: Sequence[float]) -> NDArray[np.float64]:
    """(n, n): whether value i is above value j."""
    given = np.asarray(values, np.float64)
    return np.sign(np.subtract.outer(given, given))


def _tau(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    pairs = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / pairs if pairs else None
