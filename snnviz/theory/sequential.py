"""Confidence intervals of a mean difference that stay valid when one looks after each new seed and stops at any time.

These are repeated confidence intervals (Jennison and Turnbull 1989) for Student's t with the error spending of Lan and
DeMets (1983): up to n seeds ``(1 - level) (1 - 2/n)`` is spent, a third of it at the first look (3 seeds), half by 4
seeds, and never all of it. So the largest number of seeds need not be fixed beforehand and may be raised later
(decision 36).

The critical values are exact, which matters for few seeds (Rom and McTague 2020). Without an effect, the direction of
the vector x_1 .. x_n is uniform on the sphere, so the change of ``W_n = sum(x) / sqrt(sum(x^2))`` with the last number
is independent of all earlier ones:

    W_n = (W_(n-1) sqrt(n-1) + T) / sqrt(n-1 + T^2),    T of Student's t with n-1 degrees of freedom

and the distribution of W that remains after each look is carried to the next one in one dimension.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snnviz.theory.comparison import Comparison, compare_differences
from snnviz.theory.directions import Better
from snnviz.theory.intervals import confidence_interval

FIRST_LOOK = 3
"""Seeds at the first look."""

LAST_LOOK = 100
"""Seeds up to which there are intervals."""

ANYTIME_T = "anytime t"

_STEP, _END = 0.01, 8.0
"""The grid on which a law is kept: of the normal law's z, up to where less than 1e-14 is left."""


def anytime_quantile(seeds: int, level: float = 0.95) -> float:
    """Returns the half width, in standard errors, of the confidence interval at the interim analysis ("look") that is
    made after this number of seeds.

    >>> [round(anytime_quantile(seeds), 2) for seeds in (3, 4, 5, 10, 20)]
    [7.65, 5.33, 4.59, 3.78, 3.63]
    """
    if not FIRST_LOOK <= seeds <= LAST_LOOK:
        raise ValueError(f"looks are at {FIRST_LOOK} to {LAST_LOOK} seeds, got {seeds}")
    last = min(LAST_LOOK, max(32, 1 << (seeds - 1).bit_length()))
    return _quantiles(last, level)[seeds - FIRST_LOOK]


@lru_cache(maxsize=32)
def _quantiles(last: int, level: float) -> tuple[float, ...]:
    """Those of all looks until the last."""
    from scipy.special import ndtr, stdtrit  # a tenth of a second, which most have no need of

    edges = np.arange(0, _END + _STEP / 2, _STEP)
    middles = (edges[1:] + edges[:-1]) / 2
    steps = np.arange(-_END, _END + _STEP, 2 * _STEP)
    chances = ndtr(steps + _STEP) - ndtr(steps - _STEP)
    mass = 2 * np.diff(ndtr(edges))  # of |z| in each cell, of looks that have not decided
    found: list[float] = []
    for seeds in range(FIRST_LOOK, last + 1):
        if seeds > FIRST_LOOK:
            alive = mass > 0
            before = _w(middles[alive], seeds - 1)[:, None] * math.sqrt(seeds - 1)
            t = stdtrit(seeds - 1, ndtr(steps))
            w = np.abs((before + t) / np.sqrt(seeds - 1 + t * t))
            cell = np.searchsorted(_w(edges, seeds), w.ravel(), side="right") - 1
            weights = (mass[alive][:, None] * chances).ravel()
            mass = np.bincount(np.minimum(cell, len(middles) - 1), weights, len(middles))
        spent = (1 - level) * (2 / (seeds - 1) - 2 / seeds if seeds > FIRST_LOOK else 1 / 3)
        beyond = np.cumsum(mass[::-1])[::-1]
        last_cell = int(np.searchsorted(-beyond, -spent, side="right")) - 1
        after = float(beyond[last_cell + 1]) if last_cell + 1 < len(beyond) else 0.0
        kept = 1 - (spent - after) / float(mass[last_cell])
        found.append(-float(stdtrit(seeds - 1, ndtr(-edges[last_cell] - kept * _STEP))))
        mass[last_cell] *= kept
        mass[last_cell + 1 :] = 0
    return tuple(found)


def _w(z: NDArray[np.float64], seeds: int) -> NDArray[np.float64]:
    """W of so many numbers, for the t statistic that is as likely as z is by the normal law."""
    from scipy.special import ndtr, stdtrit  # a tenth of a second, which most have no need of

    t = -stdtrit(seeds - 1, ndtr(-z))
    return np.asarray(t * np.sqrt(seeds / (seeds - 1 + t * t)))


def compare_at_look(
    differences: Sequence[float], *, better: Better = "", level: float = 0.95, compared: int = 1, exact: bool = False
) -> Comparison:
    """Returns the comparison of differences B - A with an interval that is valid even if one looked after every seed
    before.

    Parameters are those of `comparison.compare_differences`. The interval is infinite below 3 seeds, and if all
    differences are equal.
    """
    found = confidence_interval(differences) if differences else None
    if found is None or (exact and found.half is None):
        return compare_differences(differences, better=better, level=level, compared=compared, exact=exact)
    half, seeds = math.inf, len(differences)
    if seeds >= FIRST_LOOK and found.half is not None and found.sd is not None:
        half = anytime_quantile(seeds, 1 - (1 - level) / compared) * found.sd / math.sqrt(seeds)
    low, high = (found.mean - half, found.mean + half) if math.isfinite(found.mean) else (-math.inf, math.inf)
    return Comparison(found.mean, low, high, level, seeds, ANYTIME_T, better, compared=compared)


def comparisons_by_look(
    differences: Sequence[float], *, better: Better = "", level: float = 0.95, compared: int = 1
) -> Iterator[Comparison]:
    """Yields the comparison after each seed, from the third one on, with intervals that are all valid together."""
    for seeds in range(FIRST_LOOK, len(differences) + 1):
        yield compare_at_look(differences[:seeds], better=better, level=level, compared=compared)


def until_decided(
    differences: Sequence[float], *, better: Better = "", level: float = 0.95, compared: int = 1
) -> Comparison:
    """Returns the comparison at the first interim analysis whose interval excludes 0, else at the last one.

    A look follows each seed from the third one on. Later differences are ignored, as if one had stopped there.

    >>> until_decided([1.0, 1.1, 0.9, 5.0], better="more").seeds
    3
    """
    found = compare_at_look(differences[:FIRST_LOOK], better=better, level=level, compared=compared)
    for found in comparisons_by_look(differences, better=better, level=level, compared=compared):
        if found.verdict != "not told apart":
            break
    return found
