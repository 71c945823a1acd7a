"""A page that writes texts from strangers."""

import streamlit as st

from snnviz.ui.kit.words import escape_markdown
from tests.strangers import TEXTS

for text in TEXTS:
    st.error(escape_markdown(text))
    st.markdown(f"**{escape_markdown(text)}**")
