"""What ends is said to those who do not see it: one live region for all pages, which screen readers read aloud."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.live_region import live_region


def announce_end(name: str, words: str, *, busy: bool) -> None:
    """Have screen readers read `words` aloud once something is no longer `busy` that was at the call before."""
    was = st.session_state.setdefault("followed", {})
    if was.get(name) and not busy:
        number, _ = st.session_state.get("said", (0, ""))
        st.session_state.said = (number + 1, words)
    was[name] = busy


def announcer() -> None:
    """The live region that reads announcements aloud; on every page, after all calls of `announce_end`."""
    number, words = st.session_state.get("said", (0, ""))
    live_region(words, number, key="announced")
