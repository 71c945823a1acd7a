"""The address bar: it holds the design, and Back leads to what it held before."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component("snnviz_address", js=source("address.js"))


def address(query: str, *, key: str, steps: bool = False) -> None:
    """Make `query` (such as ``"a=0012&seed=3"``, already percent-encoded) the query string in the address bar.

    The path, the fragment and Streamlit's own `embed` settings stay. Nothing is shown and no space is taken.

    steps: changes after a rest of a second are steps of the browser's history. For a page that takes its setting from
    the address when `linked.came_back`.
    """
    _MOUNT(key=key, data={"query": query.removeprefix("?"), "steps": steps})
