"""What one visitor is doing: the design being edited, and the run being watched.

The design is the one truth; widgets are drawn from it and change it in their callbacks. Their keys carry a revision,
which moves whenever something else than the widget changed the design, so that no widget shows an old value.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from snnviz.catalog.twins import ann_twin
from snnviz.design import Design
from snnviz.errors import InputError, SnnvizError
from snnviz.links import change, from_query
from snnviz.ui import services
from snnviz.ui.components.block_editor import drawn, new_revision
from snnviz.ui.words import ended, plain

EDITOR = "block"


def begin(page: str = "") -> None:
    """At the top of a page: the first time, take the design from the address, if that is the Design page's ("")."""
    session = st.session_state
    if "design" in session:
        return
    session.arrived = page
    session.problem = ""
    session.parts = {}
    session.watched = None
    session.found = False
    session.compared = False  # whether the live panel compares its run with the design
    session.pressed = 0
    try:
        session.design = from_query(dict(st.query_params)) if page == "" else Design()
    except InputError as error:
        session.design = Design()
        session.problem = f"{ended(error)} The default design is shown instead."
    _renew()
    known = services.glance(session.design.digest)
    if known is not None:
        session.watched, session.found = session.design.digest, known[0].state == "done"


def arrived_at(page: str) -> bool:
    """Whether the visit began on this page, so that the address then was a link to it."""
    began: str = st.session_state.arrived
    return began == page


def design() -> Design:
    """The design being edited."""
    current: Design = st.session_state.design
    return current


def revision() -> str:
    """Part of every form widget's key."""
    text: str = st.session_state.revision
    return text


def editor_revision() -> str:
    """Moves only when the matrix was replaced by something else than the editor."""
    text: str = st.session_state.editor_revision
    return text


def replace(new: Design) -> None:
    """Edit another design: a link's, a run's."""
    st.session_state.design = new
    _renew()


def put(path: str, widget: str) -> None:
    """A form widget's callback: its value becomes the design's."""
    session = st.session_state
    value = session[widget]
    settings: dict[str, Any] = {path: value}
    if path == "network.kind":
        session.parts[design().network.kind] = design().document()["network"]
    try:
        if path == "neuron.kind":
            changed = _of_neurons(value)
        elif path == "network.kind" and value in session.parts:
            changed = Design.check({**design().document(), "network": session.parts[value]})
        else:
            changed = change(design(), settings)
    except InputError as error:
        _say(str(error))
        st.toast(problem(), icon=":material/error:")  # the sentence above the page may be scrolled out of sight
        _renew_form()
        return
    session.design, session.problem = changed, ""
    if path == "network.kind":
        _renew()
    elif path.endswith(".kind") or path == "data.name":
        _renew_form()


def _of_neurons(kind: str) -> Design:
    """The design's ANN twin; or the design with the neurons, time and loss it had before it became one."""
    parts, document = st.session_state.parts, design().document()
    if kind == design().neuron.kind:
        return design()
    if kind == "relu":
        parts["lif"] = document
        return ann_twin(design())
    before = parts.get("lif", Design().document())
    for part, field in (("data", "steps"), ("data", "encoding"), ("training", "loss")):
        document[part][field] = before[part][field]
    return Design.check({**document, "neuron": before["neuron"], "init": before["init"]})


def put_drawn() -> None:
    """The block editor's callback: the drawn matrix becomes the design's, and only what depends on it is drawn anew."""
    current, told = design(), st.session_state.problem
    if current.network.kind == "block":
        edges = drawn(EDITOR, current.network.edges, editor_revision())
        try:
            st.session_state.design = change(current, {"network.edges": edges})
        except InputError as error:  # a backward connection, drawn while batch normalisation was on its way here
            told = str(error)
            _say(told)
            _renew()
        else:
            st.session_state.problem = ""
    if told:  # a sentence that stands above the page comes or goes
        st.rerun()
    st.rerun(["preview", "differs"] if st.session_state.compared else "preview")


def train() -> None:
    """The Train button's callback."""
    try:
        submitted = services.engine().submit(design())
    except SnnvizError as error:
        _say(str(error))
    else:
        watch(submitted.run, found=submitted.cached)
        st.session_state.pressed += 1  # the live panel comes into view
    st.rerun()


def cancel(run: str) -> None:
    """The Cancel button's callback."""
    try:
        services.engine().cancel(run)
    except SnnvizError as error:
        _say(str(error))
    services.GLANCES.forget()


def watch(run: str | None, *, found: bool = False) -> None:
    """Show this run in the live panel; `found` marks a result that was there already."""
    st.session_state.watched, st.session_state.found, st.session_state.problem = run, found, ""
    services.GLANCES.forget()


def open_run(run: str) -> None:
    """Edit a run's design and watch the run."""
    try:
        shown = services.glance(run)
    except SnnvizError as error:
        _say(str(error))
        return
    if shown is None:
        _say("This run has been deleted")
        return
    replace(shown[0].design)
    watch(run, found=shown[0].state == "done")


def restore(run: str) -> None:
    """The callback of a run's Restore button."""
    open_run(run)
    st.rerun()


def problem() -> str:
    """The sentence to show above the page, ready for Markdown; empty when all is well."""
    text: str = st.session_state.problem
    return plain(text)


def _say(sentence: str) -> None:
    st.session_state.problem = sentence


def _renew() -> None:
    st.session_state.editor_revision = new_revision()
    _renew_form()


def _renew_form() -> None:
    st.session_state.revision = new_revision()
