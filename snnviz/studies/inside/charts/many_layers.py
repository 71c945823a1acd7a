"""Figures and captions of networks with many layers: what is listed, labelled and drawn of them to be legible."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from snnviz.views.styles import layer_styles

MOST_LISTED = 6
"""Layers that a caption names."""

MOST_LINES = 12
"""Layers that are drawn as a line each; more of them are rows of a heat map."""

LABEL_PIXELS = 13
"""Height of a layer's label."""


def listed(names: Sequence[str]) -> str:
    """Returns names as text; of many the first, and how many more there are.

    >>> listed(["L1", "L2"]), listed([f"L{k}" for k in range(1, 10)])
    ('L1, L2', 'L1, L2, L3, L4, L5, L6 and 3 more')
    """
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return f"{', '.join(names[:MOST_LISTED])}{more}"


def largest(words: Mapping[str, float], separator: str = ", ") -> str:
    """Returns the keys as text, joined by `separator`: all of them in order, or of many those of the largest values.

    >>> largest({"L1 5%": 0.05, "L2 9%": 0.09})
    'L1 5%, L2 9%'
    >>> largest({f"L{k} {k}%": k for k in range(1, 9)})
    'L8 8%, L7 7%, L6 6%, L5 5%, L4 4%, L3 3%, and less of 2 more'
    """
    if len(words) <= MOST_LISTED:
        return separator.join(words)
    first = sorted(words, key=words.__getitem__, reverse=True)[:MOST_LISTED]
    return f"{separator.join(first)}{separator}and less of {len(words) - MOST_LISTED} more"


def layer_ticks(names: Sequence[str], pixels: float) -> dict[str, Any]:
    """Returns Plotly's tick settings of a y axis with rows of height 1 for layers, `pixels` high altogether: of many
    layers every second, third, ... has its label.
    """
    each = max(1, math.ceil(LABEL_PIXELS * len(names) / pixels))
    some = range(0, len(names), each)
    return {"tickvals": [k + 0.5 for k in some], "ticktext": [f"{names[k]} " for k in some]}


def draw_distributions(
    figure: dict[str, Any], layers: Sequence[str], x: Sequence[float], shares: Mapping[str, Sequence[float]], form: str
) -> None:
    """Draws the distribution of each layer (shares by name, at `x`) into a figure: lines, or of many layers the rows of
    a heat map. `layers`: names of all, also of those without a distribution; `form`: of shares in hints, such as
    ".1%".
    """
    if len(layers) <= MOST_LINES:
        styles = layer_styles(layers)
        figure["data"] += [
            {
                "type": "scatter",
                "x": list(x),
                "y": list(y),
                "name": name,
                "hovertemplate": f"%{{y:{form}}}",
                **styles[name].trace(),
            }
            for name, y in shares.items()
        ]
        return
    figure["data"].append(
        {
            "type": "heatmap",
            "x": list(x),
            "y": list(shares),
            "z": [list(row) for row in shares.values()],
            "hovertemplate": f"%{{y}}: %{{z:{form}}} at %{{x}}<extra></extra>",
            "colorbar": {"tickformat": ".3~%", "thickness": 12},
        }
    )
    layout = figure["layout"]
    layout["yaxis"] = {"title": {"text": "layer"}, "autorange": "reversed", "showgrid": False, "zeroline": False}
    layout["hovermode"] = "closest"
