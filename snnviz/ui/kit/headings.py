"""Headings: each page has one of the first level."""

from __future__ import annotations

import streamlit as st


def hidden_heading(title: str) -> None:
    """The page's title for screen readers alone, where the page begins with its subject."""
    with st.container(key="heading"):
        st.title(title, anchor=False)
