"""The address bar: it holds the design, without a browser history entry and without a rerun for every change."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component("snnviz_address", js=source("address.js"))


def address(query: str, *, key: str) -> None:
    """Make `query` (such as ``"a=0012&seed=3"``, already percent-encoded) the query string in the address bar.

    The path, the fragment and Streamlit's own `embed` settings stay. Nothing is shown and no space is taken.
    """
    _MOUNT(key=key, data={"query": query.removeprefix("?")})
