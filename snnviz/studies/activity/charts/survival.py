"""Charts of survival of spikes in deep layers by initialisation, threshold and width: theory of a single time step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from snnviz.catalog.inits import InputStatistics, format_init, is_data_dependent, spike_probability, weight_distribution
from snnviz.design.menus import Choice
from snnviz.studies.activity.charts.activity import (
    NEUTRAL,
    SOURCE,
    THIN,
    Curve,
    Floats,
    add_curves,
    band_caption,
    colour,
    label,
    layer_figure,
    line,
    rounded,
)
from snnviz.studies.activity.theory import survival
from snnviz.studies.activity.theory.activity import ActivityConfig, LayerStatistics
from snnviz.studies.activity.theory.survival import FixedPoint
from snnviz.views.chart import Chart, empty
from snnviz.views.styles import ordered_styles

LIVES, DIES = "rgba(15,157,138,0.38)", "rgba(217,114,43,0.38)"
"""Colours of the ends of the map's scale, translucent, so that the page's theme shows through."""

MAP_WIDTH = 2000
"""Largest width for which the map is computed; wider layers look like the wide limit."""

SAME_PLACE = 0.06
"""Points of the map closer than this, in decades of n Var[w], share a label."""

LETTER = 0.022
"""Approximate width of a letter of a label, in decades of n Var[w]."""

EMPTY = "\u00a0"
"""A blank line of a label."""

CERTAIN = 1e-6
"""Probabilities closer than this to 0 or 1 are not interpolated further."""

STEEP = 0.1
"""If a curve rises by more than this between two points, a point is added in between."""

HIGHEST = 1.2
"""Largest threshold in the comparison of widths."""

MARGINAL = 0.05
"""A slope this close to 1 is called marginal."""


def gain(
    setting: ActivityConfig, init: Choice, threshold: float, *, moment: float | None = None, steps: int = 1
) -> float:
    """Returns n Var[w], fan-in times weight variance, at a threshold; `moment`: E[x^2] of input other than spikes."""
    neuron = setting.neuron.model_copy(update={"threshold": threshold})
    told = InputStatistics(spike_probability(threshold) if moment is None else moment, steps)
    return weight_distribution(init, setting.width, setting.width, neuron, told).variance * setting.width


# --- the map ------------------------------------------------------------------------------------------------------


def survival_chart(setting: ActivityConfig, own: tuple[float, float, str] | None) -> Chart:
    """Returns the map of P(last layer is silent) over n Var[w] and threshold, with the initialisations.

    `own`: n Var[w], threshold and label of one more point.
    """
    gains = [gain(setting, init, setting.threshold, steps=setting.steps) for init in setting.inits]
    places = [(value, setting.threshold) for value in gains] + ([own[:2]] if own else [])
    low = min(0.1, *(0.7 * max(value, 0.015) for value, _ in places))
    high = max(30.0, *(1.5 * min(value, 1e5) for value, _ in places))
    top = max(2.5, *(1.1 * theta for _, theta in places))
    figure = empty("n Var[w]", "threshold", range=[0, top])
    figure["layout"]["hovermode"] = "closest"
    figure["layout"]["xaxis"] |= {"type": "log", "range": rounded(np.log10([low, high])), "dtick": 1}
    neurons = min(setting.width, MAP_WIDTH)
    figure["data"] = [
        _map(neurons, setting.layers - 1, low, high, top),
        _boundary(low, high, top),
        _preserving(high, top),
        _points(setting, gains, low),
        *([_own(*own)] if own else []),
    ]
    caption = (
        f"Probability that layer {setting.layers - 1} of {neurons} neurons a layer is silent at a single time step, "
        "exact for Gaussian weights. Above the line layers of any width die out; past 1.19 they do so from the dotted "
        f"one on, because the encoder starts too low. Rings: weights that measure their input. After {SOURCE}, Eq. 9."
    )
    return Chart("survival", "Where activity survives", caption, figure, height=440, wide=True, least=680)


def _map(neurons: int, layer: int, low: float, high: float, top: float) -> dict[str, Any]:
    x, y = np.geomspace(low, high, 92), np.linspace(0, top, 62)
    gains, thresholds = np.sqrt(x[1:] * x[:-1]), (y[1:] + y[:-1]) / 2
    dead = survival.extinction_probability(neurons, layer, thresholds.tolist(), gains.tolist())
    return {
        "type": "heatmap",
        "x": rounded(x),
        "y": rounded(y),
        "z": [rounded(np.round(row, 3), 3) for row in dead],
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, LIVES], [0.5, "rgba(140,140,150,0.1)"], [1, DIES]],
        "colorbar": {"title": {"text": "P(silent)", "side": "right"}, "thickness": 10, "tickformat": ".0%"},
        "hovertemplate": "n Var[w] %{x:.3~g}, threshold %{y:.2f}: %{z:.1%} silent<extra></extra>",
        "name": "P(silent)",
    }


def _boundary(low: float, high: float, top: float) -> dict[str, Any]:
    """theta_c = 0.407 sqrt(n Var[w])."""
    factor = survival.survival_threshold(1.0)
    x = np.geomspace(low, min(high, (top / factor) ** 2), 81)
    wide = "wide limit: threshold = 0.407 √(n Var[w])"
    return line(wide, factor * np.sqrt(x), NEUTRAL, x=rounded(x), line={"width": 2.5}, hoverinfo="skip")


def _preserving(high: float, top: float) -> dict[str, Any]:
    """n Var[w] = 1 / Q(theta)."""
    theta = np.linspace(0, top, 61)
    x = np.array([1 / max(spike_probability(value), 1e-9) for value in theta])
    inside = x <= high
    style = {"width": 1.3, "dash": "dot"}
    return line(
        "keeps Var[u] = 1: n Var[w] = 1 / P(u > threshold)",
        theta[inside],
        NEUTRAL,
        x=rounded(x[inside]),
        line=style,
        hoverinfo="skip",
    )


def _points(setting: ActivityConfig, gains: Sequence[float], low: float) -> dict[str, Any]:
    """The setting's initialisations as one trace; those in one place share the label of the last."""
    inits = setting.inits
    shown = [max(value, low) for value in gains]
    looks = [colour(init, setting) for init in inits]
    words, sides = _labels(shown, [label(init) for init in inits], setting.threshold, low)
    told = [[init.kind, format_init(init), *rounded([value])] for init, value in zip(inits, gains, strict=True)]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "initialisations",
        "meta": "inits",
        "showlegend": False,
        "x": rounded(shown),
        "y": [setting.threshold] * len(inits),
        "text": words,
        "textposition": sides,
        "cliponaxis": False,
        "customdata": told,
        "hovertemplate": "%{customdata[1]}: n Var[w] %{customdata[2]}, threshold %{y}<extra></extra>",
        "marker": {
            "size": [
                15 if is_data_dependent(init) else 10 for init in inits
            ],  # a ring around what lies in the same place
            "color": looks,
            "symbol": ["circle-open" if is_data_dependent(init) else "circle" for init in inits],
            "opacity": 1,
            "line": {"width": 2, "color": looks},
        },
    }


def _labels(places: Sequence[float], names: Sequence[str], threshold: float, low: float) -> tuple[list[str], list[str]]:
    """Text and side of each point's label: away from the boundary, lifted over the label that it would cover."""
    words, sides = [""] * len(places), ["top left"] * len(places)
    taken: dict[str, tuple[float, int]] = {}  # by side: where the last label was, and how many lines up it reaches
    for group in _groups(places):
        here, lines = math.log10(places[group[0]]), [names[one] for one in group]
        side = "top left" if threshold > survival.survival_threshold(places[group[0]]) else "bottom right"
        if side == "top left" and here - math.log10(low) < max(map(len, lines)) * LETTER:
            side = "top right"
        before, reached = taken.get(side, (-math.inf, 0))
        lift = reached if here - before < max(map(len, lines)) * LETTER else 0
        taken[side] = here, lift + len(lines)
        lines = [*lines, *[EMPTY] * lift] if side.startswith("top") else [*[EMPTY] * lift, *lines]
        words[group[-1]], sides[group[-1]] = "<br>".join(lines), side
    return words, sides


def _groups(places: Sequence[float]) -> list[list[int]]:
    """Indices of points that share a label, from left to right."""
    found: list[list[int]] = []
    for k in sorted(range(len(places)), key=lambda k: places[k]):
        if found and math.log10(places[k] / places[found[-1][0]]) < SAME_PLACE:
            found[-1].append(k)
        else:
            found.append([k])
    return [sorted(group) for group in found]


def _own(value: float, threshold: float, name: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "meta": "own",
        "x": rounded([value]),
        "y": rounded([threshold]),
        "marker": {"symbol": "star", "size": 16, "color": "#e0a800", "line": {"color": NEUTRAL, "width": 1}},
        "hovertemplate": "n Var[w] %{x}, threshold %{y}",
    }


# --- the cobweb ---------------------------------------------------------------------------------------------------


def cobweb_chart(setting: ActivityConfig, init: Choice) -> Chart:
    """Returns the cobweb plot of the mean-field map from one layer's variance to the next, starting from 1."""
    theta, style = setting.threshold, colour(init, setting)
    follow = partial(next_variance, setting, init)
    points = _fixed_points(setting, init)
    path = [1.0]
    while len(path) < min(setting.layers, 60):
        path.append(follow(path[-1]))
    top = 1.12 * max(path + [point.variance for point in points if point.variance < 50])
    v = top * np.concatenate([[0.0], np.geomspace(1e-4, 0.04, 12), np.linspace(0.05, 1, 96)])
    figure = empty("Var[u] of a layer", "Var[u] of the next", range=[0, rounded([top])[0]])
    figure["layout"]["xaxis"]["range"] = [0, rounded([top])[0]]
    figure["layout"]["hovermode"] = "closest"
    stairs = np.repeat(path, 2)
    figure["data"] = [
        line(
            "unchanged", [0, top], NEUTRAL, x=rounded([0, top]), line={"width": 1.2, "dash": "dash"}, hoverinfo="skip"
        ),
        line("next variance", [follow(one) for one in v], style, x=rounded(v), hovertemplate="%{x:.3~g} to %{y:.3~g}"),
        line("from the encoder", stairs[1:], NEUTRAL, x=rounded(stairs[:-1]), line={"width": 1.4}),
        *(_fixed(point, style) for point in points),
    ]
    caption = f"{_fate(path, points)} Mean field, a single time step at threshold {theta:g}; after {SOURCE}, Eq. 9."
    return Chart("cobweb", f"From layer to layer: {label(init)}", caption, figure, height=380)


def next_variance(setting: ActivityConfig, init: Choice, variance: float) -> float:
    """Returns Var[u] of a layer from that of the one before (mean field), with rules that measure their input measuring
    it.
    """
    reaches = spike_probability(setting.threshold, variance)
    return gain(setting, init, setting.threshold, moment=reaches) * reaches


def _adapts(setting: ActivityConfig, init: Choice) -> bool:
    """Whether the weights make up for a weaker input."""
    by_moment = [gain(setting, init, setting.threshold, moment=moment) for moment in (0.1, 0.2)]
    return by_moment[0] != by_moment[1]


def _fixed_points(setting: ActivityConfig, init: Choice) -> tuple[FixedPoint, ...]:
    if _adapts(setting, init):  # the weights make up for what is missing: every variance is mapped to the same
        kept = next_variance(setting, init, 1.0)
        return (FixedPoint(kept, 0.0),) if kept > 0 else ()
    return survival.fixed_points(gain(setting, init, setting.threshold), setting.threshold)


def _fixed(point: FixedPoint, style: str) -> dict[str, Any]:
    kind = "stable" if point.stable else "unstable"
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{kind}: {point.variance:.2f}, slope {point.slope:.2f}",
        "x": rounded([point.variance]),
        "y": rounded([point.variance]),
        "marker": {
            "size": 11,
            "color": style,
            "symbol": "circle" if point.stable else "circle-open",
            "line": {"width": 2},
        },
        "hovertemplate": f"{kind}, slope {point.slope:.3f}<extra></extra>",
    }


def _fate(path: Sequence[float], points: Sequence[FixedPoint]) -> str:
    """Why activity lives or dies, in words."""
    gone = next((layer for layer, variance in enumerate(path) if variance < 1e-3), None)
    until = (
        f"from layer {gone} on Var[u] is below 0.001" if gone else f"slowly: after {len(path) - 1} it is {path[-1]:.2g}"
    )
    if not points:
        return f"No fixed point: every variance is mapped below itself, so activity dies: {until}."
    unstable, stable = (None, points[0]) if len(points) == 1 else points
    if unstable is None:
        return f"One stable point, {stable.variance:.2f} (slope {stable.slope:.2f}), is reached from every variance."
    if abs(stable.slope - 1) < MARGINAL:
        return (
            f"Marginal: the two fixed points nearly meet at {stable.variance:.2f} (slope {stable.slope:.2f}), "
            "and the least fluctuation decides whether activity dies."
        )
    if abs(unstable.variance - 1) < 1e-3:
        return (
            f"The encoder's variance, 1, is the unstable point (slope {unstable.slope:.2f}): a fluctuation decides "
            f"between death and {stable.variance:.2f}."
        )
    if unstable.variance > 1:
        return f"Starts at 1, below the unstable point {unstable.variance:.2f}, so activity dies: {until}."
    return (
        f"Stable at {stable.variance:.2f} (slope {stable.slope:.2f}); below the unstable point {unstable.variance:.2f} "
        "activity dies, so a fluctuation of few neurons can kill it."
    )


# --- widths -------------------------------------------------------------------------------------------------------


def width_chart(setting: ActivityConfig, init: Choice, widths: Sequence[int] = (50, 100, 300, 600, 1000)) -> Chart:
    """Returns the chart of P(last layer is silent) by threshold, for several widths: Fig. 4 of Micheli et al. 2024."""
    thresholds = np.linspace(0, HIGHEST, 129)
    gains = [gain(setting, init, theta) for theta in thresholds]
    figure = empty("threshold", f"P(layer {setting.layers - 1} silent)", tickformat=".0%", range=[-0.03, 1.05])
    for style, width in zip(ordered_styles(len(widths)), sorted(widths), strict=True):
        dead = _silent(width, gains, thresholds, setting.layers)
        x, y = rounded(thresholds[list(dead)]), np.round(list(dead.values()), 5)
        figure["data"].append(line(f"{width} neurons", y, style, x=x, hovertemplate="%{y:.2%}"))
    figure["data"].append(_wide_limit(setting, init))
    caption = (
        f"Exact probability that no neuron of layer {setting.layers - 1} spikes under {label(init)} at a single time "
        f"step; dotted: infinitely many neurons and layers.{_assumed(setting, init)} {SOURCE}, Fig. 4."
    )
    return Chart("widths", "How many neurons survival takes", caption, figure, height=340)


def _silent(width: int, gains: Sequence[float], thresholds: Floats, layers: int) -> dict[int, float]:
    """P(last layer silent) by index: each 16th threshold, each fourth where it is not certain, all where steep."""

    def at(k: int) -> float:
        return float(survival.exact_chain(width, gains[k], float(thresholds[k]), layers).dead[-1])

    def coarse(gap: int, low: float, high: float) -> bool:
        return (gap > 4 and high > CERTAIN and low < 1 - CERTAIN) or high - low > STEEP

    return _refined(at, range(0, len(thresholds), 16), coarse)


def _refined(at: Callable[[int], float], first: Iterable[int], coarse: Callable[..., bool]) -> dict[int, float]:
    """Values by index, ascending: at the first ones, and halfway between two as long as they are too coarse."""
    found = {k: at(k) for k in first}
    intervals = list(pairwise(found))
    while intervals:
        left, right = intervals.pop()
        if right - left > 1 and coarse(right - left, *sorted((found[left], found[right]))):
            middle = (left + right) // 2
            found[middle] = at(middle)
            intervals += [(left, middle), (middle, right)]
    return dict(sorted(found.items()))


def _wide_limit(setting: ActivityConfig, init: Choice) -> dict[str, Any]:
    """0 where infinitely wide layers live, 1 where they die out."""
    every = np.linspace(0, HIGHEST, 1025)
    found = _refined(lambda k: _dies(setting, init, every[k]), range(0, 1025, 64), lambda _, low, high: low != high)
    x, dies = every[list(found)], np.array(list(found.values()), float)
    changes = np.flatnonzero(np.diff(dies))
    kept = np.unique([0, *changes, *(changes + 1), len(x) - 1])
    return line("wide limit", dies[kept], NEUTRAL, x=rounded(x[kept]), line=THIN, hoverinfo="skip")


def _dies(setting: ActivityConfig, init: Choice, threshold: float) -> bool:
    """Whether the mean field leads from 1 to 0."""
    here = setting.model_copy(update={"threshold": threshold})
    points = _fixed_points(here, init)
    return not points or (len(points) > 1 and points[0].variance > 1 + 1e-9)


def _assumed(setting: ActivityConfig, init: Choice) -> str:
    """What the chain does not know of this initialisation."""
    if is_data_dependent(init):
        return " It takes the weights that spikes of u ~ N(0, 1) lead to; measured layer by layer, fewer die."
    if weight_distribution(init, setting.width, setting.width, setting.neuron).uniform:
        return " It takes the weights for Gaussian, with the variance of the uniform ones."
    return ""


def width_variance_chart(setting: ActivityConfig, traces_by_width: Sequence[tuple[int, LayerStatistics]]) -> Chart:
    """Returns the chart of Var[u] by layer for several widths."""
    figure, curves = layer_figure("Var[u]", rangemode="tozero"), []
    ordered = sorted(traces_by_width, key=lambda pair: pair[0])
    for style, (width, trace) in zip(ordered_styles(len(ordered)), ordered, strict=True):
        curves.append(Curve(f"{width} neurons", style, trace.var_u.mean(2)))
    add_curves(figure, curves)
    of = label(ordered[0][1].init) if ordered else ""
    runs = len(ordered[0][1].var_u) if ordered else 0
    caption = (
        f"{of}, threshold {setting.threshold:g}: variance of the potential by layer, {band_caption(runs)}. "
        f"Few neurons fluctuate more. After {SOURCE}, Fig. 4."
    )
    return Chart("width_var", "Variance of the potential by width", caption, figure, height=340)
