"""The copying component: a text to be copied by a button."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_copying", html=source("copying.html"), css=source("copying.css"), js=source("copying.js")
)


def copying(label: str, text: str, *, key: str) -> None:
    """Shows `text`, which cannot be changed, under its label, with a button that copies it."""
    _MOUNT(key=key, data={"label": label, "text": text})
