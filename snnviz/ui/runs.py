"""The Runs page: a table of all runs, actions on selected ones, and their charts on top of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from snnviz.errors import SnnvizError
from snnviz.events import EpochEnd
from snnviz.places import ROOT
from snnviz.store import Run, UnreadableRun
from snnviz.store import metrics as store_metrics
from snnviz.theory.metrics import METRICS
from snnviz.theory.operations import ESTIMATED
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import services, state
from snnviz.ui.kit.columns import column_config, metric_columns, round_counts
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.views.numbers import NO_NUMBER, table_value
from snnviz.views.run import MOST_NAMED, overlay_charts
from snnviz.views.runs import difference_table, row, run_table, short_names

MOST_SHOWN = 500
MOST_COMPARED = 60
HEIGHT = 598
"""Height of the table in pixels: 16 rows."""

EVERY = 2.0

WIDTH = 340
"""Width of the design column in pixels."""

GUESSED = "estimated"
"""The metric that says whether operations were estimated."""


def panel() -> None:
    """Draws the table of runs, updated every two seconds while some are active, and the actions on the selected
    ones.
    """
    runs, _, hidden = _known(_shown())
    if hidden:
        what = f"{len(hidden)} run{'s' if len(hidden) > 1 else ''} of another version cannot be shown"
        st.caption(escape_markdown(f"{what}: {hidden[0].run} ({hidden[0].reason})"))
    if not runs:
        st.info("No run yet. Draw a network on the Design page and press Train.", icon=":material/info:")
        return
    active = any(not run.ended for run in runs)
    with st.container():
        st.fragment(_listing, key="listing", run_every=EVERY if active else None)(active)


@show_store_errors()
def _listing(active: bool) -> None:
    shown = _shown()
    runs, table, _ = _known(shown)
    if active and all(run.ended for run in runs):
        st.rerun()
    if active and (sentence := services.queue_problem()):
        st.caption(escape_markdown(sentence))
    runs, table = _found(runs, table)
    _follow([run.run for run in runs])
    actions = st.container(horizontal=True)
    picked = st.dataframe(
        round_counts(table),
        key="picked",
        hide_index=True,
        height=min(38 + 35 * max(1, len(runs)), HEIGHT),
        on_select=_tapped,
        selection_mode=["multi-row", "single-cell"],
        placeholder=NO_NUMBER,
        column_order=("state", *shown[:1], "design", *shown[1:], "created"),
        column_config=column_config(
            table,
            {
                "state": st.column_config.TextColumn(width=80),
                "design": st.column_config.TextColumn(width=WIDTH),
                **metric_columns(shown),
                "created": st.column_config.DatetimeColumn(format="distance", width=110),
            },
        ),
    )
    if estimated := int(table[GUESSED].sum()):
        st.caption(escape_markdown(f"Operations and energy of {pluralise(estimated, 'run')} are {ESTIMATED}."))
    chosen = [runs[index] for index in picked["selection"]["rows"] if index < len(runs)]
    with actions:
        _actions(chosen)
    if not chosen:
        st.caption("Choose one run to open, rename, cancel or delete it; choose several to compare them.")
    if len(chosen) > 1:
        _compare(chosen, shown)


def _shown() -> tuple[str, ...]:
    """The metrics that have a column, in their order."""
    chosen = st.session_state.get("run-columns", [metric.name for metric in METRICS.listed])
    return tuple(metric.name for metric in METRICS if metric.name in chosen)


def _columns() -> None:
    """Which metrics are shown; all of them are kept with each run."""
    with st.popover("Columns", icon=":material/view_column:", help="Which numbers of a run have a column."):
        st.pills(
            "Columns",
            METRICS.names,
            selection_mode="multi",
            default=[metric.name for metric in METRICS.listed],
            format_func=lambda name: METRICS[name].label,
            key="run-columns",
            label_visibility="collapsed",
        )


def _found(runs: list[Run], table: pd.DataFrame) -> tuple[list[Run], pd.DataFrame]:
    """Those that are looked for, and their table to be taken along."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sought = st.text_input(
            "Find",
            key="find",
            placeholder="threshold θ 0.8, seed 2, done",
            width=360,
            help="Parts of a run's design, title or state.",
        )
        words = [part.strip() for part in sought.lower().split(",") if part.strip()]
        if words:
            text = (table["state"] + " " + table["design"] + " " + table["run"]).str.lower()
            places = [place for place, line in enumerate(text) if all(one in line for one in words)]
            runs, table = [runs[place] for place in places], table.iloc[places]
        _columns()
        st.download_button(
            "CSV",
            (table if GUESSED in _shown() else table.drop(columns=GUESSED)).to_csv(index=False),
            "runs.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="These rows as a table, numbers in full.",
        )
    return runs, table


def _tapped() -> None:
    """A cell was pressed, as a finger does: its row is chosen, or no more."""
    selection = st.session_state.picked["selection"]
    rows = set(selection["rows"]) ^ {row for row, _ in selection["cells"]}
    if selection["cells"]:
        st.session_state.picked = {"selection": {"rows": sorted(rows), "columns": [], "cells": []}}


def _actions(chosen: list[Run]) -> None:
    """What can be done with the chosen runs; all of it is there before, so that choosing moves nothing."""
    one = chosen[0] if len(chosen) == 1 else None
    opening = st.button("Open", type="primary", icon=":material/open_in_new:", disabled=one is None, key="open")
    if opening and one is not None:
        state.open_run(one.run)
        st.switch_page(ROOT / "pages" / "design.py")
    with st.popover("Rename", icon=":material/edit:", disabled=one is None, key="renaming", on_change="rerun"):
        if one is not None:
            with st.form("rename", border=False):
                title = st.text_input("Title", value=one.title, max_chars=200)
                if st.form_submit_button("Rename", on_click=_close, args=("renaming",)):
                    _do(lambda run: services.store().rename(run, title), [one])
    going = [run for run in chosen if not run.ended]
    if st.button("Cancel", icon=":material/stop:", disabled=not going, key="cancel_runs"):
        _do(services.engine().cancel, going)
    with st.popover("Delete", icon=":material/delete:", disabled=not chosen, key="deleting", on_change="rerun"):
        if chosen:
            st.write(f"Delete {pluralise(len(chosen), 'run')} for everybody, with curves and weights?")
            if st.button("Delete", type="primary", key="delete_runs", on_click=_close, args=("deleting",)):
                _do(services.store().delete, chosen)


def _close(popover: str) -> None:
    """What it asks is answered; it would stay open over nothing."""
    st.session_state[popover] = False


def _do(action: Callable[[str], None], runs: list[Run]) -> None:
    try:
        for run in runs:
            action(run.run)
    except SnnvizError as error:
        st.error(escape_markdown(str(error)))
        return
    services.CACHE.clear()
    st.rerun()


def _compare(chosen: list[Run], shown: Sequence[str]) -> None:
    st.header("What differs", anchor=False)
    if len(chosen) > MOST_COMPARED:
        st.warning(f"The first {MOST_COMPARED} of {len(chosen)} chosen runs are compared.", icon=":material/info:")
        chosen = chosen[:MOST_COMPARED]
    table = difference_table([run.design for run in chosen])
    reached = store_metrics.metrics(services.store(), chosen, shown)
    for name in shown:
        values = [table_value(name, reached[run.run][name]) for run in chosen]
        if any(value is not None for value in values):
            table[name] = pd.Series(values, dtype=float)
    st.dataframe(
        round_counts(table),
        hide_index=True,
        placeholder=NO_NUMBER,
        column_config=column_config(table, metric_columns(shown)),
    )
    if len(chosen) > MOST_NAMED:
        st.caption(
            f"Of more than {MOST_NAMED} runs, lines are named where the pointer is on them, by the numbers above."
        )
    names = short_names([run.design for run in chosen], [run.title for run in chosen])
    rows = [[row for _, row in services.store().rows(run.run, EpochEnd)] for run in chosen]
    charts(payload(overlay_charts(dict(zip(names, rows, strict=True)))), key="overlay")


def _follow(names: list[str]) -> None:
    """Ticks are row numbers of the table as this visitor saw it last: move them along with their runs."""
    session = st.session_state
    before: list[str] = session.get("listed", names)
    if before != names and "picked" in session:
        ticked = {before[row] for row in session.picked["selection"]["rows"] if row < len(before)}
        rows = [row for row, name in enumerate(names) if name in ticked]
        session.picked = {"selection": {"rows": rows, "columns": [], "cells": []}}
    session.listed = names


Known = tuple[list[Run], pd.DataFrame, list[UnreadableRun]]
"""The runs with their table, whose rows correspond; and unreadable runs."""


def _known(chosen: tuple[str, ...]) -> Known:
    """The newest runs with these metrics, read anew where any run has changed."""
    return services.CACHE.get(("runs", chosen), lambda: _read(services.store().version(), chosen))


@shared(8)
def _read(_version: str, chosen: tuple[str, ...]) -> Known:
    store, names = services.store(), list(dict.fromkeys([*chosen, GUESSED]))
    runs = store.runs(limit=MOST_SHOWN)
    values = store_metrics.metrics(store, runs, names)
    return runs, run_table([row(run, values[run.run]) for run in runs], names), store.unreadable(MOST_SHOWN)
