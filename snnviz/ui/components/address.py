"""The address bar of the browser: keeps the page's setting as a link, with a history for Back."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component("snnviz_address", js=source("address.js"))


def address(query: str, *, key: str, steps: bool = False) -> None:
    """Sets the query string in the address bar to `query`, such as ``"a=0012&seed=3"``, already percent-encoded.

    The path, the fragment and Streamlit's own `embed` settings stay. Nothing is shown and no space is taken.

    steps: changes become steps of the browser's history after a second without change. For pages that read their
    setting from the address when `linked.is_back_navigation`.
    """
    _MOUNT(key=key, data={"query": query.removeprefix("?"), "steps": steps})
