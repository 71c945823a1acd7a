"""Events as a stream that is played in the browser, in space and time, and as the frames that a network sees."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_player", html=source("player.html"), css=source("player.css"), js=source("paint.js", "player.js")
)


def player(payload: bytes, *, key: str) -> None:
    """Show what `snnviz.views.streams.payload` made. Playing, seeking and turning ask the server nothing."""
    _MOUNT(key=key, data=payload)
