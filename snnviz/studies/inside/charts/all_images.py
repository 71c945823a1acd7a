"""Figures of a network on all test images: confusion matrix, accuracy by time step, spikes and potentials by layer.

They are made of the `Answer` of `compute.overview.overview`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from snnviz.studies.inside.charts.many_layers import MOST_LINES, draw_distributions, largest
from snnviz.studies.inside.charts.time import GRAY, class_name
from snnviz.studies.inside.look import Answer, Array
from snnviz.theory.intervals import wilson_interval
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import space_percents

POTENTIALS = np.linspace(-3, 3, 61)
RATES = np.linspace(0, 1, 21)
"""Edges of the bins, as `compute.overview` has them."""

SEEN_BEYOND = 0.005
"""Potentials of a layer that lie beyond the histogram are told from this share on."""

ENOUGH = 0.99
"""So large a share of the accuracy with all time steps suffices."""


def counts(answer: Answer) -> Array:
    """Returns the confusion matrix of an overview in numbers of images, (classes, classes): rows are true classes,
    columns predicted ones.
    """
    classes = answer.about["classes"]
    found = np.zeros((classes, classes), np.int64)
    np.add.at(found, (answer.arrays["labels"], answer.arrays["predicted"]), 1)
    return found


def confusion_chart(answer: Answer, names: Sequence[str] = ()) -> Chart:
    """Returns the confusion matrix as a heat map; a click on a cell lists its images. `names`: names of the classes,
    if any.
    """
    table = counts(answer)
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    words = [class_name(number, names) for number in range(len(table))]
    figure = empty("answer", "true class")
    layout = figure["layout"]
    layout["xaxis"] |= {"tickvals": list(range(len(table))), "ticktext": words, "constrain": "domain"}
    layout["yaxis"] |= {"tickvals": list(range(len(table))), "ticktext": words, "autorange": "reversed"}
    layout["hovermode"] = "closest"
    trace: dict[str, Any] = {
        "type": "heatmap",
        "z": np.round(shares, 4).tolist(),
        "zmin": 0,
        "zmax": 1,
        "meta": "confusion",
        "customdata": [[[f"{count:,}", f"{i} {j}"] for j, count in enumerate(row)] for i, row in enumerate(table)],
        "hovertemplate": "true %{y}, answer %{x}: %{customdata[0]} images, %{z:.1%}<extra></extra>",
        "colorbar": {"tickformat": ".0%", "thickness": 12},
    }
    if len(table) <= 12:
        trace |= {
            "text": [[f"{count:,}" if count else "" for count in row] for row in table],
            "texttemplate": "%{text}",
        }
    figure["data"].append(trace)
    right = f"{answer.about['accuracy']:.1%} of {answer.about['images']:,}"
    caption = (
        f"Rows are true classes: {right} test images are told right, on the diagonal. A click shows a cell's images."
    )
    return Chart("inside_confusion", "What is confused", caption, figure, 420)


def steps_chart(answer: Answer) -> Chart:
    """Returns a line chart of the test accuracy if only the first 1, 2, ... T time steps were used."""
    by_steps = answer.about["by_steps"]
    figure = empty("time steps allowed", "accuracy", tickformat=".1~%")
    figure["data"].append(
        {
            "type": "scatter",
            "x": list(range(1, len(by_steps) + 1)),
            "y": [round(share, 5) for share in by_steps],
            "name": "accuracy",
            "mode": "lines+markers",
            "hovertemplate": "%{y:.1%}<extra></extra>",
        }
    )
    return Chart("inside_steps", "Accuracy by time steps", steps_text(answer), figure, 300)


def steps_text(answer: Answer) -> str:
    """Returns a sentence that says after how many time steps the accuracy is (almost) that of all steps."""
    by_steps = answer.about["by_steps"]
    enough = next(n for n, share in enumerate(by_steps, 1) if share >= ENOUGH * by_steps[-1])
    needed = float(np.mean(answer.arrays["steps_needed"]))
    if len(by_steps) == 1:
        return "This network has one time step."
    settled = f"An image's answer last changes at step {needed:.1f} on average."
    if enough == len(by_steps):
        return f"All {len(by_steps)} steps are needed for {by_steps[-1]:.1%}. {settled}"
    whole = f"all {len(by_steps)} steps reach {by_steps[-1]:.1%}"
    return f"T = {enough} would have sufficed for {by_steps[enough - 1]:.1%}; {whole}. {settled}"


def classes_chart(answer: Answer, names: Sequence[str] = ()) -> Chart:
    """Returns a bar chart of the accuracy on the images of each class. `names`: names of the classes, if any."""
    table = counts(answer)
    total = table.sum(1)
    figure = empty("true class", "accuracy", tickformat=".0%")
    words = [class_name(number, names) for number in range(len(table))]
    figure["layout"]["xaxis"] |= {"type": "category"}
    shares = [hit / count if count else None for hit, count in zip(table.diagonal().tolist(), total, strict=True)]
    ends = [wilson_interval(int(hit), int(count)) for hit, count in zip(table.diagonal(), total, strict=True)]
    both = [(share, *end) for share, end in zip(shares, ends, strict=True)]
    figure["data"].append(
        {
            "type": "bar",
            "x": words,
            "y": [None if share is None else round(share, 4) for share in shares],
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [None if share is None else round(high - share, 4) for share, _, high in both],
                "arrayminus": [None if share is None else round(share - low, 4) for share, low, _ in both],
                "color": GRAY,
                "thickness": 1.5,
            },
            "customdata": [
                [f"{count:,}", f"{low:.1%} to {high:.1%}"] for count, (low, high) in zip(total, ends, strict=True)
            ],
            "hovertemplate": "%{y:.1%} of %{customdata[0]} images (95 %: %{customdata[1]})<extra></extra>",
        }
    )
    never = [word for word, answers in zip(words, table.sum(0), strict=True) if not answers]
    caption = "Share of each class's images that are told right, with its 95 % interval over images (Wilson's score)."
    if never:
        caption += f" Never given as an answer: {', '.join(never)}."
    return Chart("inside_classes", "Accuracy by class", caption, figure, 300)


def rates_chart(answer: Answer) -> Chart:
    """Returns a heat map: for each layer (row) the distribution of its neurons' firing rates (columns)."""
    layers = answer.about["layers"]
    figure = empty("firing rate, spikes per time step", "layer")
    layout = figure["layout"]
    layout["xaxis"] |= {"tickformat": ".0%"}
    layout["yaxis"] |= {"autorange": "reversed"}
    layout["hovermode"] = "closest"
    shares = [np.array(one["rates"]) / one["neurons"] for one in layers]
    figure["data"].append(
        {
            "type": "heatmap",
            "x": [round(float(edge), 3) for edge in (RATES[:-1] + RATES[1:]) / 2],
            "y": [one["name"] for one in layers],
            "z": [np.round(row, 4).tolist() for row in shares],
            "hovertemplate": "%{y}: %{z:.1%} of the neurons at about %{x:.0%}<extra></extra>",
            "colorbar": {"tickformat": ".0%", "thickness": 12},
        }
    )
    dead, loud = (
        {f"{one['name']} {one[what]:.0%}": one[what] for one in layers if one[what] >= 0.005}
        for what in ("dead", "saturated")
    )
    caption = "Share of a layer's neurons by firing rate over all test images."
    caption += f" Never spike: {largest(dead)}." if dead else " Every neuron spikes for some image."
    caption += f" Spike at every step of every image: {largest(loud)}." if loud else ""
    return Chart("inside_rates", "Firing rates", caption, figure, _tall(layers))


def _tall(layers: Collection[object]) -> int:
    """Height of a heat map with a row for each layer."""
    return min(900, max(240, 60 + 34 * len(layers)))


def potentials_chart(answer: Answer) -> Chart:
    """Returns a chart of the distribution of the membrane potential u of each layer as lines, in units of the
    threshold.
    """
    layers = answer.about["layers"]
    figure = empty("u / threshold", "share of neurons and steps", rangemode="tozero", tickformat=".3~%")
    middle = [round(float(edge), 3) for edge in (POTENTIALS[:-1] + POTENTIALS[1:]) / 2]
    beyond, drawn = {}, {}
    for one in layers:
        shares = answer.arrays[f"potentials.{one['index']}"]
        drawn[one["name"]] = [float(f"{share:.4g}") for share in shares[1:-1]]
        if (left_out := float(shares[0] + shares[-1])) >= SEEN_BEYOND:
            beyond[f"of {one['name']} {shares[0]:.0%} below and {shares[-1]:.0%} above"] = left_out
    draw_distributions(figure, list(drawn), middle[1:-1], drawn, ".2%")
    line = {"color": "var(--st-gray-text-color)", "dash": "dash", "width": 1.5}
    figure["layout"]["shapes"] = [{"type": "line", "x0": 1, "x1": 1, "yref": "paper", "y0": 0, "y1": 1, "line": line}]
    caption = (
        "Potentials before the reset over all test images and steps; right of the dashed line at 1 a neuron spikes."
    )
    if beyond:
        caption += f" Not drawn, as it is beyond: {largest(beyond, '; ')}."
    return Chart("inside_potentials", "Potentials", caption, figure, _distributed(layers))


def _distributed(layers: Collection[object]) -> int:
    """Height of a chart of the distributions of layers."""
    return 320 if len(layers) <= MOST_LINES else _tall(layers)


def intervals_chart(answer: Answer) -> Chart | None:
    """Returns a chart of the distribution of inter-spike intervals (in time steps) of each layer; None if there is one
    time step.
    """
    layers = answer.about["layers"]
    if answer.about["steps"] < 2:
        return None
    figure = empty("time steps from a spike to the next", "share of pairs of spikes", tickformat=".0%")
    found = {one["name"]: answer.arrays[f"intervals.{one['index']}"] for one in layers}
    shares = {name: np.round(many / many.sum(), 4).tolist() for name, many in found.items() if many.sum()}
    draw_distributions(figure, list(found), list(range(1, max(2, answer.about["steps"]))), shares, ".1%")
    return Chart(
        "inside_intervals",
        "Inter-spike intervals",
        "Of all spikes that follow another of the same neuron and image: after how many steps they do.",
        figure,
        _distributed(layers),
    )


def by_class_chart(answer: Answer, names: Sequence[str] = ()) -> Chart:
    """Returns a heat map of the mean firing rate of each layer (row) on the images of each class (column).

    names: names of the classes, if any.
    """
    layers = answer.about["layers"]
    words = [class_name(number, names) for number in range(answer.about["classes"])]
    figure = empty("true class", "layer")
    figure["layout"]["xaxis"] |= {"type": "category"}
    figure["layout"]["yaxis"] |= {"autorange": "reversed"}
    figure["layout"]["hovermode"] = "closest"
    figure["data"].append(
        {
            "type": "heatmap",
            "x": words,
            "y": [one["name"] for one in layers],
            "z": [[float(f"{rate:.4g}") for rate in answer.arrays[f"by_class.{one['index']}"]] for one in layers],
            "hovertemplate": "%{y}, class %{x}: %{z:.2%}<extra></extra>",
            "colorbar": {"tickformat": ".1%", "thickness": 12},
        }
    )
    caption = "Spikes per neuron and time step on the test images of each class."
    return Chart("inside_by_class", "Firing rate by class", caption, figure, _tall(layers))


def charts_of(answer: Answer, names: Sequence[str] = ()) -> list[Chart]:
    """Returns all figures on a network's overview, in the order of the page; without those of spikes if no layer
    spikes.

    names: names of the classes, if any.
    """
    found = [confusion_chart(answer, names), steps_chart(answer), classes_chart(answer, names)]
    if answer.about["layers"]:
        found += [rates_chart(answer), potentials_chart(answer), by_class_chart(answer, names)]
        if (intervals := intervals_chart(answer)) is not None:
            found.append(intervals)
    return [replace(chart, caption=space_percents(chart.caption)) for chart in found]


def layer_table(answer: Answer) -> pd.DataFrame:
    """Returns a table with a row for each layer with neurons: size, firing rate, share of dead neurons, synchrony, and
    more.
    """
    return pd.DataFrame(
        [
            {
                "layer": one["name"],
                "neurons": one["neurons"],
                "rate": 100 * one["rate"],
                "never spike": 100 * one["dead"],
                "always spike": 100 * one["saturated"],
                "synchrony": one["synchrony"],
                "u / threshold, mean": one["mean_u"],
                "u / threshold, sd": one["sd_u"],
                "surrogate gradient": 100 * one["gradient"],
            }
            for one in answer.about["layers"]
        ]
    )


MOST_NAMED = 40
"""Neurons of a layer that are named; the file of rates has all."""


def stuck_neurons_table(answer: Answer) -> pd.DataFrame:
    """Returns a table of the neurons of each layer that never spike, and of those that spike at every step of every
    image.
    """
    rows = []
    for one in answer.about["layers"]:
        rates = answer.arrays[f"rates.{one['index']}"]
        for what, places in (("never", np.flatnonzero(rates == 0)), ("always", np.flatnonzero(rates == 1))):
            if len(places):
                named = ", ".join(map(str, places[:MOST_NAMED]))
                more = f" and {len(places) - MOST_NAMED:,} more" if len(places) > MOST_NAMED else ""
                rows.append({"layer": one["name"], "spikes": what, "neurons": len(places), "which": named + more})
    return pd.DataFrame(rows)


def misclassified_first(answer: Answer) -> Array:
    """Returns the indices of all test images, misclassified ones first, otherwise in order."""
    wrong = answer.arrays["predicted"] != answer.arrays["labels"]
    return np.argsort(~wrong, kind="stable")
