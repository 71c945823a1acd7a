"""Part of the Shortcuts page: the design trained without branches, with constant and with falling ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.places import ROOT
from snnviz.store import Run
from snnviz.store.looks import is_old
from snnviz.studies.shortcuts.charts.shortcuts import study_table
from snnviz.studies.shortcuts.charts.words import cost, verdict
from snnviz.studies.shortcuts.page.rows import charts_of, profile_of
from snnviz.studies.shortcuts.page.setting import KEY, RUNS, design, study
from snnviz.studies.shortcuts.study import Member, distinct, members
from snnviz.ui.components.charts import charts
from snnviz.ui.kit import questions, state
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.columns import column, column_config
from snnviz.ui.kit.rows import Versions, rows, versions
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.results import Rows

COMPARE = Verb("Compare", "Comparing", "Compared", "run")


def panel() -> None:
    """Compare and Cancel, and what the runs show, live."""
    active = questions.is_active(questions.runs_of(distinct(members(design(), study()))))
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_curves, key=RUNS, run_every=questions.EVERY if active else None)(active)


@show_store_errors()
def _curves(was_active: bool) -> None:
    """What changes while the runs train; whether it looks again by itself is settled by a run of the whole page."""
    several = members(design(), study())
    designs = distinct(several)
    runs = questions.runs_of(designs)
    if questions.is_active(runs) != was_active:
        st.rerun()
    actions(designs, runs, KEY, verb=COMPARE)
    shown = versions(runs.values())
    found = rows(shown)
    if found:
        _figures(several, runs, shown, found)
    st.caption(f"**What branches cost.** {escape_markdown(cost(design(), several, runs))}")
    if runs:
        _table(several, runs, found)


def _figures(several: Sequence[Member], runs: Mapping[str, Run], shown: Versions, found: Mapping[str, Rows]) -> None:
    if said := verdict(several, runs, found):
        st.markdown(said)
    first, why = charts_of(several, shown)
    charts(first, key="shortcuts-charts")
    last = float(design().training.epochs)
    look, figure = st.columns([3, 9], vertical_alignment="center")
    with look:
        chosen = st.slider(
            "Profile at epoch",
            0.0,
            last,
            1.0,
            1.0,
            format="%g",
            key=f"shortcuts-epoch-{last:g}",
            help="The last look at or before this epoch; before an epoch has been trained, the first look.",
        )
        st.caption(
            "A flat line: as much gradient in all layers. A line that falls towards the first ones: less reaches those."
        )
    with figure:
        charts(profile_of(several, shown, chosen), key="shortcuts-profile")
    charts(why, key="shortcuts-why")
    if any(is_old(one.layers) for one in found.values()):
        st.caption(
            "Runs of before looked at layers **on the first 64 training images**, which may be of one class. Weights "
            "of branches are not kept, so their part is not measured anew; what else a run has at its end is, where it "
            "is opened."
        )


def _table(several: Sequence[Member], runs: Mapping[str, Run], found: Mapping[str, Rows]) -> None:
    table = study_table(several, runs, found)
    number = st.column_config.NumberColumn
    norm = "Of the first layer with weights, mean over the training steps of "
    picked = st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(table), 420),
        key="shortcuts-table",
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        column_order=[name for name in table.columns if name != "run"],
        column_config=column_config(
            table,
            {
                "accuracy": column("accuracy"),
                "first": number("gradient, first look", format="%.3g", help=f"{norm}the first look."),
                "last": number("gradient, last look", format="%.3g", help=f"{norm}the last look."),
                "seconds": column("seconds"),
            },
        ),
    )
    ticked = [row for row in picked["selection"]["rows"] if row < len(table)]
    if not ticked:
        st.caption("Tick a run to open it on the Design page, with all its curves.")
    elif st.button("Open", type="primary", icon=":material/open_in_new:", key="shortcuts-open"):
        state.open_run(str(table["run"][ticked[0]]))
        st.switch_page(ROOT / "pages" / "design.py")
