"""State of the search of cells on the page: its widgets, its link, and its size in numbers."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.cells.scoring import CELL_SEARCHES, CellSearch
from snnviz.studies.cells.theory import costs
from snnviz.ui.components.address import address
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors

SETTINGS, FOUND = "cell-search-settings", "cell-search-found"
CONNECTIONS = {"forward": "forward only", "backward": "with backward"}
METRICS = {"sahd": "SAHD", "hd": "HD"}
FINE = ("fine_channels", "fine_batch", "fine_repeats")
SHOWN = ("candidates", "channels", "batch", "best", *FINE, "seed")
MORE = (("steps", "repeats", "hidden"), ("size",))
"""Rows of fields in a popover."""

BY = (
    "What the best are best at. HD: the Hamming distance between the spikes of two images. SAHD: in units of what "
    "independent spikes of the same rates would have, as most neurons are silent. Every cell gets both scores."
)
NORMALISATION = (
    "Of SAHD: N/2 for independent spikes and layers summed (paper); 1/2 and averaged (an early code); N/2, averaged, "
    "less where hardly any neuron spikes (the published code). They rank cells differently: see below a search."
)


SEARCH = PageSettings(
    CELL_SEARCHES["usual"],
    "cell-search",
    name="cell_search",
    prefix="search.",
    lead="view=search",
    fragments=(SETTINGS, FOUND),
    presets=CELL_SEARCHES,
    noun="search",
)
"""State of the search on the page."""


@st.fragment(key=SETTINGS)
@show_store_errors()
def settings() -> None:
    """Draws the widgets for the settings of the cell search."""
    now = SEARCH.value
    top = st.columns([34, 22, 14, 18, 12], vertical_alignment="bottom")
    SEARCH.preset_menu(top[0])
    ways = "Backward connections are heard one time step later; a pair of nodes has one connection or none."
    SEARCH.segments(top[1], "connections", names=CONNECTIONS, help=ways)
    SEARCH.segments(top[2], "metric", "Best by", names=METRICS, help=BY)
    SEARCH.data(top[3], still=True)
    with top[4].popover("More", icon=":material/tune:", width="stretch"):
        for names in MORE:
            SEARCH.numbers(names)
        SEARCH.segments(st, "normalisation", help=NORMALISATION)
    SEARCH.numbers(SHOWN, disabled=() if now.best else FINE)
    st.caption(size_text(now))
    address(SEARCH.link, key="cell-search-address", steps=True)


def size_text(now: CellSearch) -> str:
    """Returns a sentence on the size of a cell search: how many cells it draws, how many of them differ, and in which
    networks they are scored.

    >>> size_text(CellSearch(candidates=200, best=0)).partition("; ")[0]
    '200 cells are drawn, 178 different matrices'
    """
    many_, different = now.candidates, costs.distinct_count(now)
    drawn = f"{many_:,} cells are drawn, {different:,} different matrices" if many_ > 1 else "One cell is drawn"
    side = f"{now.image_side}x{now.image_side}"
    first = f"each is scored in a network of {now.channels} channels that sees {now.batch} images of {side}"
    if not now.best:
        return f"{drawn}; {first}."
    times = f", {now.fine_repeats} times with other weights and images" if now.fine_repeats > 1 else ""
    best = min(now.best, different)
    again = f"the best {best} again with {now.fine_channels} channels and {now.fine_batch} images{times}"
    return f"{drawn}; {first}; {again}."
