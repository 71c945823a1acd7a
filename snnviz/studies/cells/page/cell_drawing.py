"""The view "Draw and score" of the Cells page: a cell, drawn and scored without training."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from snnviz.design.cells import Cell
from snnviz.store import Run
from snnviz.studies.cells.page import score_panel as cells_found
from snnviz.studies.cells.page import setting as cells_setting
from snnviz.studies.cells.page.setting import (
    EDITOR,
    FOUND,
    SCORING,
    SETTINGS,
    VIEWS,
    begin,
    network,
    put_cell,
    settings,
)
from snnviz.studies.cells.scoring import Scoring
from snnviz.ui.components.cell_editor import cell_editor, drawn
from snnviz.ui.components.reveal import scroll_into_view
from snnviz.ui.kit import notices, task_runs
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.changes import describe_changes

__all__ = ["begin", "open_cell", "panel"]

EDITOR_KEY = "cells-drawing"


def open_cell(cell: Cell, **fields: Any) -> None:
    """Opens a cell in the editor of this view; `fields`: other fields of the scoring. For callbacks."""
    before = SCORING.value
    SCORING.replace(Scoring.check({**before.model_dump(), **fields, "cell": cell}))
    after = SCORING.value
    cells_setting.renew_editor()
    changes = describe_changes(before.model_dump(mode="json"), after.model_dump(mode="json"))
    notices.show_notice("Opened in the editor.", changes, partial(_put_back, before), lambda: SCORING.value == after)
    VIEWS.show("draw")


def _put_back(before: Scoring) -> None:
    SCORING.replace(before)
    cells_setting.renew_editor()


def panel() -> None:
    """Draws the editor, the scoring's setting, the network, and the results."""
    SCORING.show_problem(linked=True)
    with st.container():
        _editor()
    with st.container():
        settings()
    task_runs.live(_found, FOUND, lambda: task_runs.are_active([SCORING.value]), task_runs.EVERY / 2)


@st.fragment(key=EDITOR)
@show_store_errors()
def _editor() -> None:
    cell_editor(SCORING.value.cell, rev=_revision(), key=EDITOR_KEY, on_change=_drawn)


def _drawn() -> None:
    put_cell(drawn(EDITOR_KEY, SCORING.value.cell, _revision()))
    notices.rerun_fragments(SETTINGS, FOUND)


def _revision() -> str:
    found: str = st.session_state.scoring_revision_of_cell
    return found


def _run(scoring: Scoring) -> Run | None:
    return task_runs.runs_of([scoring]).get(scoring.digest)


def _found() -> None:
    now, session = SCORING.value, st.session_state
    run = _run(now)
    cells_found.panel(now, run)
    network()
    if run is not None and run.state == "done":
        if session.scored is None and session.pop("scoring_pressed", False):  # below what fits the screen, at first
            session.scoring_revealed = session.get("scoring_revealed", 0) + 1
        session.scored = now
    scroll_into_view(session.get("scoring_revealed", 0), key="cells-reveal")
    shown: Scoring | None = session.scored
    if shown is None:
        return
    before = run if shown == now else _run(shown)
    if before is None or before.state != "done":  # deleted meanwhile
        session.scored = None
        return
    if shown != now:
        changed = escape_markdown(cells_setting.differences_text(shown, now))
        st.warning(f"The figures are of another setting: {changed}.", icon=":material/history:")
    cells_found.figures(shown, before)
