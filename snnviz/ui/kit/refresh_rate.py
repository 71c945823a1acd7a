"""How often panels that change by themselves are drawn anew: less often for one of many who do the same."""

from __future__ import annotations

import streamlit as st

FULL_SPEED = 20
"""People for whom panels are drawn anew as often as they ask for; of more, all together that often."""

_FACTOR = "refresh_factor"


def set_viewer_count(people: int) -> None:
    """Says how many do the same at this time as this session, such as a class; 1: it is alone."""
    st.session_state[_FACTOR] = max(1.0, people / FULL_SPEED)


def refresh_interval(seconds: float) -> float:
    """Returns the seconds between two drawings of a panel that asks for one every `seconds`."""
    factor: float = st.session_state.get(_FACTOR, 1.0)
    return seconds * factor
