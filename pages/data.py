"""Data: the data sets and their samples, what a network sees of them, and data of one's own."""

import streamlit as st

from snnviz.ui.data import page

page.begin()
with st.container():  # a fragment stays where it is only in a container of its own
    page.panel()
