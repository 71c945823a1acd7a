"""Figures that compare two networks on the same image: both spike rasters and their difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from snnviz.studies.inside.charts.many_layers import layer_ticks
from snnviz.studies.inside.charts.time import class_name, raster_rows, rasters_chart, spiking_layers
from snnviz.studies.inside.look import Answer
from snnviz.views.chart import Chart, empty


def charts_of(one: Answer, two: Answer, words: tuple[str, str], names: Sequence[str] = ()) -> list[Chart]:
    """Returns the spike rasters of two networks for the same image (`Answer`s), on the same axes, and their difference
    if the layers have the same shapes.

    words: what the two networks are called, such as ("this one", "before training"). names: names of the classes, if
    any.
    """
    found = []
    axes = _common_axes(one, two)
    for k, (answer, word) in enumerate(zip((one, two), words, strict=True)):
        chart = rasters_chart(answer, names)
        title = f"{word.capitalize()}: answer {class_name(answer.about['predicted'][-1], names)}"
        data = [{key: value for key, value in trace.items() if key != "meta"} for trace in chart.figure["data"]]
        caption = chart.caption.replace("Click on a neuron to see its potential and where its current comes from. ", "")
        found.append(
            Chart(f"inside_raster_{k}", title, caption, {**chart.figure, "data": data}, chart.height, wide=True)
        )
        layout = chart.figure["layout"]
        layout |= {name: layout[name] | {"range": reach} for name, reach in axes.items()}
        found[-1].figure["layout"] = {**layout, "shapes": layout["shapes"][:-2]}
    if (difference := difference_chart(one, two, words)) is not None:
        found.append(difference)
    return found


def _common_axes(one: Answer, two: Answer) -> dict[str, list[float]]:
    """Ranges of the time steps and of the readout that hold both answers, by the name of their axis."""
    steps = max(one.about["steps"], two.about["steps"])
    said = np.concatenate([answer.arrays["readout"].ravel() for answer in (one, two)])
    margin = 0.05 * (float(np.ptp(said)) or 1.0)
    return {"xaxis": [0.5, steps + 0.5], "yaxis2": [float(said.min()) - margin, float(said.max()) + margin]}


def same_shapes(one: Answer, two: Answer) -> bool:
    """Returns whether two networks have the same layers, neurons and time steps."""
    shapes = [[(each["name"], each["shape"]) for each in answer.about["layers"]] for answer in (one, two)]
    return shapes[0] == shapes[1] and one.about["steps"] == two.about["steps"]


def difference_chart(one: Answer, two: Answer, words: tuple[str, str]) -> Chart | None:
    """Returns the raster of the first network minus that of the second: -1, 0 or 1 for each neuron and time step.

    words: what the two networks are called. None if the shapes of their layers differ or only a sample of the neurons
    was recorded.
    """
    shown = spiking_layers(one)
    sampled = any(layer.get("sampled") for answer in (one, two) for layer in answer.about["layers"])
    if not same_shapes(one, two) or sampled or not shown or shown != spiking_layers(two):
        return None
    steps = one.about["steps"]
    figure = empty("time step", "")
    layout = figure["layout"]
    layout["xaxis"] |= {"range": [0.5, steps + 0.5], "showgrid": False}
    layout["yaxis"] = {"showgrid": False, "zeroline": False, "range": [len(shown) + 0.02, -0.02]}
    height = min(1200, max(220, 80 * len(shown)))
    layout["yaxis"] |= layer_ticks([one.about["layers"][index]["name"] for index in shown], height - 60)
    layout["hovermode"] = "closest"
    layout["meta"] = {"y": "neuron"}
    for row, index in enumerate(shown):
        here, rows = raster_rows(one, index)
        values = here - raster_rows(two, index)[0]
        pitch = 0.92 / len(values)
        trace: dict[str, Any] = {
            "type": "heatmap",
            "x": list(range(1, steps + 1)),
            "y": [round(row + 0.04 + pitch * (k + 0.5), 5) for k in range(len(values))],
            "rownames": rows,
            "name": one.about["layers"][index]["name"],
            "z": np.round(values, 3).tolist(),
            "zmin": -1,
            "zmax": 1,
            "colorscale": [[0, "rgb(214,96,32)"], [0.5, "rgba(128,128,128,0.07)"], [1, "rgb(40,110,200)"]],
            "showscale": row == 0,
            "colorbar": {"tickvals": [-1, 0, 1], "ticktext": [words[1], "both or none", words[0]], "thickness": 12},
            "hovertemplate": f"{one.about['layers'][index]['name']}, step %{{x}}: %{{z:+.0%}}<extra></extra>",
        }
        figure["data"].append(trace)
    caption = f"Blue: a spike of {words[0]} alone; orange: of {words[1]} alone."
    return Chart("inside_difference", "Difference of the rasters", caption, figure, height, wide=True)


def layer_table(one: Answer, two: Answer, words: tuple[str, str]) -> pd.DataFrame:
    """Returns a table with a row for each spiking layer that both networks have by name: spikes and firing rate (%) of
    both.

    words: what the two networks are called, used as column headings.
    """
    other = {layer["name"]: layer for layer in two.about["layers"]}
    rows = []
    for layer in one.about["layers"]:
        theirs = other.get(layer["name"])
        if "spikes" not in layer or theirs is None or "spikes" not in theirs:
            continue
        rows.append(
            {
                "layer": layer["name"],
                f"spikes, {words[0]}": layer["spikes"],
                f"spikes, {words[1]}": theirs["spikes"],
                f"rate, {words[0]}": 100 * layer["spikes"] / (layer["neurons"] * one.about["steps"]),
                f"rate, {words[1]}": 100 * theirs["spikes"] / (theirs["neurons"] * two.about["steps"]),
            }
        )
    return pd.DataFrame(rows)
