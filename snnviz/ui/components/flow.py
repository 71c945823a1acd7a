"""The flow component: a network as a row of boxes from left to right, wrapped where there is little room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from snnviz.ui.components.assets import source
from snnviz.views.boxes import Box
from snnviz.views.words import layer_label

_MOUNT = st.components.v2.component(
    "snnviz_flow", html=source("flow.html"), css=source("flow.css"), js=source("flow.js")
)


def flow(parts: Sequence[Box], title: str, caption: str, *, key: str) -> None:
    """Shows a network as boxes in a row, with an arrow from each to the next."""
    boxes = [asdict(part) | {"name": layer_label(part.name)} for part in parts]
    _MOUNT(key=key, data={"parts": boxes, "title": title, "caption": caption})
