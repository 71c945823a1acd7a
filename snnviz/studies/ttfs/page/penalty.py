"""Part of the TTFS page: fewer spikes for less accuracy, by an activity penalty in the loss."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from snnviz.studies.ttfs.charts import penalty as views
from snnviz.studies.ttfs.page.setting import VIEW, design, redraw
from snnviz.studies.ttfs.penalty import Penalised, PenaltyStudy, penalised
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import questions
from snnviz.ui.kit.actions import actions
from snnviz.ui.kit.columns import column, column_config
from snnviz.ui.kit.store_errors import show_store_errors

KEY = "ttfs_penalty"


def setting() -> PenaltyStudy:
    """Which penalties, of how many seeds."""
    found: PenaltyStudy = st.session_state.ttfs_penalty
    return found


def panel() -> None:
    """The penalties; below them the curve, live."""
    active = questions.is_active(questions.runs_of([each.design for each in _members()]))
    st.fragment(_draw, key=VIEW, run_every=questions.EVERY if active else None)(active)


def _members() -> Sequence[Penalised]:
    return penalised(design(), setting())


@show_store_errors()
def _draw(was_active: bool) -> None:
    several = _members()
    designs = [each.design for each in several]
    runs = questions.runs_of(designs)
    if questions.is_active(runs) != was_active:
        st.rerun()
    left, right = st.columns([9, 3], vertical_alignment="bottom")
    left.text_input(
        "Weights λ of the penalty",
        setting().values,
        help="Numbers from 0 to 1000, separated by commas. The loss is the cross-entropy plus λ times the mean "
        "activation of all hidden neurons, in τ_c.",
        key=f"{KEY}-values@{questions.revision(KEY)}",
        on_change=_put,
        args=("values",),
    )
    with right:
        questions.numbers(setting(), {"seeds": "Seeds"}, KEY, _put)
    actions(designs, runs, KEY)
    found = views.penalty_results(several, questions.epochs_of(designs))
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
                "accuracy_sd": number("± seeds", format="%.2f", help="Standard deviation over the seeds, in points."),
                "spikes": number("spikes per neuron", format="%.3f", help=views.EVENTS),
                "spikes_sd": number("± seeds ", format="%.3f", help="Standard deviation over the seeds."),
            },
        ),
    )


def _put(name: str) -> None:
    questions.put(name, "ttfs_penalty", KEY, PenaltyStudy.check)
    redraw()
