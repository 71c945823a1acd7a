"""Charts: Plotly figures with title and caption, and their serialisation for the charts component.

A figure is Plotly's JSON as plain data. Building `plotly.graph_objects`, which checks every value, takes ten times as
long, and a live run is redrawn every second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from snnviz.views.numbers import space_percent_formats
from snnviz.views.pictures import Picture
from snnviz.views.styles import with_distinct_markers

Figure = dict[str, Any]
"""``{"data": [trace, ...], "layout": {...}}``; `plotly.graph_objects.Figure(figure)` takes it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A slider below a chart that moves a vertical line and shades everything to its right; it works in the browser
    alone.

    values: positions on the x axis, ascending; notes: text for each; pictures: one for each, one for all, or none. The
    layout's last two shapes are the shade and the line (`cursor_shapes`).
    """

    label: str
    values: Sequence[float]
    notes: Sequence[str]
    at: int = 0
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A Plotly figure with a title and a caption that says how to read it.

    least: smallest width in pixels of a wide chart; on a phone it is scrolled, or with `brush` its axes lie.
    brush: boxes over the axes choose among the lines (parallel coordinates; see `charts.brush.js`).
    """

    id: str
    title: str
    caption: str
    figure: Figure
    height: int = 280
    wide: bool = False
    least: int = 0
    cursor: Cursor | None = None
    brush: bool = False


def payload(charts: Iterable[Chart], lib: str) -> bytes:
    """Returns the charts as JSON for the charts component; `lib` is the URL of plotly.js."""
    text = json.dumps({"lib": lib, "charts": [_plain(chart) for chart in charts]}, separators=(",", ":"))
    return space_percent_formats(text).encode()


def _plain(chart: Chart) -> dict[str, Any]:
    cursor = {} if chart.cursor is None else {"cursor": asdict(chart.cursor)}
    return {
        **cursor,
        "id": chart.id,
        "title": chart.title,
        "caption": chart.caption,
        "traces": with_distinct_markers(chart.figure["data"]),
        "layout": _with_ticks(chart.figure),
        "height": chart.height,
        "wide": chart.wide,
        "least": chart.least,
        **({"brush": True} if chart.brush else {}),
    }


WHOLE = ("epoch", "epoch of training on", "layer", "time step")
"""Titles of axes that count, whose ticks are whole numbers."""

SHARES = (-0.02, 1.02)
"""Range of an axis of shares, so that points at 0 and 100 % are not cut."""

MOST_TICKS = 6
STEPS = [factor * 10**power for power in range(7) for factor in (1, 2, 5)]

LOG_TICKS = 3
"""Number of ticks on a logarithmic axis: powers of ten, and 2 and 5 times these where there are few."""


def _with_ticks(figure: Figure) -> dict[str, Any]:
    """The layout, with ticks that do not collide on logarithmic axes, and are whole numbers where something counts.

    An axis of shares ends at 0 and 100 %, whatever is drawn: a single point, error bars, or nothing.
    """
    layout = dict(figure["layout"])
    for name, axis in layout.items():
        if not name.startswith(("xaxis", "yaxis")) or not isinstance(axis, Mapping):
            continue
        if str(axis.get("tickformat", "")).endswith("%") and "range" not in axis:
            layout[name] = axis = {**axis, "minallowed": SHARES[0], "maxallowed": SHARES[1]}
        if {"tickvals", "dtick", "nticks"} & axis.keys():
            continue
        title = axis.get("title", {})
        text = title.get("text", "") if isinstance(title, Mapping) else str(title)
        if axis.get("type") == "log":
            layout[name] = {**axis, "nticks": LOG_TICKS}
        elif str(text).split(" (")[0] in WHOLE and (span := _span(figure["data"], name)) is not None:
            layout[name] = {**axis, "tick0": 0, "dtick": next(step for step in STEPS if span <= MOST_TICKS * step)}
    return layout


def _span(traces: Sequence[Mapping[str, Any]], axis: str) -> float | None:
    """How far the numbers of an axis reach; None where there are none, or names."""
    letter, short = axis[0], axis.replace("axis", "")
    own = [trace for trace in traces if trace.get(f"{letter}axis", letter) == short]
    given = [value for trace in own for value in trace.get(letter, ()) if value is not None]
    if any(not isinstance(value, (int, float)) for value in given):
        return None
    counted = [_count(trace, letter) - 1 for trace in own if letter not in trace]
    reach = [max(given) - min(given), *counted] if given else counted
    return max(reach, default=None)


def _count(trace: Mapping[str, Any], letter: str) -> int:
    """Places along an axis of a trace that numbers them itself."""
    if "z" in trace:
        return len(trace["z"]) if letter == "y" else max(map(len, trace["z"]), default=0)
    return len(trace.get("y" if letter == "x" else "x", ()))


def empty(x: str, y: str, **layout: Any) -> Figure:
    """Returns a Plotly figure with axis titles `x` and `y` and no traces yet; `layout`: further settings of the y
    axis.
    """
    axes = {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}, **layout}}
    margin = {"l": 56, "r": 12, "t": 8, "b": 40}
    return {"data": [], "layout": {**axes, "margin": margin, "hovermode": "x unified"}}


def log_axis(form: str) -> dict[str, Any]:
    """Returns Plotly's settings of a logarithmic axis with whole numbers at each tick, where "2" would mean 200 k.

    form: of the metric, such as "count".
    """
    return {"type": "log", "tickformat": "~s" if form == "count" else ".3~g"}


def cursor_shapes(at: float, end: float) -> list[dict[str, Any]]:
    """Returns the last two shapes of a chart with a `Cursor`: the shade from `at` to `end`, and the line."""
    whole = {"yref": "paper", "y0": 0, "y1": 1}
    veil = {"type": "rect", "x0": at, "x1": end, "fillcolor": "var(--st-background-color)", "opacity": 0.72, **whole}
    line = {"type": "line", "x0": at, "x1": at, "line": {"color": "var(--st-primary-color)", "width": 2}, **whole}
    return [{**veil, "line": {"width": 0}}, line]
