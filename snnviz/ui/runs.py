"""The runs page: every run, what can be done with it, and any selection on top of each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pandas as pd
import streamlit as st

from snnviz.errors import SnnvizError
from snnviz.events import EpochEnd
from snnviz.places import ROOT, cache_dir
from snnviz.store import Run, Unreadable
from snnviz.ui import services, state
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.trouble import told
from snnviz.ui.words import plain
from snnviz.views.run import overlay_charts
from snnviz.views.runs import difference_table, row, run_table, short_names

MOST_SHOWN = 500
MOST_OVERLAID = 12
EVERY = 2.0


def panel() -> None:
    """The table, looked at anew every two seconds while something is going on, and the actions on a selection."""
    runs, _, hidden = _known()
    if hidden:
        what = f"{len(hidden)} run{'s' if len(hidden) > 1 else ''} of another version cannot be shown"
        st.caption(plain(f"{what}: {hidden[0].run} ({hidden[0].reason})"))
    if not runs:
        st.info("No run yet. Draw a network on the Design page and press Train.", icon=":material/info:")
        return
    active = any(not run.ended for run in runs)
    with st.container():
        st.fragment(_listing, key="listing", run_every=EVERY if active else None)(active)


@told()
def _listing(active: bool) -> None:
    runs, table, _ = _known()
    if active and all(run.ended for run in runs):
        st.rerun()
    if active and (sentence := services.standstill()):
        st.caption(plain(sentence))
    _follow([run.run for run in runs])
    picked = st.dataframe(
        table,
        key="picked",
        hide_index=True,
        height=min(38 + 35 * len(runs), 420),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        column_order=("state", "design", "accuracy", "rate", "seconds", "created"),
        column_config={
            "state": st.column_config.TextColumn("State", width="small"),
            "design": st.column_config.TextColumn("Design", width=540),
            "accuracy": st.column_config.NumberColumn("Test accuracy", format="%.1f %%", width="small"),
            "rate": st.column_config.NumberColumn("Firing rate", format="%.1f %%", width="small"),
            "seconds": st.column_config.NumberColumn("Training", format="%.1f s", width="small"),
            "created": st.column_config.DatetimeColumn("Created", format="distance", width="small"),
        },
    )
    chosen = [runs[index] for index in picked["selection"]["rows"] if index < len(runs)]
    if not chosen:
        st.caption("Tick one run to open, rename, cancel or delete it; tick several to compare them.")
        return
    _actions(chosen)
    if len(chosen) > 1:
        _compare(chosen[:MOST_OVERLAID])


def _actions(chosen: list[Run]) -> None:
    opening, renaming, cancelling, deleting, _ = st.columns([2, 2, 2, 2, 4])
    one = chosen[0]
    if opening.button("Open", type="primary", icon=":material/open_in_new:", disabled=len(chosen) > 1, key="open"):
        state.open_run(one.run)
        st.switch_page(ROOT / "pages" / "design.py")
    with renaming.popover("Rename", icon=":material/edit:", disabled=len(chosen) > 1), st.form("rename", border=False):
        title = st.text_input("Title", value=one.title, max_chars=200)
        if st.form_submit_button("Rename"):
            _do(lambda run: services.store().rename(run, title), [one])
    going = [run for run in chosen if not run.ended]
    if cancelling.button("Cancel", icon=":material/stop:", disabled=not going, key="cancel_runs"):
        _do(services.engine().cancel, going)
    with deleting.popover("Delete", icon=":material/delete:"):
        st.write(f"Delete {len(chosen)} run{'s' if len(chosen) > 1 else ''} for everybody, with curves and weights?")
        if st.button("Delete", type="primary", key="delete_runs"):
            _do(services.store().delete, chosen)


def _do(action: Callable[[str], None], runs: list[Run]) -> None:
    try:
        for run in runs:
            action(run.run)
    except SnnvizError as error:
        st.error(plain(str(error)))
        return
    services.GLANCES.forget()
    st.rerun()


def _compare(chosen: list[Run]) -> None:
    names = dict(zip(short_names([run.design for run in chosen], [run.title for run in chosen]), chosen, strict=True))
    st.header("What differs", anchor=False)
    st.dataframe(difference_table({name: run.design for name, run in names.items()}), hide_index=True)
    rows = services.store().rows_of([run.run for run in chosen], EpochEnd)
    charts(payload(overlay_charts({name: rows.get(run.run, []) for name, run in names.items()})), key="overlay")


def _follow(names: list[str]) -> None:
    """Ticks are row numbers of the table as this visitor saw it last: move them along with their runs."""
    session = st.session_state
    before: list[str] = session.get("listed", names)
    if before != names and "picked" in session:
        ticked = {before[row] for row in session.picked["selection"]["rows"] if row < len(before)}
        rows = [row for row, name in enumerate(names) if name in ticked]
        session.picked = {"selection": {"rows": rows, "columns": [], "cells": []}}
    session.listed = names


Known = tuple[list[Run], pd.DataFrame, list[Unreadable]]
"""Runs and their table, which belong together: what is ticked in one is looked up in the other; and what is neither."""


def _known() -> Known:
    """The newest runs, read anew where any run has changed."""
    place = str(cache_dir())
    return services.GLANCES.get(("runs", place), lambda: _read(place, services.store().version()))


@lru_cache(maxsize=8)
def _read(_place: str, _version: str) -> Known:
    store = services.store()
    runs = store.runs(limit=MOST_SHOWN)
    last = store.last(EpochEnd, [run.run for run in runs])
    return runs, run_table([row(run, last.get(run.run)) for run in runs]), store.unreadable(MOST_SHOWN)
