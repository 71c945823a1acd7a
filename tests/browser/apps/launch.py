"""Serves the scratch pages beside this file with the project's own routes."""

from pathlib import Path

import streamlit as st

from snnviz.ui.server.routes import middleware, routes
from snnviz.ui.server.streamlit_patches import (
    answer_at_once,
    keep_choices_among_what_is_offered,
    keep_runs_whole,
    keep_units_at_their_numbers,
)

keep_runs_whole()
keep_units_at_their_numbers()
answer_at_once()
keep_choices_among_what_is_offered()
app = st.App(Path(__file__).with_name("scratch.py"), routes=routes(), middleware=middleware())
