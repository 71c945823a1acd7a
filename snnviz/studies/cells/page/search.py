"""The view "Search" of the Cells page: a search of cells without training, while it runs and after."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.cells.charts.search import SearchHistory
from snnviz.studies.cells.page import search_figures, search_normalisations, search_runs
from snnviz.studies.cells.page.search_setting import FOUND, SEARCH, settings
from snnviz.ui.kit import task_runs

begin = SEARCH.begin


def panel() -> None:
    """Draws the search's widgets, its progress and its results, updated live."""
    SEARCH.show_problem(linked=True)
    with st.container():
        settings()
    task_runs.live(_found, FOUND, _is_active)


def _is_active() -> bool:
    run = search_runs.run_of(SEARCH.value)
    return (run is not None and not run.ended) or task_runs.is_active(search_normalisations.runs_of(SEARCH.value))


def _found() -> None:
    search = SEARCH.value
    run = search_runs.run_of(search)
    history = search_runs.search_history(search, run) if run is not None else SearchHistory(search, ())
    search_runs.panel(search, run, history)
    if history.rows:
        search_figures.figures(history, ended=run is not None and run.state == "done")
    else:
        search_figures.preview(history)
