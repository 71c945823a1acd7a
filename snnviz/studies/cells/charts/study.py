"""Charts of scores against the accuracy after training: as Figs. 4, 7, 8 and 9 of Kim et al. 2022."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnviz.design.cells import summary, to_text
from snnviz.events import EpochEnd
from snnviz.studies.cells.scoring import Candidate, Metric
from snnviz.studies.cells.study import CellStudy, Place, StudyRun, Way, candidate_score
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval
from snnviz.theory.ranks import RankCorrelation, rank_correlation
from snnviz.views.bands import POSITIVE, SHARES, band_traces, error_bars
from snnviz.views.chart import Chart, Figure, empty
from snnviz.views.numbers import difference_text, kendall

COLOURS: dict[Way, str] = {"forward": "var(--st-blue-text-color)", "backward": "var(--st-red-text-color)"}
SYMBOLS: dict[Way, str] = {"forward": "circle", "backward": "diamond"}
NAMES: dict[Way, str] = {"forward": "forward only", "backward": "with backward"}
METRICS: dict[Metric, str] = {"sahd": "SAHD", "hd": "HD"}

BARS = "Bars: 95 % interval of a cell's mean over its seeds (Student's t). "

FIGURE4: dict[Metric, float] = {"sahd": 0.646, "hd": 0.519}
"""Kendall's tau over 50 random cells at full scale, from the paper's Fig. 4."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A trained cell of a study: its scores without training, and the test accuracies (in [0, 1]) of its finished
    seeds, at least one.
    """

    member: StudyRun
    candidate: Candidate | None
    accuracies: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        """Mean test accuracy of the trained cell over the seeds, in [0, 1]."""
        return float(np.mean(self.accuracies))

    def score(self, metric: Metric) -> float | None:
        """Returns the cell's score without training by a metric ("sahd" or "hd"), or None."""
        return candidate_score(self.candidate, metric) if self.candidate else None


Candidates = Mapping[Place, Mapping[int, Candidate]]
"""The candidates of each search, by number."""


def outcomes(members: Sequence[StudyRun], found: Candidates, accuracies: Mapping[str, float]) -> list[Outcome]:
    """Returns the outcome of each network, trained in the study of scores, that has at least one finished run;
    `accuracies` by the designs' digests.
    """
    same: dict[Any, list[StudyRun]] = {}
    for member in members:
        data = member.design.data
        place = (member.way, member.source, member.time, member.number, member.samples, data.name, data.steps)
        same.setdefault(place, []).append(member)
    result = []
    for group in same.values():
        reached = tuple(accuracies[m.design.digest] for m in group if m.design.digest in accuracies)
        if reached:
            first = group[0]
            candidate = found.get((first.source, first.way, first.time), {}).get(first.number)
            result.append(Outcome(first, candidate, reached))
    return result


def score_agreement(outcomes: Sequence[Outcome], metric: Metric) -> RankCorrelation | None:
    """Returns Kendall's tau between the cells' trained accuracy and their score; None for fewer than three cells."""
    known = [(score, one.accuracy) for one in outcomes if (score := one.score(metric)) is not None]
    return rank_correlation(tuple(x for x, _ in known), tuple(y for _, y in known)) if len(known) > 2 else None


def agreement_text(found: RankCorrelation | None) -> str:
    """Returns Kendall's tau with its interval, p value and number of cells as text.

    >>> agreement_text(RankCorrelation(0.125, -0.2, 0.4, 0.25, 20))
    'τ = +0.12 (95 %: -0.20 to +0.40), p = 0.25, 20 different cells'
    """
    if found is None:
        return "τ needs three cells that differ"
    p = f"p = {found.p:.2g}" if found.p >= 0.001 else "p < 0.001"
    return f"{kendall(found.tau, found.low, found.high)}, {p}, {found.count} different cells"


def verdict(study: CellStudy, outcomes: Sequence[Outcome]) -> str:
    """Returns sentences on whether cells with a better score, computed without training, reached a higher accuracy
    after training.
    """
    sentences = []
    for way in study.directions:
        own = [one for one in outcomes if one.member.way == way]
        found = score_agreement(own, study.metric)
        if found is None:
            continue
        name = f"{METRICS[study.metric]}, {NAMES[way]}"
        if found.low <= 0 <= found.high:
            sentences.append(f"{name}: {found.count} cells do not show whether the score predicts accuracy.")
        elif found.tau > 0:
            sentences.append(f"{name}: cells with a higher score tend to reach a higher accuracy.")
        else:
            sentences.append(f"{name}: here cells with a higher score tend to reach a lower accuracy.")
    return " ".join([*sentences, seed_noise_text(outcomes)]).strip()


def seed_noise_text(outcomes: Sequence[Outcome]) -> str:
    """Returns a sentence comparing the spread over seeds with the spread over cells; "" without cells."""
    each = {one.member.design.digest: one.accuracies for one in outcomes}  # one that is the best twice counts once
    several = [accuracies for accuracies in each.values() if len(accuracies) > 1]
    if len(several) < 2:
        return "One seed each: how far other weights alone move an accuracy is not known." if outcomes else ""
    within = 100 * float(np.sqrt(np.mean([np.var(accuracies, ddof=1) for accuracies in several])))
    between = 100 * float(np.std([np.mean(accuracies) for accuracies in several], ddof=1))
    chance = 100 * float(np.sqrt(np.mean([np.var(accuracies, ddof=1) / len(accuracies) for accuracies in several])))
    return (
        f"Another seed moves a cell by {within:.1f} points (standard deviation); cells' means differ by {between:.1f}, "
        f"where seeds alone would make {chance:.1f}."
    )


def search_accuracy(outcomes: Sequence[Outcome]) -> ConfidenceInterval:
    """Returns the mean accuracy of the trained networks over the cell searches that found them; for a single search,
    over their seeds.

    If a search has several networks, such as random cells, their mean is used.
    """
    times: dict[int, list[Outcome]] = {}
    for one in outcomes:
        times.setdefault(one.member.time, []).append(one)
    if len(times) > 1:
        return confidence_interval([float(np.mean([one.accuracy for one in group])) for group in times.values()])
    seeds = min(len(one.accuracies) for one in outcomes)
    return confidence_interval(np.mean([one.accuracies[:seeds] for one in outcomes], axis=0).tolist())


def paired_difference(outcomes: Sequence[Outcome], others: Sequence[Sequence[Outcome]]) -> ConfidenceInterval | None:
    """Returns the mean difference in accuracy from the means of `others`, paired by cell search and seed.

    Over the searches that have both; for a single search, over its seeds; None if there is none.
    """
    beside = {one.member.time: one for one in outcomes}
    pairs = [(beside[group[0].member.time], group) for group in others if group and group[0].member.time in beside]
    if len(pairs) > 1:
        return confidence_interval(
            [one.accuracy - float(np.mean([each.accuracy for each in group])) for one, group in pairs]
        )
    for one, group in pairs:
        seeds = min(len(each.accuracies) for each in (one, *group))
        means = np.mean([each.accuracies[:seeds] for each in group], axis=0)
        return confidence_interval([a - float(b) for a, b in zip(one.accuracies, means, strict=False)])
    return None


def interval_note(study: CellStudy) -> str:
    """Returns a sentence for captions on whether the intervals of means are over seeds or over searches."""
    if study.searches > 1:
        return f"95 % intervals over {study.searches} searches, each with its own draws, scores and weights."
    if study.seeds > 1:
        return "95 % intervals over seeds of the weights alone: another search would find another cell."
    return "One search and one seed: no interval."


def gain_over_random(study: CellStudy, outcomes: Sequence[Outcome]) -> dict[Way, ConfidenceInterval | None]:
    """Returns how much more accurate the best of all candidate cells is than the random cells, with its interval, by
    direction.
    """
    most = max((one.member.samples for one in outcomes), default=0)
    found: dict[Way, ConfidenceInterval | None] = {}
    for way in study.directions:
        own = [one for one in outcomes if one.member.way == way]
        chance: dict[int, list[Outcome]] = {}
        for one in own:
            if not one.member.samples:
                chance.setdefault(one.member.time, []).append(one)
        found[way] = paired_difference([one for one in own if one.member.samples == most > 0], list(chance.values()))
    return found


def gain_text(study: CellStudy, outcomes: Sequence[Outcome]) -> str:
    """Returns sentences on how much more accurate the best cells are than random cells."""
    sentences = []
    for way, found in gain_over_random(study, outcomes).items():
        if found is None:
            continue
        name = f"{NAMES[way].capitalize()}: the best of {study.samples:,} less the random cells"
        sentences.append(f"{name}: {difference_text(found, 'search' if study.searches > 1 else 'seed', scale=100)}.")
    return " ".join([*sentences, interval_note(study)]) if sentences else ""


def score_charts(study: CellStudy, outcomes: Sequence[Outcome]) -> list[Chart]:
    """Returns charts of trained accuracy against either score (Fig. 4 of Kim et al. 2022)."""
    charts = []
    for metric, title in METRICS.items():
        figure, words = accuracy_figure(f"log|det K|, {title}"), []
        for way in study.directions:
            own = [one for one in outcomes if one.member.way == way and one.score(metric) is not None]
            figure["data"] += points(way, own, [one.score(metric) for one in own])
            words.append(f"{NAMES[way]}: {agreement_text(score_agreement(own, metric))}.")
        bars = BARS if any(len(one.accuracies) > 1 for one in outcomes) else ""
        theirs = f"{bars}The paper's, full scale on 50 random cells: τ = {FIGURE4[metric]:.3f}."
        caption = f"{' '.join(words).capitalize()} {theirs}"
        charts.append(Chart(f"cells_{metric}", f"Accuracy against the {title} score", caption, figure, height=340))
    return charts


def curve_charts(members: Sequence[StudyRun], rows: Mapping[str, Sequence[EpochEnd]]) -> list[Chart]:
    """Returns charts of loss and accuracy over the epochs: the best of all candidate cells and random cells
    (Fig. 8).
    """
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
        words = (
            "Solid: the cell with the best score; dotted: random cells. Means over runs; band: 95 % interval of the "
            "mean (Student's t)."
        )
        charts.append(Chart(f"cells_{column}", title, words, figure, height=340))
    return charts


def sample_charts(study: CellStudy, outcomes: Sequence[Outcome], found: Candidates) -> list[Chart]:
    """Returns charts of the best cell's accuracy, and of cell search time, against the number of candidate cells (Fig.
    9).
    """
    accuracy = accuracy_figure("candidates")
    seconds = empty("candidates", "seconds of search on one core", rangemode="tozero")
    for figure in (accuracy, seconds):
        figure["layout"]["xaxis"]["type"] = "log"
    for way in study.directions:
        own: dict[int, list[Outcome]] = {}
        for one in outcomes:
            if one.member.way == way and one.member.samples:
                own.setdefault(one.member.samples, []).append(one)
        accuracy["data"] += _means(way, {n: own[n] for n in sorted(own)})
        chance = [one for one in outcomes if one.member.way == way and not one.member.samples]
        accuracy["data"] += points(way, chance, [0.8] * len(chance), hollow=True)
        scored = [candidates for (_, kind, _), candidates in found.items() if kind == way and candidates]
        spent = [
            (n, float(np.mean([sum(c.seconds for c in each.values() if c.number < n) for each in scored])))
            for n in sorted(own)
            if scored
        ]
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
        "The candidate with the best score among the first so many, trained; hollow, at the left: random cells, each "
        f"another, with the 95 % interval over its seeds. {interval_note(study)} "
        "The paper's best grow from 50 to 5,000."
    )
    return [
        Chart("cells_samples", "Accuracy of the best of so many", words, accuracy, height=340),
        Chart("cells_seconds", "What the search takes", "Scoring alone: nothing is trained.", seconds, height=340),
    ]


def _means(way: Way, groups: Mapping[int, Sequence[Outcome]]) -> list[dict[str, Any]]:
    """The mean accuracy at each number of candidates, with its interval."""
    if not groups:
        return []
    found = [search_accuracy(group) for group in groups.values()]
    words = ["<br>".join(sorted({to_text(one.member.cell) for one in group})) for group in groups.values()]
    return [
        {
            "type": "scatter",
            "x": list(groups),
            "y": [round(one.mean, 5) for one in found],
            "error_y": error_bars(found, SHARES),
            "mode": "lines+markers",
            "name": NAMES[way],
            "text": words,
            "hovertemplate": "%{y:.1%} at %{x:.4~g}<br>%{text}<extra></extra>",
            "line": {"color": COLOURS[way], "width": 2},
            "marker": {"color": COLOURS[way], "size": 9, "symbol": SYMBOLS[way]},
        }
    ]


def accuracy_figure(x: str) -> Figure:
    """Returns an empty figure of test accuracy against `x`."""
    figure = empty(x, "test accuracy", tickformat=".1%")
    figure["layout"]["hovermode"] = "closest"
    return figure


def points(
    way: Way, outcomes: Sequence[Outcome], x: Sequence[float | None], *, hollow: bool = False
) -> list[dict[str, Any]]:
    """Returns Plotly traces of accuracy against `x`, one point for each trained cell, with the interval of the mean
    over its seeds.
    """
    if not outcomes:
        return []
    found = [confidence_interval(one.accuracies) for one in outcomes]
    return [
        {
            "type": "scatter",
            "x": [None if value is None else float(f"{value:.6g}") for value in x],
            "y": [round(one.accuracy, 5) for one in outcomes],
            "error_y": error_bars(found, SHARES),
            "mode": "markers",
            "name": NAMES[way] + (", random" if hollow else ""),
            "text": [f"{to_text(one.member.cell)}<br>{summary(one.member.cell)}" for one in outcomes],
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
    epochs = [row.epoch for row in runs[0]]
    values = [[getattr(row, column) for row in rows] for rows in runs]
    bounds = SHARES if column.endswith("accuracy") else POSITIVE
    more = {"line": {"color": colour, "dash": dash, "width": 2}}
    return band_traces(epochs, values, name, colour, bounds=bounds, line=more)
