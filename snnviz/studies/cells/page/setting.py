"""State of the scoring on the Cells page: its widgets and its link."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.data import datasets
from snnviz.design import links
from snnviz.design.cells import Cell
from snnviz.studies.cells.charts.cells import METRICS
from snnviz.studies.cells.scoring import Scoring
from snnviz.ui.components.address import address
from snnviz.ui.components.flow import flow
from snnviz.ui.components.matrix import new_revision
from snnviz.ui.kit.fields import label
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.view_switch import Views
from snnviz.views.boxes import snasnet_boxes

VIEWS = Views("cells", {"draw": "Draw and score", "search": "Search", "study": "Does it predict?"})
"""The page's views. A view's fields have its prefix in a link; those of the first view have none."""

EDITOR, SETTINGS, FOUND = "cells-editor", "cells-settings", "cells-found"
"""Keys of the page's fragments, each of which can be redrawn alone."""

SHOWN, MORE = ("channels", "batch", "steps", "repeats", "seed"), ("hidden", "size")
WAYS = (
    "paper: independent spikes have a distance of N/2, and K is a sum over layers and time steps. code: 1/2, and a "
    "mean, as in an early version of the code. published: N/2, less where hardly any neuron spikes, and a mean, as in "
    "the code now. They rank cells differently; the Search view says how differently, on your own cells."
)
BY = (
    "HD: in how many neurons the spikes of two images differ. SAHD: the same in units of what independent spikes of "
    "these rates would have, so that silent layers count as much as busy ones. Both are computed."
)


def _read(query: Mapping[str, str]) -> Scoring:
    """The fields of the page's other parts have a prefix."""
    own = {name: text for name, text in query.items() if name != "view" and "." not in name}
    return Scoring.check(links.part_from_query(Scoring, own))


SCORING = PageSettings(Scoring(), "scoring", fragments=(SETTINGS, FOUND), noun="cell", read=_read)
"""State of the cell and its scoring on the page."""


def begin(query: Mapping[str, str]) -> None:
    """Initialises the setting with which a cell is scored at the first visit, from the link's parameters."""
    st.session_state.scored = None
    renew_editor()
    SCORING.begin(query)


def put_cell(cell: Cell) -> None:
    """Sets the cell that is scored."""
    SCORING.set_allowed(Scoring.check({**SCORING.value.model_dump(), "cell": cell}))


def renew_editor() -> None:
    """Resets the cell editor after something else changed the cell."""
    st.session_state.scoring_revision_of_cell = new_revision()


@st.fragment(key=SETTINGS)
@show_store_errors()
def settings() -> None:
    """Draws the widgets of the setting with which a cell is scored."""
    top = st.columns([14, 12, 21, 43, 12], vertical_alignment="bottom")
    SCORING.data(top[0], still=True)
    SCORING.segments(top[1], "metric", "Metric", options=list(METRICS), names=METRICS, help=BY)
    SCORING.segments(top[2], "normalisation", help=WAYS)
    with top[3]:
        SCORING.numbers(SHOWN, labels={"steps": "Time steps"})
    with top[4].popover("More", icon=":material/tune:", width="stretch"):
        SCORING.numbers(MORE)
    address(SCORING.link, key="cells-address", steps=True)


def network() -> None:
    """Draws the boxes of the network around the cell."""
    now = SCORING.value
    card = datasets.dataset_card(now.data)
    caption = (
        "Both cells have the operations drawn above, each its own weights; the second works on twice the channels and "
        "half the side. Blue, and in the cells: the LIF layers, whose spikes are scored. Below: channels × maps. "
        "As in the published code; the text (Kim et al. 2022, Fig. 5) has a LIF in the stem too, and that of the "
        "reduction last."
    )
    shape = (card.shape[0], now.image_side, now.image_side)
    boxes = snasnet_boxes(shape, now.channels, now.hidden, card.classes)
    flow(boxes, "The network around the cell", caption, key="cells-network")


def differences_text(shown: Scoring, now: Scoring) -> str:
    """Returns a text on how the setting of the shown scores differs from the current setting.

    >>> differences_text(Scoring(), Scoring(batch=64, cell="0001 0000 0000 0000"))
    'images 32 instead of 64, cell 0303 0030 2002 0200 instead of 0001 0000 0000 0000'
    """
    before, after = shown.model_dump(mode="json"), now.model_dump(mode="json")
    labels = {name: label(Scoring, name) for name in before if before[name] != after[name]}
    changed = {f"{called[:1].lower()}{called[1:]}": (before[name], after[name]) for name, called in labels.items()}
    return ", ".join(f"{called} {was} instead of {now}" for called, (was, now) in changed.items())
