"""Part of the TTFS page: what the two networks say of the same images, side by side, layer by layer."""

from __future__ import annotations

import streamlit as st

from snnviz.ui.trouble import told
from snnviz.ui.ttfs_setting import VIEW


@st.fragment(key=VIEW)
@told()
def panel() -> None:
    """Logits."""
    st.caption("Equivalence")
