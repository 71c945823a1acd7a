"""Design: draw a network, see at once what to expect, train it, watch it."""

import streamlit as st

from snnviz.ui.design import atlas, editor, expected, form, live, nearest, preview
from snnviz.ui.kit import headings

headings.hidden_heading("Design")
with st.container():  # a fragment stays where it is only in a container of its own
    editor.panel()
with st.container():
    atlas.panel()
left, right = st.columns([11, 9], gap="medium")
with left:
    form.sections()
    expected.curve_panel()
with right:
    preview.panel()
    expected.panel()
with st.container():
    preview.forecast_panel()
with st.container():
    live.panel()
with st.container():  # last, so that nothing moves with it
    nearest.panel()
