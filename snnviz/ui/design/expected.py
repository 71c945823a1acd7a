"""Panels of the Design page with predictions from finished runs: metrics of the design, and a curve over one field."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.fieldtypes import field_type
from snnviz.errors import InputError, SnnvizError
from snnviz.jobs.pace import format_duration
from snnviz.store import Run
from snnviz.theory.expected import Answer, Model
from snnviz.theory.features import settings_of
from snnviz.theory.gaps import widest_gap
from snnviz.theory.metrics import METRICS
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import expecting, questions, services, state
from snnviz.ui.kit.actions import queue_prefix
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views import expected as views
from snnviz.views.numbers import count, metric_text

EMPTY = "What runs here let expect of a design is said as soon as 10 designs have been trained on this data set."

POINTS = 41
"""Of a curve, beside what was tried."""

FOLLOWS_SECONDS = 180.0
"""So long after its end a run that fills a gap is waited for until the curve knows it."""


@st.fragment(key="known")
@show_store_errors()
def panel() -> None:
    """Shows the predicted accuracy, rate and operations of the design, the model's quality check and the nearest
    runs.
    """
    design = state.design()
    model = expecting.model(design.data.name)
    if model is None:
        st.caption(EMPTY)
        return
    answer = model.answer(design)
    st.markdown(f"**Expected from {count(len(model.runs))} runs here**")
    if answer.unknown:
        told = settings_of(design)
        st.info(escape_markdown(views.unknown_text(model, answer, told)), icon=":material/explore_off:")
    else:
        with st.container(horizontal=True, gap="medium"):
            for name, found in answer.expected.items():
                metric = METRICS[name]
                st.metric(
                    metric.label,
                    metric_text(metric, found.value),
                    views.interval(found),
                    delta_color="off",
                    delta_arrow="off",
                    help=f"{metric.help} Expected of one run; below, its 90 % interval.",
                    width="content",
                )
    st.caption(escape_markdown(views.check_text(model)))
    _nearest(design, answer)


def _nearest(design: Design, answer: Answer) -> None:
    shown = [(near, found[0]) for near in answer.nearest if (found := services.run_and_version(near.run)) is not None]
    if not shown:
        return
    with st.expander("The nearest runs", key="nearest-runs"):
        for near, run in shown:
            words = views.neighbour_text(design, run.design, dict(near.values), near.seeds)
            st.button(
                escape_markdown(words),
                key=f"near-{near.run}",
                type="tertiary",
                icon=":material/open_in_new:",
                help="Open this run: its design takes the place of yours, which a click brings back.",
                on_click=state.restore,
                args=(near.run,),
            )


def curve_panel() -> None:
    """Shows a predicted metric over one field of the design, and a button that trains in the widest gap of tried
    values.
    """
    model = expecting.model(state.design().data.name)
    if model is not None and model.varied(state.design()):
        questions.live(_curve, "over", _is_waited_for)


def _curve() -> None:
    design = state.design()
    model = expecting.model(design.data.name)
    paths = () if model is None else model.varied(design)
    if model is None or not paths:
        return
    usual = next((one for one in (st.session_state.get("touched"), "neuron.threshold") if one in paths), paths[0])
    first, second = st.columns(2, vertical_alignment="bottom")
    path = first.selectbox(
        "What runs came to over",
        paths,
        index=paths.index(usual),
        format_func=views.label,
        key=f"over-field-{usual}",
        help="Numbers of which there are runs with several values. The one that you changed last comes first.",
    )
    names = list(model.targets)
    name = second.segmented_control(
        "Shown",
        names,
        default=names[0],
        format_func=lambda one: METRICS[one].label,
        key="over-metric",
        required=True,
        label_visibility="collapsed",
        wrap=True,
    )
    charts(_payload(design, path, name or names[0], model.fitted), key="over-chart")
    _gap(model, design, path)


@shared(64)
def _payload(design: Design, path: str, name: str, _fitted: float) -> bytes:
    model = expecting.model(design.data.name)
    assert model is not None
    field, at = model.fields.by_path[path], settings_of(design)[path]
    several = _designs(model, design, path)
    ends = model.curve([one for _, one in several], name)
    tried, alike = model.over(design, path)
    values = model.values[name]
    told = np.isfinite(values) & np.isfinite(tried)

    def dots(which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[list[float], list[float]]:
        return tried[which & told].tolist(), values[which & told].tolist()

    chart = views.over_chart(
        METRICS[name],
        path,
        ([x for x, _ in several], *ends),
        dots(alike),
        dots(~alike),
        float(at),
        len(model.runs),
        log=bool(field.log),
    )
    return payload([chart])


def _designs(model: Model, design: Design, path: str) -> list[tuple[float, Design]]:
    """The design at values of the field from the smallest to the largest that was tried, its own among them."""
    field, own = model.fields.by_path[path], float(settings_of(design)[path])
    tried = [float(value) for value in field.values]
    low, high = min(*tried, own), max(*tried, own)
    spread = np.geomspace(low, high, POINTS) if field.log and low > 0 else np.linspace(low, high, POINTS)
    whole = field_type(design, path).whole
    values = {*tried[:200], own, *(round(x) if whole else float(f"{x:.4g}") for x in spread.tolist())}
    found = []
    for value in sorted(values):
        try:
            found.append((value, _with(design, path, value)))
        except InputError:  # such a design there cannot be
            continue
    return found


def _with(design: Design, path: str, value: float) -> Design:
    if value == settings_of(design)[path]:
        return design
    whole = field_type(design, path).whole
    return links.change(design, {path: int(value) if whole else value})


def _gap(model: Model, design: Design, path: str) -> None:
    """The button that trains the design in the widest gap of its runs over the field, and what was so started."""
    waiting = _waiting()
    if waiting is not None:
        run, words = waiting
        st.caption(escape_markdown(f"{words}: {_state(run)}"))
    elif problem := st.session_state.get("over_problem"):
        st.error(escape_markdown(problem), icon=":material/error:")
    found = _next(model, design, path)
    if found is None:
        st.caption("No gap is left between its runs over this field.")
        return
    value, next_design = found
    seconds = services.pace().seconds(next_design)
    st.button(
        f"Train at {views.label(path)} {value:.6g}{'' if next_design == design else ', in the widest gap'}",
        key="fill-gap",
        icon=":material/add_circle:",
        help="One run of this design, furthest from those that are there over this field. "
        f"About {format_duration(seconds)}.",
        on_click=_fill,
        args=(next_design, f"{views.label(path)} {value:.6g}"),
    )


def _next(model: Model, design: Design, path: str) -> tuple[float, Design] | None:
    """The value furthest from the runs of this design over the field, those that have not ended among them."""
    field, own = model.fields.by_path[path], float(settings_of(design)[path])
    limits, whole = field_type(design, path).ranges[0]
    tried, alike = model.over(design, path)
    known = [float(f"{value:.10g}") for value in np.unique(tried[alike])]
    values = [float(value) for value in field.values]
    for _ in range(20):
        if not known:
            value: float | None = own
        else:
            value = widest_gap(known, min(values), max(values), limits, whole=whole, log=bool(field.log))
        if value is None:
            return None
        try:
            found = _with(design, path, value)
        except InputError:
            return None
        if not questions.runs_of([found]):
            return value, found
        known.append(value)
    return None


def _fill(design: Design, words: str) -> None:
    try:
        submitted = services.engine().submit(design)
    except SnnvizError as error:
        st.session_state.over_problem = str(error)
    else:
        st.session_state.over_problem = ""
        st.session_state.over_run = (submitted.run, words)
    services.CACHE.clear()
    st.rerun()


def _waiting() -> tuple[Run, str] | None:
    """The run that was started in a gap, and its words, until the curve knows it."""
    started: tuple[str, str] | None = st.session_state.get("over_run")
    found = services.run_and_version(started[0]) if started is not None else None
    return None if found is None or started is None else (found[0], started[1])


def _is_waited_for() -> bool:
    waiting = _waiting()
    if waiting is None:
        return False
    run, _ = waiting
    if not run.ended:
        return True
    model = expecting.model(state.design().data.name)
    ended = run.finished or 0.0
    return run.state == "done" and time.time() - ended < FOLLOWS_SECONDS and (model is None or model.fitted < ended)


def _state(run: Run) -> str:
    if run.state == "done":
        return "done; the curve follows in a moment." if _is_waited_for() else "done."
    if run.ended:
        return f"{run.state}. {run.error or ''}"
    share = f"{100 * run.step // max(1, run.steps)} %" if run.state == "running" else ""
    return f"training, {share}." if share else f"{queue_prefix([run]).removesuffix(', ')}."
