"""Design: draw a network, see at once what to expect, train it, watch it."""

import streamlit as st

from snnviz.ui import editor, form, live, nearest, preview, state

if state.problem():
    st.error(state.problem(), icon=":material/error:")
nearest.panel()
with st.container():  # a fragment stays where it is only in a container of its own
    editor.panel()
left, right = st.columns([11, 9], gap="medium")
with left:
    form.sections()
with right:
    preview.panel()
with st.container():
    live.panel()
