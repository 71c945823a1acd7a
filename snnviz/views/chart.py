"""A figure with its words, and many of them as the bytes that the charts component shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from snnviz.events import Row


@dataclass(frozen=True, slots=True)
class Chart:
    """A plotly figure, a title, and a sentence that says how to read it."""

    id: str
    title: str
    caption: str
    figure: go.Figure
    height: int = 280
    wide: bool = False


def payload(charts: Iterable[Chart], lib: str) -> bytes:
    """The charts as JSON; `lib` is the address of plotly.js."""
    return json.dumps({"lib": lib, "charts": [_plain(chart) for chart in charts]}, separators=(",", ":")).encode()


def _plain(chart: Chart) -> dict[str, Any]:
    figure = json.loads(chart.figure.to_json(engine="json"))
    figure["layout"].pop("template", None)
    return {
        "id": chart.id,
        "title": chart.title,
        "caption": chart.caption,
        "traces": figure["data"],
        "layout": figure["layout"],
        "height": chart.height,
        "wide": chart.wide,
    }


def frame(rows: Sequence[Row], kind: type[Row]) -> pd.DataFrame:
    """Events as a frame whose columns are their fields, also when there are none yet."""
    names = [field.name for field in fields(kind)]
    return pd.DataFrame({name: [getattr(row, name) for row in rows] for name in names})


def empty(x: str, y: str, **layout: Any) -> go.Figure:
    """A figure without template or traces, with named axes."""
    return go.Figure(
        layout={
            "template": None,
            "xaxis": {"title": {"text": x}},
            "yaxis": {"title": {"text": y}, **layout},
            "margin": {"l": 56, "r": 12, "t": 8, "b": 40},
            "hovermode": "x unified",
        }
    )


VIRIDIS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (180, 222, 44))


def shade(index: int, count: int) -> str:
    """A colour for layer `index` of `count`, from deep violet (first) to green (last)."""
    place = index / max(1, count - 1) * (len(VIRIDIS) - 1)
    low = min(int(place), len(VIRIDIS) - 2)
    share = place - low
    mixed = (round(a + (b - a) * share) for a, b in zip(VIRIDIS[low], VIRIDIS[low + 1], strict=True))
    return f"rgb({','.join(map(str, mixed))})"
