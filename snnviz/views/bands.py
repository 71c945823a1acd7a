"""Lines that are the mean of several runs, with a band from the lowest to the highest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any, TypeVar

from snnviz.views.panels import FLOOR

N = TypeVar("N", int, float)


def geometric_mean(values: Sequence[float]) -> float:
    """Returns the geometric mean of positive values.

    >>> round(geometric_mean([1, 100]), 6)
    10.0
    """
    return math.exp(fmean(math.log(max(value, FLOOR)) for value in values))


def thinned(rows: Sequence[N], most: int = 200) -> Sequence[N]:
    """Returns at most `most` of the rows, evenly spaced, always including the last."""
    step = -(-len(rows) // most) if rows else 1
    return rows[(len(rows) - 1) % step :: step]


def mean(values: Sequence[Sequence[float]], average: Callable[[Sequence[float]], float] = fmean) -> list[float]:
    """Returns the average of several lines at each position that all of them have reached."""
    return [float(f"{average(column):.5g}") for column in zip(*values, strict=False)]


def band_traces(
    x: Sequence[Any],
    values: Sequence[Sequence[float]],
    name: str,
    colour: str,
    average: Callable[[Sequence[float]], float] = fmean,
) -> list[dict[str, Any]]:
    """Returns Plotly traces of the mean of several lines and of the band from their smallest to their largest value."""
    length = min(map(len, values))
    some = thinned(range(length))
    values = [[row[k] for k in some] for row in values]
    line, at = mean(values, average), [x[k] for k in some]
    shown: list[dict[str, Any]] = []
    if len(values) > 1:
        low, high = mean(values, min), mean(values, max)
        shown.append(
            {
                "type": "scatter",
                "x": [*at, *at[::-1]],
                "y": [*high, *low[::-1]],
                "fill": "toself",
                "fillcolor": colour,
                "opacity": 0.16,
                "mode": "lines",
                "line": {"width": 0},
                "hoverinfo": "skip",
                "showlegend": False,
                "legendgroup": name,
            }
        )
    shown.append(
        {
            "type": "scatter",
            "x": at,
            "y": line,
            "name": name,
            "legendgroup": name,
            "mode": "lines+markers" if len(at) < 3 else "lines",
            "line": {"color": colour, "width": 2.5},
        }
    )
    return shown
