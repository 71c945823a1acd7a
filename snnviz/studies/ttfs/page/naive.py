"""The view on naive training of the TTFS page: why a TTFS network with alpha = 1 does not learn."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.ttfs.page import spectra, training_courses
from snnviz.studies.ttfs.page.setting import VIEW
from snnviz.ui.kit import task_runs

ABOUT = (
    "A TTFS neuron's slope at threshold is B = α + ΣW, and **1/B multiplies every gradient that passes it**. With a "
    "ramp of α = 1 for all neurons, B is whatever their weights make it: gradients explode, and a step of W is not the "
    "step of w that a ReLU network takes. The B1-model sets α = 1 − ΣW anew after every step, so that B = 1."
)
PAPER = (
    "**The paper's figures, full scale** (Stanojevic et al. 2023, Fig. 2a and 3; MNIST, 8 layers): B1 reaches 100 % of "
    "the training images in fewer than 100 epochs, on the ReLU network's curve; α1, from weights chosen for it and at "
    "a much smaller learning rate, needs about 2,000. How those weights were chosen is in no text that we could read. "
    "**What is trained here is small**, begins with B = 1, and where α = 1 another seed takes another course."
)


def panel() -> None:
    """Draws the eigenvalues of random layers, and the networks that are trained side by side."""
    with st.container():
        spectra.panel()
    st.markdown("**Train them**: a ReLU network, and TTFS networks that begin as the same function")
    task_runs.live(training_courses.panel, VIEW, lambda: task_runs.are_active([training_courses.setting()]))
    st.caption(PAPER)
