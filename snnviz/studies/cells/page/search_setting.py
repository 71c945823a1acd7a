"""The setting of a search of cells: its widgets, its link, and what it amounts to in numbers."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.design import links
from snnviz.errors import InputError
from snnviz.studies.cells.scoring import CELL_SEARCHES, NORMALISATIONS, CellSearch
from snnviz.studies.cells.theory import costs
from snnviz.ui.components.address import address
from snnviz.ui.kit import notices, questions
from snnviz.ui.kit.linked import rest_kept
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence

KEY = "cell-search"
SETTINGS, FOUND = "cell-search-settings", "cell-search-found"
PREFIX = "search."
"""Of the setting's fields in a link."""

STATE = "cell_search"
"""The session's name of the setting."""

CONNECTIONS = {"forward": "forward only", "backward": "with backward"}
METRICS = {"sahd": "SAHD", "hd": "HD"}
SHOWN = {
    "candidates": "Candidates",
    "channels": "Channels C",
    "batch": "Images",
    "best": "Scored again",
    "fine_channels": "then channels",
    "fine_batch": "then images",
    "fine_repeats": "then repetitions",
    "seed": "Seed",
}
MORE = ({"steps": "Time steps T", "repeats": "Repetitions", "hidden": "Hidden neurons"}, {"size": "Side of the images"})
"""In a popover, in rows."""

BY = (
    "What the best are best at. HD: the Hamming distance between the spikes of two images. SAHD: in units of what "
    "independent spikes of the same rates would have, as most neurons are silent. Every cell gets both scores."
)
NORMALISATION = (
    "Of SAHD: N/2 for independent spikes and layers summed (paper); 1/2 and averaged (an early code); N/2, averaged, "
    "less where hardly any neuron spikes (the published code). They rank cells differently: see below a search."
)


def begin(query: Mapping[str, str]) -> None:
    """At the first visit: take the search from the address."""
    session = st.session_state
    session[STATE], session[f"{KEY}_link_problem"] = CELL_SEARCHES["usual"], ""
    try:
        session[STATE], session[f"{KEY}_link_problem"] = rest_kept(from_link, query)
    except InputError as error:
        session[f"{KEY}_link_problem"] = f"{PREFIX}{as_sentence(error)} The default search is shown instead."


def to_link(setting: CellSearch) -> str:
    """The query string: the view, and what differs from the default search.

    >>> to_link(CellSearch(candidates=200, connections="backward"))
    'view=search&search.candidates=200&search.connections=backward'
    """
    changed = links.write_part(setting, PREFIX)
    return f"view=search&{changed}" if changed else "view=search"


def from_link(query: Mapping[str, str]) -> CellSearch:
    """The search of a link's parameters; those of other views are ignored. Raises `InputError`."""
    return CellSearch.check(links.read_part(CellSearch, query, PREFIX))


def setting() -> CellSearch:
    """What is shown."""
    found: CellSearch = st.session_state[STATE]
    return found


@st.fragment(key=SETTINGS)
@show_store_errors()
def settings() -> None:
    """Its widgets."""
    now = setting()
    top = st.columns([34, 22, 14, 18, 12], vertical_alignment="bottom")
    questions.presets(top[0], CELL_SEARCHES, now, KEY, _preset)
    ways = "Backward connections are heard one time step later; a pair of nodes has one connection or none."
    options = list(CONNECTIONS)
    questions.segments(
        top[1], "Connections", "connections", options, now, KEY, _put, help=ways, format_func=CONNECTIONS.get
    )
    questions.segments(top[2], "Best by", "metric", list(METRICS), now, KEY, _put, help=BY, format_func=METRICS.get)
    questions.data(top[3], now.data, KEY, _put, still=True)
    with top[4].popover("More", icon=":material/tune:", width="stretch"):
        for labels in MORE:
            questions.numbers(now, labels, KEY, _put)
        questions.segments(
            st, "Normalisation", "normalisation", list(NORMALISATIONS), now, KEY, _put, help=NORMALISATION
        )
    questions.numbers(now, SHOWN, KEY, _put, held=() if now.best else ("fine_channels", "fine_batch", "fine_repeats"))
    st.caption(in_numbers(now))
    address(to_link(now), key="cell-search-address", steps=True)


def in_numbers(now: CellSearch) -> str:
    """What the search does.

    >>> in_numbers(CellSearch(candidates=200, best=0)).partition("; ")[0]
    '200 cells are drawn, 178 different matrices'
    """
    many_, different = now.candidates, costs.distinct(now)
    drawn = f"{many_:,} cells are drawn, {different:,} different matrices" if many_ > 1 else "One cell is drawn"
    side = f"{now.side}x{now.side}"
    first = f"each is scored in a network of {now.channels} channels that sees {now.batch} images of {side}"
    if not now.best:
        return f"{drawn}; {first}."
    times = f", {now.fine_repeats} times with other weights and images" if now.fine_repeats > 1 else ""
    best = min(now.best, different)
    again = f"the best {best} again with {now.fine_channels} channels and {now.fine_batch} images{times}"
    return f"{drawn}; {first}; {again}."


def _put(name: str) -> None:
    questions.put(name, STATE, KEY, CellSearch.check)
    notices.rerun_fragments(SETTINGS, FOUND)


def _preset(name: str) -> None:
    questions.replace(CELL_SEARCHES[name], STATE, KEY, f"Started from {name}.")
    notices.rerun_fragments(SETTINGS, FOUND)
