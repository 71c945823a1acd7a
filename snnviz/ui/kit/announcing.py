"""What ends is said to those who do not see it: one live region for all pages, which screen readers read aloud."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.spoken import spoken


def follow(name: str, words: str, *, busy: bool) -> None:
    """Say `words` when what is called `name` was busy when this was last called in the visit, and is no more."""
    was = st.session_state.setdefault("followed", {})
    if was.get(name) and not busy:
        number, _ = st.session_state.get("said", (0, ""))
        st.session_state.said = (number + 1, words)
    was[name] = busy


def region() -> None:
    """On every page, after all that follows something."""
    number, words = st.session_state.get("said", (0, ""))
    spoken(words, number, key="announced")
