"""Section of the Shortcuts page: the design trained without shortcut branches, with constant and with falling ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.design.experiment import distinct_designs
from snnviz.store import Run
from snnviz.store.layer_states import uses_old_probe
from snnviz.studies.shortcuts.charts.shortcuts import study_table
from snnviz.studies.shortcuts.charts.words import cost, verdict
from snnviz.studies.shortcuts.page.expectation import expectation
from snnviz.studies.shortcuts.page.expectation import panel as expected_before
from snnviz.studies.shortcuts.page.rows import charts_of, layer_rows, profile_of
from snnviz.studies.shortcuts.page.setting import DESIGN, RUNS, STUDY
from snnviz.studies.shortcuts.study import StudyRun, study_runs
from snnviz.ui.components.charts import charts
from snnviz.ui.kit import tables, task_runs
from snnviz.ui.kit.actions import Verb, actions
from snnviz.ui.kit.columns import column, round_counts
from snnviz.ui.kit.rows import Revisions, revisions
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.results import Rows

COMPARE = Verb("Compare", "Comparing", "Compared", "run")


def panel() -> None:
    """Draws the Compare and Cancel buttons and the charts of the runs, updated live."""
    task_runs.live(_curves, RUNS, lambda: task_runs.are_active(distinct_designs(study_runs(DESIGN.value, STUDY.value))))


def _curves() -> None:
    several = study_runs(DESIGN.value, STUDY.value)
    designs = distinct_designs(several)
    runs = task_runs.runs_of(designs)
    actions(designs, runs, STUDY.key, verb=COMPARE)
    expected_before(DESIGN.value)
    shown = revisions(runs)
    found = layer_rows(shown)
    if found:
        _figures(several, runs, shown, found)
    st.caption(f"**What branches cost.** {escape_markdown(cost(DESIGN.value, several, runs))}")
    if runs:
        _table(several, runs, found)


def _figures(
    several: tuple[StudyRun, ...], runs: Mapping[str, Run], shown: Revisions, found: Mapping[str, Rows]
) -> None:
    if said := verdict(several, runs, found):
        st.markdown(said)
    first, why = charts_of(several, shown)
    charts(first, key="shortcuts-charts")
    last = float(DESIGN.value.training.epochs)
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
        charts(profile_of(several, shown, chosen, expectation(DESIGN.value)), key="shortcuts-profile")
    charts(why, key="shortcuts-why")
    if any(uses_old_probe(one.layers) for one in found.values()):
        st.caption(
            "Runs of before looked at layers **on the first 64 training images**, which may be of one class. Weights "
            "of branches are not kept, so their part is not measured anew; what else a run has at its end is, where it "
            "is opened."
        )


def _table(several: Sequence[StudyRun], runs: Mapping[str, Run], found: Mapping[str, Rows]) -> None:
    results = task_runs.results([member.design for member in several], runs)
    table = round_counts(study_table(several, runs, found, results))
    number = st.column_config.NumberColumn
    norm = "Of the first layer with weights, mean over the training steps of "
    columns = {
        "accuracy": column("accuracy"),
        "first": number("gradient, first look", format="%.3g", help=f"{norm}the first look."),
        "last": number("gradient, last look", format="%.3g", help=f"{norm}the last look."),
        "seconds": column("seconds"),
    }
    tables.runs_table(table, "shortcuts", columns, "Tick a run to open it on the Design page, with all its curves.")
