"""The player component: plays an event recording in the browser, in space and time, and as the network's frames."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_player",
    html=source("player.html"),
    css=source("player.css"),
    js=source("leaving.js", "paint.js", "player.js"),
)


def player(payload: bytes, *, key: str) -> None:
    """Shows what `snnviz.views.streams.payload` returned. Playing, seeking and turning need no server."""
    _MOUNT(key=key, data=payload)
