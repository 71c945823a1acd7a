"""Several objectives: the Pareto front and its hypervolume.

A row is one of n alternatives, a column one of k objectives; `better` says for each column whether more or less of it
is better. A row with a missing number (NaN) is ignored: it is on no front and dominates no other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnviz.theory.directions import Direction

Values = NDArray[np.float64]


def pareto_front(values: ArrayLike, better: Sequence[Direction]) -> NDArray[np.bool_]:
    """Returns which rows are Pareto optimal, (n,) of (n, k): no other row is as good in all columns and better in
    one.

    Equal rows are all on the front. 10,000 rows take about a tenth of a second.

    >>> pareto_front([[0.9, 5.0], [0.8, 5.0], [0.7, 1.0], [0.9, float("nan")]], ["more", "less"]).tolist()
    [True, False, True, False]
    """
    costs = as_costs(values, better)
    front = np.zeros(len(costs), bool)
    known = np.flatnonzero(np.isfinite(costs).all(axis=1))
    if not len(known) or not costs.shape[1]:
        return front
    rows, place = np.unique(costs[known], axis=0, return_inverse=True)
    front[known] = _unbeaten(rows)[place.reshape(-1)]
    return front


def possible_front(
    low: ArrayLike, high: ArrayLike, better: Sequence[Direction], asked: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Returns which rows may be Pareto optimal, and which certainly are, for all values within intervals.

    low, high: (n, k) ends of the intervals, infinite if unknown. A row may be on the front unless the worst ends of
    another row are as good as its best ends in all columns and better in one; it certainly is on it if the best ends of
    no other row are so against its worst ends. asked: (n,) rows of which certainty is asked, None for all; for others
    it is False.

    >>> possible, certain = possible_front([[7, 5], [6, 5], [1, 5]], [[9, 5], [8, 5], [2, 5]], ["more", "less"])
    >>> possible.tolist(), certain.tolist()
    ([True, True, False], [False, False, False])
    """
    one, other = as_costs(low, better), as_costs(high, better)
    best, worst = np.minimum(one, other), np.maximum(one, other)
    known: NDArray[np.bool_] = np.asarray(~np.isnan(best).any(axis=1), bool)
    possible: NDArray[np.bool_] = np.array(known)
    certain = np.zeros(len(known), bool)
    rivals = worst[np.isfinite(worst).all(axis=1)]
    for rival in rivals[pareto_front(rivals, ["less"] * rivals.shape[1])]:
        possible[_dominate(rival, best)] = False
    for place in np.flatnonzero(possible if asked is None else possible & asked):
        beating = _dominate(best, worst[place])
        beating[place] = False
        certain[place] = not beating.any()
    return possible, certain


def _dominate(rows: Values, others: Values) -> NDArray[np.bool_]:
    """Whether costs are as good as others in all columns and better in one; one of both may be a single row."""
    return np.asarray((rows <= others).all(axis=-1) & (rows < others).any(axis=-1), bool)


def hypervolume(values: ArrayLike, reference: Sequence[float], better: Sequence[Direction]) -> float:
    """Returns the volume between the Pareto front and a reference point, in the product of the columns' units.

    reference: (k,). Rows that are worse than it in a column add nothing. Computed by slices along one column (While
    et al. 2006, "A faster algorithm for calculating hypervolume"), which is fast for two or three columns.

    >>> hypervolume([[3.0, 1.0], [2.0, 2.0]], [0.0, 0.0], ["more", "more"])
    5.0
    """
    gain = as_costs([reference], better) - as_costs(values, better)
    gain = gain[np.isfinite(gain).all(axis=1) & (gain > 0).all(axis=1)]
    return _volume(gain) if len(gain) else 0.0


def hypervolumes(
    values: ArrayLike, reference: Sequence[float], better: Sequence[Direction], counts: Sequence[int]
) -> list[float]:
    """Returns the hypervolume of the first `count` rows, for each of the ascending `counts`.

    >>> hypervolumes([[3.0, 1.0], [2.0, 2.0], [1.0, 1.0]], [0.0, 0.0], ["more", "more"], [0, 1, 2, 3])
    [0.0, 3.0, 5.0, 5.0]
    """
    given = np.asarray(values, float).reshape(-1, len(better))
    kept, before, found = np.empty((0, len(better))), 0, [0.0] * 0
    for count in counts:
        both = np.concatenate([kept, given[before:count]])
        front = both[pareto_front(both, better)]
        same = found and np.array_equal(front, kept)
        found.append(found[-1] if same else hypervolume(front, reference, better))
        kept, before = front, count
    return found


def nadir(values: ArrayLike, better: Sequence[Direction]) -> list[float]:
    """Returns the worst value of each column among the rows without missing numbers, as a reference point for
    hypervolumes.

    >>> nadir([[0.9, 5.0], [0.7, 1.0]], ["more", "less"])
    [0.7, 5.0]
    """
    costs = as_costs(values, better)
    known = costs[np.isfinite(costs).all(axis=1)]
    signs = _signs(better)
    return [float(worst * sign) for worst, sign in zip(known.max(axis=0), signs, strict=True)] if len(known) else []


def as_costs(values: ArrayLike, better: Sequence[Direction]) -> Values:
    """Returns the values (n, k) with signs such that less is better in all columns."""
    given = np.asarray(values, np.float64)
    return given.reshape(-1, len(better)) * _signs(better) + 0.0  # no -0.0, which would be another row


def _signs(better: Sequence[Direction]) -> Values:
    return np.array([-1.0 if way == "more" else 1.0 for way in better])


def _unbeaten(rows: Values) -> NDArray[np.bool_]:
    """Of different rows of costs in lexicographic order: no row is beaten by one that comes after it."""
    found = np.zeros(len(rows), bool)
    if rows.shape[1] == 1:
        found[0] = True
        return found
    if rows.shape[1] == 2:
        best = np.minimum.accumulate(rows[:, 1])
        found[0], found[1:] = True, rows[1:, 1] < best[:-1]
        return found
    left = np.arange(len(rows))
    while len(left):
        first, left = left[0], left[1:]
        found[first] = True
        left = left[(rows[left] < rows[first]).any(axis=1)]
    return found


def _volume(gain: Values) -> float:
    """Of boxes from 0 to each row, joined."""
    if gain.shape[1] == 1:
        return float(gain.max())
    gain = gain[np.argsort(-gain[:, -1], kind="stable")]
    if gain.shape[1] == 2:
        widest = np.maximum.accumulate(gain[:, 0])
        return float(widest @ -np.diff(gain[:, 1], append=0.0))
    whole, boxes = 0.0, np.empty((0, gain.shape[1] - 1))
    depths = -np.diff(gain[:, -1], append=0.0)
    for row, depth in zip(gain[:, :-1], depths, strict=True):
        boxes = np.concatenate([boxes, row[None]])
        if depth:
            boxes = boxes[_unbeaten_any(-boxes)]
            whole += float(depth) * _volume(boxes)
    return whole


def _unbeaten_any(costs: Values) -> NDArray[np.bool_]:
    """As `_unbeaten`, of rows in any order, of which some may be equal: one of those is kept at least."""
    rows, place = np.unique(costs, axis=0, return_inverse=True)
    found: NDArray[np.bool_] = _unbeaten(rows)[place.reshape(-1)]
    return found
