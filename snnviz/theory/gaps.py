"""Where the next run along a numeric field is most informative: in the middle of the widest gap between tried
values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from snnviz.design.registry import Range


def widest_gap(
    tried: Sequence[float], low: float, high: float, limits: Range, *, whole: bool = False, log: bool = False
) -> float | None:
    """Returns the value in [low, high] that is furthest from all tried values, in logarithms if `log`.

    None if every value was tried, or none. It is rounded: to a whole number if `whole`, else to a multiple of the
    field's step if the gap contains one, else to three digits.

    >>> limits = Range(0, 10, step=0.05)
    >>> widest_gap([0.5, 0.75, 1.5], 0.5, 1.5, limits), widest_gap([0.5, 0.6], 0.5, 1.5, limits)
    (1.1, 1.5)
    >>> widest_gap([1, 2, 4], 1, 4, Range(1, 10), whole=True), widest_gap([1, 2], 1, 2, Range(1, 10), whole=True)
    (3, None)
    """
    scale = math.log if log else float
    known = sorted({value for value in tried if low <= value <= high})
    if not known or low >= high:
        return None
    middles = [math.sqrt(a * b) if log else (a + b) / 2 for a, b in pairwise(known)]
    found: list[tuple[float, float]] = []
    for value in [*middles, low, high]:
        for near in _rounded(value, limits, whole):
            if near not in known and low <= near <= high and limits.low <= near <= limits.high:
                apart = min(abs(scale(near) - scale(one)) for one in known)
                found.append((apart, near))
                break
    apart, best = max(found, key=lambda one: one[0], default=(0.0, 0.0))
    if apart <= 1e-6 * (scale(high) - scale(low)):
        return None
    return best


def _rounded(value: float, limits: Range, whole: bool) -> Sequence[float]:
    """Round numbers near a value, the roundest first."""
    if whole:
        return [math.floor(value), math.ceil(value)]
    steps = [round(round(value / limits.step) * limits.step, 10)] if limits.step else []
    near = [one for one in steps if abs(one - value) <= 0.1 * abs(value)]
    return [*near, float(f"{value:.3g}"), value]
