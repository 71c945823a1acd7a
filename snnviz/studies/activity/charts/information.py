"""Charts of what deep layers of a random stack still tell of their input, and of gradients on the way back."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from snnviz.catalog.neurons import as_lif
from snnviz.design.menus import Choice
from snnviz.studies.activity.charts.activity import (
    NEUTRAL,
    THIN,
    Floats,
    init_style,
    label,
    layer_figure,
    line,
    rounded,
)
from snnviz.studies.activity.charts.survival import gain, next_variance
from snnviz.studies.activity.theory import survival
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.theory.correlation import cosine_by_layer, cosine_fixed_point, draw_pairs
from snnviz.theory.gradient_flow import gradient_gain, gradient_keeping_slope
from snnviz.views.chart import Chart, empty

WITHIN, BETWEEN = 0.9, 0.5
"""Cosines of the currents of two images of one class, and of two classes, at the encoder."""

DRAWN_LAYERS, DRAWN_PAIRS = 12, 4096
"""Layers, and neurons of each, that are drawn where there is no closed form."""

SCHOENHOLZ = "Schoenholz et al. 2017"

MAP_POINTS = (120, 90)

SHOWN_LAYERS = 20
"""Layers at first: what is left of a difference is gone by then."""


def alike_chart(setting: ActivityConfig, init: Choice) -> Chart:
    """Returns the chart of the cosine of two images' spikes by layer, of images of one class and of two, under the
    selected initialisation; of the others the difference of both.
    """
    figure = layer_figure("cosine of two images' spikes", range=[0, 1.02])
    within, between = (_cosines(setting, init, start) for start in (WITHIN, BETWEEN))
    own = init_style(init, setting).colour
    figure["data"] = [
        line("alike at first (0.9)", within, own, hovertemplate="%{y:.3f}"),
        line("less so (0.5)", between, own, line={"dash": "dash"}, hovertemplate="%{y:.3f}"),
    ]
    if setting.steps == 1 and (floor := _resting_cosine(setting, init)) is not None:
        rule = {"type": "line", "layer": "below", "xref": "paper", "x0": 0, "x1": 1, "y0": floor, "y1": floor}
        figure["layout"]["shapes"] = [rule | {"line": {"color": NEUTRAL, "width": 1.2, "dash": "dot"}}]
    how = (
        "Wide layers at a single time step, in closed form"
        if setting.steps == 1
        else f"Wide layers over {setting.steps} time steps, drawn; cosine of spikes at the same steps"
    )
    figure["layout"]["xaxis"]["range"] = _first_layers(setting)
    caption = (
        f"{label(init)}: two pairs of images, one more alike than the other. Where the lines meet, a layer no longer "
        f"tells them apart, however much it spikes; dotted: where they meet. {how}."
    )
    if setting.steps > 1:
        caption = caption.replace("; dotted: where they meet", "")
    return Chart("alike", "Are two images told apart?", caption, figure, height=360)


def left_chart(setting: ActivityConfig) -> Chart:
    """Returns the chart of what is left of the difference between two pairs of images, by layer and initialisation."""
    figure = layer_figure("difference of cosines", type="log", range=[-3.2, 0], dtick=1)
    for init in setting.inits:
        within, between = (_cosines(setting, init, start) for start in (WITHIN, BETWEEN))
        left = within - between
        left[~(left > 10**-3.2)] = np.nan
        figure["data"].append(line(label(init), left, init_style(init, setting), hovertemplate="%{y:.3g}"))
    figure["layout"]["xaxis"]["range"] = _first_layers(setting)
    steps = "" if setting.steps == 1 else f" Drawn over {setting.steps} steps: below 0.02 it is chance."
    caption = (
        "What is left of the difference between a pair of images with a cosine of 0.9 and one of 0.5. A straight line "
        f"falls e-fold in each depth scale ({SCHOENHOLZ} define it for ANNs). A line that ends: nothing spikes, or "
        f"less than 0.001 is left.{steps}"
    )
    return Chart("left", "What is left of a difference", caption, figure, height=360)


def _first_layers(setting: ActivityConfig) -> list[float]:
    return [-0.5, min(setting.layers, SHOWN_LAYERS) - 0.5]


def depth_scale_chart(setting: ActivityConfig) -> Chart:
    """Returns the map of the depth scale over n Var[w] and threshold, with the initialisations."""
    gains = [gain(setting, init, setting.threshold, steps=setting.steps) for init in setting.inits]
    low, high = 0.1, max(30.0, *(1.5 * min(value, 1e5) for value in gains))
    top = max(2.5, 1.1 * setting.threshold)
    x, y = np.geomspace(low, high, MAP_POINTS[0]), np.linspace(0.0, top, MAP_POINTS[1])
    figure = empty("n Var[w]", "threshold", range=[0, top])
    figure["layout"]["hovermode"] = "closest"
    figure["layout"]["xaxis"] |= {"type": "log", "range": rounded(np.log10([low, high])), "dtick": 1}
    figure["data"] = [
        {
            "type": "heatmap",
            "x": rounded(x),
            "y": rounded(y),
            "z": [rounded(row, 3) for row in _depth_scales(high, top)],
            "zmin": 1,
            "zmax": 1.7,
            "colorscale": "Viridis",
            "opacity": 0.75,
            "colorbar": {"title": {"text": "layers", "side": "right"}, "thickness": 10},
            "hovertemplate": "n Var[w] %{x:.3~g}, threshold %{y:.2f}: %{z:.2f} layers<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "initialisations",
            "showlegend": False,
            "x": rounded(np.clip(gains, low, high)),
            "y": [setting.threshold] * len(gains),
            "text": [label(init) for init in setting.inits],
            "hovertemplate": "%{text}: n Var[w] %{x:.3~g}<extra></extra>",
            "marker": {
                "size": 11,
                "color": [init_style(init, setting).colour for init in setting.inits],
                "line": {"width": 1.5, "color": "#ffffff"},
            },
        },
    ]
    low_, high_ = (float(end(_depth_scale_by_ratio()[1])) for end in (np.min, np.max))
    caption = (
        "Depth scale: the number of layers in which the difference between two pairs of images shrinks e-fold, where "
        f"activity has settled; empty where it dies out. It lies between {low_:.1f} and {high_:.1f} layers everywhere: "
        "spikes of a plain random stack reach any depth, what they say of the image does not, whatever the weights' "
        "variance and the threshold. Wide layers, one time step, before training, which can change it."
    )
    return Chart("depth-scale", "How deep a difference reaches", caption, figure, height=440, wide=True, least=680)


def gradient_chart(setting: ActivityConfig, surrogate: Choice) -> Chart:
    """Returns the chart of the gradient by layer on the way back, relative to the last layer's, by initialisation."""
    figure = layer_figure("gradient, of the last layer's", type="log")
    for init in setting.inits:
        variances = variance_path(setting, init)
        if variances[-1] <= 0 or as_lif(setting.neuron) is None:
            continue
        gains = [
            gradient_gain(surrogate, setting.threshold, gain(setting, init, setting.threshold, moment=None), variance)
            for variance in variances[1:]
        ]
        back = np.cumprod([1.0, *gains[::-1]])[::-1]
        figure["data"].append(line(label(init), back, init_style(init, setting), hovertemplate="%{y:.2e}"))
    figure["data"].append(line("kept", np.ones(setting.layers), NEUTRAL, line=THIN, hoverinfo="skip", showlegend=False))
    kind, slope = surrogate.kind, surrogate.parameters.get("slope")
    caption = (
        f"Root mean square of the gradient on its way from the last layer to the first, with the surrogate {kind} of "
        f"slope {slope:g}, as on the Design page: the square root of n Var[w] E[σ'(u - θ)²] a layer. Wide layers, one "
        f"time step.{_keeping(setting, surrogate)}"
    )
    return Chart("gradient", "Do gradients reach the first layer?", caption, figure, height=360)


def _keeping(setting: ActivityConfig, surrogate: Choice) -> str:
    """Which slope keeps gradients under the variance-preserving rule."""
    first = setting.inits[0]
    found = gradient_keeping_slope(surrogate, setting.threshold, gain(setting, first, setting.threshold), 1.0)
    return "" if found is None else f" Under {label(first)} a slope of {found:.3g} keeps it where Var[u] is 1."


def variance_path(setting: ActivityConfig, init: Choice) -> Floats:
    """Returns Var[u] of each of the setting's layers, (layers,), by the mean-field map from 1 at the encoder."""
    found = [1.0]
    while len(found) < setting.layers:
        found.append(next_variance(setting, init, found[-1]))
    return np.array(found)


@lru_cache(maxsize=64)
def _cosines(setting: ActivityConfig, init: Choice, start: float) -> Floats:
    """By layer, (layers,), NaN where nothing is known or nothing spikes."""
    if setting.steps == 1:
        return cosine_by_layer(start, setting.threshold, variance_path(setting, init))
    drawn = draw_pairs(
        start,
        setting.neuron,
        init,
        width=setting.width,
        layers=min(setting.layers, DRAWN_LAYERS),
        steps=setting.steps,
        fresh=setting.input == "fresh",
        pairs=DRAWN_PAIRS,
    )
    return drawn.cosine


def _resting_cosine(setting: ActivityConfig, init: Choice) -> float | None:
    last = float(variance_path(setting, init)[-1])
    return cosine_fixed_point(setting.threshold, last).cosine if last > 1e-3 else None


@lru_cache(maxsize=1)
def _depth_scale_by_ratio() -> tuple[Floats, Floats]:
    """The depth scale by theta / sqrt(n Var[w]), on which alone the settled potential's h = theta / sqrt(v) depends."""
    ratios = np.linspace(0.0, survival.survival_threshold(1.0), 60)[:-1]
    settled = [survival.fixed_points(1.0, ratio)[-1].variance for ratio in ratios.tolist()]
    scales = [cosine_fixed_point(ratio, v).depth_scale for ratio, v in zip(ratios.tolist(), settled, strict=True)]
    return ratios, np.array(scales)


def _depth_scales(high: float, top: float) -> Floats:
    x, y = np.geomspace(0.1, high, MAP_POINTS[0]), np.linspace(0.0, top, MAP_POINTS[1])
    ratios, scales = _depth_scale_by_ratio()
    found: Floats = np.interp(y[:, None] / np.sqrt(x)[None], ratios, scales, right=np.nan)
    return found
