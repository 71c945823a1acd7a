"""The Shortcuts page: a design with branches as one setting, its link, and the two things that are asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.studies.shortcuts.page import before, runs, setting
from snnviz.studies.shortcuts.page.setting import PREFIX
from snnviz.studies.shortcuts.study import STARTS, ShortcutStudy
from snnviz.ui.kit import state
from snnviz.ui.kit.linked import came_back, rest_kept, view_key
from snnviz.ui.kit.words import as_sentence, escape_markdown

VIEWS = {"compare": "While training", "before": "Before training"}
"""By their names in a link."""

ABOUT = (
    "In a deep spiking network each layer multiplies the gradient by its weights and a surrogate derivative: on the "
    "way to the first layers it may fade, stay or grow, which the figures below show for this network. "
    "Branches bring them the labels directly, in training alone (Guo et al. 2024): "
    "**inference is the same network, bit for bit, with the branches taken away**."
)
PAPER = (
    "**What a summary of the paper says** (Guo et al. 2024): on ResNets with T = 2 and 4, shortcut back-propagation is "
    "better than none (vanilla), and falling weights are better than constant ones. How λ falls is in no source that "
    "we could read, so that there is a family here. **What is trained here is small**: a difference whose interval "
    "holds 0 is none, more training steps may do what branches do (*Controls*), and a larger gradient alone is no "
    "better accuracy (an optimizer such as Adam divides it by its size)."
)


def begin() -> None:
    """At the top of the page: the first time, take the setting from the address if the visit began here.

    Else the design that is edited, if it has branches.
    """
    session = st.session_state
    if "shortcuts" in session and not came_back():
        return
    session.shortcuts, session.shortcuts_design = ShortcutStudy(), STARTS["deep mlp"]
    session.shortcuts_view, session.shortcuts_link_problem = "compare", ""
    if not state.is_entry_page("shortcuts"):
        if state.design().training.shortcut.schedule.kind != "zero":
            session.shortcuts_design = state.design()
        return
    try:
        found, session.shortcuts_link_problem = rest_kept(from_link, dict(st.query_params))
    except InputError as error:
        session.shortcuts_link_problem = f"{as_sentence(error)} The deep mlp is shown instead."
    else:
        session.shortcuts_design, session.shortcuts, session.shortcuts_view = found


def from_link(query: Mapping[str, str]) -> tuple[Design, ShortcutStudy, str]:
    """Design, study and view of a link; without a field of a design, the deep mlp. Raises `InputError`."""
    if (view := query.get("view", "compare")) not in VIEWS:
        raise InputError("view", f"be one of {', '.join(VIEWS)}", view)
    own = {name: text for name, text in query.items() if name != "view" and not name.startswith(PREFIX)}
    named = any(name not in links.RESERVED for name in own)
    design = links.from_query(own) if named else STARTS["deep mlp"]
    try:
        study = ShortcutStudy.check(links.read_part(ShortcutStudy, query, PREFIX))
    except InputError as error:
        raise error.inside("study") from None
    return design, study, view


def panel() -> None:
    """The setting with its drawing; below it the runs, or what is there before any."""
    session = st.session_state
    title, switch = st.columns([1, 6], vertical_alignment="center")
    title.title("Shortcuts", anchor=False)
    switch.segmented_control(
        "View",
        list(VIEWS),
        default=session.shortcuts_view,
        required=True,
        format_func=lambda name: VIEWS[name],
        label_visibility="collapsed",
        wrap=True,
        key=view_key("shortcuts-view"),
        on_change=_turn,
    )
    st.caption(ABOUT)
    if problem := session.shortcuts_link_problem:
        st.error(escape_markdown(problem), icon=":material/error:")
    with st.container():
        setting.panel()
    shown: dict[str, Any] = {"compare": runs.panel, "before": before.panel}
    shown[session.shortcuts_view]()
    st.caption(PAPER)


def _turn() -> None:
    st.session_state.shortcuts_view = st.session_state[view_key("shortcuts-view")]
