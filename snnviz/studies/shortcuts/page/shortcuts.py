"""The Shortcuts page: a design with shortcut branches, its link, and its two views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.studies.shortcuts.page import initial_gradients, runs, setting
from snnviz.studies.shortcuts.page.setting import DESIGN, STUDY, VIEWS
from snnviz.studies.shortcuts.study import ShortcutStudy
from snnviz.ui.kit import state
from snnviz.ui.kit.linked import is_back_navigation, read_link
from snnviz.ui.kit.words import as_sentence, define_terms

ABOUT = (
    "In a deep spiking network each layer multiplies the gradient by its weights and a surrogate derivative: on the "
    "way to the first layers it may fade, stay or grow, which the figures below show for this network. "
    "Branches bring them the labels directly, in training alone (Guo et al. 2024): "
    "**inference is the same network, bit for bit, with the branches taken away**."
)
PAPER = (
    "**What a summary of the paper says** (Guo et al. 2024): on ResNets with T = 2 and 4, shortcut back-propagation is "
    "better than none (vanilla), and falling weights are better than constant ones. How λ falls is in no source that "
    "we could read, so that there is a family here. **What is trained here is small**: a difference whose interval "
    "holds 0 is none, more training steps may do what branches do (*Controls*), and a larger gradient alone is no "
    "better accuracy (an optimizer such as Adam divides it by its size)."
)


def begin() -> None:
    """Initialises the page's session at the top of the page, from the link if the visit started here, else from the
    edited design if it has shortcut branches.

    Otherwise from the edited design, if that has branches.
    """
    if STUDY.name in st.session_state and not is_back_navigation():
        return
    STUDY.begin({})
    DESIGN.set(DESIGN.usual)
    VIEWS.show(VIEWS.first)
    if not state.is_entry_page("shortcuts"):
        if state.design().training.shortcut.schedule.kind != "zero":
            DESIGN.set(state.design())
        return
    try:
        (design, study, view), sentence = read_link(from_link, dict(st.query_params))
    except InputError as error:
        DESIGN.set_problem(f"{as_sentence(error)} The deep mlp is shown instead.", linked=True)
    else:
        DESIGN.set(design)
        STUDY.set(study)
        VIEWS.show(view)
        DESIGN.set_problem(sentence, linked=True)


def from_link(query: Mapping[str, str]) -> tuple[Design, ShortcutStudy, str]:
    """Returns design, study and view of a link; a link without fields of a design means the example "deep mlp". Raises
    `InputError`.
    """
    view = VIEWS.read(query)
    return DESIGN.from_link(query), STUDY.from_link(query), view


def panel() -> None:
    """Draws the whole page: the setting with its drawing, and the selected view below it."""
    VIEWS.head("Shortcuts", 6)
    st.caption(define_terms(ABOUT))
    DESIGN.show_problem(linked=True)
    with st.container():
        setting.panel()
    shown: dict[str, Any] = {"compare": runs.panel, "before": initial_gradients.panel}
    shown[VIEWS.current]()
    st.caption(PAPER)
