"""The training study on the Activity page: its setting, and the curves of its runs on top of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import streamlit as st

from snnviz.design import links
from snnviz.errors import InputError
from snnviz.store import Run
from snnviz.studies.activity.charts.activity import init_style
from snnviz.studies.activity.charts.study import accuracy_charts, study_table
from snnviz.studies.activity.study import PRESETS, VARIED, Member, TrainingStudy, alike, members
from snnviz.studies.activity.theory.activity import Setting, same_law
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import notices, questions, recipe
from snnviz.ui.kit.actions import UNDONE, actions
from snnviz.ui.kit.columns import column, column_config
from snnviz.ui.kit.linked import came_back
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, escape_markdown, pluralise
from snnviz.views.numbers import PERCENT
from snnviz.views.styles import LineStyle

KEY = "study"
SETTINGS, CURVES = "study-settings", "study-curves"
PREFIX = "study."
"""Of the study's fields in a link."""

LABELS = {
    "depth": "Hidden layers",
    "width": "Width",
    "threshold": "Threshold θ",
    "beta": "Leak β",
    "steps": "Time steps T",
    "train_samples": "Training images",
    "epochs": "Epochs",
    "seeds": "Seeds",
}


def begin(query: Mapping[str, str]) -> None:
    """At the first visit: take the study from the address."""
    session = st.session_state
    if "study" in session and not came_back():
        return
    questions.renew(KEY)
    session.study, session.study_problem = TrainingStudy(), ""
    try:
        session.study = TrainingStudy.check(links.read_part(TrainingStudy, query, PREFIX))
    except InputError as error:
        session.study_problem = f"{PREFIX}{as_sentence(error)} The small study is shown instead."


def link() -> str:
    """The study's part of the query string: what differs from the small one."""
    return links.write_part(_study(), PREFIX)


def panel() -> None:
    """The training study of Micheli et al. 2024, Figs. 8 to 10: which initialisation lets a deep network learn."""
    st.header("Does it learn?", anchor=False)
    st.caption(
        "The same network trained from each initialisation (Micheli et al. 2024, Figs. 8 to 10). Each line is an "
        "ordinary run: trained once for everybody, found again on the Runs page. The small preset is not the paper's "
        "experiment, which trains for 150 epochs on MNIST and larger data."
    )
    with st.container():
        _settings()
    active = questions.is_active(_runs(members(_study())))
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_curves, key=CURVES, run_every=questions.EVERY if active else None)(active)


def _study() -> TrainingStudy:
    found: TrainingStudy = st.session_state.study
    return found


@st.fragment(key=SETTINGS)
@show_store_errors()
def _settings() -> None:
    study = _study()
    top = st.columns([62, 24, 20], vertical_alignment="bottom")
    questions.presets(top[0], PRESETS, study, KEY, _preset)
    questions.data(top[1], study.data, KEY, _put)
    recipe.popover(top[2], study, KEY, _put, _take)
    row = st.columns([47, 15, 44], vertical_alignment="bottom")
    questions.segments(row[0], "Compare", "compare", ["initialisations", *VARIED], study, KEY, _put)
    networks = get_args(TrainingStudy.model_fields["network"].annotation)
    words = "The mlp begins with an encoder of spiking neurons, the cnn takes the image as a current."
    questions.segments(row[1], "Network", "network", networks, study, KEY, _put, help=words)
    labels = LABELS | ({"width": "Channels", "pool_every": "Pool after every"} if study.network == "cnn" else {})
    questions.numbers(study, labels, KEY, _put, held=[{"leak": "beta"}.get(study.compare, study.compare)])


def in_words(study: TrainingStudy, chosen: Sequence[Member]) -> str:
    """Which networks a study has, for its button.

    >>> one = TrainingStudy(compare="threshold")
    >>> in_words(one, members(one))
    '8 networks: threshold 0.5, 0.75, 1, 1.2 × 2 initialisations'
    """
    parts = []
    if study.compare in VARIED:
        parts.append(f"{study.compare} {', '.join(f'{value:g}' for value in VARIED[study.compare][1])}")
    parts.append(pluralise(len({member.init for member in chosen}), "initialisation"))
    if study.seeds > 1:
        parts.append(pluralise(study.seeds, "seed"))
    return f"{pluralise(len(chosen), 'network')}: {' × '.join(parts)}"


def _put(name: str) -> None:
    questions.put(name, "study", KEY, TrainingStudy.check)
    notices.rerun_fragments(SETTINGS, CURVES, "activity")  # which writes the address


def _preset(name: str) -> None:
    _take(PRESETS[name], f"Started from {name}.")


def _take(study: TrainingStudy, done: str = recipe.TAKEN) -> None:
    questions.replace(study, "study", KEY, done)
    notices.rerun_fragments(SETTINGS, CURVES, "activity")  # which writes the address


@show_store_errors()
def _curves(was_active: bool) -> None:
    """What changes while the runs train; whether it looks again by itself is settled by a run of the whole page."""
    chosen = members(_study())
    designs = [member.design for member in chosen]
    runs = _runs(chosen)
    if questions.is_active(runs) != was_active:
        st.rerun()
    left_out = sum(design.digest not in runs or runs[design.digest].state in UNDONE for design in designs)
    what = in_words(_study(), chosen) if left_out == len(designs) else f"the missing {pluralise(left_out, 'network')}"
    actions(designs, runs, KEY, what=what, widths=(6, 2, 4))
    rows = questions.epochs_of(designs)
    if same := same_law(alike(chosen)).replace("-", " "):
        st.caption(escape_markdown(same))
    if rows:
        charts(payload(accuracy_charts(chosen, rows, _looks(chosen))), key="study-charts")
    table = study_table(chosen, runs, {digest: seen[-1] for digest, seen in rows.items()})
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


def _looks(chosen: Sequence[Member]) -> dict[str, LineStyle]:
    """Those of the charts above."""
    setting = Setting(inits=tuple(dict.fromkeys(member.init for member in chosen))[:12])
    return {member.name: init_style(member.init, setting) for member in chosen}


def _runs(chosen: Sequence[Member]) -> Mapping[str, Run]:
    return questions.runs_of([member.design for member in chosen])
