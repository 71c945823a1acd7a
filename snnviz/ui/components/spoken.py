"""A live region: a sentence in it is read aloud by screen readers, and seen by nobody."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_spoken", html='<p role="status" aria-live="polite"></p>', js=source("spoken.js"), isolate_styles=False
)


def spoken(words: str, number: int, *, key: str) -> None:
    """Say `words`, once for every new `number`."""
    _MOUNT(key=key, data={"words": words, "number": number})
