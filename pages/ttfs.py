"""TTFS: networks whose neurons spike at most once, and that compute what ReLU networks do."""

import streamlit as st

from snnviz.studies.ttfs.page import ttfs

ttfs.begin()
with st.container():  # a fragment stays where it is only in a container of its own
    ttfs.panel()
