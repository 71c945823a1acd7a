"""Drawings of SNASNet cells side by side: forward connections above the nodes, backward ones below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snnviz.design.cells import CONV1, CONV3, NODE_PAIRS, NODES, OPERATION_NAMES, POOL, SKIP, Cell, has_backward
from snnviz.views.chart import Chart

COLOURS = {
    SKIP: "var(--st-green-text-color)",
    CONV1: "var(--st-blue-text-color)",
    CONV3: "var(--st-violet-text-color)",
    POOL: "var(--st-orange-text-color)",
}
BACK = "var(--st-red-color)"
LEGEND = {SKIP: "skip", CONV1: "conv 1x1", CONV3: "conv 3x3", POOL: "pool 3x3"}
SYMBOLS = {SKIP: "diamond", CONV1: "circle", CONV3: "square", POOL: "triangle-up"}
"""Markers in the middle of connections, so that operations differ by more than colour."""

HEIGHT, FLAT, HEAD = 104, 66, 62
"""Heights in pixels: of a drawing, of one without backward connections, and of the text above it."""

LEAST = 190
"""Smallest width of a cell in pixels, for its text."""

POINTS = 17


@dataclass(frozen=True, slots=True)
class Drawing:
    """A cell to draw: lines of text above it, whether it is marked, and its cell search and name if it can be
    clicked.
    """

    cell: Cell
    lines: tuple[str, ...]
    search: str = ""
    name: str = ""
    marked: bool = False


def cells_chart(shown: Sequence[Drawing], title: str, caption: str, *, key: str, columns: int = 6) -> Chart:
    """Returns a chart with drawings of cells in rows of `columns`, under a legend of the operations."""
    rows = max(1, -(-len(shown) // columns))
    backward = any(has_backward(one.cell) for one in shown)
    height = HEIGHT if backward else FLAT
    top, whole = 30, rows * (height + HEAD)
    layout: dict[str, Any] = {
        "margin": {"l": 4, "r": 4, "t": top, "b": 4},
        "hovermode": "closest",
        "hoverdistance": HEIGHT,  # a click beside a line chooses too
        "annotations": [],
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "yref": "paper", "itemclick": False},
    }
    traces = _legend(backward=backward)
    for place, one in enumerate(shown):
        row, column = divmod(place, columns)
        axis = str(place + 1) if place else ""
        low, high = 1 - (row + 1) * (height + HEAD) / whole, 1 - (row * (height + HEAD) + HEAD) / whole
        span = [-1.12 if backward else -0.3, 1.12]
        bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True, "ticks": ""}
        sides = [(column + 0.03) / columns, (column + 0.93) / columns]
        layout[f"xaxis{axis}"] = {**bare, "domain": sides, "anchor": f"y{axis}", "range": [-0.35, NODES - 0.65]}
        layout[f"yaxis{axis}"] = {**bare, "domain": [max(low, 0), high], "anchor": f"x{axis}", "range": span}
        traces += [{**trace, "xaxis": f"x{axis}", "yaxis": f"y{axis}"} for trace in drawing(one)]
        layout["annotations"].append(
            {
                "text": "<br>".join(one.lines),
                "x": sum(sides) / 2,
                "y": high,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
                "align": "center",
                "font": {"size": 12} | ({"color": "var(--st-primary-color)"} if one.marked else {}),
            }
        )
    return Chart(
        key, title, caption, {"data": traces, "layout": layout}, whole + top + 4, wide=True, least=LEAST * columns
    )


def drawing(one: Drawing) -> list[dict[str, Any]]:
    """Returns the Plotly traces of a cell: a curve and a marker for each connection, and the nodes, which can be
    clicked.
    """
    cell = one.cell
    traces: list[dict[str, Any]] = []
    for i, j in NODE_PAIRS:
        if operation := cell[i][j]:
            back = j < i
            x, y = _arc(i, j)
            line = (
                {"color": BACK, "width": 1.6, "dash": "4px,3px"} if back else {"color": COLOURS[operation], "width": 2}
            )
            middle = POINTS // 2
            traces.append(
                {
                    "type": "scatter",
                    "x": x,
                    "y": y,
                    "mode": "lines",
                    "line": line,
                    "showlegend": False,
                    "hoverinfo": "skip",
                }
            )
            traces.append(
                {
                    "type": "scatter",
                    "x": [x[middle]],
                    "y": [y[middle]],
                    "mode": "markers",
                    "marker": {"color": COLOURS[operation], "symbol": SYMBOLS[operation], "size": 8},
                    "showlegend": False,
                    "hovertemplate": f"{i} → {j}: {OPERATION_NAMES[operation]}"
                    f"{', backward' if back else ''}<extra></extra>",
                    **_chosen(one, 1),
                }
            )
    fed = [bool(any(cell[node])) or any(row[node] for row in cell) for node in range(NODES)]
    colour = "var(--st-primary-color)" if one.marked else "var(--st-text-color)"
    traces.append(
        {
            "type": "scatter",
            "x": list(range(NODES)),
            "y": [0] * NODES,
            "mode": "markers+text",
            "text": [str(node) for node in range(NODES)],
            "textfont": {"size": 10, "color": "var(--st-background-color)"},
            "marker": {"size": 17, "color": colour, "opacity": [1 if alive else 0.3 for alive in fed]},
            "showlegend": False,
            "hovertemplate": "node %{text}<extra></extra>",
            **_chosen(one, NODES),
        }
    )
    return traces


def _arc(i: int, j: int) -> tuple[list[float], list[float]]:
    """Half of an ellipse from node to node, above if it goes forward; neighbours are joined by a flat one."""
    span, middle = abs(j - i), (i + j) / 2
    height = {1: 0.42, 2: 0.72, 3: 1.02}[span] * (1 if j > i else -1)
    turns = [math.pi * k / (POINTS - 1) for k in range(POINTS)]
    return [round(middle - (j - i) / 2 * math.cos(t), 3) for t in turns], [
        round(height * math.sin(t), 3) for t in turns
    ]


def _chosen(one: Drawing, points: int) -> dict[str, Any]:
    return {"meta": one.search, "customdata": [[one.search, one.name]] * points} if one.search else {}


def _legend(*, backward: bool) -> list[dict[str, Any]]:
    usual = {"type": "scatter", "x": [None], "y": [None], "hoverinfo": "skip"}
    marks = [
        usual
        | {
            "mode": "lines+markers",
            "name": LEGEND[operation],
            "line": {"color": COLOURS[operation], "width": 2},
            "marker": {"color": COLOURS[operation], "symbol": SYMBOLS[operation], "size": 8},
        }
        for operation in LEGEND
    ]
    back = usual | {
        "mode": "lines",
        "name": "backward, heard one step later",
        "line": {"color": BACK, "dash": "4px,3px"},
    }
    return [*marks, back] if backward else marks
