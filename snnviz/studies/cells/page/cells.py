"""The Cells page: a cell drawn and scored, a search without training, and whether the score predicts accuracy."""

from __future__ import annotations

from typing import Any

import streamlit as st

from snnviz.errors import InputError
from snnviz.studies.cells.page import cell_drawing, search, study
from snnviz.studies.cells.page.setting import VIEWS
from snnviz.ui.kit import state
from snnviz.ui.kit.linked import is_back_navigation
from snnviz.ui.kit.store_errors import ERROR, show_store_errors
from snnviz.ui.kit.words import as_sentence, define_terms, escape_markdown

ABOUT = {
    "draw": (
        "Four nodes and the operations between them, some of them backward in time. The score needs no training: it "
        "says how differently an untrained network of such cells spikes for different images (Kim et al. 2022): by the "
        "Hamming distance of spikes (HD), or by the sparsity-aware one (SAHD), in units of what chance makes of it."
    ),
    "search": (
        "Many cells drawn at random, each scored in an untrained network in some hundredths of a second; the best of "
        "them are scored again, more precisely (Kim et al. 2022). HD: by the Hamming distance of spikes; SAHD: by the "
        "sparsity-aware one, in units of what chance makes of it."
    ),
    "study": (
        "Does a score without training say what training reaches? Some cells are scored and trained, and the two are "
        "compared (Kim et al. 2022, Figs. 4, 7, 8 and 9, Tables 2 and 4). HD: by the Hamming distance of spikes; SAHD: "
        "by the sparsity-aware one."
    ),
}


PARTS: dict[str, Any] = {"draw": cell_drawing, "search": search, "study": study}
"""The module that draws each view and reads its setting from a link."""


def begin() -> None:
    """Initialises the page's session at the top of the page, from the link if the visit started here."""
    session = st.session_state
    if "cells_view" in session:
        if is_back_navigation():
            _go_back()
        return
    query = dict(st.query_params) if state.is_entry_page("cells") else {}
    session.cells_link_problem = ""
    VIEWS.show(VIEWS.first)
    for part in PARTS.values():
        part.begin(query)
    try:
        VIEWS.show(VIEWS.read(query))
    except InputError as error:
        session.cells_link_problem = as_sentence(error)


def _go_back() -> None:
    """Take what the address tells of, which is the setting of one view."""
    session, query = st.session_state, dict(st.query_params)
    try:
        VIEWS.show(VIEWS.read(query))
    except InputError as error:
        session.cells_link_problem = as_sentence(error)
    else:
        PARTS[VIEWS.current].begin(query)


@show_store_errors()
def panel() -> None:
    """Draws the whole page: the switch between views, and the selected one."""
    VIEWS.head("Cells")
    st.caption(define_terms(ABOUT[VIEWS.current]))
    if problem := st.session_state.cells_link_problem:
        st.error(escape_markdown(problem), icon=ERROR)
    PARTS[VIEWS.current].panel()
