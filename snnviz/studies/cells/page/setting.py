"""How the cell on the Cells page is scored: the setting's widgets and its link."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.data import datasets
from snnviz.design import links
from snnviz.design.cells import Cell
from snnviz.errors import InputError
from snnviz.studies.cells.charts.cells import METRICS
from snnviz.studies.cells.scoring import NORMALISATIONS, Scoring
from snnviz.ui.components.address import address
from snnviz.ui.components.flow import flow
from snnviz.ui.components.matrix import new_revision
from snnviz.ui.kit import notices, questions
from snnviz.ui.kit.linked import rest_kept
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence
from snnviz.views.boxes import parts

KEY = "scoring"
EDITOR, SETTINGS, FOUND = "cells-editor", "cells-settings", "cells-found"
"""Fragments: each is drawn anew without the others."""

SHOWN = {"channels": "Channels", "batch": "Images", "steps": "Time steps", "repeats": "Repetitions", "seed": "Seed"}
MORE = {"hidden": "Hidden neurons", "size": "Side of the images"}
WAYS = (
    "paper: independent spikes have a distance of N/2, and K is a sum over layers and time steps. code: 1/2, and a "
    "mean, as in an early version of the code. published: N/2, less where hardly any neuron spikes, and a mean, as in "
    "the code now. They rank cells differently; the Search view says how differently, on your own cells."
)
BY = (
    "HD: in how many neurons the spikes of two images differ. SAHD: the same in units of what independent spikes of "
    "these rates would have, so that silent layers count as much as busy ones. Both are computed."
)


def begin(query: Mapping[str, str]) -> None:
    """At the first visit: take the setting from the address."""
    session = st.session_state
    session.scoring, session.scoring_link_problem, session.scored = Scoring(), "", None
    renew_editor()
    try:
        session.scoring, session.scoring_link_problem = rest_kept(from_link, query)
    except InputError as error:
        session.scoring_link_problem = f"{as_sentence(error)} The default cell is shown instead."


def to_link(setting: Scoring) -> str:
    """The query string: only what differs from the default scoring.

    >>> to_link(Scoring(cell="0001 0000 0000 0000", batch=64))
    'batch=64&cell=0001+0000+0000+0000'
    """
    return links.write_part(setting)


def from_link(query: Mapping[str, str]) -> Scoring:
    """The setting of a link's parameters; those of the page's other parts are ignored. Raises `InputError`."""
    own = {name: text for name, text in query.items() if name != "view" and "." not in name}
    return Scoring.check(links.read_part(Scoring, own))


def setting() -> Scoring:
    """What the page holds."""
    found: Scoring = st.session_state.scoring
    return found


def put_cell(cell: Cell) -> None:
    """The cell as drawn."""
    st.session_state.scoring = Scoring.check({**setting().model_dump(), "cell": cell})
    st.session_state.scoring_link_problem = ""


def renew_editor() -> None:
    """Something else than the editor changed the cell."""
    st.session_state.scoring_revision_of_cell = new_revision()


@st.fragment(key=SETTINGS)
@show_store_errors()
def settings() -> None:
    """Its widgets."""
    now = setting()
    top = st.columns([14, 12, 21, 43, 12], vertical_alignment="bottom")
    questions.data(top[0], now.data, KEY, _put, still=True)
    questions.segments(top[1], "Metric", "metric", list(METRICS), now, KEY, _put, help=BY, format_func=METRICS.get)
    questions.segments(top[2], "Normalisation", "normalisation", list(NORMALISATIONS), now, KEY, _put, help=WAYS)
    with top[3]:
        questions.numbers(now, SHOWN, KEY, _put)
    with top[4].popover("More", icon=":material/tune:", width="stretch"):
        questions.numbers(now, MORE, KEY, _put)
    address(to_link(now), key="cells-address", steps=True)


def network() -> None:
    """The network that follows from it, around the cell."""
    now = setting()
    card = datasets.card(now.data)
    caption = (
        "Both cells have the operations drawn above, each its own weights; the second works on twice the channels and "
        "half the side. Blue, and in the cells: the LIF layers, whose spikes are scored. Below: channels × maps. "
        "As in the published code; the text (Kim et al. 2022, Fig. 5) has a LIF in the stem too, and that of the "
        "reduction last."
    )
    shape = (card.shape[0], now.side, now.side)
    boxes = parts(shape, now.channels, now.hidden, card.classes)
    flow(boxes, "The network around the cell", caption, key="cells-network")


def _put(name: str) -> None:
    questions.put(name, "scoring", KEY, Scoring.check)
    notices.rerun_fragments(SETTINGS, FOUND)


LABELS = {**SHOWN, **MORE, "data": "data", "metric": "metric", "normalisation": "normalisation", "cell": "cell"}


def differences(shown: Scoring, now: Scoring) -> str:
    """What was changed since, in words.

    >>> differences(Scoring(), Scoring(batch=64, cell="0001 0000 0000 0000"))
    'images 32 instead of 64, cell 0303 0030 2002 0200 instead of 0001 0000 0000 0000'
    """
    before, after = shown.model_dump(mode="json"), now.model_dump(mode="json")
    changed = [name for name in before if before[name] != after[name]]
    return ", ".join(f"{LABELS[name].lower()} {before[name]} instead of {after[name]}" for name in changed)
