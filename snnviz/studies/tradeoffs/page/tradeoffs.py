"""The Trade-offs page: the switch between its views, and the selected view."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from snnviz.errors import InputError
from snnviz.studies.tradeoffs.page import asking, comparing, searching, weighing
from snnviz.studies.tradeoffs.page.setting import EXPERIMENT, VIEWS
from snnviz.ui.kit import state
from snnviz.ui.kit.linked import is_back_navigation
from snnviz.ui.kit.words import as_sentence

SHOWN: dict[str, Callable[[], None]] = {
    "ask": asking.panel,
    "compare": comparing.panel,
    "weigh": weighing.panel,
    "search": searching.panel,
}


def begin() -> None:
    """Sets experiment and view from the address on the first visit and after Back; called at the top of the page."""
    if EXPERIMENT.name in st.session_state and not is_back_navigation():
        return
    back = EXPERIMENT.name in st.session_state
    query = dict(st.query_params) if state.is_entry_page("tradeoffs") else {}
    if not back:
        EXPERIMENT.begin({})
        VIEWS.show(VIEWS.first)
    try:
        VIEWS.show(VIEWS.read(query))
    except InputError as error:
        EXPERIMENT.set_problem(f"{as_sentence(error)} The first view is shown instead.", linked=True)
    else:
        EXPERIMENT.begin(query, keep=back)
        weighing.begin(query, keep=back)
        comparing.begin(query, keep=back)
        searching.begin(query, keep=back)


def panel() -> None:
    """Draws the whole Trade-offs page: the switch between the views, and the selected view."""
    VIEWS.head("Trade-offs", 6)
    EXPERIMENT.show_problem(linked=True)
    SHOWN[VIEWS.current]()
