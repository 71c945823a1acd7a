"""State of the optimisation on the Skips page: its widgets, its link, and its size in numbers."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.skips.optimisation import OPTIMISATIONS, Optimisation, optimisation_searches
from snnviz.studies.skips.search import search_space
from snnviz.ui.components.address import address
from snnviz.ui.kit import recipe
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors

SETTINGS, CURVES = "optimise-settings", "optimise-curves"
TYPES = {"both": "both", "dsc": "DSC", "asc": "ASC"}
"""Labels of the allowed types of skips, by their names in a link."""

SHOWN = ("iterations", "parallel", "repeats", "shared_epochs", "tuning_epochs", "epochs")
BLOCK, STAGED = ("layers", "channels"), ("width", "depth", "block")
MORE = (
    ("train_samples", "validation", "tuning_rate"),
    ("steps", "threshold", "beta"),
    ("kappa", "decay", "price"),
)
"""Rows of fields in a popover."""

OBJECTIVES = {"loss": "loss", "accuracy": "accuracy drop", "accuracy+operations": "drop + price × operations"}
WEIGHTS = (
    "frozen: each candidate starts at the same snapshot of shared weights. carried: candidates hand their weights on, "
    "as in the paper. The random search trains each of its candidates from scratch."
)
CARRIED = (
    "Carried weights mix up two things: a candidate that is trained later starts from weights that were trained "
    "longer, whatever its skips are. How far values follow that order is said below the search."
)


OPTIMISATION = PageSettings(
    Optimisation(),
    "optimise",
    name="optimisation",
    prefix="optimise.",
    lead="view=optimise",
    fragments=(SETTINGS, CURVES),
    presets=OPTIMISATIONS,
    noun="optimisation",
)
"""State of the optimisation on the page."""


@st.fragment(key=SETTINGS)
@show_store_errors()
def settings() -> None:
    """Draws the widgets for the settings of searches for skips."""
    of, now = OPTIMISATION, OPTIMISATION.value
    top = st.columns([46, 50, 17, 14], vertical_alignment="bottom")
    of.preset_menu(top[0])
    words = "Made small on the training images kept apart: the mean loss; the accuracy drop from the ANN twin in "
    words += "percentage points; or that plus the price of the operations, a sum of m spikes being m."
    of.segments(top[1], "objective", names=OBJECTIVES, help=words)
    recipe.popover(top[2], of)
    with top[3].popover("More", icon=":material/tune:", width="stretch"):
        for names in (BLOCK if now.network == "block" else STAGED, *MORE):
            of.numbers(names)
        of.segments(st, "kernel")
        of.segments(st, "random", "Random search beside it")
    row = st.columns([46, 22, 20, 22], vertical_alignment="bottom")
    of.segments(row[0], "network")
    of.data(row[1])
    adds = "What a place may hold besides nothing: DSC concatenates channels of the source, ASC adds its spikes."
    of.segments(row[2], "skips", names=TYPES, help=adds)
    of.segments(row[3], "weights", "Shared weights", help=WEIGHTS)
    of.numbers(SHOWN)
    st.caption(size_text(now))
    if now.weights == "carried":
        st.warning(CARRIED, icon=":material/warning:")
    address(of.link, key="optimise-address", steps=True)


def size_text(now: Optimisation) -> str:
    """Returns a sentence on the size of the search space and how much of it is tried.

    >>> size_text(Optimisation())
    '729 candidates: 6 places for skips with 3 options each; 20 of them are trained in each of 4 searches.'
    """
    several = optimisation_searches(now)
    first = several[0]
    found = search_space(first)
    sizes = sorted(set(found.sizes))
    each = f"{sizes[0]} options each" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} options each"
    places = "places for skips" if all(slot.source is not None for slot in found.slots) else "choices"
    what = f"{count_text(found.count)} candidates: {len(found.slots)} {places} with {each}"
    how = f"{len(several)} searches" if len(several) > 1 else "one search"
    return f"{what}; {first.trials} of them are trained in {'each of ' if len(several) > 1 else ''}{how}."


def count_text(number: int) -> str:
    """Returns a whole number as text, in powers of ten if it is very large.

    >>> count_text(729), count_text(12157665459056928801)
    ('729', '1.2 × 10¹⁹')
    """
    if number < 10**9:
        return f"{number:,}"
    digits, power = f"{number:.1e}".split("e+")
    return f"{digits} × 10{power.lstrip('0').translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
