"""A page that writes texts from strangers."""

import streamlit as st

from snnviz.ui.kit.words import plain
from tests.strangers import TEXTS

for text in TEXTS:
    st.error(plain(text))
    st.markdown(f"**{plain(text)}**")
