"""Charts of accuracy under hardware limits: over one limit, before and after fine-tuning, and over its epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from snnviz.studies.ttfs.curves import CurvePoint
from snnviz.studies.ttfs.limits import AXES, Axis, Tuned
from snnviz.theory.intervals import confidence_interval
from snnviz.views.bands import SHARES, error_bars, interval_note
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import difference_text, share

BEFORE, AFTER = "var(--st-gray-text-color)", "var(--st-orange-color)"
EXACT, PAPER = "var(--st-green-text-color)", "var(--st-violet-color)"

NAMES: dict[Axis, str] = {
    "weight_bits": "Bits of a weight",
    "time_bits": "Bits of a time",
    "jitter": "Jitter",
    "latency": "Latency",
}
BELOW: dict[Axis, str] = {
    "weight_bits": "bits of a weight",
    "time_bits": "bits of a spike's time",
    "jitter": "jitter: standard deviation in τ_c",
    "latency": "windows so many times shorter",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the paper on a hardware limit: at the limit `value`, fine-tuned networks lose at most `loss` of their
    accuracy.
    """

    value: float
    loss: float
    text: str


CLAIMS: dict[Axis, Claim] = {
    "weight_bits": Claim(6, 0.01, "6 bits within 1 %"),
    "latency": Claim(4, 0.0, "a quarter of the latency, on CIFAR10"),
}
"""Claims of Stanojevic et al. 2023 on their own networks, which are deeper."""

Rows = Mapping[str, Sequence[Tuned]]
"""Rows of each fine-tuning, by digest; finished ones have one more row than epochs."""


def values(curve: Sequence[CurvePoint], rows: Rows) -> dict[str, dict[float, list[float]]]:
    """Returns the accuracies of a curve's points: "before" and "after" fine-tuning, by the limit's value, one number
    per seed.
    """
    found: dict[str, dict[float, list[float]]] = {"before": {}, "after": {}}
    for point in curve:
        told = rows.get(point.task.digest, ())
        if told:
            found["before"].setdefault(point.value, []).append(told[0].accuracy)
        if len(told) == point.task.epochs + 1:
            found["after"].setdefault(point.value, []).append(told[-1].accuracy)
    return found


def curve_chart(axis: Axis, curve: Sequence[CurvePoint], rows: Rows, exact: Sequence[float]) -> Chart:
    """Returns the chart of accuracy over one hardware limit; `exact`: accuracy of each seed without limits."""
    figure = empty(BELOW[axis], "test accuracy", tickformat=".1%")
    order = [f"{value:g}" for value in AXES[axis]]
    figure["layout"]["xaxis"] |= {"type": "category", "categoryorder": "array", "categoryarray": order}
    figure["layout"]["xaxis"]["range"] = [-0.4, len(order) - 0.6]
    found = values(curve, rows)
    for name, label, colour in (("before", "as it is", BEFORE), ("after", "trained on through it", AFTER)):
        figure["data"] += _line(order, found[name], label, colour)
    if exact:
        level = fmean(exact)
        figure["data"].append(
            {
                "type": "scatter",
                "x": order,
                "y": [round(level, 5)] * len(order),
                "name": "without limits",
                "mode": "lines",
                "line": {"color": EXACT, "width": 1.5, "dash": "dash"},
            }
        )
        if axis in CLAIMS:
            figure["data"].append(_claim(CLAIMS[axis], level))
    seeds = len({point.task.design.seed for point in curve})
    words = interval_note(seeds, mark="bars")
    if axis in CLAIMS:
        words += " Star: what the paper says of its own networks."
    if axis == "weight_bits":
        zero = all(point.task.limits.levels == "with-zero" for point in curve)
        words += " 2^b − 1 levels, one of which is 0." if zero else " 2^b levels, none of which is 0."
    return Chart(f"limits_{axis}", f"Accuracy over {NAMES[axis].lower()}", words, figure, height=340, wide=True)


def _line(order: Sequence[str], found: Mapping[float, Sequence[float]], name: str, colour: str) -> list[dict[str, Any]]:
    """The mean of the seeds that are there at each point, and its interval."""
    at = [value for value in order if float(value) in found]
    if not at:
        return []
    several = [found[float(value)] for value in at]
    means = [fmean(each) for each in several]
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": at,
        "y": [round(mean, 5) for mean in means],
        "name": name,
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2.5},
        "marker": {"size": 7},
    }
    if any(len(each) > 1 for each in several):
        trace["error_y"] = error_bars([confidence_interval(each) for each in several], SHARES)
    return [trace]


def _claim(claim: Claim, level: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": [f"{claim.value:g}"],
        "y": [round(level - claim.loss, 5)],
        "name": f"paper: {claim.text}",
        "mode": "markers",
        "marker": {"symbol": "star", "size": 13, "color": PAPER},
    }


def verdict(axis: Axis, curve: Sequence[CurvePoint], rows: Rows, exact: Mapping[str, float]) -> str:
    """Returns Markdown on what a curve of accuracy over a hardware limit shows; "" if no point is finished.

    `exact`: the accuracy without limits, by the network's digest; differences are paired by seed.
    """
    done = [
        (point.value, exact[name], told[0].accuracy, told[-1].accuracy)
        for point in curve
        if len(told := rows.get(point.task.digest, ())) == point.task.epochs + 1
        and (name := point.task.design.digest) in exact
    ]
    if not done:
        return ""
    said = [f"Without limits **{share(fmean(exact.values()))}**."]
    claim = CLAIMS.get(axis)
    if claim and (own := [row[1:] for row in done if row[0] == claim.value]):
        _, before, after = (fmean(column) for column in zip(*own, strict=True))
        said.append(
            f"The paper: {claim.text}, after training on. Ours at {claim.value:g}: {share(before)} as it is, "
            f"**{share(after)}** after, less without limits {_over_seeds([late - whole for whole, _, late in own])}."
        )
    pairs = {value: [row[2:] for row in done if row[0] == value] for value, *_ in done}
    won = {value: [after - before for before, after in some] for value, some in pairs.items()}
    most = max(won, key=lambda value: fmean(won[value]))
    if fmean(won[most]) > 0.01:
        before, after = (fmean(column) for column in zip(*pairs[most], strict=True))
        said.append(
            f"Training on changes most at {most:g}: {share(before)} to **{share(after)}**, {_over_seeds(won[most])}."
        )
    return " ".join(said)


def epochs_chart(rows: Sequence[Tuned], exact: float | None, epochs: int) -> Chart:
    """Returns the chart of accuracy and spikes over the epochs of one fine-tuning."""
    figure = empty("epoch of training on", "test accuracy", tickformat=".1%")
    figure["layout"]["xaxis"] |= {"range": [-0.2, epochs + 0.2], "dtick": max(1, epochs // 6)}
    figure["data"].append(
        {
            "type": "scatter",
            "x": [row.epoch for row in rows],
            "y": [round(row.accuracy, 5) for row in rows],
            "name": "under the limits",
            "mode": "lines+markers",
            "line": {"color": AFTER, "width": 2.5},
        }
    )
    if exact is not None:
        figure["data"].append(
            {
                "type": "scatter",
                "x": [0, epochs],
                "y": [exact, exact],
                "name": "without limits",
                "mode": "lines",
                "line": {"color": EXACT, "width": 1.5, "dash": "dash"},
            }
        )
    last = rows[-1]
    caption = (
        f"At epoch 0 as it is. {last.spikes:.2f} spikes per neuron at epoch {last.epoch}; the answer is read after "
        f"{last.latency:.3g} τ_c."
    )
    return Chart("limits_epochs", "Training on through these limits", caption, figure, height=250)


def _over_seeds(differences: Sequence[float]) -> str:
    """Paired differences of accuracies."""
    return difference_text(confidence_interval(differences), scale=100)
