"""Headings: each page has one of the first level."""

from __future__ import annotations

import streamlit as st


def unseen(title: str) -> None:
    """A page's heading that is heard but not seen, where the page begins with what it is about."""
    with st.container(key="heading"):
        st.title(title, anchor=False)
