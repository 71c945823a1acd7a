"""The network around a cell, from image to vote, as a compact figure (Kim et al. 2022, Fig. 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snnviz.views.chart import Chart

WIDE, GAP = 1.0, 0.34
"""Of a box and of the arrow behind it."""

PLAIN, CELL, SPIKING = (
    "var(--st-secondary-background-color)",
    "var(--st-violet-background-color)",
    "var(--st-blue-background-color)",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A box: its name, what is in it, and what it hands on."""

    name: str
    inside: str
    shape: str
    fill: str = PLAIN


def parts(shape: tuple[int, int, int], channels: int, hidden: int, classes: int, voters: int = 0) -> tuple[Part, ...]:
    """The boxes of the network of these images (channels, height, width); `voters`: outputs of each class.

    >>> [part.shape for part in parts((1, 16, 16), 16, 1024, 10)]
    ['1 × 16×16', '16 × 16×16', '16 × 16×16', '32 × 8×8', '32 × 8×8', '32 × 4×4', '1,024', '10']
    """
    colours, height, width = shape
    maps = [f"{height // n}×{width // n}" for n in (1, 2, 4)]
    last = f"linear, mean of {voters}" if voters else "linear, mean"
    return (
        Part("image", "at every t", f"{colours} × {maps[0]}"),
        Part("stem", "conv 3×3, norm", f"{channels} × {maps[0]}"),
        Part("<b>cell 1</b>", "as drawn", f"{channels} × {maps[0]}", CELL),
        Part("reduction", "LIF, conv 3×3, pool 2", f"{2 * channels} × {maps[1]}", SPIKING),
        Part("<b>cell 2</b>", "as drawn, own weights", f"{2 * channels} × {maps[1]}", CELL),
        Part("last", "LIF, pool 2", f"{2 * channels} × {maps[2]}", SPIKING),
        Part("hidden", "dropout, linear, LIF", f"{hidden:,}", SPIKING),
        Part("voting", last, f"{classes}"),
    )


def network_chart(boxes: tuple[Part, ...], caption: str) -> Chart:
    """The boxes in a row, an arrow from each to the next, and under each what it hands on."""
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for place, part in enumerate(boxes):
        left = place * (WIDE + GAP)
        middle = left + WIDE / 2
        border = {"color": "var(--st-violet-color)" if part.fill == CELL else "var(--st-border-color)", "width": 1.5}
        box = {"type": "rect", "x0": left, "x1": left + WIDE, "y0": 0.3, "y1": 1, "layer": "below"}
        shapes.append({**box, "fillcolor": part.fill, "line": border})
        text = f"{part.name}<br><span style='font-size:10px'>{part.inside.replace(', ', ',<br>')}</span>"
        notes.append(_note(middle, 0.65, text, 13))
        notes.append(_note(middle, 0.12, part.shape, 11.5))
        if place:
            notes.append(
                {
                    "x": left - 0.03,
                    "ax": left - GAP + 0.03,
                    "y": 0.65,
                    "ay": 0.65,
                    "axref": "x",
                    "ayref": "y",
                    "showarrow": True,
                    "arrowhead": 2,
                    "arrowsize": 1,
                    "arrowwidth": 1.6,
                    "arrowcolor": "var(--st-gray-text-color)",
                    "text": "",
                }
            )
    hidden = {"visible": False, "fixedrange": True}
    layout: dict[str, Any] = {
        "xaxis": {**hidden, "range": [-0.05, len(boxes) * (WIDE + GAP) - GAP + 0.05]},
        "yaxis": {**hidden, "range": [0, 1.05]},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "shapes": shapes,
        "annotations": notes,
        "hovermode": False,
        "dragmode": False,
    }
    nothing = {
        "type": "scatter",
        "x": [0],
        "y": [0.5],
        "mode": "markers",
        "marker": {"opacity": 0},
        "showlegend": False,
    }
    return Chart(
        "snasnet", "The network around the cell", caption, {"data": [nothing], "layout": layout}, 112, wide=True
    )


def _note(x: float, y: float, text: str, size: float) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": {"size": size}}
