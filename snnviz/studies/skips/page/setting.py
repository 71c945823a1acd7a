"""The setting of an optimisation on the Skips page: its widgets, its link, and what it amounts to in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import streamlit as st

from snnviz.design import links
from snnviz.errors import InputError
from snnviz.studies.skips.optimisation import OPTIMISATIONS, Optimisation, searches
from snnviz.studies.skips.search import Kernel, space
from snnviz.ui.components.address import address
from snnviz.ui.kit import notices, questions, recipe
from snnviz.ui.kit.linked import rest_kept
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence

KEY = "optimise"
SETTINGS, CURVES = "optimise-settings", "optimise-curves"
PREFIX = "optimise."
"""Of the setting's fields in a link."""

TYPES = {"both": "both", "dsc": "DSC", "asc": "ASC"}
"""Skips that may be taken, by their names in a link."""

SHOWN = {
    "iterations": "Iterations",
    "parallel": "In parallel, k",
    "repeats": "Seeds",
    "shared_epochs": "Shared epochs",
    "tuning_epochs": "Own epochs",
    "epochs": "Epochs from scratch",
}
BLOCK = {"layers": "Layers", "channels": "Channels"}
STAGED = {"width": "Width", "depth": "Depth", "block": "Block searched"}
MORE = (
    {"train_samples": "Training images", "validation": "Kept apart", "tuning_rate": "Own learning rate"},
    {"steps": "Time steps T", "threshold": "Threshold θ", "beta": "Leak β"},
    {"kappa": "κ at first", "decay": "Its decay", "price": "Price, pp"},
)
"""In a popover, in rows."""

OBJECTIVES = {"loss": "loss", "accuracy": "accuracy drop", "accuracy+operations": "drop + price × operations"}
WEIGHTS = (
    "frozen: each candidate starts at the same snapshot of shared weights. carried: candidates hand their weights on, "
    "as in the paper. The random search trains each of its candidates from scratch."
)
CARRIED = (
    "Carried weights mix up two things: a candidate that is trained later starts from weights that were trained "
    "longer, whatever its skips are. How far values follow that order is said below the search."
)


def begin(query: Mapping[str, str]) -> None:
    """At the first visit: take the optimisation from the address."""
    session = st.session_state
    session.optimisation, session.optimise_link_problem = Optimisation(), ""
    try:
        session.optimisation, session.optimise_link_problem = rest_kept(from_link, query)
    except InputError as error:
        session.optimise_link_problem = f"{PREFIX}{as_sentence(error)} The default optimisation is shown instead."


def to_link(setting: Optimisation) -> str:
    """The query string: the view, and what differs from the default optimisation.

    >>> to_link(Optimisation(skips="asc"))
    'view=optimise&optimise.skips=asc'
    """
    changed = links.write_part(setting, PREFIX)
    return f"view=optimise&{changed}" if changed else "view=optimise"


def from_link(query: Mapping[str, str]) -> Optimisation:
    """The optimisation of a link's parameters; those of the sweep are ignored. Raises `InputError`."""
    return Optimisation.check(links.read_part(Optimisation, query, PREFIX))


def setting() -> Optimisation:
    """What is shown."""
    found: Optimisation = st.session_state.optimisation
    return found


@st.fragment(key=SETTINGS)
@show_store_errors()
def settings() -> None:
    """Its widgets."""
    now = setting()
    top = st.columns([46, 50, 17, 14], vertical_alignment="bottom")
    questions.presets(top[0], OPTIMISATIONS, now, KEY, _preset)
    words = "Made small on the training images kept apart: the mean loss; the accuracy drop from the ANN twin in "
    words += "percentage points; or that plus the price of the operations, a sum of m spikes being m."
    options = list(OBJECTIVES)
    questions.segments(
        top[1], "Objective", "objective", options, now, KEY, _put, help=words, format_func=OBJECTIVES.get
    )
    recipe.popover(top[2], now, KEY, _put, _take)
    with top[3].popover("More", icon=":material/tune:", width="stretch"):
        for labels in (BLOCK if now.network == "block" else STAGED, *MORE):
            questions.numbers(now, labels, KEY, _put)
        questions.segments(st, "Kernel", "kernel", get_args(Kernel), now, KEY, _put)
        questions.segments(st, "Random search beside it", "random", ["with", "without"], now, KEY, _put)
    kinds = ["block", "resnet18", "densenet121", "mobilenetv2"]
    row = st.columns([46, 22, 20, 22], vertical_alignment="bottom")
    questions.segments(row[0], "Network", "network", kinds, now, KEY, _put)
    questions.data(row[1], now.data, KEY, _put)
    adds = "What a place may hold besides nothing: DSC concatenates channels of the source, ASC adds its spikes."
    questions.segments(row[2], "Skips", "skips", list(TYPES), now, KEY, _put, help=adds, format_func=TYPES.get)
    questions.segments(row[3], "Shared weights", "weights", ["frozen", "carried"], now, KEY, _put, help=WEIGHTS)
    questions.numbers(now, SHOWN, KEY, _put)
    st.caption(in_numbers(now))
    if now.weights == "carried":
        st.warning(CARRIED, icon=":material/warning:")
    address(to_link(now), key="optimise-address", steps=True)


def in_numbers(now: Optimisation) -> str:
    """The size of the space beside what is tried of it.

    >>> in_numbers(Optimisation())
    '729 candidates: 6 places for skips with 3 options each; 20 of them are trained in each of 4 searches.'
    """
    several = searches(now)
    first = several[0]
    found = space(first)
    sizes = sorted(set(found.sizes))
    each = f"{sizes[0]} options each" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} options each"
    places = "places for skips" if all(slot.source is not None for slot in found.slots) else "choices"
    what = f"{count(found.count)} candidates: {len(found.slots)} {places} with {each}"
    how = f"{len(several)} searches" if len(several) > 1 else "one search"
    return f"{what}; {first.trials} of them are trained in {'each of ' if len(several) > 1 else ''}{how}."


def count(number: int) -> str:
    """A number that may have twenty digits.

    >>> count(729), count(12157665459056928801)
    ('729', '1.2 × 10¹⁹')
    """
    if number < 10**9:
        return f"{number:,}"
    digits, power = f"{number:.1e}".split("e+")
    return f"{digits} × 10{power.lstrip('0').translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def _put(name: str) -> None:
    questions.put(name, "optimisation", KEY, Optimisation.check)
    notices.rerun_fragments(SETTINGS, CURVES)


def _preset(name: str) -> None:
    _take(OPTIMISATIONS[name], f"Started from {name}.")


def _take(setting: Optimisation, done: str = recipe.TAKEN) -> None:
    questions.replace(setting, "optimisation", KEY, done)
    notices.rerun_fragments(SETTINGS, CURVES)
