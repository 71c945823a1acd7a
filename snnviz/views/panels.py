"""Heat maps of layers side by side, with one colour scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from snnviz.views.chart import Figure
from snnviz.views.numbers import share
from snnviz.views.stages import layer_rows
from snnviz.views.words import axis_label as placed

FLOOR = 1e-9
"""Smallest value on a logarithmic scale; smaller values and 0 are drawn as this."""

DECADES = 6
"""Largest number of decades that a logarithmic colour scale spans."""

GAP = 0.025

PLUM = [[0, "#231942"], [0.5, "#b5467a"], [1, "#ffc45c"]]
EARTH = [[0, "#14323d"], [0.5, "#7a8a5c"], [1, "#f6e27a"]]
"""Colour scales from dark to light, distinct from Viridis."""


@dataclass(frozen=True, slots=True)
class LayerMap:
    """A heat map: values by layer (a row each, the first on top) and position on the x axis; None where there is no
    value.

    marks: names of layers below which a dotted line is drawn.
    """

    title: str
    x: Sequence[float]
    layers: Sequence[str]
    z: Sequence[Sequence[float | None]]
    marks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ColourScale:
    """The colour scale that several maps share. `bounds`: its ends, by default those of the values."""

    log: bool = False
    percent: bool = False
    colours: str | Sequence[Sequence[Any]] = "Viridis"
    bounds: tuple[float, float] | None = None
    title: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def height(layers: int, least: int = 230) -> int:
    """Returns the height in pixels of a figure with this number of layers."""
    return min(560, max(least, 90 + 17 * layers))


def least_width(maps: Sequence[LayerMap], below: str) -> int:
    """Returns the width in pixels that a figure of these maps needs, so that titles and the text `below` do not
    overlap.

    >>> maps = [LayerMap(title, [], [], []) for title in ("without branches", "constant", "falling: linear")]
    >>> least_width(maps[:1], "epoch"), least_width(maps, "epoch")
    (287, 561)
    """
    letters = max((len(words) for words in (below, *(each.title for each in maps))), default=0)
    return 150 + len(maps) * (8 * letters + 9)


def panels(maps: Sequence[LayerMap], below: str, scale: ColourScale) -> Figure:
    """Returns a figure of the maps side by side, with one colour scale."""
    rows = [[[_shown(value, log=scale.log) for value in row] for row in each.z] for each in maps]
    low, high = scale.bounds or _bounds(rows, log=scale.log)
    width = (1 - GAP * (len(maps) - 1)) / max(1, len(maps))
    names = list(dict.fromkeys(name for each in maps for name in each.layers))
    bar: dict[str, Any] = {"thickness": 11, "outlinewidth": 0, "title": {"text": scale.title, "side": "right"}}
    if scale.log:
        bar |= _ticks(low, high)
    elif scale.percent:
        bar |= {"tickformat": ".0%"}
    layout: dict[str, Any] = {
        "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False, **layer_rows(names)},
        "coloraxis": {"colorscale": scale.colours, "cmin": low, "cmax": high, "colorbar": bar},
        "margin": {"l": 56, "r": 8, "t": 26, "b": 40},
        "hovermode": "closest",
        "annotations": [],
        "shapes": [],
        "meta": {"y": "layer"},  # what an axis is, where no room is for its title
    }
    data = []
    for place, each in enumerate(maps):
        axis = f"x{place + 1 if place else ''}"
        begin = place * (width + GAP)
        layout[f"xaxis{axis[1:]}"] = {"domain": [begin, begin + width], "title": {"text": below}, "showgrid": False}
        words = {"text": f"<b>{each.title}</b>", "showarrow": False, "xanchor": "left", "yanchor": "bottom"}
        layout["annotations"].append({**words, "x": begin, "y": 1.01, "xref": "paper", "yref": "paper"})
        for name in each.marks:
            line = {"type": "line", "xref": f"{axis} domain", "x0": 0, "x1": 1, "yref": "y"}
            at = names.index(name) + 0.5
            style = {"color": "var(--st-orange-color)", "width": 2, "dash": "dot"}
            layout["shapes"].append({**line, "y0": at, "y1": at, "line": style})
        data.append(
            {
                "type": "heatmap",
                "name": each.title,
                "x": list(each.x),
                "y": [placed(name) for name in each.layers],
                "z": rows[place],
                "customdata": [[_words(value, scale) for value in row] for row in each.z],
                "coloraxis": "coloraxis",
                "xaxis": axis,
                "hovertemplate": f"{each.title}, %{{y}}, {below} %{{x:.3~g}}: %{{customdata}}<extra></extra>",
            }
        )
    return {"data": data, "layout": layout}


def _bounds(rows: Sequence[Sequence[Sequence[float | None]]], *, log: bool) -> tuple[float, float]:
    """Of the values; a gradient of 0, or of a millionth of the largest, is as dark as can be and stretches nothing."""
    known = [value for each in rows for row in each for value in row if value is not None]
    high = max(known, default=1.0)
    if log:
        known = [value for value in known if value > max(math.log10(FLOOR), high - DECADES)]
    return (min(known, default=0.0), high)


def _shown(value: float | None, *, log: bool) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return round(math.log10(max(value, FLOOR)), 3) if log else round(value, 4)


def _words(value: float | None, scale: ColourScale) -> str:
    if value is None:
        return ""
    return f"{share(value)}" if scale.percent else f"{value:.2g}"


def _ticks(low: float, high: float) -> dict[str, Any]:
    """Powers of ten, and 2 and 5 times those where there are few.

    >>> _ticks(-1.2, -0.1)["ticktext"]
    ['0.1', '0.2', '0.5']
    """
    powers = list(range(math.floor(low), math.ceil(high) + 1))
    if high - low < 2:
        found = [(exponent + math.log10(n), f"{n * 10.0**exponent:.3g}") for exponent in powers for n in (1, 2, 5)]
    else:
        found = [(float(exponent), _power(exponent)) for exponent in powers[:: max(1, len(powers) // 6)]]
    shown = [(place, text) for place, text in found if low <= place <= high]
    return {"tickvals": [place for place, _ in shown], "ticktext": [text for _, text in shown]}


def _power(exponent: int) -> str:
    """
    >>> _power(-3), _power(0)
    ('0.001', '1')
    """
    return f"{10.0**exponent:g}" if -4 < exponent < 4 else f"10<sup>{exponent}</sup>"
