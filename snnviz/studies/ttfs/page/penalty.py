"""The view on the activity penalty of the TTFS page: fewer spikes for less accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from snnviz.studies.ttfs.charts import penalty as views
from snnviz.studies.ttfs.page.setting import DESIGN, PENALTY, VIEW
from snnviz.studies.ttfs.penalty import PenaltyRun, penalty_runs
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.actions import actions
from snnviz.ui.kit.columns import column, column_config, half_interval


def panel() -> None:
    """Draws the weights of the activity penalty and the curve of accuracy against spikes, updated live."""
    task_runs.live(_draw, VIEW, lambda: task_runs.are_active([each.design for each in _members()]))


def _members() -> Sequence[PenaltyRun]:
    return penalty_runs(DESIGN.value, PENALTY.value)


def _draw() -> None:
    several = _members()
    designs = [each.design for each in several]
    runs = task_runs.runs_of(designs)
    left, right = st.columns([9, 3], vertical_alignment="bottom")
    left.text_input(
        "Weights λ of the penalty",
        PENALTY.value.values,
        help="Numbers from 0 to 1000, separated by commas. The loss is the cross-entropy plus λ times the mean "
        "activation of all hidden neurons, in τ_c.",
        key=PENALTY.widget_key("values"),
        on_change=PENALTY.put,
        args=("values",),
    )
    PENALTY.number(right, "seeds")
    actions(designs, runs, PENALTY.key)
    found = views.penalty_results(several, task_runs.epochs_of(designs))
    if not found:
        st.caption("Each is the TTFS network above, trained from scratch with another penalty: an ordinary run.")
        return
    if said := views.verdict(found):
        st.markdown(said)
    charts(payload([views.chart(found, sum(not run.ended for run in runs.values()))]), key="ttfs-penalty-chart")
    number = st.column_config.NumberColumn
    table = views.table(found)
    st.dataframe(
        table,
        hide_index=True,
        key="ttfs-penalty-table",
        placeholder="–",
        column_config=column_config(
            table,
            {
                "penalty": number("penalty λ", format="%g"),
                "accuracy": column("accuracy", "%.2f %%"),
                "accuracy_half": half_interval("%.2f"),
                "spikes": number("spikes per neuron", format="%.3f", help=views.EVENTS),
                "spikes_half": half_interval("%.3f", "± 95 % "),
            },
        ),
    )
