"""Parallel coordinates: a line per group through its fields and objectives, filtered by brushing the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from snnviz.studies.tradeoffs.charts.naming import field_label, level_label
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups
from snnviz.studies.tradeoffs.weighing import Objective
from snnviz.theory.importance import ABSENT, infer_domain
from snnviz.views.chart import Chart, Figure
from snnviz.views.numbers import metric_text
from snnviz.views.styles import ordered_colour

MOST_LINES = 300
MOST_FIELDS = 6
COLOURS = 6
"""Of lines, by the first objective."""

MOST_TICKS = 6
FADED = "faded"


class Axis(NamedTuple):
    """One axis of parallel coordinates: the position of each group (runs that differ only in the seed) from 0 to 1 (NaN
    if it has no value), its value as text, and the ticks.
    """

    title: str
    places: list[float]
    words: list[str]
    ticks: list[tuple[float, str]]


def parallel_chart(weighed: WeighedGroups, ranked: Sequence[str]) -> Chart:
    """Returns the chart, a line for each group. `ranked`: the fields that vary, the most important first."""
    names = [name for name in ranked if name in weighed.fields][:MOST_FIELDS]
    axes = [_field_axis(name, weighed.fields[name]) for name in names]
    axes += [_objective_axis(one, weighed.mean[:, side].tolist()) for side, one in enumerate(weighed.objectives)]
    drawn = _drawn(weighed)
    first = weighed.objectives[0]
    values = weighed.mean[drawn, 0]
    low, high = (float(values.min()), float(values.max())) if len(drawn) else (0.0, 1.0)
    part = np.clip(((values - low) / ((high - low) or 1.0) * COLOURS).astype(int), 0, COLOURS - 1)
    figure: Figure = {"data": [_lines(weighed, axes, [], FADED, "var(--st-gray-color)", 1.0)], "layout": _layout(axes)}
    for number in range(COLOURS):
        own = [place for place, at in zip(drawn, part.tolist(), strict=True) if at == number]
        ends = (low + (high - low) * (number + step) / COLOURS for step in (0, 1))
        name = " to ".join(metric_text(first.metric, end) for end in ends)
        colour = ordered_colour(number, COLOURS)
        if own:
            figure["data"].append(_lines(weighed, axes, own, name, colour, 1.8))
    words = (
        f"A line is a group, its colour its {escape(first.label[:1].lower() + first.label[1:], quote=False)}. Drag a "
        "box over an axis, or along one that lies, to keep the lines inside, boxes on several axes together; a double "
        "click keeps all again. "
        "The limits above do the same by keyboard."
    )
    if len(drawn) < (total := int(weighed.left.sum())):
        words += f" {len(drawn):,} of {total:,} groups are drawn: the front and others evenly."
    width = 120 * max(4, len(axes))
    return Chart("parallel", "All at once", words, figure, 400, wide=True, least=min(width, 1100), brush=True)


def _drawn(weighed: WeighedGroups) -> list[int]:
    """Those that are left: all, or the front and of the others some, evenly."""
    left = np.flatnonzero(weighed.left)
    if len(left) <= MOST_LINES:
        return [int(place) for place in left]
    front = np.flatnonzero(weighed.front)[:MOST_LINES]
    others = left[~np.isin(left, front)]
    some = others[np.linspace(0, len(others) - 1, MOST_LINES - len(front)).astype(int)] if len(others) else others
    return sorted({int(place) for place in (*front, *some)})


def _field_axis(name: str, values: Sequence[Any]) -> Axis:
    domain = infer_domain(value for value in values if value is not ABSENT)
    words = [level_label(name, value) for value in values]
    if domain.choices:
        known = [level_label(name, choice) for choice in domain.choices]
        many = max(1, len(known) - 1)
        places = [known.index(word) / many if value is not ABSENT else math.nan
                  for word, value in zip(words, values, strict=True)]  # fmt: skip
        step = -(-len(known) // 12)
        return Axis(field_label(name), places, words, [(k / many, known[k]) for k in range(0, len(known), step)])
    low, high = (math.log(end) if domain.log else end for end in (domain.low, domain.high))
    span = (high - low) or 1.0

    def at(value: float) -> float:
        return ((math.log(value) if domain.log else value) - low) / span

    places = [math.nan if value is ABSENT else at(float(value)) for value in values]
    different = {float(value): word for value, word in zip(values, words, strict=True) if value is not ABSENT}
    if len(different) > MOST_TICKS:
        different = {
            one: f"{one:.3g}" if abs(one) < 100 else f"{one:,.0f}" for one in _ticks(low, high, log=domain.log)
        }
    return Axis(field_label(name), places, words, [(at(one), different[one]) for one in sorted(different)])


def _objective_axis(one: Objective, values: Sequence[float]) -> Axis:
    """Better is higher."""
    known = [value for value in values if math.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    log = one.metric.form != "share" and low > 0 and high >= 100 * low
    ends = (math.log(low), math.log(high)) if log else (low, high)
    span = (ends[1] - ends[0]) or 1.0

    def at(value: float) -> float:
        share = ((math.log(value) if log else value) - ends[0]) / span
        return share if one.direction == "more" else 1 - share

    words = [metric_text(one.metric, value) if math.isfinite(value) else "–" for value in values]
    ticks = [(at(value), metric_text(one.metric, value)) for value in _ticks(*ends, log=log)]
    title = escape(one.label, quote=False)
    return Axis(title, [at(value) if math.isfinite(value) else math.nan for value in values], words, ticks)


def _ticks(low: float, high: float, *, log: bool) -> list[float]:
    """Five numbers, evenly from end to end."""
    found = [low + (high - low) * part / 4 for part in range(5)] if high > low else [low]
    return [math.exp(one) for one in found] if log else found


def _lines(
    weighed: WeighedGroups, axes: Sequence[Axis], places: Sequence[int], name: str, colour: str, width: float
) -> dict[str, Any]:
    """Lines of one colour as one trace, with a gap after each."""
    gap: list[Any] = [None]
    y: list[float | None] = []
    for place in places:
        y += [_short(axis.places[place]) for axis in axes] + gap
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "meta": "group" if places else None,
        "x": [x for _ in places for x in [*range(len(axes)), None]],
        "y": y,
        "text": [word for place in places for word in [*(axis.words[place] for axis in axes), ""]],
        "customdata": [[name, weighed.groups[place].key] for place in places for _ in range(len(axes) + 1)],
        "line": {"color": colour, "width": width, "shape": "linear"},
        "opacity": 0.85 if places else 0.25,
        "hovertemplate": "%{text}<extra></extra>",
        "hoverinfo": None if places else "skip",
        "showlegend": bool(places),
    }


def _layout(axes: Sequence[Axis]) -> dict[str, Any]:
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True}
    lines = [
        {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "layer": "above",
         "line": {"color": "var(--st-text-color)", "width": 1.2}}
        for x in range(len(axes))
    ]  # fmt: skip
    words = {"showarrow": False, "xanchor": "right", "xshift": -4, "font": {"size": 11}, "captureevents": False}
    ground = {"bgcolor": "var(--st-background-color)", "opacity": 0.85, "borderpad": 1}
    ticks = [
        {**words, **ground, "x": x, "y": at, "text": text}
        for x, one in enumerate(axes)
        for at, text in one.ticks
        if math.isfinite(at)
    ]
    many = len(axes)
    titles = [_broken(one.title) for one in axes]
    return {
        "xaxis": {**axis, "tickvals": list(range(many)), "ticktext": titles, "side": "top", "tickangle": 0,
                  "range": [-0.75, many - 0.8]},
        "yaxis": {**axis, "showticklabels": False, "range": [-0.05, 1.05]},
        "margin": {"l": 8, "r": 12, "t": 56, "b": 8},
        "legend": {"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top"},
        "hovermode": "closest",
        "shapes": lines,
        "annotations": ticks,
        "meta": {"x": "axis", "y": "place on the axis"},
    }  # fmt: skip


def _broken(title: str) -> str:
    """A title in two lines where it is long."""
    words = title.split(" ")
    half = -(-len(words) // 2)
    return f"{' '.join(words[:half])}<br>{' '.join(words[half:])}" if len(title) > 14 and len(words) > 1 else title


def _short(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
