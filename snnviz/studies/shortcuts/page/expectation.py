"""What is expected of a network's gradients before training: by theory, or, where there is none, measured on untrained
networks behind the page.
"""

from __future__ import annotations

import streamlit as st

from snnviz.design.design import Design
from snnviz.studies.shortcuts.charts.words import expectation_sentence
from snnviz.studies.shortcuts.page.setting import RUNS
from snnviz.theory.backward import ExpectedGradients, expected_gradients, measured_gradients
from snnviz.ui.kit import untrained
from snnviz.ui.kit.fragments import rerun_fragments_instead
from snnviz.ui.kit.refresh_rate import refresh_interval
from snnviz.ui.kit.words import escape_markdown

EVERY = 0.5
"""Seconds between two looks whether untrained networks have been measured."""


def expectation(design: Design) -> ExpectedGradients | None:
    """Returns what is expected of a design's gradients as far as it is known."""
    found = expected_gradients(design)
    if found is None and (measured := untrained.measured(design)) is not None:
        return measured_gradients(measured)
    return found


def panel(design: Design) -> None:
    """Draws a sentence on this design's gradients before training; has them measured where no theory knows them."""
    found = expectation(design)
    if found is not None:
        st.caption(escape_markdown(expectation_sentence(found)))
    elif untrained.poll(design):
        st.caption(":material/hourglass_top: No theory for this network: its gradients are being measured ...")
        with st.container():
            st.fragment(_await, key="shortcuts-expectation", run_every=refresh_interval(EVERY))(design)


def _await(design: Design) -> None:
    if not untrained.poll(design):
        rerun_fragments_instead(RUNS)
