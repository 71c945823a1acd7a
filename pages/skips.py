"""Skips: what more and more skip connections do to accuracy, firing rate and cost."""

import streamlit as st

from snnviz.studies.skips.page import skips

skips.begin()
with st.container():  # a fragment stays where it is only in a container of its own
    skips.panel()
