"""The pictures component: groups of small pictures of samples, frames or data sets, which can be clicked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_pictures",
    html=source("pictures.html"),
    css=source("pictures.css"),
    js=source("paint.js", "pictures.saving.js", "pictures.js"),
)


def pictures(payload: bytes, *, key: str, on_pick: Callable[[], None] | None = None) -> None:
    """Shows what `snnviz.views.pictures.payload` returned. `on_pick` is called after a click and can read `picked`."""
    _MOUNT(key=key, data=payload, on_picked_change=on_pick or _nothing)


def _nothing() -> None:
    """For pictures of which none can be picked."""


def picked(key: str) -> str:
    """Returns the name of the clicked picture, or ""; sent by the browser, so not to be trusted."""
    state = st.session_state.get(key)
    sent = state.get("picked") if isinstance(state, Mapping) else None
    return sent if isinstance(sent, str) else ""
