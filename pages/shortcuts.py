"""Shortcuts: where gradients vanish, layer by layer, and what branches that only training has do about it."""

import streamlit as st

from snnviz.studies.shortcuts.page import shortcuts

shortcuts.begin()
with st.container():  # a fragment stays where it is only in a container of its own
    shortcuts.panel()
