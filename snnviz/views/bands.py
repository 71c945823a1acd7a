"""Means of several curves (runs over seeds) with error bands: always the 95 % interval of the mean by Student's t.

`interval_note` names it; it stands under every figure that has a band or bars (decision 36).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any, TypeVar

from snnviz.theory.intervals import ConfidenceInterval, confidence_interval
from snnviz.views.panels import FLOOR

N = TypeVar("N", int, float)


def geometric_mean(values: Sequence[float]) -> float:
    """Returns the geometric mean of positive values.

    >>> round(geometric_mean([1, 100]), 6)
    10.0
    """
    return math.exp(fmean(math.log(max(value, FLOOR)) for value in values))


def thinned(rows: Sequence[N], most: int = 200) -> Sequence[N]:
    """Returns at most `most` of the rows, evenly spaced, so that a chart stays light; the last is always included."""
    step = -(-len(rows) // most) if rows else 1
    return rows[(len(rows) - 1) % step :: step]


def mean(values: Sequence[Sequence[float]], average: Callable[[Sequence[float]], float] = fmean) -> list[float]:
    """Returns the average of several curves at each position that all of them have reached."""
    return [float(f"{average(column):.5g}") for column in zip(*values, strict=False)]


Bounds = tuple[float, float]
"""What an interval is cut at, since no value can be beyond: (0, 1) of a share."""

ANYTHING: Bounds = (-math.inf, math.inf)
SHARES: Bounds = (0, 1)
POSITIVE: Bounds = (0, math.inf)


def interval_note(count: int, over: str = "seed", mark: str = "band", average: str = "mean") -> str:
    """Returns a sentence that explains a figure's error bands or bars, for `count` repetitions.

    over: what is repeated. mark: "band" or the name of another mark. average: the kind of mean.

    >>> interval_note(3)
    "Mean of 3 seeds; band: 95 % interval of the mean (Student's t)."
    >>> interval_note(1)
    'One seed each.'
    """
    if count < 2:
        return f"One {over} each."
    several = f"{over}{'es' if over.endswith('ch') else 's'}"
    return f"{average.capitalize()} of {count} {several}; {mark}: 95 % interval of the {average} (Student's t)."


def mean_interval(
    values: Sequence[float], average: Callable[[Sequence[float]], float] = fmean, bounds: Bounds = ANYTHING
) -> ConfidenceInterval:
    """Returns the mean of some values with its 95 % t interval, cut at `bounds`.

    `average` may be `geometric_mean`; then the interval is that of the logarithms' mean.
    """
    if average is geometric_mean:
        found = confidence_interval([math.log(max(value, FLOOR)) for value in values])
        mean, low, high = (math.exp(min(end, 700.0)) for end in (found.mean, found.low, found.high))
        open_ended = found.half is None
        low, high = (-math.inf, math.inf) if open_ended else (low, high)
    else:
        found = confidence_interval(values)
        mean, low, high = average(values), found.low, found.high
    if math.isfinite(high):
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return ConfidenceInterval(mean, low, high, len(values))


def band_traces(
    x: Sequence[Any],
    values: Sequence[Sequence[float]],
    name: str,
    colour: str,
    average: Callable[[Sequence[float]], float] = fmean,
    bounds: Bounds = ANYTHING,
    line: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Returns Plotly traces of the mean of several lines and of the band of its 95 % intervals, up to the position that
    all of them have reached. `line`: further Plotly settings of the mean's trace.
    """
    some = thinned(range(min(map(len, values))))
    found = [mean_interval([row[k] for row in values], average, bounds) for k in some]
    at = [x[k] for k in some]
    trace = {
        "type": "scatter",
        "x": at,
        "y": [_rounded(one.mean) for one in found],
        "name": name,
        "legendgroup": name,
        "mode": "lines+markers" if len(at) < 3 else "lines",
        "line": {"color": colour, "width": 2.5},
        **(line or {}),
    }
    return [*interval_areas(at, found, name, colour), trace]


def interval_areas(
    x: Sequence[Any], found: Sequence[ConfidenceInterval], name: str, colour: str, opacity: float = 0.16
) -> list[dict[str, Any]]:
    """Returns Plotly traces of translucent areas between the ends of intervals over `x`, with gaps where there is
    none.
    """
    pieces: list[list[int]] = [[]]
    for place, one in enumerate(found):
        if math.isfinite(one.low) and math.isfinite(one.high):
            pieces[-1].append(place)
        elif pieces[-1]:
            pieces.append([])
    return [
        {
            "type": "scatter",
            "x": [*(x[k] for k in piece), *(x[k] for k in reversed(piece))],
            "y": [*(_rounded(found[k].high) for k in piece), *(_rounded(found[k].low) for k in reversed(piece))],
            "fill": "toself",
            "fillcolor": colour,
            "opacity": opacity,
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            "legendgroup": name,
        }
        for piece in pieces
        if len(piece) > 1
    ]


def error_bars(found: Sequence[ConfidenceInterval], bounds: Bounds = ANYTHING) -> dict[str, Any]:
    """Returns Plotly's `error_y` for intervals, clipped to `bounds`; there is no bar where an interval is infinite."""
    cut = [(max(one.low, bounds[0]), min(one.high, bounds[1])) if one.half is not None else None for one in found]
    return {
        "type": "data",
        "symmetric": False,
        "array": [_rounded(ends[1] - one.mean) if ends else 0.0 for one, ends in zip(found, cut, strict=True)],
        "arrayminus": [_rounded(one.mean - ends[0]) if ends else 0.0 for one, ends in zip(found, cut, strict=True)],
        "visible": any(cut),
        "thickness": 1,
        "width": 3,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.5g}") if math.isfinite(value) else 0.0
