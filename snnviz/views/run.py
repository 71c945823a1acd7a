"""The charts of one run, and of several runs on top of each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.views.chart import Chart, Figure, empty
from snnviz.views.stages import layer_axis, layer_rows
from snnviz.views.styles import LineStyle, ordered_styles
from snnviz.views.styles import layer_styles as looks_of
from snnviz.views.words import axis_label as placed
from snnviz.views.words import layer_label as called

TRAIN, TEST, VALIDATION = "#8c8c96", "#0f9d8a", "#d9822b"
MOST_NAMED = 12
"""Largest number of lines with a legend; more are distinguished by shade and hover."""

HEIGHT = 280
LEGEND_WIDTH = 310
NAME_HEIGHT = 20
"""Height of a line of a legend in pixels."""

MOST_LINES = 30
"""Largest number of layers drawn as lines; more are rows of a heat map."""

MAP_HEIGHT = 380

MOST_POINTS = 300
"""Largest number of points of a line or a map; longer histories are thinned."""


PROBED = ("rate", "var_u", "saturation")
"""Columns measured on the probe batch; others are of training steps or of the network."""


States = Sequence[Sequence[LayerState]]
"""The states of each layer over time, by layer."""


def run_charts(
    samples: Sequence[Sample],
    layers: Sequence[LayerState],
    epochs: Sequence[EpochEnd],
    branches: Sequence[Branch] = (),
    past: str = "",
    on: str = "the probe batch",
) -> list[Chart]:
    """Returns the charts of a run over its epochs: accuracy, loss, and each layer's rate, Var[u] and gradient norm.

    With shortcut branches (auxiliary classifiers) also their losses and the saturation of surrogates; learnt leaks and
    thresholds if there are any. `past`: a sentence on leaks that were clipped. `on`: which images layers are measured
    on; later measurements of runs of early releases are separate points.
    """
    by_layer: dict[int, list[LayerState]] = {}
    for state in layers:
        by_layer.setdefault(state.layer, []).append(state)
    states = [_thinned(by_layer[layer]) for layer in sorted(by_layer)]
    scores = [
        _scores("accuracy", "Accuracy", samples, epochs, percent=True),
        _scores("loss", "Loss", samples, epochs, percent=False),
    ]
    looks = looks_of([rows[0].name for rows in states])
    if branches:
        scores[1].figure["data"] += _branch_losses(branches, looks)
    deep = len(states) > MOST_LINES
    high = height([rows[0].name for rows in states])
    found = [replace(chart, height=high) for chart in scores + (_maps(states, on) if deep else _lines(states, on))]
    if branches:
        found.append(_saturation(states, on, found[-1].height))
    found += _learnt(states, past, found[-1].height)
    if len(samples) and not any(row.grad_norm is not None for rows in states for row in rows):
        found = [chart for chart in found if chart.id != "grad_norm"]  # unwatched
    without_spikes = states and all(rows[0].rate is None for rows in states)
    return [chart for chart in found if not (without_spikes and chart.id.startswith("rate"))]


def height(names: Sequence[str]) -> int:
    """Returns the height in pixels of charts with these layers, including the legend above them."""
    if not 0 < len(names) <= MOST_NAMED:
        return MAP_HEIGHT if len(names) > MOST_LINES else HEIGHT
    columns = max(1, LEGEND_WIDTH // (50 + 7 * max(len(called(name)) for name in names)))
    return HEIGHT + NAME_HEIGHT * max(0, -(-len(names) // columns) - 2)


def _lines(states: States, on: str) -> list[Chart]:
    return [
        Chart(
            "rate",
            "Firing rate per layer",
            f"Spikes per neuron and time step on {on}. A line at 0 is a silent layer.",
            _by_layer(states, "rate", "spikes / neuron / step", percent=True),
        ),
        Chart(
            "var_u",
            "Var[u] per layer",
            f"Variance of the membrane potential over a layer's neurons, before reset, on {on}. Logarithmic.",
            _by_layer(states, "var_u", "Var[u]", log=True),
        ),
        Chart(
            "var_u_map",
            "Var[u], layer by epoch",
            f"The same variance as a map: a dark row is a layer that hardly moves.{_ends(states)}",
            _heat(states, "var_u"),
        ),
        Chart(
            "grad_norm",
            "Gradient norm per layer",
            "Norm of the loss gradient of each layer's weights. Where lines are far apart, SGD moves layers at "
            "different speeds; Adam divides a gradient by its size.",
            _by_layer(states, "grad_norm", "|dL/dW|", log=True),
        ),
    ]


def _ends(states: States) -> str:
    """A word on columns of a map that are of other images than their neighbours."""
    return " Columns at its ends: measured anew." if any(_apart(rows)[1] for rows in states) else ""


def _branch_losses(branches: Sequence[Branch], looks: Mapping[str, LineStyle]) -> list[dict[str, Any]]:
    """A thin dotted line for each, with the colour and the markers of its layer."""
    found = []
    for layer in sorted({branch.layer for branch in branches}):
        rows = _thinned([branch for branch in branches if branch.layer == layer])
        look = replace(looks.get(rows[0].name, LineStyle(TRAIN)), dash="dot").trace(width=1.3)
        found.append({**_line(rows, "loss"), **look, "name": f"branch {called(rows[0].name)}"})
    return found


def _saturation(states: States, on: str, height: int) -> Chart:
    caption = f"Share of neurons whose surrogate derivative is below 1 % of its peak, on {on}."
    return Chart("saturation", "Surrogate saturation, layer by epoch", caption, _heat(states, "saturation"), height)


def _learnt(states: States, past: str, height: int) -> list[Chart]:
    """Of layers that learn it: the leak, the threshold."""
    wanted = (
        ("beta", "Learnt leak per layer", "Share of the potential that is kept a step, as it acts: from 0 to 1."),
        ("threshold", "Learnt threshold per layer", "Potential above which a layer's neurons spike: from 0."),
    )
    return [
        Chart(column, title, f"{caption} {past}".strip(), _by_layer(states, column, column), height)
        for column, title, caption in wanted
        if any(getattr(rows[-1], column) is not None for rows in states)
    ]


def _maps(states: States, on: str) -> list[Chart]:
    """The same of a deep network."""
    return [
        Chart(
            "rate",
            "Firing rate, layer by epoch",
            f"Spikes per neuron and time step on {on}. A dark row is a silent layer.",
            _heat(states, "rate"),
        ),
        Chart(
            "rate_profile",
            "Firing rate through the network",
            "The rate of each layer, from the first to the last: before training, and now.",
            _profile(states),
        ),
        Chart(
            "var_u_map",
            "Var[u], layer by epoch",
            f"Variance of the membrane potential before reset, on {on}. A dark row is a layer that hardly moves.",
            _heat(states, "var_u"),
        ),
        Chart(
            "grad_norm",
            "Gradient norm, layer by epoch",
            "Norm of the loss gradient of each layer's weights. Where rows differ, SGD moves layers at different "
            "speeds; Adam divides a gradient by its size.",
            _heat(states, "grad_norm"),
        ),
    ]


HELD = "On the training images that a run holds out, to choose by."


def overlay_charts(runs: Mapping[str, Sequence[EpochEnd]]) -> list[Chart]:
    """Returns charts of test accuracy, test loss and firing rate of several runs, by name, and of held-out images if
    any.

    With more than `MOST_NAMED` runs names are only shown on hover.
    """
    named = len(runs) <= MOST_NAMED
    below = NAME_HEIGHT * len(runs) if named else 0
    looks = ordered_styles(len(runs))
    wanted = (
        ("test_accuracy", "Test accuracy", "Share of test images that are classified correctly.", True),
        ("test_loss", "Test loss", "Mean cross-entropy on the test images.", False),
        ("rate", "Firing rate", "Spikes per neuron and time step on the test images: the network's activity.", True),
        ("validation_accuracy", "Validation accuracy", f"{HELD} Share that is classified correctly.", True),
        ("validation_loss", "Validation loss", f"{HELD} Mean cross-entropy.", False),
    )
    held = any(row.validation_accuracy is not None for rows in runs.values() for row in rows)
    charts = []
    for column, title, caption, percent in wanted if held else wanted[:3]:
        figure = empty("epoch", title.lower(), **({"tickformat": ".0%"} if percent else {}))
        figure["layout"]["hovermode"] = "closest"
        figure["layout"]["margin"] = {**figure["layout"]["margin"], "b": 44 + below}
        figure["layout"]["legend"] = {"orientation": "v", "yref": "container", "y": 0, "yanchor": "bottom"}
        figure["layout"]["showlegend"] = named
        for (name, rows), look in zip(runs.items(), looks, strict=True):
            # Plotly takes <b> and <a> for markup.
            words = {"name": escape(name, quote=False), "hovertemplate": _hover(percent=percent)}
            figure["data"].append({**_line(_thinned(rows), column), **look.trace(), **words})
        charts.append(Chart(f"overlay_{column}", title, caption, figure, height=280 + below))
    return charts


def _hover(*, percent: bool) -> str:
    return f"%{{fullData.name}}<br>epoch %{{x}}: %{{y:{'.1%' if percent else '.3f'}}}<extra></extra>"


def _scores(name: str, title: str, samples: Sequence[Sample], epochs: Sequence[EpochEnd], *, percent: bool) -> Chart:
    figure = empty("epoch", title.lower(), **({"tickformat": ".0%", "range": [0, 1.02]} if percent else {}))
    training, test = _line(_thinned(samples), name), _line(_thinned(epochs), f"test_{name}")
    figure["data"] = [
        {**training, "name": "train", "mode": "lines", "line": {"color": TRAIN}},
        {**test, "name": "test", "mode": "lines+markers", "line": {"color": TEST, "width": 2.5}},
    ]
    caption = (
        "Share of images classified correctly: while training, and on test images the network never learnt from."
        if percent
        else "Cross-entropy. Training falling while test rises means the network learns its images by heart."
    )
    if held := [row for row in epochs if getattr(row, f"validation_{name}") is not None]:
        look = {
            "name": "validation",
            "mode": "lines+markers",
            "line": {"color": VALIDATION, "width": 2, "dash": "dash"},
        }
        figure["data"].append({**_line(_thinned(held), f"validation_{name}"), **look})
        caption += " Validation: training images that are held out, to choose by."
    return Chart(name, title, caption, figure)


def _by_layer(
    states: Sequence[Sequence[LayerState]], column: str, y: str, *, log: bool = False, percent: bool = False
) -> Figure:
    logarithmic = {"type": "log", "tickformat": ".3~g"} if log else {}  # whole numbers at each tick, where "2" meant 20
    figure = empty("epoch", y, **logarithmic, **({"tickformat": ".0%"} if percent else {}))
    figure["layout"]["hovermode"] = "closest"
    looks = looks_of([rows[0].name for rows in states])
    lines = [[row for row in rows if getattr(row, column) is not None] for rows in states]
    lines = [rows for rows in lines if rows]
    for rows in lines:
        old, anew = _apart(rows) if column in PROBED else (rows, [])
        look = looks[rows[0].name].trace()
        figure["data"].append(
            {
                **_line(old, column),
                **look,
                "name": called(rows[0].name),
                "showlegend": len(lines) <= MOST_NAMED,
            }
        )
        if anew:
            more = {"name": f"{called(rows[0].name)}, measured anew", "mode": "markers", "showlegend": False}
            figure["data"].append({**_line(anew, column), **look, **more})
    if log:
        for line in figure["data"]:
            line["y"] = [value if value is not None and value > 0 else None for value in line["y"]]
    return figure


def _apart(rows: Sequence[LayerState]) -> tuple[Sequence[LayerState], Sequence[LayerState]]:
    """Looks of before, and those among them that were measured anew, on other images: no line leads to these."""
    old = [row for row in rows if row.probe is None]
    return (old, [row for row in rows if row.probe is not None]) if old else (rows, [])


def _heat(states: States, column: str) -> Figure:
    """A row a layer, those left out that never say anything; rates as they are, all else as its logarithm."""
    figure = empty("epoch", "layer", autorange="reversed")
    figure["layout"]["hovermode"] = "closest"
    rows = [[row for row in rows if getattr(row, column) is not None] for rows in states]
    rows = [row for row in rows if row]
    epochs = sorted({state.epoch for row in rows for state in row})
    if not epochs:
        return figure
    share = column in ("rate", "saturation")
    shown = _number if share else _logarithm
    seen = [{state.epoch: shown(getattr(state, column)) for state in row} for row in rows]
    names = [row[0].name for row in rows]
    figure["layout"]["yaxis"] |= layer_rows(names)
    largest = max((value for row in seen for value in row.values() if value is not None), default=0)
    scale = {"zmin": 0, "zmax": largest or 1} if share else {}
    bar = {"tickformat": ".0%"} if share else {"title": {"text": "log10", "side": "right"}}
    figure["data"].append(
        {
            "type": "heatmap",
            "x": [_number(epoch) for epoch in epochs],
            "y": [placed(name) for name in names],
            "z": [[row.get(epoch) for epoch in epochs] for row in seen],
            "colorscale": "Viridis",
            **scale,
            "colorbar": {**bar, "thickness": 10},
            "hovertemplate": "%{y}, epoch %{x:.2f}: " + ("%{z:.1%}" if share else "10^%{z}") + "<extra></extra>",
        }
    )
    return figure


def _profile(states: States) -> Figure:
    figure = empty("", "spikes / neuron / step", tickformat=".0%", rangemode="tozero")
    spiking = [rows for rows in states if rows and rows[0].rate is not None]
    names = [rows[0].name for rows in spiking]
    figure["layout"]["xaxis"] |= layer_axis(names)
    names = [placed(name) for name in names]
    looks = ((0, "before", {"color": TRAIN, "dash": "dot"}), (-1, "now", {"color": TEST, "width": 2.5}))
    for place, name, line in looks:
        rates = [_number(rows[place].rate) for rows in spiking]
        figure["data"].append({"type": "scatter", "x": names, "y": rates, "name": name, "mode": "lines", "line": line})
    return figure


def _line(rows: Sequence[Any], column: str) -> dict[str, Any]:
    """A line over the epochs, without its name and looks."""
    return {
        "type": "scatter",
        "x": [_number(row.epoch) for row in rows],
        "y": [_number(getattr(row, column)) for row in rows],
    }


def _thinned(rows: Sequence[Any]) -> Sequence[Any]:
    """At most `MOST_POINTS` of the rows, evenly spread, the newest among them."""
    step = -(-len(rows) // MOST_POINTS)
    return rows if step < 2 else rows[(len(rows) - 1) % step :: step]


def _number(value: float | None) -> float | None:
    """Rounded to what a screen can show; None for what no axis can."""
    return float(f"{value:.5g}") if value is not None and math.isfinite(value) else None


def _logarithm(value: float) -> float | None:
    return round(math.log10(max(value, 1e-9)), 3) if 0 < value < math.inf else None
