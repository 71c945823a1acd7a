"""The address bar of the browser: keeps the page's setting as a link, with a history for Back."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

import streamlit as st

from snnviz.ui.components.assets import source

BESIDE = "kept_in_address"
"""Name in the session of parameters that stand in every page's address beside its setting: a lesson, locks."""

SHOWN, STARTS = "address_shown", "address_starts"
"""Names in the session of what is in the address of the page that is shown, `Address`, and of the query strings that
pages were opened with, by page and key: to lead back there.
"""

_MOUNT = st.components.v2.component("snnviz_address", js=source("leaving.js", "address.js"))


class Address(NamedTuple):
    """The setting in the address of a page: the page, the key of the component that wrote it, and the query string."""

    page: str
    key: str
    query: str


def address(query: str, *, key: str, steps: bool = False) -> None:
    """Sets the query string in the address bar to `query`, such as ``"a=0012&seed=3"``, already percent-encoded.

    The path, the fragment and Streamlit's own `embed` settings stay. Nothing is shown and no space is taken.

    steps: changes become steps of the browser's history after a second without change. For pages that read their
    setting from the address again after Back.
    """
    session, query = st.session_state, query.removeprefix("?")
    shown = Address(session.get("page", ""), key, query)
    session[SHOWN] = shown
    session.setdefault(STARTS, {}).setdefault((shown.page, key), query)
    beside: dict[str, str] = session.get(BESIDE, {})
    kept = [f"{name}={quote(text, safe=',.*')}" for name, text in beside.items()]
    parts = [part for part in (query, *kept) if part]
    _MOUNT(key=key, data={"query": "&".join(parts), "steps": steps})
