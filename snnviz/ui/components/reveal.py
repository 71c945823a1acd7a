"""The reveal component: scrolls the page to its own position."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component("snnviz_reveal", js=source("reveal.js"))


def scroll_into_view(count: int, *, key: str) -> None:
    """Scrolls here when `count` has increased since the last time this browser tab saw it; 0 never scrolls."""
    _MOUNT(key=key, data={"moment": count})
