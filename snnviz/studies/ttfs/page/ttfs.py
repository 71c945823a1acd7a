"""The TTFS page: a ReLU network and its TTFS twin, its link, and its views.

A view is a module of its own: `View.panel` draws it, in a fragment with the key `setting.VIEW`, so that a change above
redraws it. If it has a setting of its own, the session holds it as ``ttfs_<name>``, and the link its fields as
``<name>.<field>``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.store import Run
from snnviz.studies.ttfs.page import equivalence, limits, naive, penalty, spectra, time
from snnviz.studies.ttfs.page import runs as ttfs_runs
from snnviz.studies.ttfs.page import setting as ttfs_setting
from snnviz.studies.ttfs.page.setting import DESIGN, LIMITS, LINK, PENALTY, STUDY, USUAL
from snnviz.studies.ttfs.study import TtfsStudy
from snnviz.ui.components.address import address
from snnviz.ui.kit import state
from snnviz.ui.kit.linked import is_back_navigation, read_link
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.view_switch import Views
from snnviz.ui.kit.words import as_sentence, define_terms
from snnviz.views.changes import design_changes


class View(NamedTuple):
    """A view of the page: its label, its text, the function that draws it, and its own settings or None."""

    label: str
    about: str
    panel: Callable[[], None]
    setting: PageSettings[Any] | None = None


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
    "naive": View("Why naive training fails", naive.ABOUT, naive.panel, spectra.NAIVE),
    "limits": View(
        "Hardware",
        "A chip has **few bits for a weight and for a time, spikes that jitter, and little time**. What is left of the "
        "accuracy, and how much of it comes back when the network is trained on through these limits.",
        limits.panel,
        LIMITS,
    ),
    "penalty": View(
        "Fewer spikes",
        "A spike costs energy. **An activity penalty in the loss makes neurons silent**: how few spikes are left, and "
        "what that costs in accuracy.",
        penalty.panel,
        PENALTY,
    ),
}
"""The views by their names in a link; the first one is the default."""


SWITCH = Views("ttfs", {name: view.label for name, view in VIEWS.items()}, widget="ttfs-view-chosen")

OWN: dict[str, PageSettings[Any]] = {name: view.setting for name, view in VIEWS.items() if view.setting is not None}
"""The views' own settings."""


def begin() -> None:
    """Initialises the page's session at the top of the page, from the link if the visit started here.

    Otherwise from the edited design, if that is a TTFS network.
    """
    if STUDY.name in st.session_state and not is_back_navigation():
        return
    _take(DESIGN.usual, STUDY.usual, SWITCH.first, {name: own.usual for name, own in OWN.items()})
    if not state.is_entry_page("ttfs"):
        if state.design().network.code == "ttfs":
            DESIGN.set(relu_network(state.design()))
        return
    try:
        found, sentence = read_link(from_link, dict(st.query_params))
        _take(*found)
        DESIGN.set_problem(sentence, linked=True)
    except InputError as error:
        DESIGN.set_problem(f"{as_sentence(error)} The {USUAL} is shown instead.", linked=True)


def _take(design: Design, study: TtfsStudy, view: str, parts: Mapping[str, Any]) -> None:
    DESIGN.set(design)
    STUDY.set(study)
    SWITCH.show(view)
    for name, own in OWN.items():
        own.set(parts[name])


def open_run(run: Run) -> None:
    """Prepares the TTFS page for a run of a TTFS (time-to-first-spike) network: its weights, and one image in time."""
    relu = relu_network(run.design)
    _take(relu, TtfsStudy(weights="ttfs"), "time", {name: own.usual for name, own in OWN.items()})
    for widgets in (DESIGN, STUDY, *OWN.values()):
        widgets.renew_widgets()
    if changes := design_changes(ttfs_network(relu), run.design):
        DESIGN.set_problem(
            f"This page shows the usual TTFS network; that run has {'; '.join(changes)}.",
            linked=True,
        )


def to_link(design: Design, study: TtfsStudy, view: str = SWITCH.first, parts: Mapping[str, Any] | None = None) -> str:
    """Returns the query string of a link to the TTFS page: design, conversion, the views' settings and the view,
    leaving out defaults.

    >>> to_link(DESIGN.usual, TtfsStudy(zeta=1))
    'study.zeta=1'
    >>> to_link(Design(), TtfsStudy(), "time")
    'network.kind=block&view=time'
    """
    pieces = [DESIGN.to_link(design), STUDY.to_link(study)]
    pieces += [OWN[name].to_link(part) for name, part in (parts or {}).items()]
    return "&".join(piece for piece in (*pieces, SWITCH.write(view)) if piece)


def from_link(query: Mapping[str, str]) -> tuple[Design, TtfsStudy, str, dict[str, Any]]:
    """Returns ReLU network, study, view and the views' own settings of a link; the default design if it names none.

    Raises `InputError`.
    """
    view = SWITCH.read(query)
    parts = {name: own.from_link for name, own in OWN.items()}
    return DESIGN.from_link(query), STUDY.from_link(query), view, {name: read(query) for name, read in parts.items()}


@st.fragment(key=LINK)
def link() -> None:
    """Updates the page's address in the browser after each change."""
    parts = {name: own.value for name, own in OWN.items()}
    address(to_link(DESIGN.value, STUDY.value, SWITCH.current, parts), key="ttfs-address", steps=True)


def panel() -> None:
    """Draws the whole page: the network, its runs, and the selected view."""
    SWITCH.head("TTFS")
    view = VIEWS[SWITCH.current]
    st.caption(define_terms(view.about))
    DESIGN.show_problem(linked=True)
    for part in (ttfs_setting.panel, ttfs_runs.runs, view.panel, link):
        with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
            part()
