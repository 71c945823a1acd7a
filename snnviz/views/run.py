"""The charts of one run, and of several on top of each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from snnviz.events import EpochEnd, LayerState, Sample
from snnviz.views.chart import Chart, empty, frame, shade

TRAIN, TEST = "#8c8c96", "#0f9d8a"
CHANCE = {"dash": "dot", "width": 1, "color": "#999999"}
MOST_NAMED = 12
"""More layers than this are told apart by shade and hover, not by a legend."""


def run_charts(samples: Sequence[Sample], layers: Sequence[LayerState], epochs: Sequence[EpochEnd]) -> list[Chart]:
    """Accuracy, loss, and each layer's rate, Var[u] and gradient norm over the epochs of one run."""
    training, tests = frame(samples, Sample), frame(epochs, EpochEnd)
    states = frame(layers, LayerState)
    spiking = states[states["rate"].notna()]
    return [
        _scores("accuracy", "Accuracy", training, tests, percent=True),
        _scores("loss", "Loss", training, tests, percent=False),
        Chart(
            "rate",
            "Firing rate per layer",
            "Spikes per neuron and time step on a fixed batch of 64 images. A line at 0 is a silent layer.",
            _by_layer(spiking, "rate", "spikes / neuron / step", percent=True),
        ),
        Chart(
            "var_u",
            "Var[u] per layer",
            "Variance of the membrane potential over a layer's neurons, before reset. Logarithmic.",
            _by_layer(states, "var_u", "Var[u]", log=True),
        ),
        Chart(
            "var_u_map",
            "Var[u], layer by epoch",
            "The same variance as a map: a dark row is a layer that hardly moves.",
            _heat(states, "var_u"),
        ),
        Chart(
            "grad_norm",
            "Gradient norm per layer",
            "Norm of the loss gradient of each layer's weights. Lines far apart learn at different speeds.",
            _by_layer(states[states["grad_norm"].notna()], "grad_norm", "|dL/dW|", log=True),
        ),
    ]


def overlay_charts(runs: Mapping[str, Sequence[EpochEnd]]) -> list[Chart]:
    """Test accuracy, test loss and firing rate of several runs, by name."""
    wanted = (
        ("test_accuracy", "Test accuracy", "Share of test images that are classified correctly.", True),
        ("test_loss", "Test loss", "Mean cross-entropy on the test images.", False),
        ("rate", "Firing rate", "Spikes per neuron and time step on the test images: the network's activity.", True),
    )
    charts = []
    for column, title, caption, percent in wanted:
        figure = empty("epoch", title.lower(), **({"tickformat": ".0%"} if percent else {}))
        for name, rows in runs.items():
            table = frame(rows, EpochEnd)
            figure.add_scatter(
                x=_floats(table["epoch"]),
                y=_floats(table[column]),
                name=escape(name, quote=False),  # Plotly takes <b> and <a> for markup
                mode="lines+markers",
            )
        charts.append(Chart(f"overlay_{column}", title, caption, figure, height=320))
    return charts


def _scores(name: str, title: str, training: pd.DataFrame, tests: pd.DataFrame, *, percent: bool) -> Chart:
    figure = empty("epoch", title.lower(), **({"tickformat": ".0%", "range": [0, 1.02]} if percent else {}))
    figure.add_scatter(
        x=_floats(training["epoch"]), y=_floats(training[name]), name="train", mode="lines", line={"color": TRAIN}
    )
    figure.add_scatter(
        x=_floats(tests["epoch"]),
        y=_floats(tests[f"test_{name}"]),
        name="test",
        mode="lines+markers",
        line={"color": TEST, "width": 2.5},
    )
    caption = (
        "Share of images classified correctly: while training, and on test images the network never learnt from."
        if percent
        else "Cross-entropy. Training falling while test rises means the network learns its images by heart."
    )
    return Chart(name, title, caption, figure)


def _by_layer(states: pd.DataFrame, column: str, y: str, *, log: bool = False, percent: bool = False) -> go.Figure:
    figure = empty("epoch", y, **({"type": "log"} if log else {}), **({"tickformat": ".0%"} if percent else {}))
    figure.update_layout(hovermode="closest")
    count = states["layer"].nunique()
    for place, (_, rows) in enumerate(states.groupby("layer", sort=True)):
        values = _floats(rows[column])
        figure.add_scatter(
            x=_floats(rows["epoch"]),
            y=[v if v is not None and v > 0 else None for v in values] if log else values,
            name=str(rows["name"].iloc[0]),
            mode="lines+markers" if len(rows) < 3 else "lines",
            line={"color": shade(place, count)},
            showlegend=count <= MOST_NAMED,
        )
    return figure


def _heat(states: pd.DataFrame, column: str) -> go.Figure:
    figure = empty("epoch", "layer", autorange="reversed")
    figure.update_layout(hovermode="closest")
    if states.empty:
        return figure
    table = states.pivot(index="layer", columns="epoch", values=column)
    names = states.drop_duplicates("layer").set_index("layer")["name"].loc[table.index]
    values = table.to_numpy(dtype=float)
    logs = np.log10(np.where(values > 0, np.maximum(values, 1e-9), np.nan))
    figure.add_heatmap(
        x=[float(x) for x in table.columns],
        y=[str(name) for name in names],
        z=[[round(float(v), 3) if np.isfinite(v) else None for v in row] for row in logs],
        colorscale="Viridis",
        colorbar={"title": {"text": "log10", "side": "right"}, "thickness": 10},
        hovertemplate="%{y}, epoch %{x:.2f}: 10^%{z}<extra></extra>",
    )
    return figure


def _floats(column: pd.Series) -> list[float | None]:
    """Plain numbers, rounded to what a screen can show, with None for what is missing or infinite."""
    return [float(f"{value:.5g}") if pd.notna(value) and math.isfinite(value) else None for value in column]
