"""Look inside: one image through a trained network, spike by spike, and why it answered so."""

import streamlit as st

from snnviz.studies.inside.page import inside

inside.begin()
with st.container():  # a fragment stays where it is only in a container of its own
    inside.panel()
