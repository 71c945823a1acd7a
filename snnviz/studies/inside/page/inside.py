"""The Look inside page: the selection of a network, and its four views."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from snnviz.errors import InputError
from snnviz.places import ROOT
from snnviz.store import Run
from snnviz.studies.inside.page import compare, many, setting, time, why
from snnviz.studies.inside.page.setting import FRAGMENT, LOOK, VIEWS
from snnviz.ui.components.address import address
from snnviz.ui.kit import state
from snnviz.ui.kit.linked import is_back_navigation, read_link
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, define_terms

ABOUT = (
    "A trained network at work: which neurons spike when, where their currents come from, and how the answer comes "
    "about. It is the network's own pass in evaluation mode, as in its test: **batch normalisation goes by running "
    "averages**, where the live panel's probe goes by the batch's own."
)
TTFS = "This network spikes once a neuron: its own view of an image in time is on the TTFS page."


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
        LOOK.set_problem(f"{as_sentence(error)} The newest run is shown instead.", linked=True)
    else:
        LOOK.set(look)
        VIEWS.show(view)
        LOOK.set_problem(sentence, linked=True)


@show_store_errors()
def panel() -> None:
    """Draws the page: the menu of runs and the selected view."""
    VIEWS.head("Look inside", 4)
    st.caption(define_terms(ABOUT))
    LOOK.show_problem(linked=True)
    run = setting.run_of(LOOK.value)
    if run is None:
        _nothing()
        return
    _menu(run)
    if not setting.can_look(run.design):
        st.info(TTFS, icon=":material/timer:")
        st.page_link(ROOT / "pages" / "ttfs.py", label="Open the TTFS page", icon=":material/timer:")
        return
    with st.container():
        _view(run)


@st.fragment(key=FRAGMENT)
@show_store_errors()
def _view(run: Run) -> None:
    address(setting.to_link(LOOK.value, VIEWS.current), key="inside-address", steps=True)
    shown: dict[str, Callable[[Run], None]] = {
        "time": time.panel,
        "many": many.panel,
        "compare": compare.panel,
        "why": why.panel,
    }
    shown[VIEWS.current](run)


def _nothing() -> None:
    if LOOK.value.run:
        st.warning("This run is not on this server: choose another, or train its design.", icon=":material/search_off:")
        st.button("Show the newest run", on_click=LOOK.replace, args=(LOOK.usual,), key="inside-newest")
        return
    st.info(
        "No trained network yet: press Train on the Design page, and look inside when it has run.",
        icon=":material/info:",
    )
    st.page_link(ROOT / "pages" / "design.py", label="To the Design page", icon=":material/hub:")


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
        st.switch_page(ROOT / "pages" / "design.py")


def _choose(key: str) -> None:
    if key in st.session_state:
        now = LOOK.value
        LOOK.replace(type(now)(run=st.session_state[key], image=now.image))
