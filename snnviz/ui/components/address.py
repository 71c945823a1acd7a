"""The address bar of the browser: keeps the page's setting as a link, with a history for Back."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from snnviz.ui.components.assets import source

BESIDE = "kept_in_address"
"""Name in the session of parameters that stand in every page's address beside its setting: a lesson, locks."""

SHOWN = "shown_in_address"
"""Name in the session of the page that last set its address, and the query string without what stands beside."""

_MOUNT = st.components.v2.component("snnviz_address", js=source("address.js"))


def address(query: str, *, key: str, steps: bool = False) -> None:
    """Sets the query string in the address bar to `query`, such as ``"a=0012&seed=3"``, already percent-encoded.

    The path, the fragment and Streamlit's own `embed` settings stay. Nothing is shown and no space is taken.

    steps: changes become steps of the browser's history after a second without change. For pages that read their
    setting from the address again after Back.
    """
    st.session_state[SHOWN] = (st.session_state.get("page"), query.removeprefix("?"))
    beside: dict[str, str] = st.session_state.get(BESIDE, {})
    kept = [f"{name}={quote(text, safe=',.*')}" for name, text in beside.items()]
    parts = [part for part in (query.removeprefix("?"), *kept) if part]
    _MOUNT(key=key, data={"query": "&".join(parts), "steps": steps})
