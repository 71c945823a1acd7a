"""Chart of accuracy against spikes per neuron, for several weights of an activity penalty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from snnviz.events import EpochEnd
from snnviz.studies.ttfs.penalty import PAPER_SPIKES, PenaltyRun
from snnviz.theory.choosing import criterion
from snnviz.theory.intervals import confidence_interval
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import difference_text, share

SEEDS, MEAN, PAPER = "var(--st-gray-text-color)", "var(--st-orange-color)", "var(--st-violet-color)"

EVENTS = (
    "With an event at t_max of each silent neuron counted, which neurons as printed need, it is 1.00 at any λ, with an "
    "addition at every weight."
)
"""Note that is shown wherever spikes per neuron are compared with a penalty."""


HELD = "validation_accuracy"


@dataclass(frozen=True, slots=True)
class PenaltyResult:
    """The runs with one weight of the activity penalty that have finished an epoch: spikes per neuron, accuracy and
    seed of each.

    held: accuracies on the images that are held out; empty where a run holds none out.
    """

    penalty: float
    spikes: tuple[float, ...]
    accuracies: tuple[float, ...]
    seeds: tuple[int, ...]
    held: tuple[float, ...] = ()


def penalty_results(several: Sequence[PenaltyRun], rows: Mapping[str, Sequence[EpochEnd]]) -> list[PenaltyResult]:
    """Returns the results of runs with an activity penalty, by penalty, of those that have any; `rows` by digest."""
    found: dict[float, list[tuple[int, EpochEnd]]] = {}
    for each in several:
        if (told := rows.get(each.design.digest)) and told[-1].rate is not None:
            found.setdefault(each.penalty, []).append((each.design.seed, told[-1]))
    return [_result(penalty, runs) for penalty, runs in sorted(found.items())]


def _result(penalty: float, runs: Sequence[tuple[int, EpochEnd]]) -> PenaltyResult:
    held = [end.validation_accuracy for _, end in runs if end.validation_accuracy is not None]
    return PenaltyResult(
        penalty=penalty,
        spikes=tuple(end.rate for _, end in runs if end.rate is not None),
        accuracies=tuple(end.test_accuracy for _, end in runs),
        seeds=tuple(seed for seed, _ in runs),
        held=tuple(held) if len(held) == len(runs) else (),
    )


def chart(found: Sequence[PenaltyResult], running: int) -> Chart:
    """Returns the chart of accuracy against spikes per neuron: each run, and the mean for each penalty; `running`:
    number of runs that still train.
    """
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
    """Returns Markdown on how many spikes a penalty saves and what accuracy it costs; "" for fewer than two
    penalties.
    """
    if len(found) < 2:
        return ""
    dense = max(found, key=lambda each: fmean(each.spikes))
    means = [{"accuracy": fmean(each.accuracies), **({HELD: fmean(each.held)} if each.held else {})} for each in found]
    by = criterion(means, noun="penalty", nouns="penalties")
    least = means[found.index(dense)][by.metric] - 0.01
    close = [each for each, mean in zip(found, means, strict=True) if mean[by.metric] >= least]
    best = min(close, key=lambda each: fmean(each.spikes))
    said = "Without a penalty" if dense.penalty == 0 else f"At λ = {dense.penalty:g}"
    said += f" **{fmean(dense.spikes):.2f}** spikes per neuron, {share(fmean(dense.accuracies))}."
    if best is not dense:
        sparse, reached = fmean(best.spikes), fmean(best.accuracies)
        said += f" Of those at most a point below, fewest at λ = {best.penalty:g}: **{sparse:.2f}**, {share(reached)}"
        plain = dict(zip(dense.seeds, dense.accuracies, strict=True))
        less = [one - plain[seed] for seed, one in zip(best.seeds, best.accuracies, strict=True) if seed in plain]
        said += f", {difference_text(confidence_interval(less), scale=100)}." if less else "."
        said += f" {by.words[:1].upper()}{by.words[1:]}."
    return said + f" {EVENTS}"


def table(found: Sequence[PenaltyResult]) -> pd.DataFrame:
    """Returns a table with a row for each penalty: number of seeds, and of accuracy (%) and spikes per neuron the mean
    and half of its 95 % t interval, None of one seed.
    """
    rows = []
    for each in found:
        rows.append(
            {
                "penalty": each.penalty,
                "seeds": len(each.spikes),
                "accuracy": 100 * fmean(each.accuracies),
                "accuracy_half": confidence_interval([100 * one for one in each.accuracies]).half,
                "spikes": fmean(each.spikes),
                "spikes_half": confidence_interval(each.spikes).half,
            }
        )
    return pd.DataFrame(rows)
