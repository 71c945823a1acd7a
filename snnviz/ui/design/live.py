"""The live panel of the Design page: charts and progress of one run, updated while it trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from snnviz.design.measurement import measurement_digest
from snnviz.errors import SnnvizError
from snnviz.events import EpochEnd
from snnviz.jobs.durations import format_duration
from snnviz.places import TOP
from snnviz.store import Run, State
from snnviz.tasks import resolve, run_button, run_buttons
from snnviz.theory.metrics import METRICS
from snnviz.ui.components.charts import charts
from snnviz.ui.components.reveal import scroll_into_view
from snnviz.ui.design.live_charts import live_charts
from snnviz.ui.kit import measuring, restrictions, services, shipped_runs, state
from snnviz.ui.kit.actions import cancel_run
from snnviz.ui.kit.announcing import announce_end
from snnviz.ui.kit.refresh_rate import refresh_interval
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown, queue_position
from snnviz.views.changes import design_changes
from snnviz.views.numbers import NO_NUMBER, share
from snnviz.views.runs import design_line as line_of
from snnviz.views.words import word

EVERY = 1.0
EVERY_ENDED = 5.0
"""Seconds between two updates of an ended run, which somebody may delete."""

BADGES: dict[State, tuple[str, str, Literal["gray", "blue", "green", "red", "orange"]]] = {
    "queued": ("in the queue", ":material/hourglass_top:", "gray"),
    "running": ("training", ":material/sync:", "blue"),
    "done": ("done", ":material/check:", "green"),
    "failed": ("failed", ":material/error:", "red"),
    "cancelled": ("cancelled", ":material/cancel:", "orange"),
}


@restrictions.hideable("live")
def panel() -> None:
    """Draws the run that the visitor watches; what changes every second is a small fragment of its own."""
    scroll_into_view(st.session_state.pressed, key="reveal")
    st.session_state.compared = False
    watched = st.session_state.watched
    shown = services.run_and_version(watched) if watched else None
    if shown is None and watched:
        st.warning(
            "The run that was watched here has been deleted, with its curves and weights. Its design is still in the "
            "editor where it was not changed since; **Train** computes it again.",
            icon=":material/delete:",
        )
        return
    if shown is None:
        st.caption(
            "Press **Train**: accuracy, firing rates and variances of every layer are drawn here while it learns."
        )
        return
    run, _ = shown
    services.mark_opened(run.run)
    _head(run)
    with st.container():
        _differs(run)
    st.session_state.compared = True
    looked = _looks(run)
    is_busy = not run.ended or looked[-1]
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_monitor, key="live", run_every=refresh_interval(EVERY if is_busy else EVERY_ENDED))(
            run.run, looked, running=not run.ended
        )
    announce_end(f"run {run.run}", _end(run), busy=not run.ended)


def _end(run: Run) -> str:
    """What is said when it has ended."""
    if run.state != "done":
        return f"The training is {run.state}." if run.state == "cancelled" else f"The training has failed: {run.error}"
    epochs = live_charts(run).rows.epochs
    reached = f": test accuracy {share(epochs[-1].test_accuracy)} after epoch {epochs[-1].epoch}" if epochs else ""
    return f"The training is done{reached}."


def _looks(run: Run) -> tuple[object, ...]:
    """What the head shows of a run, and whether it is being measured anew."""
    anew = measuring.is_active([run.design]) if run.state == "done" else False
    return run.state, run.cancel_requested, run.title, run.created, run.machine, anew


def _ended_meanwhile(run: Run) -> bool:
    """Whether the run has ended since the Train button was drawn, which says what can be done with it; True once."""
    if not run.ended or st.session_state.get("train_drawn") != run.run:
        return False
    st.session_state.train_drawn = None
    return True


@show_store_errors()
def _monitor(watched: str, looked: tuple[object, ...], *, running: bool) -> None:
    shown, left = services.run_and_version(watched), None
    if running:
        left, right = st.columns([8, 2], vertical_alignment="center")
        if shown is not None and shown[0].checkpoint is not None:
            _offers(shown[0], right)  # before anything is drawn anew, so that no press is lost
    if shown is None or _looks(shown[0]) != looked or _ended_meanwhile(shown[0]):
        st.rerun()
    run, anew = shown[0], services.run_and_version(measurement_digest(shown[0].design))
    seen = live_charts(run)
    drawn = seen.payload(run, None if anew is None else anew[0])
    _numbers(run, seen.rows.epochs[-1] if seen.rows.epochs else None, left)
    charts(drawn, key=f"live-{run.run}")
    measuring.offer_measuring([run.design] if run.state == "done" and run.current and seen.is_old else [], "live")


def _head(run: Run) -> None:
    name, mark, actions = st.columns([6, 3, 2], vertical_alignment="center")
    line = escape_markdown(line_of(run.design))
    name.markdown(f"**{escape_markdown(run.title)}** ({line})" if run.title else f"**{line}**")
    text, icon, color = BADGES[run.state]
    if run.state == "done" and st.session_state.found:
        text, icon = "trained before, shown from the store", ":material/bolt:"
    if run.machine is not None:
        text, icon = shipped_runs.SHORT, shipped_runs.ICON
    mark.badge(text, icon=icon, color=color)
    if not run.ended:
        stopping, others = run.cancel_requested, bool(services.others([run]))
        actions.button(
            "Stopping" if stopping else "Cancel",
            key="cancel",
            disabled=stopping or others,
            on_click=_cancel,
            args=(run.run,),
            help="Somebody else trains this: only they can stop it."
            if others
            else "Stops within a second and keeps what there is. Leaving the page stops nothing.",
        )
    if run.ended and run.checkpoint is not None:
        _offers(run, actions)
    if run.error:
        st.error(escape_markdown(run.error))
    if run.note:
        st.caption(escape_markdown(run.note))
    if run.machine is not None:
        said, here = st.columns([8, 2], vertical_alignment="center")
        said.caption(escape_markdown(shipped_runs.sentence(run)))
        if shipped_runs.can_train():
            here.button(
                "Train it here",
                key="live-here",
                on_click=shipped_runs.train_here,
                args=(run.run,),
                help=shipped_runs.HERE,
            )
    elif run.state == "done" and run.checkpoint is None:
        long = format_duration(services.duration_model().seconds(run.task))
        st.button(
            f"Train again for its weights: about {long}",
            key="again",
            on_click=_again,
            args=(run.run,),
            help="Curves and numbers are kept and stay as they are; the weights, which some pages look at, are not.",
        )


def _offers(run: Run, place: DeltaGenerator) -> None:
    """What studies do with the run that is watched."""
    for key in run_buttons():
        offer = run_button(key, run.design)
        if offer is None or not offer.watched:
            continue
        if offer.prepare and run.state == "done":
            resolve(offer.prepare)()
        if place.button(offer.label, icon=offer.icon, key=f"live-{key}", help=offer.help):
            resolve(offer.open)(run)
            st.switch_page(TOP / "pages" / f"{offer.page}.py")


def _cancel(run: str) -> None:
    _ask(cancel_run, run)


def _again(run: str) -> None:
    _ask(services.engine().retrain, run)


def _ask(action: Callable[[str], object], run: str) -> None:
    try:
        action(run)
    except SnnvizError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")
    services.CACHE.clear()


@st.fragment(key="differs")
def _differs(run: Run) -> None:
    """A word on what the editor holds, where that is not what the run trains. Drawn anew with every drawn skip."""
    editing = state.design()
    if run.design == editing:
        return
    changed = design_changes(run.design, editing)
    listed = "; ".join(_brief(words) for words in changed[:4])
    more = f" and {len(changed) - 4} more" if len(changed) > 4 else ""
    sentence, back = st.columns([8, 2], vertical_alignment="center")
    sentence.caption(escape_markdown(f"The editor now holds another design: {listed}{more}."))
    back.button("Restore its design", key="restore", on_click=state.restore, args=(run.run,))


def _brief(words: str) -> str:
    """Matrices of many blocks are long."""
    return words if len(words) <= 120 else f"{words[:119]}…"


def _numbers(run: Run, last: EpochEnd | None, place: DeltaGenerator | None) -> None:
    """`place`: of the progress of a run that has not ended."""
    if place is not None:
        made = run.step / run.steps if run.steps else 0.0
        epochs = run.design.training.epochs
        left = f", {format_duration(run.eta_seconds)} left" if run.eta_seconds is not None else ""
        doing = f"epoch {min(int(made * epochs) + 1, epochs)} of {epochs}{left}" if run.steps else "starting"
        doing = run.doing or doing
        if run.state == "queued":
            waits = queue_position(services.queue_place(run.run)).capitalize()
            doing = f"{waits}; you may leave, it starts by itself"
        place.progress(min(made, 1.0), text=doing)
        if sentence := services.queue_problem():
            place.caption(escape_markdown(sentence))
    timed = run.design.network.code == "ttfs"
    rate = NO_NUMBER if last is None or last.rate is None else f"{last.rate:.3f}" if timed else share(last.rate)
    title = "Spikes per neuron" if timed else word("rate").label
    with st.container(horizontal=True):
        st.metric("Test accuracy", share(last.test_accuracy if last else None), help=word("accuracy").help)
        st.metric("Test loss", f"{last.test_loss:.3f}" if last else NO_NUMBER)
        if run.design.data.validation:
            metric = METRICS["validation_accuracy"]
            st.metric(metric.label, share(last.validation_accuracy if last else None), help=metric.help)
        st.metric(title, rate, help=f"{'' if timed else 'Spikes per neuron and time step, '}test images.".capitalize())
        st.metric(
            "Training time", format_duration(run.seconds) if run.seconds else NO_NUMBER, help=word("seconds").help
        )
