"""The live region component: invisible text that screen readers read aloud."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_spoken", html='<p role="status" aria-live="polite"></p>', js=source("spoken.js"), isolate_styles=False
)


def live_region(words: str, number: int, *, key: str) -> None:
    """Makes screen readers read `words` aloud, once for each new `number`."""
    _MOUNT(key=key, data={"words": words, "number": number})
