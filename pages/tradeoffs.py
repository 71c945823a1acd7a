"""Trade-offs: what changes if only this changes, over any fields of a design."""

import streamlit as st

from snnviz.studies.tradeoffs.page import tradeoffs

tradeoffs.begin()
with st.container():  # a fragment stays where it is only in a container of its own
    tradeoffs.panel()
