"""The training study on the Activity page: its setting, its runs, and their accuracy curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from snnviz.store import Run
from snnviz.studies.activity.charts.activity import init_style
from snnviz.studies.activity.charts.study import accuracy_charts, study_table
from snnviz.studies.activity.study import PRESETS, VARIED, StudyRun, TrainingStudy, equivalent_inits, study_runs
from snnviz.studies.activity.theory.activity import ActivityConfig, describe_equivalent_inits
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import recipe, restrictions, task_runs
from snnviz.ui.kit.actions import UNDONE, actions
from snnviz.ui.kit.columns import column, column_config, round_counts
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import define_terms, escape_markdown, pluralise
from snnviz.views.numbers import PERCENT
from snnviz.views.styles import LineStyle

SETTINGS, CURVES = "study-settings", "study-curves"
SHOWN = ("depth", "width", "threshold", "beta", "steps", "train_samples", "epochs", "seeds")

STUDY = PageSettings(
    TrainingStudy(),
    "study",
    prefix="study.",
    fragments=(SETTINGS, CURVES, "activity"),  # the last one writes the address
    presets=PRESETS,
    noun="study",
)
"""State of the training study on the page."""

ABOUT = (
    "The same network trained from each initialisation (Micheli et al. 2024, Figs. 8 to 10). Each line is an "
    "ordinary run: trained once for everybody, found again on the Runs page. The small preset is not the paper's "
    "experiment, which trains for 150 epochs on MNIST and larger data."
)


@restrictions.hideable("study")
def panel() -> None:
    """Draws the training study of Micheli et al. 2024, Figs. 8 to 10: which initialisation lets a deep network
    learn.
    """
    st.header("Does it learn?", anchor=False)
    st.caption(define_terms(ABOUT))
    STUDY.show_problem(linked=True)
    with st.container():
        _settings()
    task_runs.live(_curves, CURVES, lambda: task_runs.is_active(_runs(study_runs(STUDY.value))))


@st.fragment(key=SETTINGS)
@show_store_errors()
def _settings() -> None:
    study = STUDY.value
    top = st.columns([62, 24, 20], vertical_alignment="bottom")
    STUDY.preset_menu(top[0])
    STUDY.data(top[1])
    recipe.popover(top[2], STUDY)
    row = st.columns([47, 15, 44], vertical_alignment="bottom")
    STUDY.segments(row[0], "compare", options=["initialisations", *VARIED])
    words = "The mlp begins with an encoder of spiking neurons, the cnn takes the image as a current."
    STUDY.segments(row[1], "network", help=words)
    cnn, held = study.network == "cnn", {"leak": "beta"}.get(study.compare, study.compare)
    STUDY.numbers(
        [*SHOWN, *(["pool_every"] if cnn else [])], disabled=[held], labels={"width": "Channels"} if cnn else {}
    )


def networks_text(study: TrainingStudy, chosen: Sequence[StudyRun]) -> str:
    """Returns a text on which networks a training study trains, for the label of its button.

    >>> one = TrainingStudy(compare="threshold")
    >>> networks_text(one, study_runs(one))
    '8 networks: threshold 0.5, 0.75, 1, 1.2 × 2 initialisations'
    """
    parts = []
    if study.compare in VARIED:
        parts.append(f"{study.compare} {', '.join(f'{value:g}' for value in VARIED[study.compare][1])}")
    parts.append(pluralise(len({member.init for member in chosen}), "initialisation"))
    if study.seeds > 1:
        parts.append(pluralise(study.seeds, "seed"))
    return f"{pluralise(len(chosen), 'network')}: {' × '.join(parts)}"


def _curves() -> None:
    chosen = study_runs(STUDY.value)
    designs = [member.design for member in chosen]
    runs = _runs(chosen)
    left_out = sum(design.digest not in runs or runs[design.digest].state in UNDONE for design in designs)
    what = (
        networks_text(STUDY.value, chosen)
        if left_out == len(designs)
        else f"the missing {pluralise(left_out, 'network')}"
    )
    actions(designs, runs, STUDY.key, what=what, widths=(6, 2, 4))
    rows = task_runs.epochs_of(designs)
    if same := describe_equivalent_inits(equivalent_inits(chosen)).replace("-", " "):
        st.caption(escape_markdown(same))
    if rows:
        charts(payload(accuracy_charts(chosen, rows, _looks(chosen))), key="study-charts")
    last = {digest: seen[-1] for digest, seen in rows.items()}
    table = round_counts(study_table(chosen, runs, last, task_runs.results(designs, runs)))
    if runs:
        train = st.column_config.NumberColumn("Training accuracy", format=PERCENT, width="small")
        st.dataframe(
            table,
            hide_index=True,
            key="study-table",
            placeholder="–",
            column_config=column_config(
                table,
                {
                    "train": train,
                    "test": column("accuracy", width="small"),
                    "rate": column("rate", width="small"),
                    "seconds": column("seconds", width="small"),
                },
            ),
        )


def _looks(chosen: Sequence[StudyRun]) -> dict[str, LineStyle]:
    """Those of the charts above."""
    setting = ActivityConfig(inits=tuple(dict.fromkeys(member.init for member in chosen))[:12])
    return {member.name: init_style(member.init, setting) for member in chosen}


def _runs(chosen: Sequence[StudyRun]) -> Mapping[str, Run]:
    return task_runs.runs_of([member.design for member in chosen])
