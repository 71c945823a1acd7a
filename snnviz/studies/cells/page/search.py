"""Part of the Cells page: a search of cells without training, while it goes on and after."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.cells.charts.search import SearchHistory
from snnviz.studies.cells.page import search_figures, search_normalisations, search_work
from snnviz.studies.cells.page.search_setting import FOUND, KEY, begin, setting, settings
from snnviz.ui.kit import questions
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown

__all__ = ["begin", "panel"]


def panel() -> None:
    """The widgets of the search; below them its progress and its results, live."""
    if problem := st.session_state[f"{KEY}_link_problem"]:
        st.error(escape_markdown(problem), icon=":material/error:")
    with st.container():
        settings()
    active = _is_active()
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_found, key=FOUND, run_every=questions.EVERY if active else None)(active)


def _is_active() -> bool:
    run = search_work.run_of(setting())
    return (run is not None and not run.ended) or questions.is_active(search_normalisations.runs_of(setting()))


@show_store_errors()
def _found(was_active: bool) -> None:
    """What changes while the search goes on; whether it looks again by itself is settled by a run of the whole page."""
    if _is_active() != was_active:
        st.rerun()
    search = setting()
    run = search_work.run_of(search)
    history = search_work.search_history(search, run) if run is not None else SearchHistory(search, ())
    search_work.panel(search, run, history)
    if history.rows:
        search_figures.figures(history, ended=run is not None and run.state == "done")
    else:
        search_figures.preview(history)
