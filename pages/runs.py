"""Runs: every run that this server knows, live; open, compare, cancel, delete."""

import streamlit as st

from snnviz.ui import runs

st.title("Runs", anchor=False)
runs.panel()
