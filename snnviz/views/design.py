"""Charts and table of a design before training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from snnviz.design.design import Design
from snnviz.design.menus import SURROGATES, Choice
from snnviz.graph.architectures import build_architecture
from snnviz.theory.variance import LayerForecast
from snnviz.views.chart import Chart, empty
from snnviz.views.stages import MOST_LABELS, layer_axis
from snnviz.views.words import axis_label
from snnviz.views.words import layer_label as called

RATE, VARIANCE = "#0f9d8a", "#d9822b"


def forecast_chart(layers: Sequence[LayerForecast]) -> Chart:
    """Returns the chart of firing rate and Var[u] of every layer at initialisation; for ReLUs of Var[u] alone."""
    spiking = [layer for layer in layers if layer.rate is not None]
    if not spiking:
        return _without_spikes(layers[:-1])
    names = [axis_label(layer.name) for layer in spiking]
    figure = empty("", "spikes / neuron / step", tickformat=".0%", rangemode="tozero")
    figure["data"] = [
        {
            "type": "bar",
            "x": names,
            "y": [round(layer.rate or 0, 5) for layer in spiking],
            "name": "firing rate",
            "marker": {"color": RATE},
        },
        {
            "type": "scatter",
            "x": names,
            "y": [round(layer.var_u, 4) for layer in spiking],
            "name": "Var[u]",
            "yaxis": "y2",
            "mode": _mode(spiking),
            "line": {"color": VARIANCE},
        },
        {
            "type": "scatter",
            "x": names,
            "y": [round(layer.single_step, 4) for layer in spiking],
            "name": "Var[u], one step",
            "yaxis": "y2",
            "mode": "lines",
            "line": {"color": VARIANCE, "dash": "dot", "width": 1.5},
        },
    ]
    figure["layout"]["xaxis"] |= layer_axis(names)
    right = {"title": {"text": "Var[u]"}, "overlaying": "y", "side": "right", "rangemode": "tozero", "showgrid": False}
    right["tickmode"] = "auto"  # round numbers of its own rather than ticks at the height of the left ones
    figure["layout"] |= {"yaxis2": right, "margin": {"l": 56, "r": 52, "t": 8, "b": 32}}
    caption = (
        "What theory expects before training (Micheli et al. 2024): bars for firing rates over all time steps, "
        "the line for the variance of the potential, dotted after a single step."
    )
    return Chart("forecast", "Predicted activity at initialisation", caption, figure, height=230, wide=True)


def _without_spikes(layers: Sequence[LayerForecast]) -> Chart:
    """Var[u] of ReLUs."""
    figure = empty("", "Var[u]", rangemode="tozero")
    figure["data"].append(
        {
            "type": "scatter",
            "x": [axis_label(layer.name) for layer in layers],
            "y": [float(f"{layer.var_u:.4g}") for layer in layers],
            "name": "Var[u]",
            "mode": _mode(layers),
            "line": {"color": VARIANCE},
        }
    )
    figure["layout"]["xaxis"] |= layer_axis([axis_label(layer.name) for layer in layers])
    caption = "What theory expects before training (He et al. 2015): the variance of what reaches the ReLUs."
    return Chart("forecast", "Predicted Var[u] at initialisation", caption, figure, height=230, wide=True)


def _mode(layers: Sequence[LayerForecast]) -> str:
    return "lines+markers" if len(layers) <= MOST_LABELS else "lines"


def surrogate_chart(choice: Choice) -> Chart:
    """Returns the chart of the surrogate derivative around the threshold."""
    x = np.linspace(-2, 2, 161)
    y = SURROGATES[choice.kind].function(x, **choice.parameters)
    figure = empty("u - theta", "ds/du", rangemode="tozero")
    figure["data"].append(
        {
            "type": "scatter",
            "x": x.round(3).tolist(),
            "y": np.round(y, 5).tolist(),
            "mode": "lines",
            "line": {"color": RATE},
            "fill": "tozeroy",
            "name": "ds/du",
        }
    )
    caption = "How strongly a neuron learns, by how far its potential is from the threshold."
    return Chart("surrogate", "Surrogate gradient", caption, figure, height=170, wide=True)


def layer_table(design: Design, layers: Sequence[LayerForecast]) -> pd.DataFrame:
    """Returns a table with a row for each layer: shapes, parameters, MACs per time step, and the forecast (rate in
    %).
    """
    rows = []
    for layer, seen in zip(build_architecture(design).watched, layers, strict=True):
        rows.append(
            {
                "layer": called(layer.name),
                "input": "x".join(map(str, layer.in_shape)),
                "output": "x".join(map(str, layer.out_shape)),
                "parameters": layer.parameters,
                "macs": layer.macs,
                "Var[u]": float(f"{seen.var_u:.3g}"),
                "rate": None if seen.rate is None else 100 * seen.rate,
            }
        )
    return pd.DataFrame(rows)
