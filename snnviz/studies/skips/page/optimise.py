"""The view "Optimise" of the Skips page: a search for skips, while it runs and after."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from snnviz.studies.skips.charts.searches import searches_table
from snnviz.studies.skips.optimisation import optimisation_searches
from snnviz.studies.skips.page import figures as optimise_figures
from snnviz.studies.skips.page import retraining, search_runs
from snnviz.studies.skips.page import table as optimise_table
from snnviz.studies.skips.page.setting import CURVES, OPTIMISATION, settings
from snnviz.ui.kit import task_runs
from snnviz.ui.kit.columns import column, column_config
from snnviz.ui.kit.words import define_terms

ABOUT = (
    "Which skips make the best of a network? GP-UCB trains a few candidates from shared weights and learns where to "
    "look next; beside it the same number of random ones, trained from scratch (Benmeziane et al. 2023, Fig. 3)."
)


def panel() -> None:
    """Draws the search's widgets, its progress and its results, updated live."""
    st.caption(define_terms(ABOUT))
    OPTIMISATION.show_problem(linked=True)
    with st.container():
        settings()
    task_runs.live(_found, CURVES, _is_active)


def _is_active() -> bool:
    several = optimisation_searches(OPTIMISATION.value)
    runs = task_runs.runs_of(several)
    if task_runs.is_active(runs) or optimise_table.is_active(OPTIMISATION.value):
        return True
    return retraining.is_active(search_runs.search_histories(several, runs))


def _found() -> None:
    several = optimisation_searches(OPTIMISATION.value)
    runs = task_runs.runs_of(several)
    histories = search_runs.search_histories(several, runs)
    search_runs.panel(several, runs, histories)
    if not runs:
        optimise_figures.preview(several[0])
        return
    _searches(searches_table(runs, histories))
    if any(one.trials for one in histories):
        optimise_figures.figures(histories)
    else:
        st.info(
            "Candidates appear here as they are trained. Before the first one the ANN twin is trained, and the "
            "weights that candidates share.",
            icon=":material/hourglass_top:",
        )
        optimise_figures.preview(several[0])
    optimise_table.panel(OPTIMISATION.value, runs, histories)


def _searches(table: pd.DataFrame) -> None:
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        key="optimise-searches",
        column_config=column_config(
            table,
            {
                "state": st.column_config.TextColumn(width=190),
                "seed": number(width=60),
                "best": number("best value", format="%.3f"),
                "error": number("± its error", format="%.3f", help="Standard error over the images kept apart."),
                "accuracy": column("accuracy"),
                "rate": column("rate"),
                "operations": number(
                    "operations", format="localized", help="Of its network for an image, by additions."
                ),
                "seconds": column("seconds"),
                "trouble": st.column_config.TextColumn("what went wrong"),
            },
        ),
    )
