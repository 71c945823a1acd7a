"""Charts of what was measured on untrained networks: activity, whether images are told apart, ranks, gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from snnviz.theory.backward import ExpectedGradients
from snnviz.theory.measured import MeasuredForecast, MeasuredLayer
from snnviz.theory.variance import LayerForecast
from snnviz.views.chart import Chart, empty
from snnviz.views.design import RATE, VARIANCE
from snnviz.views.stages import MOST_LABELS, layer_axis
from snnviz.views.words import axis_label

WITHIN, BETWEEN, GRADIENT, THEORY = "#0f9d8a", "#d9722b", "#3f7fe0", "#8c8c96"


def measured_chart(found: MeasuredForecast, expected: Sequence[LayerForecast]) -> Chart:
    """Returns the chart of firing rates with their bands and of Var[u], measured, with theory's rates as dots."""
    spiking = [layer for layer in found.layers if layer.rate is not None]
    names = [axis_label(layer.name) for layer in spiking]
    theory = {layer.name: layer.rate for layer in expected}
    figure = empty("", "spikes / neuron / step", tickformat=".0%", rangemode="tozero")
    figure["data"] = [
        {
            "type": "bar",
            "x": names,
            "y": [_round(layer.rate) for layer in spiking],
            "name": "firing rate",
            "marker": {"color": RATE},
            "error_y": _bands(spiking),
            "customdata": [[_round(layer.rate_low), _round(layer.rate_high)] for layer in spiking],
            "hovertemplate": "%{y:.1%}; nine of ten: %{customdata[0]:.1%} to %{customdata[1]:.1%}<extra></extra>",
        },
        {
            "type": "scatter",
            "x": names,
            "y": [_round(theory.get(layer.name)) for layer in spiking],
            "name": "rate by theory",
            "mode": "markers",
            "marker": {"color": THEORY, "symbol": "diamond-open", "size": 8},
        },
        _line(names, [layer.var_u for layer in spiking], "Var[u]", VARIANCE) | {"yaxis": "y2"},
    ]
    figure["layout"]["xaxis"] |= layer_axis(names)
    right = {"title": {"text": "Var[u]"}, "overlaying": "y", "side": "right", "rangemode": "tozero", "showgrid": False}
    figure["layout"] |= {
        "yaxis2": right | {"tickmode": "auto"},
        "margin": {"l": 56, "r": 52, "t": 8, "b": 32},
    }
    caption = (
        f"{found.how[:1].upper()}{found.how[1:]}: bars for firing rates over all time steps, with a line where nine of "
        "ten networks are; diamonds for what theory expects of wide layers; the orange line for the variance of the "
        "potential."
    )
    return Chart("forecast", "Activity at initialisation, measured", caption, figure, height=230, wide=True)


def measured_charts(
    found: MeasuredForecast, expected: Sequence[LayerForecast], gradients: ExpectedGradients | None = None
) -> list[Chart]:
    """Returns the charts of a measurement: activity, likeness of images, gradients; each where there is something.
    gradients: what theory expects of them.
    """
    charts = [measured_chart(found, expected)] if any(layer.rate is not None for layer in found.layers) else []
    alike = [layer for layer in found.layers if layer.cosine_within is not None and layer.cosine_between is not None]
    if alike and found.cosine_within is not None and found.cosine_between is not None:
        charts.append(_likeness(found, alike))
    ranks = [layer for layer in found.layers if layer.effective_rank is not None and layer.cosine_within is not None]
    if len(ranks) > 1:
        charts.append(_ranks(found, ranks))
    if len(reached := [layer for layer in found.layers if layer.gradient is not None]) > 1:
        charts.append(_gradients(reached, gradients))
    return charts


def _likeness(found: MeasuredForecast, layers: Sequence[MeasuredLayer]) -> Chart:
    names = ["image", *(axis_label(layer.name) for layer in layers)]
    figure = empty("", "cosine", rangemode="tozero")
    within = [found.cosine_within, *(layer.cosine_within for layer in layers)]
    between = [found.cosine_between, *(layer.cosine_between for layer in layers)]
    figure["data"] = [
        _line(names, within, "of one class", WITHIN),
        _line(names, between, "of two classes", BETWEEN, dash="dash"),
    ]
    figure["layout"]["xaxis"] |= layer_axis(names)
    caption = (
        "How alike two images are: the cosine of what they make a layer say, summed over time. Where the lines meet, a "
        "layer hardly tells which class an image is of: before training."
    )
    return Chart("untrained-alike", "Are images told apart?", caption, figure, height=220)


def _ranks(found: MeasuredForecast, layers: Sequence[MeasuredLayer]) -> Chart:
    names = [axis_label(layer.name) for layer in layers]
    figure = empty("", "effective rank", rangemode="tozero")
    figure["data"] = [_line(names, [layer.effective_rank for layer in layers], "effective rank", RATE)]
    figure["layout"]["xaxis"] |= layer_axis(names)
    caption = (
        f"In how many directions what {found.images} images make a layer say varies: the exponential of the entropy of "
        "the shares of variance. More are not better in themselves: random noise has the most."
    )
    return Chart("untrained-rank", "How many directions are left?", caption, figure, height=200)


def _gradients(layers: Sequence[MeasuredLayer], expected: ExpectedGradients | None) -> Chart:
    names = [axis_label(layer.name) for layer in layers]
    last = layers[-1].gradient or 1.0
    figure = empty("", "of the last hidden layer's", type="log")
    values = [(layer.gradient or 0) / last or None for layer in layers]
    figure["data"] = [_line(names, values, "gradient", GRADIENT)]
    if expected is not None:
        sizes = [expected.sizes.get(layer.name) for layer in layers]
        figure["data"].append(_line(names, sizes, "by theory", THEORY, dash="dot"))
        values = [*values, *sizes]
    known = [value for value in values if value]
    if known and max(known) < 10 * min(known):
        figure["layout"]["yaxis"] |= {"type": "linear", "rangemode": "tozero"}
    figure["layout"]["xaxis"] |= layer_axis(names)
    caption = (
        "Gradient of the loss with respect to what each layer says (root mean square over neurons, steps and images), "
        "as a multiple of the last hidden layer's. It is carried from right to left."
        + (f" Dotted: {expected.how}." if expected is not None else "")
    )
    return Chart("untrained-gradient", "Do gradients reach the first layer?", caption, figure, height=220)


def _line(x: Sequence[str], y: Sequence[float | None], name: str, colour: str, **line: Any) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": list(x),
        "y": [_round(value) for value in y],
        "name": name,
        "mode": "lines+markers" if len(x) <= MOST_LABELS else "lines",
        "line": {"color": colour, **line},
    }


def _bands(layers: Sequence[MeasuredLayer]) -> dict[str, Any]:
    return {
        "type": "data",
        "array": [_round((layer.rate_high or 0) - (layer.rate or 0)) for layer in layers],
        "arrayminus": [_round((layer.rate or 0) - (layer.rate_low or 0)) for layer in layers],
        "symmetric": False,
        "thickness": 1.5,
        "width": 4,
        "color": THEORY,
    }


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
