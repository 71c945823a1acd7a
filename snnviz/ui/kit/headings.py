"""Headings: each page has one of the first level."""

from __future__ import annotations

import streamlit as st


def hidden_heading(title: str) -> None:
    """Adds the page's title for screen readers only."""
    with st.container(key="heading"):
        st.title(title, anchor=False)
