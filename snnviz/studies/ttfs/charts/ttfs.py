"""Charts comparing a ReLU network with its TTFS twin: logits, and the activations of each layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from snnviz.data.datasets import DatasetCard
from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import share
from snnviz.views.styles import ordered_colour
from snnviz.views.words import axis_label

RELU, TTFS = "var(--st-gray-text-color)", "var(--st-orange-color)"
DOUBLE, SINGLE = float(np.finfo(np.float64).eps), float(np.finfo(np.float32).eps)
FLOOR = 1e-17
"""Smallest relative difference drawn on a logarithmic axis; differences of 0 are drawn here."""

POINTS = 3000


def verdict(pair: TwinPair) -> str:
    """Returns Markdown on how well a ReLU network and its TTFS (time-to-first-spike) twin agree."""
    count, apart = len(pair.relu.shown), pair.differences[-1]
    if pair.silent == "nothing":
        off = ", ".join(f"{late:.2g}" for late in pair.spike_time_errors[:8]) + (
            ", ..." if len(pair.spike_time_errors) > 8 else ""
        )
        return (
            "**Silent neurons send nothing, and no clock makes up for it: both networks say the same of "
            f"{share(pair.agreement)}** of {count} test images. {share(pair.accuracy)} are right instead of "
            f"{share(pair.relu.accuracy)}. Slopes lack the weights of all who were silent, and spikes come at wrong "
            f"times: by {off} τ_c on average, layer by layer."
        )
    same = f"all {count}" if pair.agreement == 1 else f"{share(pair.agreement)} of {count}"
    said = (
        f"Both networks say the same of **{same}** test images. Their logits differ by at most "
        f"**{apart:.2g}** of the largest: "
    )
    if apart < 1e-10:
        return said + "rounding, in double precision."
    full = max(pair.saturated)
    if full == 0 or pair.latency * DOUBLE > 1e-10 * min(pair.relu.largest):
        return said + "rounding: some layers' activations are small beside the time that it is by then."
    return said + (
        f"up to {share(full, 2)} of a layer's neurons have more to say than fits into their window, which is made for "
        "training images: a larger ζ helps."
    )


def image_chart(pair: TwinPair, image: int, card: DatasetCard) -> Chart:
    """Returns a picture of the test image that both networks get."""
    _, height, width = card.shape
    label = card.labels[int(pair.relu.labels[image])]
    names = [card.labels[int(said[image].argmax())] for said in (pair.relu.outputs[-1], pair.passed.logits)]
    figure = empty("", "")
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False}
    figure["layout"]["xaxis"] = {**axis, "constrain": "domain"}
    figure["layout"]["yaxis"] = {**axis, "autorange": "reversed", "scaleanchor": "x", "constrain": "domain"}
    figure["layout"] |= {"hovermode": "closest", "margin": {"l": 8, "r": 8, "t": 8, "b": 8}}
    figure["data"] = [
        {
            "type": "heatmap",
            "z": np.round(pair.relu.shown[image].reshape(height, width), 3).tolist(),
            "zmin": 0,
            "zmax": 1,
            "colorscale": [[0, "#101418"], [1, "#ffffff"]],
            "showscale": False,
            "hovertemplate": "intensity %{z:.2f}<br>spikes at t = 1 − intensity<extra></extra>",
        }
    ]
    said = names[0] if names[0] == names[1] else f"{names[0]} (ReLU), {names[1]} (TTFS)"
    caption = f"It is a {label}; the networks say {said}. A bright pixel spikes early, a black one never."
    return Chart("ttfs_image", f"Test image {image}", caption, figure, height=250)


def logits_chart(pair: TwinPair, image: int, card: DatasetCard) -> Chart:
    """Returns the chart of the logits of both networks for one image."""
    figure = empty("class", "logit")
    both = {"ReLU": (pair.relu.outputs[-1][image], RELU), "TTFS": (pair.passed.logits[image], TTFS)}
    apart = np.abs(both["ReLU"][0] - both["TTFS"][0])
    for name, (values, colour) in both.items():
        figure["data"].append(
            {
                "type": "bar",
                "x": list(card.labels),
                "y": [float(f"{value:.6g}") for value in values],
                "name": name,
                "marker": {"color": colour},
                "customdata": [f"{value:.17g}" for value in values],
                "hovertemplate": "%{customdata}",
            }
        )
    figure["layout"]["barmode"] = "group"
    figure["layout"]["xaxis"]["type"] = "category"
    caption = (
        "A ReLU network's last layer adds numbers up; a TTFS network's potential is read when the last window ends. "
        f"Largest difference: {apart.max():.2g}."
    )
    return Chart("ttfs_logits", "Logits of this image", caption, figure, height=250)


def difference_chart(pair: TwinPair) -> Chart:
    """Returns the chart of the largest relative difference of the two networks' activations, layer by layer."""
    names, apart = pair.relu.names, pair.differences
    top = max(0.2, float(np.log10(max(max(apart), FLOOR))) + 0.6)
    figure = empty("layer", "relative difference", type="log", exponentformat="power", range=[-17.4, top])
    figure["layout"]["hovermode"] = "closest"
    figure["layout"]["yaxis"]["dtick"] = 4
    figure["data"] = [
        {
            "type": "scatter",
            "x": [axis_label(name) for name in names],
            "y": [max(value, FLOOR) for value in apart],
            "mode": "lines+markers" if len(names) < 60 else "lines",
            "marker": {"color": TTFS, "size": 9},
            "line": {"color": TTFS, "width": 2},
            "customdata": [f"{value:.2e}" if value else "none at all" for value in apart],
            "hovertemplate": "%{x}: %{customdata}<extra></extra>",
        }
    ]
    figure["layout"]["shapes"] = [_across(DOUBLE), _across(SINGLE)]
    figure["layout"]["annotations"] = [
        _word("double precision", DOUBLE) | {"yanchor": "top"},
        _word("single precision", SINGLE),
    ]
    caption = (
        "Of activations x and t_max − t, and of the logits: the largest difference by the largest value of its image. "
        "Dotted: the precision of the numbers themselves."
    )
    return Chart("ttfs_differences", "Layer by layer", caption, figure, height=250)


def _across(y: float) -> dict[str, Any]:
    line = {"color": RELU, "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}


def _word(text: str, y: float) -> dict[str, Any]:
    place = {"xref": "paper", "x": 1, "xanchor": "right", "y": float(np.log10(y)), "yanchor": "bottom"}
    return {"text": text, "showarrow": False, "font": {"size": 11, "color": RELU}, **place}


def scatter_chart(pair: TwinPair, layer: int, image: int) -> Chart:
    """Returns the chart of a hidden layer's activations (layer from 0) against those decoded from its spike times."""
    said, decoded = pair.relu.outputs[layer], pair.decoded_activations[layer]
    name, window = pair.relu.names[layer], pair.hidden[layer].window
    figure = empty("x, what the ReLU says", "t_max − t, what the spike says (τ<sub>c</sub>)")
    figure["layout"]["hovermode"] = "closest"
    places = np.random.default_rng(0).permutation(said.size)[:POINTS]
    others = np.unravel_index(np.sort(places), said.shape)
    full = max(float(said.max()), window.width) or 1.0
    figure["data"] = [
        {
            "type": "scatter",
            "x": [0, full],
            "y": [0, full],
            "mode": "lines",
            "line": {"color": RELU, "width": 1, "dash": "dot"},
            "name": "equal",
            "hoverinfo": "skip",
        },
        _points(
            said[others], decoded[others], "all images", {"color": ordered_colour(1, 5), "size": 4, "opacity": 0.5}
        ),
        _points(said[image], decoded[image], "this image", {"color": TTFS, "size": 7}),
    ]
    figure["layout"]["shapes"] = [_across(window.width)]
    figure["layout"]["annotations"] = [
        {
            "text": "t = t_min: the window is full",
            "showarrow": False,
            "xref": "paper",
            "x": 0.02,
            "y": window.width,
            "yanchor": "top",
            "xanchor": "left",
            "font": {"size": 11, "color": RELU},
        }
    ]
    shown = "" if said.size <= POINTS else f" {POINTS:,} of {said.size:,} points."
    where = "at 0 are the silent ones, whose x is 0" if pair.silent == "clock" else "dotted is where they should be"
    caption = f"Each point a neuron and an image; {where}.{shown}"
    return Chart("ttfs_scatter", f"Layer {name}: numbers and times", caption, figure, height=540)


def _points(x: Any, y: Any, name: str, marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": np.round(x, 5).tolist(),
        "y": np.round(y, 5).tolist(),
        "mode": "markers",
        "marker": marker,
        "name": name,
    }


def layer_table(pair: TwinPair) -> pd.DataFrame:
    """Returns a table with a row for each hidden layer: its time window, largest activation, spikes, saturated neurons,
    and differences between the two networks.
    """
    rows = [
        {
            "layer": name,
            "neurons": len(layer.ramp),
            "start": layer.window.start,
            "end": layer.window.end,
            "largest": largest,
            "spikes": spikes,
            "full": full,
            "apart": apart,
            "late": late,
        }
        for name, layer, largest, spikes, full, apart, late in zip(
            pair.relu.names,
            pair.hidden,
            pair.relu.largest,
            pair.spikes,
            pair.saturated,
            pair.differences,
            pair.spike_time_errors,
            strict=False,
        )
    ]
    return pd.DataFrame(rows)
