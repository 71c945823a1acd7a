"""Classes: join one by its code, or make one and see what everybody predicts."""

import streamlit as st

from snnviz.ui.learn import classes

with st.container():
    classes.panel()
