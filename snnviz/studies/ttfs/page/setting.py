"""What the TTFS page is about: a ReLU network, its runs, and how its twin is written; as widgets and as a link."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.networks import Part
from snnviz.design.registry import Range
from snnviz.errors import InputError
from snnviz.graph.nearest import Unfit
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.places import ROOT
from snnviz.studies.ttfs.study import STARTS, TtfsStudy
from snnviz.ui.components.address import address
from snnviz.ui.design import nearest
from snnviz.ui.kit import notices, questions, state
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.changes import design_changes
from snnviz.views.refusals import error_text

KEY = "ttfs"
SETTINGS, RUNS, VIEW, LINK = "ttfs-settings", "ttfs-runs", "ttfs-view", "ttfs-link"
"""Fragments. Each view is one with the key `VIEW`."""

PREFIX = "study."
"""Of the study's fields in a link."""

USUAL, FIRST = next(iter(STARTS)), "equivalence"
"""The design and the view that a link leaves out."""

OWN = "Design page"
LABELS = {
    "network.depth": "Hidden layers",
    "network.width": "Neurons a layer",
    "network.channels": "Channels",
    "network.stages": "Stages",
    "network.pool_every": "Pool after every",
    "data.train_samples": "Training images",
    "training.learning_rate": "Learning rate",
    "training.epochs": "Epochs",
    "seed": "Seed",
}
NAMES = {"relu": "the ReLU network", "ttfs": "the TTFS network", "rate": "the rate-coded network"}


def design() -> Design:
    """The ReLU network. Its twin is `twin()`."""
    found: Design = st.session_state.ttfs_design
    return found


def twin() -> Design:
    """The TTFS network that learns from the same weights, images and seed."""
    return ttfs_network(design())


def study() -> TtfsStudy:
    """Which weights, which twin, and where one looks."""
    found: TtfsStudy = st.session_state.ttfs
    return found


def redraw() -> None:
    """At the end of a callback: all that may depend on a setting. Not an exception to be caught."""
    notices.rerun_fragments(SETTINGS, RUNS, VIEW, LINK)


def to_link(design: Design, study: TtfsStudy, view: str = FIRST, parts: Mapping[str, Part] | None = None) -> str:
    """The query string: a design as on the Design page, unless it is the usual start; what differs elsewhere; the view.

    >>> to_link(STARTS["digits mlp"], TtfsStudy(zeta=1))
    'study.zeta=1'
    >>> to_link(Design(), TtfsStudy(), "time")
    'network.kind=block&view=time'
    """
    pieces = ["" if design == STARTS[USUAL] else links.to_query(design) or "network.kind=block"]
    pieces.append(links.write_part(study, PREFIX))
    pieces += [links.write_part(part, f"{name}.") for name, part in (parts or {}).items()]
    pieces.append("" if view == FIRST else f"view={view}")
    return "&".join(piece for piece in pieces if piece)


@st.fragment(key=LINK)
def link() -> None:
    """The address follows what is set."""
    session = st.session_state
    parts = {name: session[f"ttfs_{name}"] for name in session.ttfs_parts}
    address(to_link(design(), study(), session.ttfs_view, parts), key="ttfs-address", steps=True)


@st.fragment(key=SETTINGS)
@show_store_errors()
def panel() -> None:
    """The network's widgets."""
    now = design()
    top = st.columns([58, 22, 20], vertical_alignment="bottom")
    _starts(top[0])
    questions.data(top[1], now.data.name, KEY, _put_data, still=True)
    if top[2].button("Edit it", icon=":material/hub:", width="stretch", key="ttfs-edit", help="On the Design page."):
        state.replace_with_notice(twin(), "Taken from TTFS.")
        st.switch_page(ROOT / "pages" / "design.py")
    _numbers(now)
    problem = st.session_state.get("ttfs_setting_problem")
    if problem:
        st.error(escape_markdown(problem), icon=":material/error:")
    offer = st.session_state.get("ttfs_offer") if problem else None
    nearest.offer_nearest(KEY, offer, now, lambda found: _take(found.design), _take, design, redraw)


def _take(found: Design) -> None:
    session = st.session_state
    session.ttfs_design, session.ttfs_setting_problem = relu_network(found), ""
    questions.renew(KEY)


def _starts(place: Any) -> None:
    known = {name: start for name, start in STARTS.items() if start == design()}
    marked = next(iter(known), None)
    key = f"{KEY}-start@{questions.revision(KEY)}/{marked}"
    place.segmented_control(
        "Start from", [*STARTS, OWN], default=marked, wrap=True, key=key, on_change=_start, args=(key,)
    )


def _start(key: str) -> None:
    name, session = st.session_state[key], st.session_state
    if name is None:
        return
    before = design()
    try:
        session.ttfs_design = STARTS[name] if name in STARTS else relu_network(state.design())
        session.ttfs_setting_problem = session.ttfs_link_problem = ""
        after = design()
        notices.show_notice(
            f"Started from {name}.", design_changes(before, after), partial(_take, before), lambda: design() == after
        )
    except InputError as error:
        _say(error, "The Design page's design has no TTFS twin: ")
    questions.renew(KEY)
    st.rerun()


def _numbers(now: Design) -> None:
    fields = type(now.network).model_fields
    shown = [path for path in LABELS if not path.startswith("network.") or path[8:] in fields]
    for column, path in zip(st.columns(len(shown)), shown, strict=True):
        owner, field = _owner(now, path)
        limits = next(item for item in type(owner).model_fields[field].metadata if isinstance(item, Range))
        kind = int if type(owner).model_fields[field].annotation is int else float
        given: Any = kind(getattr(owner, field))
        column.number_input(
            "Width (original: 1)" if path == "network.width" and kind is float else LABELS[path],
            kind(limits.low),
            kind(limits.high),
            given if given or path not in questions.ALL else None,
            kind(limits.step or 1),
            placeholder="all" if path in questions.ALL else None,
            format=None if kind is int else "%g",
            help=limits.help,
            key=f"{KEY}-{path}@{questions.revision(KEY)}",
            on_change=_put,
            args=(path,),
        )


def _owner(of: Design, path: str) -> tuple[Part, str]:
    *outer, field = path.split(".")
    return (getattr(of, outer[0]) if outer else of), field


def _put_data(_: str) -> None:
    if questions.is_said("data", KEY):
        _change("data.name", questions.chosen("data", KEY))


def _put(path: str) -> None:
    if questions.is_said(path, KEY):
        _change(path, questions.chosen(path, KEY))


def _change(path: str, value: object) -> None:
    session = st.session_state
    try:
        session.ttfs_design = relu_network(links.change(design(), {path: value}))
        session.ttfs_setting_problem = session.ttfs_link_problem = ""
    except InputError as error:
        _say(error)
        questions.renew(KEY)
    redraw()


def _say(error: InputError, before: str = "") -> None:
    """Its sentence, and what is offered instead."""
    session = st.session_state
    session.ttfs_setting_problem = f"{before}{error_text(error)}."
    session.ttfs_offer = error.nearest if isinstance(error, Unfit) else None


def put_study(name: str) -> None:
    """A field of the study."""
    questions.put(name, KEY, KEY, TtfsStudy.check)
    redraw()
