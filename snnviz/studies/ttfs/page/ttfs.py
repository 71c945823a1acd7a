"""The TTFS page: a network and its twin of one spike a neuron, its link, and what is asked of the two.

A view is a module of its own: `View.panel` draws it, in a fragment with the key `ttfs_setting.VIEW`, so that a change
above redraws it. If it has a setting of its own, that is a `Part`: the session holds it as ``ttfs_<name>``, and the
link its fields as ``<name>.<field>``; `many.put` and `ttfs_setting.redraw` are what its widgets call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.networks import Part
from snnviz.design.submitted import checked
from snnviz.errors import InputError
from snnviz.graph.ttfs import relu_network
from snnviz.studies.ttfs.curves import LimitSetting
from snnviz.studies.ttfs.page import equivalence, limits, naive, penalty, spectra, time
from snnviz.studies.ttfs.page import runs as ttfs_runs
from snnviz.studies.ttfs.page import setting as ttfs_setting
from snnviz.studies.ttfs.page.setting import FIRST, PREFIX, USUAL
from snnviz.studies.ttfs.penalty import PenaltyStudy
from snnviz.studies.ttfs.study import STARTS, TtfsStudy
from snnviz.ui.kit import state
from snnviz.ui.kit.linked import came_back, rest_kept, view_key
from snnviz.ui.kit.words import as_sentence, escape_markdown

P = TypeVar("P", bound=Part)


class View(NamedTuple):
    """A view of the page: its label, its text, its panel and the type of its settings."""

    label: str
    about: str
    panel: Callable[[], None]
    setting: type[Part] | None = None


VIEWS: dict[str, View] = {
    "equivalence": View(
        "Equivalence",
        "Every neuron of a TTFS network **spikes at most once, and says by the time of its spike** what a ReLU says by "
        "a number: early is large, never is 0. Weights carry over one to one, and both networks say the same of every "
        "image, to the precision of the numbers (Stanojevic et al. 2023).",
        equivalence.panel,
    ),
    "time": View(
        "In time",
        "Layer after layer has its turn, in a window of its own: potentials rise while the spikes of the layer before "
        "come in, then by a slope of their own, to which the layer's clock switches them, and **when a potential meets "
        "its threshold says how large the ReLU's number is**. Silent neurons send nothing.",
        time.panel,
    ),
    "naive": View("Why naive training fails", naive.ABOUT, naive.panel, spectra.NaiveSettings),
    "limits": View(
        "Hardware",
        "A chip has **few bits for a weight and for a time, spikes that jitter, and little time**. What is left of the "
        "accuracy, and how much of it comes back when the network is trained on through these limits.",
        limits.panel,
        LimitSetting,
    ),
    "penalty": View(
        "Fewer spikes",
        "A spike costs energy. **An activity penalty in the loss makes neurons silent**: how few spikes are left, and "
        "what that costs in accuracy.",
        penalty.panel,
        PenaltyStudy,
    ),
}
"""By their names in a link; the first is shown at first."""


def begin() -> None:
    """At the top of the page: the first time, take the setting from the address if the visit began here.

    Else the design that is edited, if it tells by times of spikes.
    """
    session = st.session_state
    if "ttfs" in session and not came_back():
        return
    session.ttfs_parts = [name for name, view in VIEWS.items() if view.setting is not None]
    session.ttfs_link_problem = ""
    _take(STARTS[USUAL], TtfsStudy(), FIRST, {})
    if not state.is_entry_page("ttfs"):
        if state.design().network.code == "ttfs":
            session.ttfs_design = relu_network(state.design())
        return
    try:
        found, session.ttfs_link_problem = rest_kept(from_link, dict(st.query_params))
        _take(*found)
    except InputError as error:
        session.ttfs_link_problem = f"{as_sentence(error)} The {USUAL} is shown instead."


def _take(design: Design, study: TtfsStudy, view: str, parts: Mapping[str, Part]) -> None:
    session = st.session_state
    session.ttfs_design, session.ttfs, session.ttfs_view = design, study, view
    for name in session.ttfs_parts:
        session[f"ttfs_{name}"] = parts[name] if name in parts else _usual(name)


def _usual(view: str) -> Part:
    setting = VIEWS[view].setting
    assert setting is not None
    return setting()


def from_link(query: Mapping[str, str]) -> tuple[Design, TtfsStudy, str, dict[str, Part]]:
    """ReLU network, study, view and the views' own settings of a link; without a field of a design, the usual start.

    Raises `InputError`.
    """
    if (view := query.get("view", FIRST)) not in VIEWS:
        raise InputError("view", f"be one of {', '.join(VIEWS)}", view)
    settings = {name: each.setting for name, each in VIEWS.items() if each.setting is not None}
    prefixes = (PREFIX, *(f"{name}." for name in settings))
    own = {name: text for name, text in query.items() if name != "view" and not name.startswith(prefixes)}
    named = any(name not in links.RESERVED for name in own)
    design = relu_network(links.from_query(own)) if named else STARTS[USUAL]
    study = _read(TtfsStudy, query, PREFIX, "a study")
    parts = {name: _read(setting, query, f"{name}.", "a setting") for name, setting in settings.items()}
    return design, study, view, parts


def _read(kind: type[P], query: Mapping[str, str], prefix: str, noun: str) -> P:
    try:
        return checked(kind, links.read_part(kind, query, prefix), noun)
    except InputError as error:
        raise error.inside(prefix.removesuffix(".")) from None


def panel() -> None:
    """The network and its runs; below them one view."""
    session = st.session_state
    title, switch = st.columns([1, 8], vertical_alignment="center")
    title.title("TTFS", anchor=False)
    switch.segmented_control(
        "View",
        list(VIEWS),
        default=session.ttfs_view,
        required=True,
        format_func=lambda name: VIEWS[name].label,
        label_visibility="collapsed",
        wrap=True,
        key=view_key("ttfs-view-chosen"),
        on_change=_turn,
    )
    st.caption(VIEWS[session.ttfs_view].about)
    if problem := session.ttfs_link_problem:
        st.error(escape_markdown(problem), icon=":material/error:")
    for part in (ttfs_setting.panel, ttfs_runs.runs, VIEWS[session.ttfs_view].panel, ttfs_setting.link):
        with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
            part()


def _turn() -> None:
    st.session_state.ttfs_view = st.session_state[view_key("ttfs-view-chosen")]
