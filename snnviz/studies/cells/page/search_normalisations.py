"""Comparison of the rankings by other normalisations: a button that scores a search's first cells by them."""

from __future__ import annotations

import streamlit as st

from snnviz.store import Run
from snnviz.studies.cells.charts.normalisations import rank_agreements, sentences
from snnviz.studies.cells.charts.search import SearchHistory
from snnviz.studies.cells.page import search_runs
from snnviz.studies.cells.scoring import CellSearch
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.words import escape_markdown, pluralise

KEY = "cell-search-beside"
SCORE = Verb("Score", "Scoring", "All scored", "search")


def runs_of(search: CellSearch) -> dict[str, Run]:
    """Returns the runs of the same cell search with the other normalisations, by digest."""
    return task_runs.runs_of(list(search.other_normalisations))


def panel(history: SearchHistory) -> None:
    """Draws a button that scores the first cells of the search by the other normalisations, and Kendall's tau between
    the rankings once there are results.
    """
    hunts, runs = history.search.other_normalisations, runs_of(history.search)
    if not hunts[0].candidates > 2:
        return
    with st.container(border=True):
        st.markdown("**Would another normalisation of SAHD rank these cells alike?**")
        cells = pluralise(hunts[0].candidates, "candidate")
        actions(hunts, runs, KEY, verb=SCORE, what=f"{cells} by the other two")
        if not runs:
            return
        found = {
            search.normalisation: search_runs.search_history(search, runs[search.digest]).rows
            for search in hunts
            if search.digest in runs
        }
        found[history.search.normalisation] = history.rows
        if rank_agreements(found):
            st.markdown("\n".join(f"- {escape_markdown(one)}" for one in sentences(found)))
            st.caption("First scores, in the same networks, shown the same images; 95 % intervals over cells.")
