"""The runs that a visit has started or opened, the newest first: what a lesson's checks look at."""

from __future__ import annotations

import streamlit as st

MOST = 200
"""Runs that are remembered."""


def note(run: str) -> None:
    """Remembers that a run was started or opened."""
    st.session_state.opened_runs = [*dict.fromkeys([run, *names()])][:MOST]


def names() -> list[str]:
    """Returns the names or digests of these runs."""
    found: list[str] = st.session_state.get("opened_runs", [])
    return found
