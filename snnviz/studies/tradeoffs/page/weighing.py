"""The view Weigh of the Trade-offs page."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.tradeoffs.page.setting import to_link
from snnviz.ui.components.address import address


def panel() -> None:
    """What finished runs show."""
    st.caption("What is shown here is computed from runs that are done.")
    address(to_link(), key="tradeoffs-address", steps=True)
