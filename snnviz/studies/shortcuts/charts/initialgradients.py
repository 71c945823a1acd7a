"""Charts of gradients of untrained networks: by layer and depth, with and without shortcut branches (auxiliary
classifiers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import log10
from typing import Any

from snnviz.studies.shortcuts.charts.expectation import CAPTION, expectation_trace
from snnviz.studies.shortcuts.charts.words import gradient_change_text
from snnviz.studies.shortcuts.study import InitialGradient
from snnviz.theory.backward import ExpectedGradients
from snnviz.views.chart import Chart, empty
from snnviz.views.panels import FLOOR, ColourScale, LayerMap, height, least_width, panels
from snnviz.views.words import axis_label as placed
from snnviz.views.words import initialisation

COLOURS = tuple(f"var(--st-{name}-color)" for name in ("blue", "violet", "green", "red", "yellow", "gray"))

WITHOUT, WITH = "without branches", "with branches"

InitialGradients = Sequence[InitialGradient]


def inits(rows: InitialGradients) -> list[str]:
    """Returns the initialisations of the networks in the rows of a gradient survey, as text, in order of appearance."""
    return list(dict.fromkeys(row.init for row in rows))


def depths(rows: InitialGradients) -> list[int]:
    """Returns the depths of the networks in the rows of a gradient survey, sorted; [0] for networks whose depth is not
    a number of layers.
    """
    return sorted({row.depth for row in rows})


def depth_charts(rows: InitialGradients, on: str = "one batch") -> list[Chart]:
    """Returns two heat maps of the gradient norm for each initialisation, layers by depths: without and with shortcut
    branches (auxiliary classifiers).

    `on`: the images used, for the caption.
    """
    known = [value for row in rows for value in (row.grad_norm, row.with_branches) if value is not None]
    bounds = _bounds(known)
    charts = []
    for init in inits(rows):
        own = [row for row in rows if row.init == init]
        maps = [_map(own, WITHOUT, lambda row: row.grad_norm), _map(own, WITH, lambda row: row.with_branches)]
        below = "hidden layers"
        figure = panels(maps, below, ColourScale(log=True, bounds=bounds, title="|dL/dW|"))
        caption = (
            "Gradient norm of each hidden layer (the first on top) in networks of more and more layers, before "
            f"training, on half of {on}. The darkest stands for 0 too."
        )
        name = f"{escape(initialisation(init), quote=False)}: gradient by depth"
        charts.append(
            Chart(f"before_{init}", name, caption, figure, height(16), wide=True, least=least_width(maps, below))
        )
    return charts


def profile_charts(
    rows: InitialGradients,
    depth: int,
    on: str = "one batch",
    expected: Mapping[str, ExpectedGradients] | None = None,
) -> list[Chart]:
    """Returns charts by layer for networks of one depth: gradient norm, saturation, and the share of shortcut branches
    (auxiliary classifiers) in the gradient.

    expected: what theory expects, by initialisation.
    """
    chosen = [row for row in rows if row.depth == depth]
    gradient = empty("layer", "|dL/dW|", type="log", exponentformat="power", dtick=2)
    saturation = empty("layer", "saturated", tickformat=".0%", rangemode="tozero")
    share = empty("layer", "part of the branches", tickformat=".0%", range=[0, 1.02])
    how = ""
    for place, init in enumerate(inits(rows)):
        own = sorted((row for row in chosen if row.init == init), key=lambda row: row.layer)
        colour, name = COLOURS[place % len(COLOURS)], escape(initialisation(init), quote=False)
        gradient["data"] += [
            _line(own, lambda row: _floored(row.grad_norm), name, colour),
            {
                **_line(own, lambda row: _floored(row.with_branches), f"{name}, {WITH}", colour, "dot"),
                "showlegend": False,
            },
        ]
        if expected is not None and init in expected:
            norms = {row.name: row.grad_norm for row in own if row.grad_norm is not None}
            line = expectation_trace(expected[init], norms, f"{name}, expected", colour)
            gradient["data"] += [line] if line is not None else []
            how = how or expected[init].how
        saturation["data"].append(_line(own, lambda row: row.saturation, name, colour))
        share["data"].append(_line(own, lambda row: row.shortcut, name, colour))
    for figure in (gradient, saturation, share):
        figure["layout"]["xaxis"] |= {"type": "category"}
    begin = list(dict.fromkeys(row.name for row in chosen if row.branch))
    where = f" Branches after {', '.join(begin)}." if begin else ""
    words = f"Solid: without branches. Dotted: with branches, as heavy as in the first epoch.{where} On half of {on}."
    words += CAPTION.format(how=how) if how else ""
    about = f"Share of neurons whose surrogate derivative is below 1 % of its peak, on {on}."
    part = "|g_b| / (|g| + |g_b|): 100 % where nothing but the branches reaches a layer."
    return [
        Chart("before_profile", "Gradient through the network", words, gradient, 330, wide=True),
        Chart("before_share", "What comes through the branches", part, share, 280),
        Chart("before_saturation", "Surrogate saturation", about, saturation, 280),
    ]


def verdict(rows: InitialGradients, depth: int) -> str:
    """Returns a sentence on the first layer's gradient norm, without and with shortcut branches, and how it depends on
    depth.
    """
    said, way = [], []
    for init in inits(rows):
        own = [row for row in rows if row.init == init and row.depth == depth and row.grad_norm is not None]
        if not own:
            continue
        first, *others = sorted(own, key=lambda row: row.layer)
        without, beside = first.grad_norm or 0.0, first.with_branches or 0.0
        ratio = f", {beside / without:.2g} times as much" if without > FLOOR else ""
        name = f"**{escape(initialisation(init), quote=False)}**"
        said.append(f"{name} {without:.1e} → {beside:.1e}{ratio}")
        if len(others) > 1:  # the last one is the readout
            way.append(f"{name} {gradient_change_text(without, others[-2].grad_norm or 0.0)}")
    if not said:
        return ""
    words = f"First layer's gradient, without → with branches: {'; '.join(said)}."
    start = "Without branches, from the last hidden layer to the first, it"
    return f"{words} {start}: {'; '.join(way)}." if way else words


def _map(rows: InitialGradients, title: str, value: Callable[[InitialGradient], float | None]) -> LayerMap:
    hidden = [row for row in rows if row.layer < row.depth]  # the readout has another place in each
    at = {(row.depth, row.layer): value(row) for row in hidden}
    names = {row.layer: row.name for row in hidden}
    every, layers = sorted({row.depth for row in hidden}), sorted(names)
    return LayerMap(title, every, [names[k] for k in layers], [[at.get((d, k)) for d in every] for k in layers])


def _line(
    rows: InitialGradients,
    value: Callable[[InitialGradient], float | None],
    name: str,
    colour: str,
    dash: str = "solid",
) -> dict[str, Any]:
    known = [(row.name, found) for row in rows if (found := value(row)) is not None]
    return {
        "type": "scatter",
        "x": [placed(layer) for layer, _ in known],
        "y": [float(f"{found:.4g}") for _, found in known],
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "width": 2.2, "dash": dash},
    }


def _floored(value: float | None) -> float | None:
    return None if value is None else max(value, FLOOR)


def _bounds(known: Sequence[float]) -> tuple[float, float]:
    logs = [log10(max(value, FLOOR)) for value in known]
    return (min(logs, default=-1.0), max(logs, default=0.0))
