"""Cost and forecast of the edited design, computed at once without torch; and the Train button."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

import streamlit as st

from snnviz.data import datasets
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.jobs.durations import format_duration
from snnviz.places import TOP
from snnviz.store import Run
from snnviz.store.metrics import metrics
from snnviz.tasks import design_buttons, resolve
from snnviz.theory import costs, roughness, trainability, variance
from snnviz.theory.backward import expected_gradients
from snnviz.theory.measured import MeasuredForecast
from snnviz.theory.verdicts import Tone
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.design import cures, fitting
from snnviz.ui.design.readings import found_reading
from snnviz.ui.kit import restrictions, services, shipped_runs, starting, state, untrained
from snnviz.ui.kit.columns import column, column_config
from snnviz.ui.kit.fragments import rerun_fragments_instead
from snnviz.ui.kit.readings import publish
from snnviz.ui.kit.refresh_rate import refresh_interval
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.design import forecast_chart, layer_table
from snnviz.views.numbers import NO_NUMBER, count, share, space_percents
from snnviz.views.untrained import measured_charts
from snnviz.views.words import word

PLAY = ":material/play_arrow:"
EVERY = 0.5
"""Seconds between two looks whether the untrained networks have been measured."""

ICONS = {"good": ":material/check_circle:", "warning": ":material/warning:", "bad": ":material/error:"}


@st.fragment(key="preview")
@show_store_errors()
def panel() -> None:
    """Draws the cost of the edited design, the verdict on its activity, and the Train button."""
    design = state.design()
    _about(design)
    _train(design, services.duration_model().seconds(design))
    publish("design", links.flatten(design), partial(found_reading, design))
    address(restrictions.without_mysteries(links.to_query(design)), key="address", steps=True)


@restrictions.hideable("preview")
def _about(design: Design) -> None:
    with st.container(horizontal=True, gap="medium"):
        for name, number in (("parameters", costs.parameter_count(design)), ("macs", costs.macs_per_step(design))):
            st.metric(word(name).label, count(number), help=word(name).help, width="content")
        estimate = services.duration_model().seconds(design)
        about = "Estimated from the runs that ended on this machine, if nothing stands before it in the queue."
        st.metric(word("seconds").label, f"≈ {format_duration(estimate)}", help=about, width="content")
    kind, sentence = _verdict(design)
    show = {"good": st.success, "warning": st.warning, "bad": st.error}[kind]
    show(escape_markdown(space_percents(sentence)), icon=ICONS[kind])
    found, pending = untrained.measured(design), untrained.poll(design)
    if found is not None:
        st.caption(f"{found.how[:1].upper()}{found.how[1:]}.")
        cures.panel(design, found)
    elif pending:
        st.caption(":material/hourglass_top: By the theory of wide layers; real networks are being measured ...")
    if found is None and (rough := roughness.roughness_sentence(design)):
        st.caption(rough)
    if pending:
        with st.container():
            st.fragment(_await, key="awaiting", run_every=refresh_interval(EVERY))()


def _verdict(design: Design) -> tuple[Tone, str]:
    """On what was measured, where it was; else on what theory expects."""
    found = untrained.measured(design)
    if found is None:
        return roughness.first_verdict(design)
    judged = trainability.judge(found)
    return judged.tone, judged.sentence


def _await() -> None:
    """Draws the forecast anew once the networks of this design have been measured."""
    design = state.design()
    if not untrained.poll(design):
        rerun_fragments_instead("preview", "expected")


@st.fragment(key="expected")
@show_store_errors()
@restrictions.hideable("forecast")
def forecast_panel() -> None:
    """Draws charts and a table of each layer's forecast activity at initialisation."""
    design = state.design()
    charts(_forecast(design, untrained.measured(design)), key="forecast")
    cures.input_button(design)
    cures.slope_button(design)
    for offer in design_buttons(design):
        if st.button(offer.label, type="tertiary", icon=offer.icon, key=offer.key, help=offer.help):
            resolve(offer.open)()
            st.switch_page(TOP / "pages" / f"{offer.page}.py")
    layers = st.expander("Layers", key="layers", on_change="rerun")
    if layers.open:  # a table that nobody looks at would slow down every change
        table = layer_table(design, variance.forecast_layers(design))
        layers.dataframe(
            table,
            hide_index=True,
            placeholder=NO_NUMBER,
            column_config=column_config(
                table,
                {
                    "parameters": column("parameters", "localized"),
                    "macs": column("macs", "localized"),
                    "Var[u]": st.column_config.NumberColumn(format="%.3g"),
                    "rate": column("rate"),
                },
            ),
        )
    fitting.panel(design)


def _train(design: Design, seconds: float) -> None:
    known = services.run_and_version(design.digest)
    run = known[0] if known else None
    st.session_state.train_drawn = None if run is None or run.ended else run.run
    if restrictions.is_hidden("train"):
        return
    if restrictions.is_locked("train"):
        st.caption(f":material/lock: {restrictions.locked_sentence('train')}")
    elif run is not None and run.machine is not None:
        _came(run)
    elif run is not None and (run.state == "done" or not run.ended):
        _button(_what_train_does(run))
    elif datasets.is_available(design.data.name) and seconds < starting.LONG:
        _button(_what_train_does(run), "The same design is trained once; its result opens at once for everybody.")
    elif held := starting.start_button(st, _what_train_does(run), [design], seconds, "train", PLAY, _start):
        st.caption(escape_markdown(held))


def _came(run: Run) -> None:
    """Its run came with snnviz, which takes the place of no training."""
    with st.popover("Train", type="primary", icon=PLAY, width="stretch", key="train-came"):
        reached = metrics(services.store(), [run], ["accuracy"])[run.run]["accuracy"]
        st.markdown(f"**Came with snnviz: {share(reached)}** of the test images.")
        said = shipped_runs.sentence(run).removeprefix("Came with snnviz: ")
        st.caption(escape_markdown(f"{said[:1].upper()}{said[1:]}"))
        with st.container(horizontal=True):
            st.button("Show it", icon=shipped_runs.ICON, key="train-show", on_click=state.train)
            st.button(
                "Train it here", type="primary", icon=PLAY, key="train-here", on_click=shipped_runs.train_here,
                args=(run.run,), help=shipped_runs.HERE,
            )  # fmt: skip


def _button(label: str, words: str | None = None) -> None:
    st.button(label, type="primary", icon=PLAY, width="stretch", key="train", on_click=state.train, help=words)


def _start(_: Sequence[Design]) -> None:
    state.train()


def _what_train_does(run: Run | None) -> str:
    if run is None:
        return "Train"
    if run.state == "done":
        return "Show the trained result"
    if not run.ended:
        return "Watch its training"
    return "Train" if run.checkpoint is None else f"Go on from epoch {run.checkpoint + 1}"


@lru_cache(maxsize=256)
def _forecast(design: Design, found: MeasuredForecast | None) -> bytes:
    expected = variance.forecast_layers(design)
    if found is None:
        return payload([forecast_chart(expected)])
    return payload(measured_charts(found, expected, expected_gradients(design)))
