"""Part of the Cells page: a search of cells without training, while it goes on and after."""

from __future__ import annotations

import streamlit as st

from snnviz.ui import cells_search_beside, cells_search_figures, cells_search_work, many
from snnviz.ui.cells_search_setting import FOUND, KEY, begin, setting, settings
from snnviz.ui.trouble import told
from snnviz.ui.words import plain
from snnviz.views.cells_search import Seen

__all__ = ["begin", "panel"]


def panel() -> None:
    """What is searched; below it how far it is and what was found, live."""
    if problem := st.session_state[f"{KEY}_link_problem"]:
        st.error(plain(problem), icon=":material/error:")
    with st.container():
        settings()
    active = _is_active()
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_found, key=FOUND, run_every=many.EVERY if active else None)(active)


def _is_active() -> bool:
    run = cells_search_work.run_of(setting())
    return (run is not None and not run.ended) or many.is_active(cells_search_beside.runs_of(setting()))


@told()
def _found(was_active: bool) -> None:
    """What changes while the search goes on; whether it looks again by itself is settled by a run of the whole page."""
    if _is_active() != was_active:
        st.rerun()
    search = setting()
    run = cells_search_work.run_of(search)
    seen = cells_search_work.seen_of(search, run) if run is not None else Seen(search, ())
    cells_search_work.panel(search, run, seen)
    if seen.rows:
        cells_search_figures.figures(seen, ended=run is not None and run.state == "done")
    else:
        cells_search_figures.preview(seen)
