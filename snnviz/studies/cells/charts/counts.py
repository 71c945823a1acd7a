"""Charts of the accuracy of trained cells against their number of connections: as Fig. 7 of Kim et al. 2022."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from snnviz.design.cells import OPERATION_CODES, count_connections, counts_by_direction
from snnviz.studies.cells.charts.study import (
    COLOURS,
    METRICS,
    NAMES,
    Outcome,
    accuracy_figure,
    points,
    score_agreement,
)
from snnviz.studies.cells.study import CellStudy, Way
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.ranks import RankCorrelation, holm_correction, rank_correlation
from snnviz.views.bands import SHARES, error_bars
from snnviz.views.chart import Chart
from snnviz.views.numbers import kendall

Direction = Literal["all", "forward", "backward"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

CONNECTION_KINDS = {
    "forward": "forward connections",
    "backward": "backward connections",
    "conv3": "convolutions 3x3",
    "conv1": "convolutions 1x1",
    "skip": "skips",
    "pool": "average pools",
}
"""Labels of the kinds of connection, as `design.cells` counts them."""

COUNTED = {"edges": "connections", **CONNECTION_KINDS}


def connection_counts(one: Outcome, direction: Direction = "all") -> dict[str, int]:
    """Returns how many connections of each kind in `COUNTED` a trained cell has, in one direction if one is given.

    A cell with one connection has `edges` 1, whichever it is.
    """
    many = count_connections(one.member.cell)
    edges = {"edges": many["forward"] + many["backward"]}
    if direction != "all":
        kinds = counts_by_direction(one.member.cell)
        many |= {name: kinds[f"{direction}_{name}"] for name in OPERATION_CODES}
    return edges | {name: many[name] for name in CONNECTION_KINDS}


def count_agreement(outcomes: Sequence[Outcome], name: str, direction: Direction = "all") -> RankCorrelation | None:
    """Returns Kendall's tau between trained accuracy and the number of connections of a kind; None if all cells have
    equally many.
    """
    pairs = (
        tuple(float(connection_counts(one, direction)[name]) for one in outcomes),
        tuple(one.accuracy for one in outcomes),
    )
    return rank_correlation(*pairs) if len(outcomes) > 2 else None


def agreements(outcomes: Sequence[Outcome]) -> dict[str, tuple[RankCorrelation, float] | None]:
    """Returns Kendall's tau of trained accuracy with each score and each connection count, and its p value corrected
    for all tests (Holm).

    Two counts that are equal for all cells, such as all connections and forward ones, are one test.
    """
    found = {metric: score_agreement(outcomes, metric) for metric in METRICS} | {
        name: count_agreement(outcomes, name) for name in COUNTED
    }
    known = {name: one for name, one in found.items() if one is not None}
    same: dict[str | tuple[int, ...], str] = {}
    first = {
        name: same.setdefault(
            tuple(connection_counts(one)[name] for one in outcomes) if name in COUNTED else name, name
        )
        for name in known
    }
    tests = list(dict.fromkeys(first.values()))
    corrected = dict(zip(tests, holm_correction([known[name].p for name in tests]), strict=True))
    return {name: (known[name], corrected[first[name]]) if name in known else None for name in found}


def count_charts(study: CellStudy, outcomes: Sequence[Outcome], direction: Direction = "all") -> list[Chart]:
    """Returns charts of accuracy against the number of connections of each kind (Fig. 7), with means."""
    charts = []
    for name, title in COUNTED.items():
        if name in ("forward", "backward") and (study.directions == ("forward",) or direction != "all"):
            continue  # all connections are forward ones, or these charts are drawn already
        if name == "edges" and direction != "all":
            continue
        title = f"{direction} {title}" if direction != "all" else title
        figure, words = accuracy_figure(f"number of {title}"), []
        figure["layout"]["xaxis"] |= {"tickmode": "linear", "dtick": 1, "zeroline": False}
        for way in study.directions:
            own = [one for one in outcomes if one.member.way == way]
            if way == "forward" and "backward" in (name, direction):
                continue
            numbers = [connection_counts(one, direction)[name] for one in own]
            figure["data"] += [*points(way, own, numbers), *_means(way, own, numbers)]
            found = count_agreement(own, name, direction)
            words.append(f"{NAMES[way]}: {_agreement_text(found)}.")
        charts.append(Chart(f"cells_{name}", title.capitalize(), " ".join(words).capitalize(), figure, height=240))
    return charts


def _agreement_text(found: RankCorrelation | None) -> str:
    if found is None:
        return "all alike"
    return f"{kendall(found.tau, found.low, found.high)}, p = {found.p:.2g}"


def caption(charts: int) -> str:
    """Returns a caption that explains the charts of connection counts, and how significant one of this many tests
    is.
    """
    return (
        "Line: the mean accuracy of the different cells with so many, and its 95 % interval over cells (Student's t); "
        f"a cell's own bar, where it has seeds, is that of its mean. {charts} "
        "figures are as many tests: one in 20 has p < 0.05 by chance alone, so believe one that was asked for "
        "before, or one whose p is below 0.05 divided by their number."
    )


def _means(way: Way, outcomes: Sequence[Outcome], numbers: Sequence[int]) -> list[dict[str, Any]]:
    groups: dict[int, list[float]] = {}
    for one, number in zip(outcomes, numbers, strict=True):
        groups.setdefault(number, []).append(one.accuracy)
    found = {number: confidence_interval(groups[number]) for number in sorted(groups)}
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(found),
            "y": [round(one.mean, 5) for one in found.values()],
            "error_y": error_bars(list(found.values()), SHARES),
            "name": f"{NAMES[way]}, mean",
            "text": [f"{one.count} cells" for one in found.values()],
            "hovertemplate": "mean %{y:.1%} of %{text}<extra></extra>",
            "line": {"color": COLOURS[way], "width": 2},
            "marker": {"color": COLOURS[way], "size": 5, "symbol": "line-ew-open"},
            "showlegend": False,
        }
    ]
