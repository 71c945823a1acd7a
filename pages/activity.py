"""Activity: what reaches a deep layer under each initialisation, before any training, while a slider is dragged."""

import streamlit as st

from snnviz.studies.activity.page import activity, study
from snnviz.ui.kit import headings

activity.begin()
headings.hidden_heading("Activity")
with st.container():  # a fragment stays where it is only in a container of its own
    activity.panel()
with st.container():
    activity.details()
with st.container():
    study.panel()
