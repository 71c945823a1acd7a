"""The first page: what this place is for, and the ways on."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.navigation import PAGES

ABOUT = (
    "A spiking network computes with short pulses in time, as brains do: a neuron is silent until what reaches it has "
    "added up. Here you draw such networks, see what theory expects of them, train them in seconds, and look inside."
)


def panel() -> None:
    """Draws the whole page."""
    st.title("Home", anchor=False)
    st.write(ABOUT)
    st.page_link(PAGES / "design.py", label="Design a network", icon=":material/hub:")
