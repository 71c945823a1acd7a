"""The view Ask of the Trade-offs page: what is varied, what that comes to, and the button that queues it."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.tradeoffs.page.setting import EXPERIMENT, RUNS, to_link
from snnviz.ui.components.address import address
from snnviz.ui.kit import questions
from snnviz.ui.kit.actions import actions

ABOUT = "What changes if only this changes? Every group has the same seeds, so that groups can be compared run by run."


def panel() -> None:
    """The experiment, and its runs, live."""
    st.caption(ABOUT)
    questions.live(_runs, RUNS, lambda: questions.are_active([run.design for run in EXPERIMENT.value.runs()]))


def _runs() -> None:
    designs = [run.design for run in EXPERIMENT.value.runs()]
    actions(designs, questions.runs_of(designs), EXPERIMENT.key)
    address(to_link(), key="tradeoffs-address", steps=True)
