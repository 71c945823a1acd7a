"""Runs: every run that this server knows, live; find, group, open, mark, compare, cancel, delete."""

import streamlit as st

from snnviz.ui.runs import controls, page

st.title("Runs", anchor=False)
controls.begin()
page.panel()
