"""Many runs as one question: its designs, a button that trains what is missing, and their curves on top of each other.

The runs are ordinary ones, found by their designs' digests: a study has nothing of its own to be saved or lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import streamlit as st

from snnviz.catalog import datasets
from snnviz.catalog.studies import PRESETS, VARIED, Member, TrainingStudy, members
from snnviz.design import DATASETS
from snnviz.errors import InputError, NotFound, SnnvizError
from snnviz.events import EpochEnd
from snnviz.jobs import machine
from snnviz.links import read_value
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.theory import costs
from snnviz.theory.activity import Setting
from snnviz.ui import services
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.trouble import told
from snnviz.ui.words import plain, seconds
from snnviz.views.activity import colour
from snnviz.views.study import accuracy_charts, study_table

EVERY = 1.0
SETTINGS, CURVES = "study-settings", "study-curves"
PREFIX = "study."
"""Of the study's fields in a link."""

NUMBERS = ("depth", "width", "threshold", "beta", "steps", "train_samples", "epochs", "seeds")
LABELS = {
    "depth": "Hidden layers",
    "width": "Width",
    "threshold": "Threshold θ",
    "beta": "Leak β",
    "steps": "Time steps",
    "train_samples": "Training images",
    "epochs": "Epochs",
    "seeds": "Seeds",
}


def begin(query: Mapping[str, str]) -> None:
    """At the first visit: take the study from the address."""
    session = st.session_state
    if "study" in session:
        return
    session.study, session.study_revision, session.study_problem = TrainingStudy(), 0, ""
    given = {name.removeprefix(PREFIX): value for name, value in query.items() if name.startswith(PREFIX)}
    try:
        session.study = TrainingStudy.check({name: read_value(name, value) for name, value in given.items()})
    except InputError as error:
        session.study_problem = f"{PREFIX}{error}. The small study is shown instead."


def link() -> str:
    """The study's part of the query string: what differs from the small one."""
    usual, study = TrainingStudy().model_dump(), _study().model_dump()
    return "&".join(f"{PREFIX}{name}={value}" for name, value in study.items() if value != usual[name])


def panel() -> None:
    """The training study of Micheli et al. 2024, Figs. 8 to 10: which initialisation lets a deep network learn."""
    st.subheader("Does it learn?", anchor=False)
    st.caption(
        "The same network trained from each initialisation (Micheli et al. 2024, Figs. 8 to 10). Each line is an "
        "ordinary run: trained once for everybody, found again on the Runs page. The small preset is not the paper's "
        "experiment, which trains for 150 epochs on MNIST and larger data."
    )
    with st.container():
        _settings()
    active = _active(_runs(members(_study())))
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_curves, key=CURVES, run_every=EVERY if active else None)(active)


def _active(runs: Mapping[str, Run]) -> bool:
    return any(not run.ended for run in runs.values())


def _study() -> TrainingStudy:
    found: TrainingStudy = st.session_state.study
    return found


@st.fragment(key=SETTINGS)
@told()
def _settings() -> None:
    study, revision = _study(), st.session_state.study_revision
    top = st.columns([31, 44, 15, 24], vertical_alignment="bottom")
    named = {preset: name for name, preset in PRESETS.items()}
    top[0].segmented_control(
        "Start from", list(PRESETS), default=named.get(study), key=f"study-preset@{revision}", on_change=_preset
    )
    top[1].segmented_control(
        "Compare",
        ["initialisations", *VARIED],
        default=study.compare,
        required=True,
        key=f"study-compare@{revision}",
        on_change=_put,
        args=("compare",),
    )
    top[2].segmented_control(
        "Network",
        list(get_args(TrainingStudy.model_fields["network"].annotation)),
        default=study.network,
        required=True,
        key=f"study-network@{revision}",
        on_change=_put,
        args=("network",),
        help="The mlp begins with an encoder of spiking neurons, the cnn takes the image as a current.",
    )
    offered = [name for name in DATASETS.kinds if name == study.data or _can_be_had(name)]
    top[3].selectbox(
        "Data",
        offered,
        index=offered.index(study.data),
        format_func=lambda name: name if datasets.is_here(name) else f"{name} ({_missing(name)})",
        key=f"study-data@{revision}",
        on_change=_put,
        args=("data",),
    )
    for column, name in zip(st.columns(len(NUMBERS)), NUMBERS, strict=True):
        limits = next(m for m in TrainingStudy.model_fields[name].metadata if hasattr(m, "low"))
        value = getattr(study, name)
        kind = int if TrainingStudy.model_fields[name].annotation is int else float
        column.number_input(
            "Channels" if name == "width" and study.network == "cnn" else LABELS[name],
            kind(limits.low),
            kind(limits.high),
            kind(value),
            kind(limits.step),
            help=limits.help,
            key=f"study-{name}@{revision}",
            on_change=_put,
            args=(name,),
            disabled=study.compare == {"beta": "leak"}.get(name, name),
        )


def _named(name: str) -> str:
    """A data set, and whether it is here."""
    if datasets.is_here(name):
        return name
    return f"{name} (is fetched at first)" if datasets.card(name).download else f"{name} (is not here)"


def _can_be_had(name: str) -> bool:
    return datasets.is_here(name) or bool(datasets.card(name).download)


def _missing(name: str) -> str:
    return "is fetched at first" if datasets.card(name).download else "not on this machine"


def _put(name: str) -> None:
    session = st.session_state
    try:
        session.study = TrainingStudy.check(
            {**_study().model_dump(), name: session[f"study-{name}@{session.study_revision}"]}
        )
        session.study_problem = ""
    except InputError as error:
        session.study_problem = str(error)
    st.rerun([SETTINGS, CURVES, "activity"])  # which writes the address


def _preset() -> None:
    session = st.session_state
    name = session[f"study-preset@{session.study_revision}"]
    if name:
        session.study, session.study_problem = PRESETS[name], ""
        session.study_revision += 1
    st.rerun([SETTINGS, CURVES, "activity"])  # which writes the address


@told()
def _curves(was_active: bool) -> None:
    """What changes while the runs train; whether it looks again by itself is settled by a run of the whole page."""
    chosen = members(_study())
    runs = _runs(chosen)
    if _active(runs) != was_active:
        st.rerun()
    if problem := st.session_state.study_problem:
        st.error(plain(problem), icon=":material/error:")
    _actions(chosen, runs)
    rows = _rows(chosen)
    if rows:
        charts(payload(accuracy_charts(chosen, rows, _colours(chosen))), key="study-charts")
    table = study_table(chosen, runs, {digest: seen[-1] for digest, seen in rows.items()})
    if runs:
        percent = st.column_config.NumberColumn(format="%.1f %%", width="small")
        st.dataframe(
            table,
            hide_index=True,
            key="study-table",
            placeholder="–",
            column_config={"train": percent, "test": percent, "rate": percent}
            | {"seconds": st.column_config.NumberColumn("training", format="%.1f s", width="small")},
        )


def _colours(chosen: Sequence[Member]) -> dict[str, str]:
    """Those of the charts above."""
    setting = Setting(inits=tuple(dict.fromkeys(member.init for member in chosen))[:12])
    return {member.name: colour(member.init, setting) for member in chosen}


def _actions(chosen: Sequence[Member], runs: Mapping[str, Run]) -> None:
    missing = [
        m for m in chosen if m.design.digest not in runs or runs[m.design.digest].state in ("failed", "cancelled")
    ]
    going = [run for run in runs.values() if not run.ended]
    done = sum(run.state == "done" for run in runs.values())
    start, stop, words = st.columns([3, 2, 7], vertical_alignment="center")
    what = "these" if len(missing) == len(chosen) else "the missing"
    start.button(
        f"Train {what} {len(missing)} runs" if missing else "All trained" if not going else "Training",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not missing,
        width="stretch",
        key="study-train",
        on_click=_train,
        args=(missing,),
    )
    stop.button(
        "Cancel",
        icon=":material/stop:",
        disabled=not going,
        width="stretch",
        key="study-cancel",
        on_click=_cancel,
        args=(going,),
    )
    if going:
        steps = sum(costs.training_steps(m.design) for m in chosen)
        made = sum(run.steps if run.state == "done" else run.step for run in runs.values())
        left = _seconds_left(chosen, runs)
        text = f"{done} of {len(chosen)} runs done, about {seconds(left)} left. You may leave: they go on."
        words.progress(min(1.0, made / max(1, steps)), text=text)
    elif missing:
        words.caption(f"About {seconds(_seconds_left(chosen, runs))} on this machine; you may leave meanwhile.")
    else:
        words.caption(f"{done} runs, all from the store.")


def _seconds_left(chosen: Sequence[Member], runs: Mapping[str, Run]) -> float:
    """Of wall time, with a run on each core."""
    speed, total = services.speed(), 0.0
    for member in chosen:
        run = runs.get(member.design.digest)
        if run is not None and run.state == "done":
            continue
        whole = costs.training_seconds(member.design, speed)
        share = run.step / run.steps if run is not None and run.steps and not run.ended else 0.0
        total += whole * (1 - share)
    return total / min(machine.cores(), len(chosen))


def _train(missing: Sequence[Member]) -> None:
    problems: dict[str, Literal[True]] = {}
    for member in missing:
        try:
            services.engine().submit(member.design)
        except SnnvizError as error:
            problems[str(error)] = True
    st.session_state.study_problem = " ".join(problems)
    services.GLANCES.forget()
    st.rerun()


def _cancel(going: Sequence[Run]) -> None:
    try:
        for run in going:
            services.engine().cancel(run.run)
    except SnnvizError as error:
        st.session_state.study_problem = str(error)
    services.GLANCES.forget()


def _runs(chosen: Sequence[Member]) -> dict[str, Run]:
    """Those of the members that were ever submitted, by digest."""
    names = tuple(member.design.digest for member in chosen)

    def read() -> dict[str, Run]:
        found = {}
        for name in names:
            try:
                found[name] = services.store().get(name)
            except NotFound:
                continue
        return found

    return services.GLANCES.get((str(cache_dir()), "study", names), read)


def _rows(chosen: Sequence[Member]) -> dict[str, list[EpochEnd]]:
    """The epochs of each run that has one."""
    names = tuple(member.design.digest for member in chosen)

    def read() -> dict[str, list[EpochEnd]]:
        rows = {name: [row for _, row in services.store().rows(name, EpochEnd)] for name in names}
        return {name: found for name, found in rows.items() if found}

    return services.GLANCES.get((str(cache_dir()), "epochs", names), read)
