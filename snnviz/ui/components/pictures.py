"""Groups of small pictures: samples, frames, data sets. One that has a name can be picked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_pictures", html=source("pictures.html"), css=source("pictures.css"), js=source("paint.js", "pictures.js")
)


def pictures(payload: bytes, *, key: str, on_pick: Callable[[], None] | None = None) -> None:
    """Show what `snnviz.views.pictures.payload` made. `on_pick` runs after a click and reads `picked`."""
    _MOUNT(key=key, data=payload, on_picked_change=on_pick or _nothing)


def _nothing() -> None:
    """For pictures of which none can be picked."""


def picked(key: str) -> str:
    """The name of the picture that was clicked, from a stranger; empty where none was."""
    state = st.session_state.get(key)
    sent = state.get("picked") if isinstance(state, Mapping) else None
    return sent if isinstance(sent, str) else ""
