"""Heat maps over two fields: an objective and its interaction; what was trained beside what theory forecasts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.studies.tradeoffs.charts.naming import field_label, level_label
from snnviz.studies.tradeoffs.theory.weighed import WeighedGroups
from snnviz.studies.tradeoffs.weighing import VALIDATION
from snnviz.theory.effects import Interaction, interaction
from snnviz.theory.metrics import METRICS, Metric
from snnviz.theory.verdicts import silent_layers
from snnviz.views.chart import Chart, empty
from snnviz.views.numbers import metric_text

DIVERGING = [[0, "#f0996b"], [0.5, "#eef0f0"], [1, "#4aa6d6"]]
DEAD = [[0, "#e6eef2"], [1, "#f0996b"]]
SCALE = [[0, "#f6ecd0"], [0.5, "#9bd3c6"], [1, "#4aa6d6"]]
INK = "#16222b"
"""Of the numbers in cells: all colours of maps are light, in both themes."""

MOST_FORECASTS = 64
"""Designs whose forecast is computed for a map."""

Grid = NDArray[np.float64]


def interaction_charts(weighed: WeighedGroups, across: str, down: str, side: int = 0) -> list[Chart]:
    """Returns two heat maps over two varied fields: the objective, and its part beyond the sum of both fields' separate
    effects.

    across, down: paths of the fields on x and y. side: index of the objective. [] if no group has both fields.
    """
    one = weighed.objectives[side]
    found = interaction(across, down, weighed.fields, weighed.mean[:, side].tolist())
    if found is None:
        return []
    words = f"Mean of the groups at each pair of levels; {_lower(one.label)}, {one.direction} is better."
    charts = [_map("pair", one.label, words, found, found.mean, lambda value: metric_text(one.metric, value))]
    if np.isfinite(found.beyond).all() and min(found.beyond.shape) > 1:
        scale, unit = (100, ", in points,") if one.metric.form == "share" else (1, "")
        most = max(float(np.abs(found.beyond).max()) * scale, 1e-12)
        about = (
            f"What is left of it{unit} when the mean of each row and of each column is taken away: 0 everywhere where "
            "both fields simply add up."
        )
        charts.append(
            _map("beyond", "What both do together", about, found, found.beyond * scale,
                 lambda value: f"{value:+.2g}", DIVERGING, (-most, most))
        )  # fmt: skip
    return charts


def trained_charts(weighed: WeighedGroups, across: str, down: str) -> list[Chart]:
    """Returns heat maps over two varied fields: accuracy, firing rate, silent layers before and after training, and the
    forecast.

    across, down: paths of the fields on x and y.
    """
    charts = []
    accuracy, images = "accuracy", "test"
    if weighed.chosen_on == "validation":  # the test images are asked of the open point alone
        accuracy, images = VALIDATION[accuracy], "validation"
    told: list[tuple[str, str, str, Any]] = [
        (accuracy, "Trained: accuracy", f"Of the {images} images, mean over seeds.", SCALE),
        ("rate", "Trained: firing rate", "Of the test images, mean over seeds.", SCALE),
        ("silent_layers", "What died", "Layers that are silent after training, mean over seeds.", DEAD),
        ("silent_before", "Silent before training", "Layers, measured on the probe images, mean over seeds.", DEAD),
    ]
    for name, title, words, colours in told:
        if name == weighed.objectives[0].name:  # is drawn as the pair
            continue
        metric = METRICS[name]
        found = interaction(across, down, weighed.fields, _means(weighed, name))
        if found is not None:
            charts.append(_map(f"map-{name}", title, words, found, found.mean, _words_of(metric), colours))
    forecast = _forecast(weighed, across, down)
    if forecast is not None:
        words = "Layers that theory expects to be silent at initialisation, from the design alone."
        charts.append(_map("map-theory", "Theory: silent before training", words, forecast, forecast.mean,
                           lambda value: f"{value:.3g}", DEAD))  # fmt: skip
    return charts


def _words_of(metric: Metric) -> Callable[[float], str]:
    return lambda value: f"{value:.2g}" if metric.form == "count" else metric_text(metric, value)


def _means(weighed: WeighedGroups, name: str) -> list[float | None]:
    found = [group.values.get(name, {}) for group in weighed.groups]
    return [float(np.mean([*told.values()])) if told else None for told in found]


def _forecast(weighed: WeighedGroups, across: str, down: str) -> Interaction | None:
    """Of the first group at each pair of levels; None where these are many."""
    grid = interaction(across, down, weighed.fields, [0.0] * len(weighed.groups))
    if grid is None or grid.rows.size > MOST_FORECASTS:
        return None
    values: list[float | None] = [None] * len(weighed.groups)
    taken: set[tuple[str, str]] = set()
    for place, group in enumerate(weighed.groups):
        pair = repr(weighed.fields[across][place]), repr(weighed.fields[down][place])
        if pair not in taken and len(taken) < MOST_FORECASTS:
            taken.add(pair)
            values[place] = float(len(silent_layers(group.design)))
    return interaction(across, down, weighed.fields, values)


def _map(
    name: str,
    title: str,
    words: str,
    found: Interaction,
    grid: Grid,
    say: Callable[[float], str],
    colours: Any = SCALE,
    bounds: tuple[float, float] | None = None,
) -> Chart:
    x = [level_label(found.x, level) for level in found.x_levels]
    y = [level_label(found.y, level) for level in found.y_levels]
    told = [[say(value) if math.isfinite(value) else "" for value in row] for row in grid.tolist()]
    known = [value for value in grid.reshape(-1).tolist() if math.isfinite(value)]
    low, high = bounds or (min(known, default=0.0), max(known, default=1.0))
    if colours is DEAD:
        low, high = 0.0, max(high, 1.0)
    figure = empty(field_label(found.x), field_label(found.y), type="category", showgrid=False)
    figure["layout"]["xaxis"] |= {"type": "category", "showgrid": False}
    figure["layout"] |= {"hovermode": "closest"}
    figure["data"] = [
        {
            "type": "heatmap",
            "name": escape(title, quote=False),
            "x": x,
            "y": y,
            "z": [[round(value, 6) if math.isfinite(value) else None for value in row] for row in grid.tolist()],
            "zmin": low,
            "zmax": high if high > low else low + 1,
            "colorscale": colours,
            "showscale": False,
            "customdata": told,
            "text": told if len(x) <= 8 else None,
            "texttemplate": "%{text}" if len(x) <= 8 else None,
            "textfont": {"color": INK, "size": 12},
            "xgap": 2,
            "ygap": 2,
            "hovertemplate": f"{field_label(found.x)} %{{x}}, {field_label(found.y)} %{{y}}: "
            "%{customdata}<extra></extra>",
        }
    ]
    return Chart(name, title, words, figure, 120 + 40 * max(3, min(len(y), 10)))


def fields_of_maps(weighed: WeighedGroups, wanted: Sequence[str], ranked: Sequence[str]) -> tuple[str, str] | None:
    """Returns the two fields for the heat maps: `wanted` if they vary, else the first of `ranked`; None if fewer than
    two vary.

    wanted: two paths, "" for any. ranked: the fields that vary, the most important first.
    """
    known = [name for name in wanted if name in weighed.fields]
    several = list(dict.fromkeys([*known, *ranked, *weighed.fields]))
    return (several[0], several[1]) if len(several) > 1 else None


def _lower(name: str) -> str:
    return escape(name[:1].lower() + name[1:], quote=False)
