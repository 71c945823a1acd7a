"""Thumbnails of networks: their adjacency matrices side by side, in the block editor's colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snnviz.design.adjacency import Edges
from snnviz.views.chart import Chart

ROW = 118
"""Height of a row of matrices in pixels."""

LEAST = 130
"""Smallest width of a network in pixels, for its text."""

NONE, DSC, ASC, PATH = 0, 1, 2, 3
COLOURS = (
    "var(--st-secondary-background-color)",
    "var(--st-blue-text-color)",
    "var(--st-orange-text-color)",
    "var(--st-border-color)",
)
WORDS = ("no skip", "DSC", "ASC", "sequential")


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A network to draw: its matrices, lines of text, whether it is marked, and its skip search and code if it can be
    clicked.
    """

    matrices: tuple[Edges, ...]
    lines: tuple[str, ...]
    search: str = ""
    code: str = ""
    marked: bool = False


def thumbnails_chart(shown: Sequence[Thumbnail], title: str, caption: str, *, key: str, columns: int = 6) -> Chart:
    """Returns a chart of networks, drawn as adjacency matrices, in columns with one row per block; large networks have
    several blocks per row.
    """
    per = max(1, round(max(len(one.matrices) for one in shown) ** 0.5))
    rows = -(-max(len(one.matrices) for one in shown) // per)
    head = 20 + 18 * max(len(one.lines) for one in shown)
    height = head + max(150, ROW * rows if per == 1 else 86 * rows) + 12
    layout: dict[str, Any] = {"margin": {"l": 4, "r": 4, "t": head, "b": 8}, "hovermode": "closest", "annotations": []}
    traces: list[dict[str, Any]] = []
    for place, one in enumerate(shown):
        for number, edges in enumerate(one.matrices):
            axis = str(len(traces) + 1) if traces else ""
            row, column = divmod(number, per)
            left = (place + (column + 0.04) / per) / columns
            right = (place + (column + 0.92) / per) / columns
            top = 1 - row / rows
            bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
            layout[f"xaxis{axis}"] = {**bare, "domain": [left, right], "anchor": f"y{axis}", "constrain": "domain"}
            layout[f"yaxis{axis}"] = {
                **bare,
                "domain": [top - 0.94 / rows, top],
                "anchor": f"x{axis}",
                "autorange": "reversed",
                "scaleanchor": f"x{axis}",
                "constrain": "domain",
            }
            traces.append(_matrix(edges, axis, one))
        layout["annotations"].append(
            {
                "text": "<br>".join(one.lines),
                "x": (place + 0.48) / columns,
                "y": 1,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "yshift": 6,
                "showarrow": False,
                "align": "center",
                "font": {"color": "var(--st-primary-color)"} if one.marked else {},
            }
        )
    return Chart(key, title, caption, {"data": traces, "layout": layout}, height, wide=True, least=LEAST * columns)


def _matrix(edges: Edges, axis: str, one: Thumbnail) -> dict[str, Any]:
    targets = range(1, len(edges))  # nothing reaches the first vertex, nothing leaves the last
    cells: list[list[int | None]] = [
        [None if j <= i else PATH if j == i + 1 else edges[i][j] for j in targets] for i in range(len(targets))
    ]
    scale = [[(kind + end) / len(COLOURS), colour] for kind, colour in enumerate(COLOURS) for end in (0, 1)]
    trace: dict[str, Any] = {
        "type": "heatmap",
        "z": cells,
        "x0": 1,
        "text": [["" if cell is None else WORDS[cell] for cell in row] for row in cells],
        "customdata": [[[one.search, one.code]] * len(targets)] * len(targets),
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "colorscale": scale,
        "zmin": -0.5,
        "zmax": len(COLOURS) - 0.5,
        "xgap": 1,
        "ygap": 1,
        "showscale": False,
        "hoverongaps": False,
        "hovertemplate": "%{y} → %{x}: %{text}<extra></extra>",
    }
    return trace | ({"meta": one.search} if one.search else {})
