"""Lessons: predict what a spiking network will do, then see what it does."""

import streamlit as st

from snnviz.ui.learn import lessons

with st.container():
    lessons.panel()
