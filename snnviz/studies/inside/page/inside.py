"""The Look inside page: the selection of a network, and its four views."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from snnviz.errors import InputError
from snnviz.places import TOP
from snnviz.store import Run
from snnviz.studies.inside.page import all_images, compare, problems, setting, time
from snnviz.studies.inside.page.setting import FRAGMENT, LOOK, VIEWS
from snnviz.tasks import resolve, run_button
from snnviz.ui.components.address import address
from snnviz.ui.kit import opened, readings, services, state
from snnviz.ui.kit.linked import is_back_navigation, read_link
from snnviz.ui.kit.shipped_runs import can_train, train_here
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, define_terms

ABOUT = (
    "A trained network at work: which neurons spike when, where their currents come from, and how the answer comes "
    "about. It is the network's own pass in evaluation mode, as in its test: **batch normalisation goes by running "
    "averages**, where the live panel's probe goes by the batch's own."
)
TTFS = "This network spikes once a neuron: its own view of an image in time is on the TTFS page."
EARLIER = (
    "This run was computed by an earlier release, and formulas have changed since: what is shown is what today's "
    "network does with its weights, which may differ from what the run reported."
)
TRAINING, EVERY = "inside-training", 2.0
"""Fragment that follows a run while it trains, and the seconds between its updates."""


def begin() -> None:
    """Sets the page's settings from the address on the first visit and after Back; called at the top of the page."""
    if LOOK.name in st.session_state and not is_back_navigation():
        return
    LOOK.begin({})
    VIEWS.show(VIEWS.first)
    if not state.is_entry_page("inside"):
        return
    try:
        (look, view), sentence = read_link(setting.read, dict(st.query_params))
    except InputError as error:
        LOOK.set_problem(f"{as_sentence(error)} Another run is shown instead.", linked=True)
    else:
        LOOK.set(look)
        VIEWS.show(view)
        LOOK.set_problem(sentence, linked=True)


@show_store_errors()
def panel() -> None:
    """Draws the whole page Look inside: the menu of runs and the selected view."""
    VIEWS.head("Look inside", 4)
    st.caption(define_terms(ABOUT))
    LOOK.show_problem(linked=True)
    run = setting.run_of(LOOK.value)
    if run is None:
        _nothing()
        return
    if not LOOK.value.run:  # stays the same when others train, and is in the address
        st.session_state[LOOK.name] = LOOK.value.model_copy(update={"run": run.run})
    _menu(run)
    if not setting.can_look(run.design):
        _elsewhere(run)
        return
    if not run.current:
        st.caption(EARLIER)
    with st.container():
        _view(run)


def _elsewhere(run: Run) -> None:
    """A TTFS network, which the TTFS page shows."""
    st.info(TTFS, icon=":material/timer:")
    offer = run_button("look-inside", run.design)
    if offer is not None and st.button("Open it there", icon=":material/timer:", key="inside-elsewhere"):
        resolve(offer.open)(run)
        st.switch_page(TOP / "pages" / f"{offer.page}.py")


@st.fragment(key=FRAGMENT)
@show_store_errors()
def _view(run: Run) -> None:
    run = setting.run_of(LOOK.value) or run  # another checkpoint may be there
    address(setting.to_link(LOOK.value, VIEWS.current), key="inside-address", steps=True)
    if not run.ended:
        with st.container():
            st.fragment(_training, key=TRAINING, run_every=EVERY)(run.run, run.checkpoint)
    if run.checkpoint is None and LOOK.value.weights == "trained":
        if run.ended:
            _weightless(run)
        return
    opened.remember_runs(run.run)
    readings.publish("inside", {**LOOK.value.document(), "run": run.run, "view": VIEWS.current})
    shown: dict[str, Callable[[Run], None]] = {
        "time": time.panel,
        "many": all_images.panel,
        "compare": compare.panel,
        "why": problems.panel,
    }
    shown[VIEWS.current](run)


def _weightless(run: Run) -> None:
    """Offers what brings the weights of a run back: the same training, whose results stay as they are."""
    st.warning(
        "The weights of this run are not kept: only the last checkpoint is, and not for ever. Training it again brings "
        "them back, bit for bit on this machine; its curves and numbers stay as they are.",
        icon=":material/delete_history:",
    )
    offered = run.state == "done" and can_train()
    if offered and st.button("Train it again", icon=":material/replay:", key="inside-again", type="primary"):
        train_here(run.run)


@show_store_errors()
def _training(name: str, seen: int | None) -> None:
    """Says after which epoch the weights are that are shown, and offers newer ones when there are some."""
    shown = services.run_and_version(name)
    if shown is None:
        st.rerun()
    run = shown[0]
    of = f"of {run.design.training.epochs}"
    if run.ended or (seen is None and run.checkpoint is not None):
        st.rerun()
    if seen is None:
        doing = "It waits in the queue" if run.state == "queued" else "It is training"
        st.info(f"{doing}: its weights can be looked at after its first epoch.", icon=":material/sync:")
        return
    words, button = st.columns([5, 1], vertical_alignment="center")
    words.caption(f":material/sync: It is training. These are its weights after epoch {seen} {of}.")
    if run.checkpoint != seen:
        button.button(
            f"Show epoch {run.checkpoint}", key="inside-newer", width="stretch", on_click=LOOK.rerun, type="tertiary"
        )


def _nothing() -> None:
    if LOOK.value.run:
        st.warning("This run is not on this server: choose another, or train its design.", icon=":material/search_off:")
        st.button("Show another run", on_click=LOOK.replace, args=(LOOK.usual,), key="inside-newest")
        return
    st.info(
        "No trained network yet: press Train on the Design page, and look inside when it has run.",
        icon=":material/info:",
    )
    st.page_link(TOP / "pages" / "design.py", label="To the Design page", icon=":material/hub:")


def _menu(run: Run) -> None:
    runs = setting.choices()
    names = list(dict.fromkeys([run.run, *runs]))
    known = {run.run: run, **runs}
    key = LOOK.widget_key("run")
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    left.selectbox(
        "Network",
        names,
        index=names.index(run.run),
        format_func=lambda name: setting.run_words(known[name]),
        key=f"{key}/{run.run}",
        on_change=_choose,
        args=(f"{key}/{run.run}",),
    )
    if right.button("Its design", icon=":material/hub:", key="inside-design", width="stretch"):
        state.open_run(run.run)
        st.switch_page(TOP / "pages" / "design.py")


def _choose(key: str) -> None:
    if key in st.session_state:
        now = LOOK.value
        LOOK.replace(type(now)(run=st.session_state[key], image=now.image))
