"""Plotly charts that are mounted once and updated in place.

``st.plotly_chart`` builds a chart anew whenever its data change: a zoom, a hidden legend entry, a hover are lost every
second of a live run. Here ``Plotly.react`` updates the charts that did change, and leaves the others alone.

A page's process serialises a run's charts once for all its viewers: cache the bytes of `payload`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from snnviz.ui.components.assets import source
from snnviz.ui.routes import plotly_url

_MOUNT = st.components.v2.component(
    "snnviz_charts",
    html=source("charts.html"),
    css=source("charts.css"),
    js=source("charts.js"),
    isolate_styles=False,  # Plotly adds rules to the page's style sheet, which would not reach into a shadow root
)


@dataclass(frozen=True)
class Chart:
    """A figure with its words. `id` says which chart on the page it is; `height` is in pixels; `wide` fills a row."""

    id: str
    title: str
    caption: str
    figure: Any  # plotly.graph_objects.Figure, untyped there
    height: int = 300
    wide: bool = False


def payload(shown: Iterable[Chart]) -> bytes:
    """What `charts` shows, as JSON. Colours may be written as ``"var(--st-blue-color)"``: they follow the theme."""
    return json.dumps({"lib": plotly_url(), "charts": [_as_data(chart) for chart in shown]}).encode()


def charts(payload: bytes, *, key: str) -> None:
    """Show charts side by side where there is room. Keeps zoom, legend and hover when called with new content."""
    _MOUNT(key=key, data=payload)


def _as_data(chart: Chart) -> dict[str, object]:
    figure = json.loads(chart.figure.to_json())  # Plotly's encoder: arrays packed, nan as null
    figure.get("layout", {}).pop("template", None)  # the browser brings the page's own theme
    return {
        "id": chart.id,
        "title": chart.title,
        "caption": chart.caption,
        "traces": figure["data"],
        "layout": figure.get("layout", {}),
        "height": chart.height,
        "wide": chart.wide,
    }
