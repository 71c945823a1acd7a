"""Cells: networks found without training, some with backward connections: draw one, search, see whether it helps."""

import streamlit as st

from snnviz.studies.cells.page import cells

cells.begin()
with st.container():  # a fragment stays where it is only in a container of its own
    cells.panel()
