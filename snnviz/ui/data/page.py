"""The Data page: data sets, their samples and what a network gets of them; and uploads."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from snnviz.errors import InputError
from snnviz.places import TOP
from snnviz.ui.components.address import address
from snnviz.ui.data import cards, sample, setting
from snnviz.ui.data import own as data_own
from snnviz.ui.kit import state
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, escape_markdown

begin = setting.begin


@show_store_errors()
def panel() -> None:
    """Draws the whole page: data sets and details of the selected one, or the upload."""
    session = st.session_state
    title, switch, words, button = st.columns([6, 20, 50, 17], vertical_alignment="center")
    title.title("Data", anchor=False)
    key = f"data-view@{setting.LOOK.value.view}"
    switch.segmented_control(
        "View",
        list(setting.VIEWS),
        default=setting.LOOK.value.view,
        required=True,
        format_func=lambda name: setting.VIEWS[name],
        label_visibility="collapsed",
        wrap=True,
        key=key,
        on_change=_turn,
        args=(key,),
    )
    for problem in filter(None, (session.data_link_problem, session.data_problem)):
        st.error(escape_markdown(problem), icon=":material/error:")
    if setting.LOOK.value.view == "own":
        try:
            data_own.panel()
        except InputError as error:  # of the machine's limits
            st.error(escape_markdown(as_sentence(error)), icon=":material/error:")
        address(setting.to_link(setting.shown_design(), setting.LOOK.value), key="data-address", steps=True)
        return
    _bridge(words, button)
    cards.gallery()
    cards.card()
    sample.panel()


def _turn(widget: str) -> None:
    setting.choose_sample(view=st.session_state[widget])


def _bridge(words: DeltaGenerator, button: DeltaGenerator) -> None:
    """What the design trains on, and the way to it."""
    own = setting.is_own_design()
    name = escape_markdown(cards.title(setting.shown_design().data.name))
    if own:
        words.markdown(f"Your design trains on **{name}**: what you change below is changed in it.")
    else:
        mine = escape_markdown(cards.title(state.design().data.name))
        words.markdown(f"This is **{name}**; your design trains on {mine} until you take this instead.")
    if button.button(
        "Open the design" if own else "Train on this",
        type="secondary" if own else "primary",
        icon=":material/arrow_forward:",
        width="stretch",
        key="data-use",
        help="Opens the Design page with this data set and these settings.",
    ):
        setting.use_in_design()
        st.switch_page(TOP / "pages" / "design.py")
