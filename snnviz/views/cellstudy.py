"""Scores without training beside what training reached: the form of Figs. 4, 7, 8 and 9 of Kim et al. 2022."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnviz.catalog.cells import Metric
from snnviz.catalog.cellstudies import CellStudy, Member, Way, score_of
from snnviz.cells import counts, in_words, write
from snnviz.events import Candidate, EpochEnd
from snnviz.theory.ranks import Agreement, agreement
from snnviz.views.chart import Chart, Figure, empty

COLOURS: dict[Way, str] = {"forward": "var(--st-blue-text-color)", "backward": "var(--st-red-text-color)"}
SYMBOLS: dict[Way, str] = {"forward": "circle", "backward": "diamond"}
NAMES: dict[Way, str] = {"forward": "forward only", "backward": "with backward"}
METRICS: dict[Metric, str] = {"sahd": "SAHD", "hd": "HD"}

FIGURE4: dict[Metric, float] = {"sahd": 0.646, "hd": 0.519}
"""Kendall's tau over 50 random cells at full scale."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A cell's scores, and the test accuracies, 0..1, of the seeds that are done; at least one is."""

    member: Member
    candidate: Candidate | None
    accuracies: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.accuracies))

    def score(self, metric: Metric) -> float | None:
        return score_of(self.candidate, metric) if self.candidate else None


Found = Mapping[tuple[str, Way], Mapping[int, Candidate]]
"""By data set and kind of cell: the candidates by number."""


def outcomes(members: Sequence[Member], found: Found, accuracies: Mapping[str, float]) -> list[Outcome]:
    """One for each network of which a run is done. `accuracies` by the designs' digests."""
    same: dict[Any, list[Member]] = {}
    for member in members:
        data = member.design.data
        same.setdefault((member.way, member.source, member.number, member.samples, data.name, data.steps), []).append(
            member
        )
    result = []
    for group in same.values():
        reached = tuple(accuracies[m.design.digest] for m in group if m.design.digest in accuracies)
        if reached:
            first = group[0]
            candidate = found.get((first.source, first.way), {}).get(first.number)
            result.append(Outcome(first, candidate, reached))
    return result


def compared(some: Sequence[Outcome], metric: Metric) -> Agreement | None:
    """How far accuracy follows the score."""
    known = [(score, one.accuracy) for one in some if (score := one.score(metric)) is not None]
    return agreement(tuple(x for x, _ in known), tuple(y for _, y in known)) if len(known) > 2 else None


def said(found: Agreement | None) -> str:
    """An agreement in figures.

    >>> said(Agreement(0.125, -0.2, 0.4, 0.25, 20))
    'τ = +0.12 (95 %: -0.20 to +0.40), p = 0.25, 20 cells'
    """
    if found is None:
        return "τ needs three cells that differ"
    p = f"p = {found.p:.2g}" if found.p >= 0.001 else "p < 0.001"
    return f"τ = {found.tau:+.2f} (95 %: {found.low:+.2f} to {found.high:+.2f}), {p}, {found.count} cells"


def verdict(study: CellStudy, some: Sequence[Outcome]) -> str:
    """Whether the score predicted accuracy here, in sentences."""
    sentences = []
    for way in study.ways:
        own = [one for one in some if one.member.way == way]
        found = compared(own, study.metric)
        if found is None:
            continue
        name = f"{METRICS[study.metric]}, {NAMES[way]}"
        if found.low <= 0 <= found.high:
            sentences.append(f"{name}: {found.count} cells do not show whether the score predicts accuracy.")
        elif found.tau > 0:
            sentences.append(f"{name}: cells with a higher score tend to reach a higher accuracy.")
        else:
            sentences.append(f"{name}: here cells with a higher score tend to reach a lower accuracy.")
    return " ".join([*sentences, noise(some)]).strip()


def noise(some: Sequence[Outcome]) -> str:
    """How far a cell's seeds are apart, beside how far cells are; nothing where each cell has one seed."""
    several = [one.accuracies for one in some if len(one.accuracies) > 1]
    if len(several) < 2:
        return "One seed each: how far chance alone moves an accuracy is not known." if some else ""
    within = 100 * float(np.sqrt(np.mean([np.var(each, ddof=1) for each in several])))
    between = 100 * float(np.std([np.mean(each) for each in several], ddof=1))
    return f"Another seed moves a cell by {within:.1f} points (standard deviation); cells differ by {between:.1f}."


def score_charts(study: CellStudy, some: Sequence[Outcome]) -> list[Chart]:
    """Accuracy against either score (Fig. 4)."""
    charts = []
    for metric, title in METRICS.items():
        figure, words = _figure(f"log|det K|, {title}"), []
        for way in study.ways:
            own = [one for one in some if one.member.way == way and one.score(metric) is not None]
            figure["data"] += _points(way, own, [one.score(metric) for one in own])
            words.append(f"{NAMES[way]}: {said(compared(own, metric))}.")
        theirs = f"The paper's, full scale on 50 random cells: τ = {FIGURE4[metric]:.3f}."
        caption = f"{' '.join(words).capitalize()} {theirs}"
        charts.append(Chart(f"cells_{metric}", f"Accuracy against the {title} score", caption, figure, height=340))
    return charts


COUNTED = {
    "edges": "connections",
    "forward": "forward connections",
    "backward": "backward connections",
    "conv3": "convolutions 3x3",
    "conv1": "convolutions 1x1",
    "skip": "skips",
    "pool": "average pools",
}


def counted(one: Outcome) -> dict[str, int]:
    """Connections of the cell by kind, as in `COUNTED`.

    A cell with one connection has `edges` 1, whichever it is.
    """
    many = counts(one.member.cell)
    return {"edges": many["forward"] + many["backward"], **many}


def of_count(some: Sequence[Outcome], name: str) -> Agreement | None:
    """How far accuracy follows the number of connections of a kind; None where cells do not differ in it."""
    pairs = tuple(float(counted(one)[name]) for one in some), tuple(one.accuracy for one in some)
    return agreement(*pairs) if len(some) > 2 else None


def count_charts(study: CellStudy, some: Sequence[Outcome]) -> list[Chart]:
    """Accuracy against what a cell is made of (Fig. 7)."""
    charts = []
    for name, title in COUNTED.items():
        if name in ("forward", "backward") and study.ways == ("forward",):
            continue  # all connections are forward ones
        figure, words = _figure(f"number of {title}"), []
        figure["layout"]["xaxis"] |= {"tickmode": "linear", "dtick": 1, "zeroline": False}
        for way in study.ways:
            own = [one for one in some if one.member.way == way]
            if name == "backward" and way == "forward":
                continue
            figure["data"] += _points(way, own, [counted(one)[name] for one in own])
            found = of_count(own, name)
            tau = f"τ = {found.tau:+.2f}, p = {found.p:.2g}" if found else "all alike"
            words.append(f"{NAMES[way]}: {tau}.")
        charts.append(Chart(f"cells_{name}", title.capitalize(), " ".join(words).capitalize(), figure, height=240))
    return charts


def curve_charts(members: Sequence[Member], rows: Mapping[str, Sequence[EpochEnd]]) -> list[Chart]:
    """Loss and accuracy over the epochs: the best of all candidates beside random cells (Fig. 8)."""
    most = max((member.samples for member in members), default=0)
    shown = [member for member in members if member.samples in (0, most)]
    charts = []
    for column, title, form in (("test_accuracy", "Test accuracy", ".1%"), ("train_loss", "Training loss", ".2f")):
        figure = empty("epoch", title.lower(), tickformat=form)
        figure["layout"]["hovermode"] = "closest"
        for way, samples in dict.fromkeys((member.way, member.samples) for member in shown):
            own = [
                list(rows[m.design.digest])
                for m in shown
                if (m.way, m.samples) == (way, samples) and rows.get(m.design.digest)
            ]
            if own:
                name = f"{NAMES[way]}, {f'best of {most:,}' if samples else 'random'}"
                figure["data"] += _curve(name, own, column, COLOURS[way], "solid" if samples else "dot")
        words = "Solid: the cell with the best score; dotted: random cells. Means, with a band over all runs."
        charts.append(Chart(f"cells_{column}", title, words, figure, height=340))
    return charts


def sample_charts(study: CellStudy, some: Sequence[Outcome], found: Found) -> list[Chart]:
    """Accuracy of the best, and the time it took to find it, against the number of candidates (Fig. 9)."""
    accuracy = _figure("candidates")
    seconds = empty("candidates", "seconds of search on one core", rangemode="tozero")
    for figure in (accuracy, seconds):
        figure["layout"]["xaxis"]["type"] = "log"
    for way in study.ways:
        own = sorted((one for one in some if one.member.way == way and one.member.samples), key=_samples)
        accuracy["data"] += _points(way, own, [_samples(one) for one in own], joined=True)
        chance = [one for one in some if one.member.way == way and not one.member.samples]
        accuracy["data"] += _points(way, chance, [0.8] * len(chance), hollow=True)
        candidates = found.get((study.data, way), {})
        spent = [(n, sum(c.seconds for c in candidates.values() if c.number < n)) for n in map(_samples, own)]
        seconds["data"].append(
            {
                "type": "scatter",
                "x": [n for n, _ in spent],
                "y": [float(f"{each:.4g}") for _, each in spent],
                "mode": "lines+markers",
                "name": NAMES[way],
                "line": {"color": COLOURS[way]},
            }
        )
    words = (
        "The candidate with the best score among the first so many, trained; hollow, at the left: random cells. "
        "Bars: standard deviation over seeds. The paper's best grow with the number, from 50 to 5,000."
    )
    return [
        Chart("cells_samples", "Accuracy of the best of so many", words, accuracy, height=340),
        Chart("cells_seconds", "What the search takes", "Scoring alone: nothing is trained.", seconds, height=340),
    ]


def _samples(one: Outcome) -> int:
    return one.member.samples


def _figure(x: str) -> Figure:
    figure = empty(x, "test accuracy", tickformat=".1%")
    figure["layout"]["hovermode"] = "closest"
    return figure


def _points(
    way: Way, some: Sequence[Outcome], x: Sequence[float | None], *, joined: bool = False, hollow: bool = False
) -> list[dict[str, Any]]:
    """Accuracy against x, a point for each cell, with the deviation over its seeds."""
    if not some:
        return []
    deviations = [float(np.std(one.accuracies, ddof=1)) if len(one.accuracies) > 1 else 0.0 for one in some]
    several = any(len(one.accuracies) > 1 for one in some)
    return [
        {
            "type": "scatter",
            "x": [None if value is None else float(f"{value:.6g}") for value in x],
            "y": [round(one.accuracy, 5) for one in some],
            "error_y": {
                "type": "data",
                "array": [round(sd, 5) for sd in deviations],
                "thickness": 1,
                "width": 2,
                "visible": several,
            },
            "mode": "lines+markers" if joined else "markers",
            "name": NAMES[way] + (", random" if hollow else ""),
            "text": [f"{write(one.member.cell)}<br>{in_words(one.member.cell)}" for one in some],
            "hovertemplate": "%{y:.1%} at %{x:.4~g}<br>%{text}<extra></extra>",
            "line": {"color": COLOURS[way], "width": 2},
            "marker": {
                "color": COLOURS[way],
                "size": 9,
                "opacity": 0.75,
                "symbol": SYMBOLS[way] + ("-open" if hollow else ""),
            },
        }
    ]


def _curve(name: str, runs: list[list[EpochEnd]], column: str, colour: str, dash: str) -> list[dict[str, Any]]:
    length = min(len(rows) for rows in runs)
    epochs = [row.epoch for row in runs[0][:length]]
    values = np.array([[getattr(row, column) for row in rows[:length]] for rows in runs])
    band = [*values.max(0).round(5).tolist(), *values.min(0)[::-1].round(5).tolist()]
    line = {
        "type": "scatter",
        "x": epochs,
        "y": values.mean(0).round(5).tolist(),
        "mode": "lines" if length > 2 else "lines+markers",
        "name": name,
        "legendgroup": name,
        "line": {"color": colour, "dash": dash, "width": 2},
    }
    shade = {
        "type": "scatter",
        "x": [*epochs, *epochs[::-1]],
        "y": band,
        "fill": "toself",
        "fillcolor": colour,
        "opacity": 0.13,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": name,
    }
    return [shade, line] if len(runs) > 1 else [line]
