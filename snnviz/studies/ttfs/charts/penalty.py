"""Chart of accuracy against spikes per neuron, for several weights of an activity penalty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import pandas as pd

from snnviz.events import EpochEnd
from snnviz.studies.ttfs.penalty import PAPER_SPIKES, PenaltyRun
from snnviz.theory.intervals import confidence_interval
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import difference_text, share

SEEDS, MEAN, PAPER = "var(--st-gray-text-color)", "var(--st-orange-color)", "var(--st-violet-color)"

EVENTS = (
    "With an event at t_max of each silent neuron counted, which neurons as printed need, it is 1.00 at any λ, with an "
    "addition at every weight."
)
"""Note that is shown wherever spikes per neuron are compared with a penalty."""


@dataclass(frozen=True, slots=True)
class PenaltyResult:
    """The runs with one penalty that have finished an epoch: spikes per neuron, accuracy and seed of each."""

    penalty: float
    spikes: tuple[float, ...]
    accuracies: tuple[float, ...]
    seeds: tuple[int, ...]


def penalty_results(several: Sequence[PenaltyRun], rows: Mapping[str, Sequence[EpochEnd]]) -> list[PenaltyResult]:
    """Returns the results by penalty, of those that have any; `rows` by digest."""
    found: dict[float, list[tuple[float, float, int]]] = {}
    for each in several:
        if (told := rows.get(each.design.digest)) and told[-1].rate is not None:
            found.setdefault(each.penalty, []).append((told[-1].rate, told[-1].test_accuracy, each.design.seed))
    return [
        PenaltyResult(
            penalty, tuple(a for a, *_ in runs), tuple(b for _, b, _ in runs), tuple(seed for *_, seed in runs)
        )
        for penalty, runs in sorted(found.items())
    ]


def chart(found: Sequence[PenaltyResult], running: int) -> Chart:
    """Returns the chart of each run, and of the mean of each penalty; `running`: number of runs that still train."""
    figure = empty("spikes per neuron", "test accuracy", tickformat=".1%")
    figure["layout"]["xaxis"] |= {"type": "log", "tickformat": ".2~g"}
    figure["layout"]["hovermode"] = "closest"
    levels = [round(value, 5) for each in found for value in each.accuracies]
    if any(len(each.spikes) > 1 for each in found):
        figure["data"].append(
            {
                "type": "scatter",
                "x": [round(value, 5) for each in found for value in each.spikes],
                "y": levels,
                "customdata": [f"{each.penalty:g}" for each in found for _ in each.spikes],
                "hovertemplate": "penalty %{customdata}: %{y}, %{x} spikes per neuron<extra></extra>",
                "name": "each seed",
                "mode": "markers",
                "marker": {"color": SEEDS, "size": 6, "opacity": 0.7},
            }
        )
    figure["data"].append(
        {
            "type": "scatter",
            "x": [round(fmean(each.spikes), 5) for each in found],
            "y": [round(fmean(each.accuracies), 5) for each in found],
            "text": [f"λ = {each.penalty:g}" for each in found],
            "textposition": "top center",
            "hovertemplate": "%{text}: %{y}, %{x} spikes per neuron<extra></extra>",
            "name": "mean of the seeds",
            "mode": "lines+markers+text",
            "cliponaxis": False,
            "line": {"color": MEAN, "width": 2.5},
            "marker": {"size": 9},
        }
    )
    figure["data"].append(
        {
            "type": "scatter",
            "x": [PAPER_SPIKES] * 2,
            "y": [min(levels), max(levels)],
            "name": f"paper: {PAPER_SPIKES:g} on average",
            "mode": "lines",
            "line": {"color": PAPER, "width": 1.5, "dash": "dot"},
        }
    )
    words = "Left is sparser, up is better. λ: the weight of the neurons' mean activation in the loss."
    if running:
        words += f" {running} still train: their points move with each epoch."
    return Chart("penalty", "Accuracy against spikes", words, figure, height=400, wide=True)


def verdict(found: Sequence[PenaltyResult]) -> str:
    """Returns Markdown on what the curve shows; "" for fewer than two penalties."""
    if len(found) < 2:
        return ""
    dense = max(found, key=lambda each: fmean(each.spikes))
    close = [each for each in found if fmean(each.accuracies) >= fmean(dense.accuracies) - 0.01]
    best = min(close, key=lambda each: fmean(each.spikes))
    said = "Without a penalty" if dense.penalty == 0 else f"At λ = {dense.penalty:g}"
    said += f" **{fmean(dense.spikes):.2f}** spikes per neuron, {share(fmean(dense.accuracies))}."
    if best is not dense:
        sparse, reached = fmean(best.spikes), fmean(best.accuracies)
        said += f" Of those at most a point below, fewest at λ = {best.penalty:g}: **{sparse:.2f}**, {share(reached)}"
        plain = dict(zip(dense.seeds, dense.accuracies, strict=True))
        less = [one - plain[seed] for seed, one in zip(best.seeds, best.accuracies, strict=True) if seed in plain]
        said += f", {difference_text(confidence_interval(less), scale=100)}." if less else "."
    return said + f" {EVENTS}"


def table(found: Sequence[PenaltyResult]) -> pd.DataFrame:
    """Returns a table with a row for each penalty."""
    rows = []
    for each in found:
        several = len(each.spikes) > 1
        rows.append(
            {
                "penalty": each.penalty,
                "seeds": len(each.spikes),
                "accuracy": 100 * fmean(each.accuracies),
                "accuracy_sd": 100 * stdev(each.accuracies) if several else None,
                "spikes": fmean(each.spikes),
                "spikes_sd": stdev(each.spikes) if several else None,
            }
        )
    return pd.DataFrame(rows)
