"""The Runs page: every run with filters, order, groups and pages, actions on selected runs, and their comparison."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from snnviz.store.index import IndexedRuns
from snnviz.theory.operations import ESTIMATED
from snnviz.ui.components.address import address
from snnviz.ui.kit import opened, services
from snnviz.ui.kit.columns import column_config, half_interval, metric_columns
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.ui.runs import listing, reads
from snnviz.ui.runs.acting import actions
from snnviz.ui.runs.comparing import MOST_COMPARED, compare
from snnviz.ui.runs.controls import controls, current_view
from snnviz.ui.runs.listing import GUESSED, PER_PAGE, Item, Line, Listed
from snnviz.ui.runs.view import RunsView, to_link
from snnviz.views.changes import label
from snnviz.views.numbers import NO_NUMBER

HEIGHT = 598
"""Of the table, in pixels: 16 rows."""

EVERY = 2.0

WIDTH = 320
"""Of a design, in pixels."""


def panel() -> None:
    """Shows the table of runs, updated every two seconds while any is active, and the actions on the selected ones."""
    now = reads.current()
    if hidden := reads.hidden_sentence(now):
        st.caption(escape_markdown(hidden))
    if not now.runs:
        st.info("No run yet. Draw a network on the Design page and press Train.", icon=":material/info:")
        return
    active = reads.is_active(now)
    with st.container():
        st.fragment(_listing, key="listing", run_every=EVERY if active else None)(active)


@show_store_errors()
def _listing(active: bool) -> None:
    now = reads.current()
    if active and not reads.is_active(now):
        st.rerun()
    if active and (sentence := services.queue_problem()):
        st.caption(escape_markdown(sentence))
    view, above = current_view(), st.container()
    items = reads.selected(now, view)
    first = _first(len(items))
    unfolded = frozenset(st.session_state.get("runs_unfolded", ()))
    page = reads.page(now, view, (first, first + PER_PAGE), unfolded)
    _follow([line.name for line in page.lines])
    buttons = st.container(horizontal=True)
    picked = _table(page, view)
    lines = [page.lines[row] for row in picked["selection"]["rows"] if row < len(page.lines)]
    names = [*dict.fromkeys(run for line in lines for run in line.runs)]
    chosen = [*services.store().get_many(names[: max(MOST_COMPARED, 1000)]).values()] if names else []
    opened.remember_runs(*(run.run for run in chosen))
    with buttons:
        if view.grouped:
            _unfolding([line for line in lines if line.group], unfolded)
        actions(chosen)
    _below(now, items, first, view, page)
    if not chosen:
        st.caption("Choose one run to open, rename, mark, cancel or delete it; choose several to compare them.")
    if len(chosen) == 1 and chosen[0].notes:
        st.markdown(f"**Note.** {escape_markdown(chosen[0].notes)}")
    if len(chosen) > 1:
        compare(chosen[:MOST_COMPARED], len(names), view.shown)
    with above:  # drawn last, as the rows are what is waited for
        controls(now, view)
    address(to_link(view), key="address")


def _table(page: Listed, view: RunsView) -> Any:
    first = ["state", *(["seeds"] if view.grouped else []), *view.shown[:1]]
    first += ["spread"] if listing.spread_of(view) else []
    marks = ["marks"] if page.table["marks"].astype(bool).any() else []
    notes = ["notes"] if page.table["notes"].astype(bool).any() else []
    return st.dataframe(
        page.shown,
        key="picked",
        hide_index=True,
        height=min(38 + 35 * max(1, len(page.lines)), HEIGHT),
        on_select=_tapped,
        selection_mode=["multi-row", "single-cell"],
        placeholder=NO_NUMBER,
        column_order=(*first, "design", *marks, *view.fields, *view.shown[1:], *notes, "created"),
        column_config=column_config(
            page.table,
            {
                "state": st.column_config.TextColumn(width=100 if view.grouped else 80),
                "seeds": st.column_config.TextColumn("Seeds", width=90, help="A press unfolds the runs of a group."),
                "spread": half_interval("%.2g", width=70),
                "design": st.column_config.TextColumn(width=WIDTH),
                "marks": st.column_config.TextColumn("Marks", help="A star keeps a run; tags find it."),
                "notes": st.column_config.TextColumn("Note", width=160),
                **{path: _field_config(path, page.table[path]) for path in view.fields},
                **metric_columns(view.shown),
                "created": st.column_config.DatetimeColumn(format="distance", width=110),
            },
        ),
    )


def _field_config(path: str, values: pd.Series[Any]) -> Any:
    numbers = pd.api.types.is_numeric_dtype(values)
    kind = st.column_config.NumberColumn if numbers else st.column_config.TextColumn
    return kind(label(path), help=path)


def _below(now: IndexedRuns, items: tuple[Item, ...], first: int, view: RunsView, page: Listed) -> None:
    """How many there are, and which page of them is shown; and of how many operations are estimated."""
    count, runs = len(items), sum(len(item) for item in items)
    what = f"{runs:,} run{'s' * (runs != 1)}"
    what = f"{count:,} group{'s' * (count != 1)} of {what}" if view.grouped else what
    of = f" of {len(now.runs):,} take the filter" if view.filter and runs < len(now.runs) else ""
    if count > PER_PAGE or of:
        with st.container(horizontal=True, vertical_alignment="center"):
            if count > PER_PAGE:
                last = (count - 1) // PER_PAGE
                at = first // PER_PAGE
                _turn("First", ":material/first_page:", 0, at == 0)
                _turn("Previous", ":material/chevron_left:", at - 1, at == 0)
                _turn("Next", ":material/chevron_right:", at + 1, at == last)
                _turn("Last", ":material/last_page:", last, at == last)
                shown = f"{first + 1:,} to {min(first + PER_PAGE, count):,} of "
            else:
                shown = ""
            st.caption(f"{shown}{what}{of}.")
    if estimated := int((page.table[GUESSED] > 0).sum()):
        noun = "row" if view.grouped else "run"
        st.caption(escape_markdown(f"Operations and energy of {pluralise(estimated, noun)} are {ESTIMATED}."))


def _turn(words: str, icon: str, to: int, off: bool) -> None:
    st.button(words, icon=icon, disabled=off, key=f"runs-{words.lower()}", type="tertiary", on_click=_go_to, args=(to,))


def _go_to(page: int) -> None:
    st.session_state.runs_page = page


def _first(count: int) -> int:
    """The number of the first row of the page that is shown; runs may have gone meanwhile."""
    page = min(st.session_state.get("runs_page", 0), max(0, count - 1) // PER_PAGE)
    return int(page) * PER_PAGE


def _unfolding(lines: list[Line], unfolded: frozenset[str]) -> None:
    """A button for those who cannot press a cell."""
    keys = [line.group for line in lines]
    folding = bool(keys) and all(key in unfolded for key in keys)
    st.button(
        "Fold" if folding else "Unfold",
        icon=":material/unfold_less:" if folding else ":material/unfold_more:",
        disabled=not keys,
        key="runs-unfold",
        on_click=_unfold,
        args=(keys, not folding),
        help="Show the runs of the chosen groups, seed by seed.",
    )


def _unfold(keys: list[str], open_: bool) -> None:
    known = set(st.session_state.get("runs_unfolded", ()))
    st.session_state.runs_unfolded = known | {*keys} if open_ else known - {*keys}


def _tapped() -> None:
    """A cell was pressed, as a finger does: its row is chosen, or no more; a group's number of seeds unfolds it."""
    session = st.session_state
    selection = session.picked["selection"]
    if not selection["cells"]:
        return
    rows = set(selection["rows"])
    for row, name in selection["cells"]:
        line = session.get("listed", [])[row : row + 1]
        if name == "seeds" and line and line[0].startswith("group "):
            key = line[0].removeprefix("group ")
            _unfold([key], key not in session.get("runs_unfolded", ()))
        else:
            rows ^= {row}
    session.picked = {"selection": {"rows": sorted(rows), "columns": [], "cells": []}}


def _follow(names: list[str]) -> None:
    """Ticks are row numbers of the table as this visitor saw it last: move them along with their runs."""
    session = st.session_state
    before: list[str] = session.get("listed", names)
    if before != names and "picked" in session:
        ticked = {before[row] for row in session.picked["selection"]["rows"] if row < len(before)}
        rows = [row for row, name in enumerate(names) if name in ticked]
        if rows != list(session.picked["selection"]["rows"]):  # the browser would miss the next press
            session.picked = {"selection": {"rows": rows, "columns": [], "cells": []}}
    session.listed = names
