"""A figure with its words, and many of them as the bytes that the charts component shows.

A figure is Plotly's JSON as plain data. Building `plotly.graph_objects`, which checks every value, takes ten times as
long, and a live run is drawn anew every second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from snnviz.views.numbers import apart

Figure = dict[str, Any]
"""``{"data": [trace, ...], "layout": {...}}``; `plotly.graph_objects.Figure(figure)` takes it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A slider below a chart that moves a line and a veil through it, in the browser alone.

    values: places on the x axis, rising; notes: what is said at each, in words. The layout's last two shapes are the
    veil, from the place to the right end, and the line.
    """

    label: str
    values: Sequence[float]
    notes: Sequence[str]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """A Plotly figure, a title, and a sentence that says how to read it.

    least: pixels that a wide one takes at least, where its drawings stand side by side; on a phone it is scrolled.
    """

    id: str
    title: str
    caption: str
    figure: Figure
    height: int = 280
    wide: bool = False
    least: int = 0
    cursor: Cursor | None = None


def payload(charts: Iterable[Chart], lib: str) -> bytes:
    """The charts as JSON; `lib` is the address of plotly.js."""
    text = json.dumps({"lib": lib, "charts": [_plain(chart) for chart in charts]}, separators=(",", ":"))
    return apart(text).encode()


def _plain(chart: Chart) -> dict[str, Any]:
    cursor = {} if chart.cursor is None else {"cursor": asdict(chart.cursor)}
    return {
        **cursor,
        "id": chart.id,
        "title": chart.title,
        "caption": chart.caption,
        "traces": chart.figure["data"],
        "layout": chart.figure["layout"],
        "height": chart.height,
        "wide": chart.wide,
        "least": chart.least,
    }


def empty(x: str, y: str, **layout: Any) -> Figure:
    """A figure without traces, with named axes; `layout` is more of the y axis."""
    axes = {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}, **layout}}
    margin = {"l": 56, "r": 12, "t": 8, "b": 40}
    return {"data": [], "layout": {**axes, "margin": margin, "hovermode": "x unified"}}


def cursor_shapes(at: float, end: float) -> list[dict[str, Any]]:
    """The last two shapes of a chart that has a `Cursor`."""
    whole = {"yref": "paper", "y0": 0, "y1": 1}
    veil = {"type": "rect", "x0": at, "x1": end, "fillcolor": "var(--st-background-color)", "opacity": 0.72, **whole}
    line = {"type": "line", "x0": at, "x1": at, "line": {"color": "var(--st-primary-color)", "width": 2}, **whole}
    return [{**veil, "line": {"width": 0}}, line]


DEPTH = ((126, 87, 194), (66, 120, 210), (20, 150, 150), (90, 175, 80), (205, 160, 30))


def shade(index: int, count: int) -> str:
    """A colour for layer `index` of `count`, from violet (first) to gold (last), to be seen on white and on black."""
    place = index / max(1, count - 1) * (len(DEPTH) - 1)
    low = min(int(place), len(DEPTH) - 2)
    share = place - low
    mixed = (round(a + (b - a) * share) for a, b in zip(DEPTH[low], DEPTH[low + 1], strict=True))
    return f"rgb({','.join(map(str, mixed))})"
