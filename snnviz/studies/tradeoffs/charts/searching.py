"""Figures and a table of searches for a Pareto front: candidates, fronts, and hypervolume after each candidate."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import fmean
from typing import Any

import pandas as pd

from snnviz.studies.tradeoffs.charts.naming import axis
from snnviz.studies.tradeoffs.search import COUNTED, Candidate, FrontSearch
from snnviz.studies.tradeoffs.theory.fronts import FrontHistory, covered_shares, value_box
from snnviz.theory.metrics import METRICS
from snnviz.views.changes import label, value
from snnviz.views.chart import Chart, empty, log_axis
from snnviz.views.numbers import metric_text, table_value

COLOURS = {"qlognehvi": "var(--st-blue-color)", "random": "var(--st-orange-color)"}
NAMES = {"qlognehvi": "qLogNEHVI", "random": "random"}
MARKERS = {"qlognehvi": "circle", "random": "diamond"}


def search_charts(histories: Sequence[FrontHistory]) -> list[Chart]:
    """Returns charts of searches for a Pareto front: accuracy against each cost, and the hypervolume of each front as a
    share of the objectives' range, over the candidates.
    """
    search = histories[0].search
    found = [_scatter(histories, place) for place in range(1, len(search.objectives))]
    return [*found, _covered(histories)]


def _scatter(histories: Sequence[FrontHistory], place: int) -> Chart:
    search = histories[0].search
    cost, judged = METRICS[search.objectives[place]], METRICS[search.criterion.metric]
    (x, x_axis), (y, y_axis) = axis(cost, cost.better or "less"), axis(judged, "more")
    figure = empty(x, y, **y_axis)
    figure["layout"]["xaxis"] |= x_axis
    if cost.form in COUNTED and all(one.values[place] > 0 for history in histories for one in history.known):
        figure["layout"]["xaxis"] |= log_axis(cost.form)
    figure["layout"]["hovermode"] = "closest"
    named: set[str] = set()
    for history in histories:
        kind = history.search.strategy
        beaten = [one for one in history.known if one not in history.front]
        figure["data"].append(_points(history, beaten, place, faded=True))
        front = sorted(history.front, key=lambda one: one.values[place])
        line = _points(history, front, place, faded=False)
        line["showlegend"] = kind not in named
        if len(search.objectives) == 2 and len(front) > 1:
            line |= {"mode": "lines+markers", "line": {"color": COLOURS[kind], "width": 2, "shape": "hv"}}
        figure["data"].append(line)
        named.add(kind)
    words = "Each point is a candidate, faded where another of its search is better in everything."
    if len(search.objectives) > 2:
        words += " The front is of all three objectives."
    words += f" {search.criterion.words[:1].upper()}{search.criterion.words[1:]}."
    return Chart(f"search_{cost.name}", f"Accuracy against {cost.label.lower()}", words, figure, height=400)


def _points(history: FrontHistory, some: Sequence[Candidate], place: int, *, faded: bool) -> dict[str, Any]:
    kind = history.search.strategy
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [float(f"{one.values[place]:.5g}") for one in some],
        "y": [round(one.values[0], 5) for one in some],
        "text": [_hover(history.search, one) for one in some],
        "hovertemplate": "%{text}<extra></extra>",
        "name": f"{NAMES[kind]}: beaten" if faded else f"{NAMES[kind]}: front",
        "showlegend": False,
        "marker": {
            "color": COLOURS[kind],
            "symbol": MARKERS[kind],
            "size": 7 if faded else 10,
            "opacity": 0.35 if faded else 1,
        },
    }


def _hover(search: FrontSearch, one: Candidate) -> str:
    lines = [f"<b>no. {one.number + 1}</b>, {NAMES[search.strategy]}, seed {search.seed}"]
    lines += [f"{escape(label(path), quote=False)} {said}" for path, said in level_texts(search, one)]
    metrics = (search.criterion.metric, *search.objectives[1:])
    return "<br>".join([*lines, *(_told(name, number) for name, number in zip(metrics, one.values, strict=True))])


def _told(name: str, number: float) -> str:
    return f"{METRICS[name].label} {metric_text(METRICS[name], number)}"


def level_texts(search: FrontSearch, one: Candidate) -> list[tuple[str, str]]:
    """Returns pairs (path of a varied field, the candidate design's value as text)."""
    return [
        (path, escape(value(path, axis.levels[level][path]), quote=False))
        for axis, level in zip(search.axes, one.code, strict=True)
        for path in axis.fields
    ]


def _covered(histories: Sequence[FrontHistory]) -> Chart:
    figure = empty("candidates trained", "covered", tickformat=".0%", range=[-0.02, 1.02])
    box = value_box(histories)
    for kind in dict.fromkeys(one.search.strategy for one in histories) if box else ():
        several = [one for one in histories if one.search.strategy == kind and one.candidates]
        courses = [covered_shares(one, box) for one in several] if box else []
        for history, course in zip(several, courses, strict=True) if len(courses) > 1 else ():
            figure["data"].append(_course(kind, course, f"seed {history.search.seed}", faded=True))
        if means := [fmean(column) for column in zip(*courses, strict=False)]:  # as far as all have come
            of = f"mean of {len(courses)}" if len(courses) > 1 else f"seed {several[0].search.seed}"
            figure["data"].append(_course(kind, means, of, faded=False))
    words = "Hypervolume: the share that the front covers of the box between the best and worst values of all searches"
    logs = [METRICS[name].label.lower() for name in histories[0].search.objectives if METRICS[name].form in COUNTED]
    words += f", {' and '.join(logs)} by orders of magnitude." if logs else "."
    words += " Both kinds begin with the same random candidates. Bold: the mean of several searches."
    return Chart("search_covered", "What the fronts cover", words, figure, height=400)


def _course(kind: str, shares: Sequence[float], of: str, *, faded: bool) -> dict[str, Any]:
    dash = "solid" if kind == "qlognehvi" else "dash"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(range(1, len(shares) + 1)),
        "y": [round(share, 4) for share in shares],
        "name": NAMES[kind],
        "showlegend": not faded,
        "opacity": 0.3 if faded else 1,
        "line": {"color": COLOURS[kind], "width": 1.2 if faded else 2.5, "shape": "hv", "dash": dash},
        "hovertemplate": f"{NAMES[kind]}, {of}: %{{y}} after %{{x}}<extra></extra>",
    }


def front_table(histories: Sequence[FrontHistory]) -> pd.DataFrame:
    """Returns a table with a row for each candidate design on the front of its search: its settings and objectives."""
    rows = []
    for history in histories:
        search = history.search
        for one in history.front:
            row: dict[str, Any] = {"search": NAMES[search.strategy], "seed": search.seed, "no.": one.number + 1}
            row |= {label(path): said for path, said in level_texts(search, one)}
            if search.criterion.held_out:
                row["validation_accuracy"] = table_value("validation_accuracy", one.values[0])
            row["accuracy"] = table_value("accuracy", one.accuracy)
            row |= {
                name: table_value(name, cost) for name, cost in zip(search.objectives[1:], one.values[1:], strict=True)
            }
            rows.append(row)
    return pd.DataFrame(rows)
