"""Figures of groups of runs against two or three objectives with their Pareto front, and of its hypervolume over
time.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from snnviz.studies.tradeoffs.charts.naming import axis, hover, possible_values
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups
from snnviz.studies.tradeoffs.weighing import Objective
from snnviz.views.chart import Chart, empty, log_axis

FRONT, BEATEN = "var(--st-blue-color)", "var(--st-gray-color)"
OPEN = "var(--st-orange-color)"

THIRD = [[0, "#7d6fd6"], [0.5, "#2aa58c"], [1, "#e3b12f"]]
"""Colours of a third objective, to be seen on light and on dark ground."""

CELLS = (72, 44)
"""Of a grid: of points that nothing is chosen of, one in each cell is drawn."""

MOST_BARS = 400
"""Points that are drawn with their intervals, the front's first."""

INTERVAL = "Bars: 95 % t interval over seeds"
MEAN = "Points: means over seeds"


def front_chart(weighed: WeighedGroups, opened: str = "") -> Chart:
    """Returns a scatter plot of groups (runs that differ only in the seed): the first objective on y, the second on x,
    the third as colour; the front is a line.

    opened: key of the group that is highlighted; "" for none.
    """
    up, across = weighed.objectives[:2]
    (x, x_axis), (y, y_axis) = axis(across.metric, across.direction), axis(up.metric, up.direction)
    figure = empty(x, y, **y_axis)
    figure["layout"]["xaxis"] |= x_axis | _spread_axis(weighed.mean[weighed.left, 1], across.metric.form)
    figure["layout"] |= {"hovermode": "closest", "clickmode": "event"}
    if len(weighed.objectives) == 3:
        figure["layout"]["coloraxis"] = _colours(weighed.objectives[2])
    front = _order(weighed, np.flatnonzero(weighed.front))
    beaten = np.flatnonzero(weighed.left & ~weighed.front)
    drawn = _one_a_cell(weighed, beaten)
    figure["data"] = [
        _points(weighed, drawn, "beaten by another", bars=len(front) + len(drawn) <= MOST_BARS),
        *([_line(weighed, front)] if len(weighed.objectives) == 2 and len(front) > 1 else []),
        _points(weighed, front, "Pareto front", bars=len(front) <= MOST_BARS, front=True),
        *_opened(weighed, opened),
    ]
    return Chart("front", "What nothing beats", front_caption(weighed, len(drawn)), figure, height=460, wide=True)


def front_caption(weighed: WeighedGroups, drawn: int) -> str:
    """Returns the caption of the scatter plot with `drawn` groups (runs that differ only in the seed), which says on
    which images accuracy was measured.
    """
    beaten = int((weighed.left & ~weighed.front).sum())
    alone = sum(count == 1 for count, left in zip(weighed.seeds, weighed.left, strict=True) if left)
    said = [f"{MEAN}. {INTERVAL}" + (f", none of {alone} groups with one seed." if alone else ".")]
    if len(weighed.objectives) == 3:
        third = weighed.objectives[2]
        said.append(f"Colour: {third.label[:1].lower()}{third.label[1:]}, {third.direction} is better.")
    said.append("Press a point, or go to it by the arrow keys and Enter, to open it.")
    if drawn < beaten:
        said.append(f"{drawn:,} of {beaten:,} beaten points are drawn: one where several lie on each other.")
    return " ".join([*said, chosen_words(weighed)]).strip()


def chosen_words(weighed: WeighedGroups) -> str:
    """Returns a sentence on whether the best group (runs that differ only in the seed) is chosen by its accuracy on
    validation images or on test images.

    "" if none of the objectives depends on images.
    """
    if weighed.chosen_on == "validation" and weighed.limited_on_test:
        return (
            "Chosen by validation images, but of groups within a limit on the test images, so that the best looks "
            "better there than it is."
        )
    if weighed.chosen_on == "validation":
        return "Chosen by validation images; the test images are asked once, of the point that is open."
    if weighed.chosen_on == "test":
        partly = f": only {weighed.partly} groups have validation images" if weighed.partly else ""
        return f"Chosen on the test images{partly}, so that the best looks better than it is."
    return ""


def certainty_words(weighed: WeighedGroups) -> str:
    """Returns a sentence on how many groups (runs that differ only in the seed) may or may not be on the Pareto front,
    given the intervals over seeds.

    "" if they are all told apart.
    """
    on = int((weighed.front & ~weighed.told_apart).sum())
    off = int((weighed.left & ~weighed.front & ~weighed.told_apart).sum())
    if not on and not off:
        return ""
    alone = any(count < 2 for count, left in zip(weighed.seeds, weighed.left, strict=True) if left)
    why = "95 % intervals over seeds overlap" + (", or there is one seed and none" if alone else "")
    first = f"{on:,} of the front may in truth be beaten" if on else ""
    second = f"{off:,} other{'s' * (off > 1)} may belong on it" if off else ""
    return f"Not told apart: {' and '.join(filter(None, (first, second)))}, as {why}."


def volume_chart(weighed: WeighedGroups) -> Chart:
    """Returns a line chart of the front's hypervolume against the number of finished runs, in order of time."""
    runs, shares = weighed.hypervolume_course()
    figure = empty("runs", "hypervolume, share of the last", tickformat=".0%", range=[-0.02, 1.05])
    shape: dict[str, Any] = {"color": FRONT, "width": 2.5, "shape": "hv"}
    figure["data"] = [{"type": "scatter", "x": runs, "y": [round(one, 4) for one in shares], "name": "hypervolume",
                       "mode": "lines+markers" if len(runs) < 3 else "lines", "line": shape}]  # fmt: skip
    names = " and ".join(f"{one.label[:1].lower()}{one.label[1:]}" for one in weighed.objectives)
    caption = (
        f"How much of {names} the front covers, counted from the worst of all groups, after so many runs. "
        "Where it has been level for long, more of the same runs find little."
    )
    return Chart("volume", "Did more runs help?", caption, figure, 300)


def _colours(third: Objective) -> dict[str, Any]:
    percent = {"tickformat": ".0%"} if third.metric.form == "share" else {}
    title = {"text": escape(third.label, quote=False), "side": "right"}
    return {"colorscale": THIRD, "colorbar": {"thickness": 12, "outlinewidth": 0, "title": title, **percent}}


def _order(weighed: WeighedGroups, places: Any) -> Any:
    return places[np.argsort(weighed.mean[places, 1], kind="stable")]


def _one_a_cell(weighed: WeighedGroups, places: Any) -> Any:
    """One of those that lie on each other, where there are many."""
    if len(places) <= MOST_BARS:
        return places
    values = weighed.mean[places][:, [1, 0]]
    low, span = values.min(axis=0), np.ptp(values, axis=0)
    cells = ((values - low) / np.where(span > 0, span, 1) * (np.array(CELLS) - 1)).astype(int)
    return places[np.unique(cells[:, 0] * CELLS[1] + cells[:, 1], return_index=True)[1]]


def _points(
    weighed: WeighedGroups, places: Sequence[int], name: str, *, bars: bool, front: bool = False
) -> dict[str, Any]:
    colour = FRONT if front else BEATEN
    marker: dict[str, Any] = {
        "size": 11 if front else 8,
        "symbol": "circle" if front else "circle-open",
        "color": colour,
        "line": {"width": 1.5, "color": "var(--st-background-color)" if front else colour},
    }
    if len(weighed.objectives) == 3:
        marker |= {"color": [_short(weighed.mean[place, 2]) for place in places], "coloraxis": "coloraxis",
                   "symbol": "circle"}  # fmt: skip
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "meta": "group",
        "opacity": 1.0 if front else 0.45 if len(weighed.objectives) == 2 else 0.3,  # of bars, too
        "x": [_short(weighed.mean[place, 1]) for place in places],
        "y": [_short(weighed.mean[place, 0]) for place in places],
        "text": [hover(weighed, int(place)) for place in places],
        "customdata": [[name, weighed.groups[place].key] for place in places],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": marker,
    }
    if bars:
        look = {"color": colour, "thickness": 1.2, "width": 3}
        trace |= {"error_x": look | _bars(weighed, places, 1), "error_y": look | _bars(weighed, places, 0)}
    return trace


def _bars(weighed: WeighedGroups, places: Sequence[int], side: int) -> dict[str, Any]:
    """Plotly's error bars, cut where no value can be beyond; 0 where there is no interval."""
    least, most = possible_values(weighed.objectives[side].metric)
    mean, low, high = (each[list(places), side] for each in (weighed.mean, weighed.low, weighed.high))
    open_ended = ~np.isfinite(high)
    low, high = np.where(open_ended, mean, np.maximum(low, least)), np.where(open_ended, mean, np.minimum(high, most))
    up, down = ([_short(one) for one in part.tolist()] for part in (high - mean, mean - low))
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down}


def _line(weighed: WeighedGroups, front: Sequence[int]) -> dict[str, Any]:
    """The border of what the front beats: steps, as nothing is between two points until somebody trains it."""
    shape = "hv" if weighed.objectives[1].direction == "less" else "vh"
    return {
        "type": "scatter", "mode": "lines", "showlegend": False, "hoverinfo": "skip",
        "x": [_short(weighed.mean[place, 1]) for place in front],
        "y": [_short(weighed.mean[place, 0]) for place in front],
        "line": {"color": FRONT, "width": 1.5, "shape": shape, "dash": "solid"},
    }  # fmt: skip


def _opened(weighed: WeighedGroups, key: str) -> list[dict[str, Any]]:
    place = weighed.group_index(key) if key else None
    if place is None or not np.isfinite(weighed.mean[place, :2]).all():
        return []
    ring = {"size": 20, "symbol": "circle-open", "color": OPEN, "line": {"width": 3, "color": OPEN}}
    return [{"type": "scatter", "mode": "markers", "name": "open below", "x": [_short(weighed.mean[place, 1])],
             "y": [_short(weighed.mean[place, 0])], "marker": ring, "hoverinfo": "skip"}]  # fmt: skip


def _spread_axis(values: Any, form: str) -> dict[str, Any]:
    """Logarithmic where costs span two decades."""
    wide = form != "share" and len(values) and values.min() > 0 and values.max() >= 100 * values.min()
    return log_axis(form) if wide else {}


def _short(value: float) -> float:
    return float(f"{value:.5g}")
