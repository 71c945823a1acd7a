"""Panels of the Design page with predictions from finished runs: metrics of the design, and a curve over one field."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.fieldtypes import field_type
from snnviz.errors import InputError, SnnvizError
from snnviz.jobs.durations import format_duration
from snnviz.store import Run
from snnviz.theory.expected import DesignPrediction, Model
from snnviz.theory.features import settings_of
from snnviz.theory.gaps import widest_gap
from snnviz.theory.metrics import METRICS
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import expecting, restrictions, services, state, task_runs
from snnviz.ui.kit.actions import queue_prefix
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views import expected as views
from snnviz.views.numbers import count, metric_text

EMPTY = (
    "An estimate of the accuracy, from the runs that are here, follows once 10 designs have been trained on this data "
    "and a model of them is computed, in the background."
)

MOST_FILLED = 20
"""Runs that are remembered of a visit."""

POINTS = 41
"""Of a curve, beside what was tried."""

FOLLOWS_SECONDS = 600.0
"""So long after its end a run that fills a gap is looked at until the curve has learnt from it."""

EVERY = 2.0
"""Seconds between two looks at it."""


class Filled(NamedTuple):
    """A run that this visitor started to fill the widest gap between tried values of a field: its design, and the path
    and value of the field.

    words: both as text.
    """

    design: Design
    path: str
    value: float
    words: str


@st.fragment(key="known")
@show_store_errors()
@restrictions.hideable("expected")
def panel() -> None:
    """Shows the predicted accuracy, rate and operations of the design, the model's quality check and the nearest
    runs.
    """
    design = state.design()
    model = expecting.model(design.data.name)
    if model is None:
        st.caption(EMPTY)
        return
    answer = model.predict(design)
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


def _nearest(design: Design, answer: DesignPrediction) -> None:
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
    shown = model is not None and bool(model.varied_fields(state.design()))
    st.session_state.foretold = ("known", "over") if shown else ("known",)  # what is drawn anew with a drawn skip
    if shown:
        task_runs.live(_curve, "over", _is_waited_for, EVERY)


def _curve() -> None:
    design = state.design()
    model = expecting.model(design.data.name)
    paths = () if model is None else model.varied_fields(design)
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
    name = name or names[0]
    charts(_payload(design, path, name, model.fitted, _new_dots(model, design, path, name)), key="over-chart")
    _gap(model, design, path)


@shared(64)
def _payload(design: Design, path: str, name: str, _fitted: float, new: tuple[tuple[float, float], ...] = ()) -> bytes:
    model = expecting.model(design.data.name)
    assert model is not None
    field, at = model.fields.by_path[path], settings_of(design)[path]
    several = _designs(model, design, path)
    ends = model.predict_curve([one for _, one in several], name)
    tried, alike = model.values_along(design, path)
    values = model.values[name]
    told = np.isfinite(values) & np.isfinite(tried)

    def dots(which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[list[float], list[float]]:
        return tried[which & told].tolist(), values[which & told].tolist()

    known = dots(alike)
    chart = views.prediction_chart(
        METRICS[name],
        path,
        ([x for x, _ in several], *ends),
        (known[0] + [x for x, _ in new], known[1] + [y for _, y in new]),
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
    whole = field_type(design, path).is_whole
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
    whole = field_type(design, path).is_whole
    return links.change(design, {path: int(value) if whole else value})


def _gap(model: Model, design: Design, path: str) -> None:
    """The button that trains the design in the widest gap of its runs over the field, and what was so started."""
    for filled, run in _filled():
        if not run.ended or run.state == "failed" or (run.state == "done" and _is_new(model, run)):
            st.caption(escape_markdown(f"{filled.words}: {_state(run)}"))
    if problem := st.session_state.get("over_problem"):
        st.error(escape_markdown(problem), icon=":material/error:")
    found = _next(model, design, path)
    if found is None:
        st.caption("No gap is left between its runs over this field.")
        return
    value, next_design = found
    seconds = services.duration_model().seconds(next_design)
    st.button(
        f"Train at {views.label(path)} {value:.6g}{'' if next_design == design else ', in the widest gap'}",
        key="fill-gap",
        icon=":material/add_circle:",
        help="One run of this design, furthest from those that are there over this field. "
        f"About {format_duration(seconds)}.",
        on_click=_fill,
        args=(Filled(next_design, path, value, f"{views.label(path)} {value:.6g}"),),
    )


def _next(model: Model, design: Design, path: str) -> tuple[float, Design] | None:
    """The value furthest from the runs of this design over the field, those that have not ended among them."""
    field, own = model.fields.by_path[path], float(settings_of(design)[path])
    limits, whole = field_type(design, path).ranges[0]
    tried, alike = model.values_along(design, path)
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
        if not task_runs.runs_of([found]):
            return value, found
        known.append(value)
    return None


def _fill(gap: Filled) -> None:
    try:
        services.engine().submit(gap.design)
    except SnnvizError as error:
        st.session_state.over_problem = str(error)
    else:
        st.session_state.over_problem = ""
        st.session_state.over_filled = [*st.session_state.get("over_filled", ()), gap][-MOST_FILLED:]
    services.CACHE.clear()
    st.rerun()


def _filled() -> list[tuple[Filled, Run]]:
    """Those of this visit that are in the store."""
    several: list[Filled] = st.session_state.get("over_filled", [])
    runs = task_runs.runs_of([gap.design for gap in several]) if several else {}
    return [(gap, runs[gap.design.digest]) for gap in several if gap.design.digest in runs]


def _new_dots(model: Model, design: Design, path: str, name: str) -> tuple[tuple[float, float], ...]:
    """Values of the field and of the metric of runs that were started here, are done, and that the model does not know
    yet."""
    mine = [
        (gap, run)
        for gap, run in _filled()
        if run.state == "done" and run.run not in model.runs and gap.path == path
        if _with(design, path, gap.value) == gap.design
    ]
    if not mine:
        return ()
    found = task_runs.results([gap.design for gap, _ in mine], {gap.design.digest: run for gap, run in mine})
    values = [(gap.value, found[gap.design.digest].metrics.get(name)) for gap, _ in mine if gap.design.digest in found]
    return tuple((x, y) for x, y in values if y is not None)


def _is_new(model: Model | None, run: Run) -> bool:
    """Whether a run that is done a short while may still be learnt from."""
    ended = run.finished or 0.0
    return time.time() - ended < FOLLOWS_SECONDS and (model is None or run.run not in model.runs)


def _is_waited_for() -> bool:
    several = _filled()
    if any(not run.ended for _, run in several):
        return True
    model = expecting.model(state.design().data.name) if several else None
    return any(run.state == "done" and _is_new(model, run) for _, run in several)


def _state(run: Run) -> str:
    if run.state == "done":
        return "done, and the curve will learn from it in a minute or two."
    if run.ended:
        return f"{run.state}. {run.error or ''}"
    if run.state == "running":
        return f"training, {100 * run.step // max(1, run.steps)} %."
    return f"{queue_prefix([run]).removesuffix(', ')}."
