"""Announcements for screen readers when something has ended, by one live region for all pages."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.components.live_region import live_region


def announce_end(name: str, words: str, *, busy: bool) -> None:
    """Makes screen readers read `words` aloud when `name` was busy at the last call and no longer is."""
    was = st.session_state.setdefault("followed", {})
    if was.get(name) and not busy:
        number, _ = st.session_state.get("said", (0, ""))
        st.session_state.said = (number + 1, words)
    was[name] = busy


def announcer() -> None:
    """Draws the live region that screen readers read announcements from; called on every page after all calls of
    `announce_end`.
    """
    number, words = st.session_state.get("said", (0, ""))
    live_region(words, number, key="announced")
