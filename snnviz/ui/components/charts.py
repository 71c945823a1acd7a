"""The charts component: Plotly charts that are updated in place.

``st.plotly_chart`` builds a chart anew whenever its data change, so that zoom, hidden legend entries and hover would be
lost every second of a live run. Here ``Plotly.react`` updates the charts that changed, and leaves the others alone.

The server serialises a run's charts once for all viewers: cache the bytes of `payload`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from snnviz.ui.components.assets import source
from snnviz.ui.server.routes import plotly_url
from snnviz.views import chart
from snnviz.views.chart import Chart

_MOUNT = st.components.v2.component(
    "snnviz_charts",
    html=source("charts.html"),
    css=source("charts.css"),
    js=source(
        "leaving.js",
        "paint.js",
        "charts.reading.js",
        "charts.tools.js",
        "charts.turned.js",
        "charts.brush.js",
        "charts.figure.js",
        "charts.js",
    ),
    isolate_styles=False,  # Plotly adds rules to the page's style sheet, which would not reach into a shadow root
)


def payload(shown: Iterable[Chart]) -> bytes:
    """Returns the charts as JSON. Colours may be written as ``"var(--st-blue-color)"``: they follow the theme."""
    return chart.payload(shown, plotly_url())


def charts(payload: bytes, *, key: str, on_pick: Callable[[], None] | None = None) -> None:
    """Shows charts side by side where there is room; keeps zoom, legend and hover when called with new content.

    `on_pick` is called after a click on a point of a trace with a `meta`, and can read `picked`.
    """
    _MOUNT(key=key, data=payload, on_picked_change=on_pick or _nothing)


def _nothing() -> None:
    """For charts on which nothing can be picked."""


def picked(key: str) -> tuple[str, str] | None:
    """Returns the `meta` of the clicked point's trace and the point's name, the second of its `customdata`; or None.

    Sent by the browser, so not to be trusted.
    """
    state = st.session_state.get(key)
    sent = state.get("picked") if isinstance(state, Mapping) else None
    if not isinstance(sent, Mapping):
        return None
    meta, name = sent.get("meta"), sent.get("name")
    return (meta, name) if isinstance(meta, str) and isinstance(name, str) else None
