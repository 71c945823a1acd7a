"""The runs that a visitor has started or opened in this visit, the newest first; a lesson's checks look at them."""

from __future__ import annotations

import streamlit as st

MOST = 200
"""Runs that are remembered."""


def remember_runs(*runs: str) -> None:
    """Remembers that runs were started, opened or chosen, by their names or digests."""
    if runs:
        st.session_state.opened_runs = [*dict.fromkeys([*runs, *opened_runs()])][:MOST]


def opened_runs() -> list[str]:
    """Returns the names (or digests) of the runs that were started or opened in this visit, the newest first."""
    found: list[str] = st.session_state.get("opened_runs", [])
    return found
