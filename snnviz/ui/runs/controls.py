"""Controls of the Runs page for filter, order, grouping, columns and CSV; their values form one `RunsView`."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from snnviz.errors import InputError
from snnviz.store.filters import parse_filter
from snnviz.store.index import IndexedRuns
from snnviz.theory.metrics import METRICS
from snnviz.ui.kit import services, state
from snnviz.ui.kit.linked import is_back_navigation
from snnviz.ui.kit.store_errors import ERROR
from snnviz.ui.kit.words import as_sentence, escape_markdown
from snnviz.ui.runs import listing, reads
from snnviz.ui.runs.view import MOST_FIELDS, OWN_ORDERS, RunsView, from_link
from snnviz.views.changes import label

HELP = (
    "Fields of designs (neuron.threshold < 0.8, init = kaiming), metrics (accuracy > 0.9), tag, star, state, title, "
    "note, seed and created (created > 2026-11-01), joined by and, or, not and parentheses; also in (1, 2) and "
    "contains. A word alone is looked for everywhere. The address of this page is its link."
)

ORDERS = {"created": "Created", "state": "State", "title": "Title", "seed": "Seed", "tags": "Tags"}


def begin() -> None:
    """Initialises the settings of the Runs page at its top, from the link if the visit started here."""
    session = st.session_state
    if "runs_view" in session and not is_back_navigation():
        return
    session.setdefault("runs_view", RunsView())
    session.runs_problem = ""
    if "arrived" in session and state.is_entry_page("runs"):
        try:
            _show(from_link(dict(st.query_params)))
            session["filter"] = current_view().filter
        except InputError as error:
            session.runs_problem = f"{as_sentence(error)} All runs are shown instead."


def current_view() -> RunsView:
    """Returns the present settings of the Runs page."""
    found: RunsView = st.session_state.setdefault("runs_view", RunsView())
    return found


def _show(view: RunsView) -> None:
    st.session_state.runs_view = view
    st.session_state.runs_page = 0


def _set(name: str, widget: str) -> None:
    """A widget's callback: the view with its value."""
    _show(replace(current_view(), **{name: st.session_state[widget]}))


def _typed() -> None:
    """The filter, if it is one; else the sentence, and which rows are still shown."""
    text = st.session_state["filter"].strip()
    try:
        if text:
            parse_filter(text)
    except InputError as error:
        before = current_view().filter
        kept = f"The rows below are still those of {before}" if before else "The rows below are still all runs"
        st.session_state.runs_problem = f"{as_sentence(error)} {kept}."
        return
    st.session_state.runs_problem = ""
    _show(replace(current_view(), filter=text))


def controls(now: IndexedRuns, view: RunsView) -> None:
    """Draws the controls for filter, order, grouping and columns. Each changes `current_view` in its callback, so that
    the rows can be drawn before the controls are.
    """
    session = st.session_state
    session.setdefault("filter", view.filter)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Filter",
            key="filter",
            placeholder="init = kaiming and accuracy > 0.9 and tag = homework",
            width=420,
            help=HELP,
            on_change=_typed,
        )
        offered = [*OWN_ORDERS, *METRICS.names, *reads.differing(now, view)]
        offered = [*dict.fromkeys([*offered, view.order])]
        key = f"runs-order/{hash(tuple(offered))}/{view.order}"
        st.selectbox(
            "Sort by",
            offered,
            index=offered.index(view.order),
            format_func=_title,
            key=key,
            on_change=_set,
            args=("order", key),
            width=190,
        )
        st.segmented_control(
            "Order",
            [True, False],
            default=view.descending,
            required=True,
            format_func=lambda down: "Falling" if down else "Rising",
            key="runs-descending",
            on_change=_set,
            args=("descending", "runs-descending"),
            help="Falling: the largest, or the newest, first.",
        )
        st.toggle(
            "Group seeds",
            value=view.grouped,
            key="runs-grouped",
            on_change=_set,
            args=("grouped", "runs-grouped"),
            help="One row for all runs whose designs differ in their seed alone, with the mean of those that are done. "
            "A filter by a metric then asks for the group's mean.",
        )
        _columns(now, view)
        st.download_button(
            "CSV",
            lambda: listing.csv_text(services.store(), now, reads.selected(now, view), view),
            "groups.csv" if view.grouped else "runs.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="All rows of this filter as a table, numbers in full.",
        )
    if session.get("runs_problem"):
        st.error(escape_markdown(session.runs_problem), icon=ERROR)


def _columns(now: IndexedRuns, view: RunsView) -> None:
    """Which metrics and which fields have a column; all of them are kept with each run."""
    with st.popover(
        "Columns", icon=":material/view_column:", help="Which numbers and settings of a run have a column."
    ):
        # each time: what is closed is not in the browser, and would miss a value that is set but once
        st.session_state["run-columns"] = list(view.shown)
        st.pills(
            "Numbers",
            METRICS.names,
            selection_mode="multi",
            format_func=lambda name: METRICS[name].label,
            key="run-columns",
            on_change=_metrics,
        )
        offered = [*dict.fromkeys([*reads.differing(now, view), *view.fields])]
        key = f"run-fields/{hash((tuple(offered), view.fields))}"
        if offered:
            st.pills(
                "Settings that differ",
                offered,
                selection_mode="multi",
                default=list(view.fields),
                format_func=_title,
                key=key,
                on_change=_fields,
                args=(key,),
            )


def _metrics() -> None:
    chosen = st.session_state["run-columns"]
    shown = None if list(chosen) == [metric.name for metric in METRICS.listed] else tuple(chosen)
    st.session_state.runs_view = replace(current_view(), metrics=shown)


def _fields(widget: str) -> None:
    chosen = tuple(st.session_state[widget])[:MOST_FIELDS]
    st.session_state.runs_view = replace(current_view(), fields=chosen)


def _title(name: str) -> str:
    """What is sorted by, or has a column, in words."""
    if name in ORDERS:
        return ORDERS[name]
    return METRICS[name].label if name in METRICS else label(name)
