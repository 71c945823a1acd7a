"""What the view Compare compares: two designs, or two levels of an axis over all combinations of the other axes."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.design import links
from snnviz.design.axes import TOGETHER
from snnviz.design.experiment import Experiment
from snnviz.errors import InputError
from snnviz.studies.tradeoffs.charts.asking import level_name
from snnviz.studies.tradeoffs.comparing import EVERY_OTHER, Comparing, design_to_text
from snnviz.studies.tradeoffs.page import compared
from snnviz.studies.tradeoffs.page.setting import EXPERIMENT
from snnviz.theory.sequential import LAST_LOOK
from snnviz.ui.kit import state
from snnviz.ui.kit.settings import PageSettings
from snnviz.views.changes import describe_changes, label

CONTROLS, FOUND = "compare-controls", "compare-found"
"""Fragments."""

COMPARING = PageSettings(
    Comparing(), "compare", prefix="compare.", fragments=(CONTROLS, FOUND), noun="comparison", name="comparing"
)


OWN = "the edited design"
EVERY_HELP = "Each other group of the experiment against A, corrected for how many they are."
EVERY_LEVEL_HELP = "Each other level against A, corrected for how many they are."
AXIS_HELP = (
    "Two groups of runs, or two levels of one axis: then over all combinations of the other axes, with the differences "
    "averaged within each seed."
)


def group_names() -> dict[str, str]:
    """Returns what each group (runs that differ only in the seed) of the experiment, and the edited design, is called
    in menus, by its query string.
    """
    asked = EXPERIMENT.value
    found = {
        design_to_text(design): ", ".join(level_name(asked, levels, n) for n in range(len(asked.axes)))
        for levels, design in asked.groups().items()
    }
    own = design_to_text(state.design().model_copy(update={"seed": asked.base.seed}))
    return found if own in found else {**found, own: OWN}


def name_of(text: str, names: Mapping[str, str]) -> str:
    """Returns the name of a design, given as a query string: as in `names`, or what it changes in the experiment's
    base.
    """
    if text in names:
        return names[text]
    if text == EVERY_OTHER:
        return "every other group"
    base, other = EXPERIMENT.value.base, links.from_query(text, bare=False)
    changes = describe_changes(links.flatten(base), links.flatten(other))
    return "; ".join(changes) if changes else "the base"


def texts(now: Comparing) -> tuple[str, str]:
    """Returns the two compared designs A and B as query strings, where "" is replaced by a combination of the
    experiment. Raises `InputError`.
    """
    asked = EXPERIMENT.value
    return design_to_text(now.design("a", asked)), EVERY_OTHER if now.b == EVERY_OTHER else design_to_text(
        now.design("b", asked)
    )


def names() -> dict[str, str]:
    """Returns what each of the designs or levels that are compared with A is called, by its text in the setting."""
    now, known = COMPARING.value, group_names()
    if now.axis:
        return _level_names(EXPERIMENT.value, now.axis_index(EXPERIMENT.value))
    return {text: name_of(text, known) for text in known}


def combinations() -> compared.Pooled:
    """Returns the names of the combinations over which two levels are compared, and how many groups have no partner.
    Raises `InputError`.
    """
    asked, now = EXPERIMENT.value, COMPARING.value
    own, found = now.axis_index(asked), now.combinations(asked)
    others = [n for n in range(len(asked.axes)) if n != own]
    called = [", ".join(level_name(asked, a[1], n) for n in others) or "the base" for a, _ in found.matched]
    return compared.Pooled(called, found.alone)


def draw() -> None:
    """Draws the choice of what is compared: designs or levels of an axis, then A and B."""
    now, asked = COMPARING.value, EXPERIMENT.value
    axes = [axis.name for axis in asked.axes] if len(asked.axes) > 1 else []
    if axes or now.axis:
        options = ["", *axes, *([now.axis] if now.axis and now.axis not in axes else [])]
        key = COMPARING.widget_key("axis")
        st.segmented_control(
            "Compare", options, default=now.axis, format_func=_axis_name, help=AXIS_HELP, key=key, required=True,
            on_change=_put, args=("axis", key), width="stretch",
        )  # fmt: skip
    left, middle, right = st.columns([12, 2, 12], vertical_alignment="bottom")
    sides = _levels(now) if now.axis else _designs(now)
    _choose(left, "A", "What B is compared with.", *sides[0])
    middle.button(
        "", icon=":material/swap_horiz:", help="Exchange A and B", width="stretch", key="compare-swap",
        disabled=now.every_other, on_click=_swap,
    )  # fmt: skip
    _choose(right, "B", EVERY_LEVEL_HELP if now.axis else EVERY_HELP, *sides[1])


def _axis_name(name: str) -> str:
    return " ~ ".join(label(path) for path in name.split(TOGETHER)) if name else "Groups"


Side = tuple[dict[str, str], str]
"""The names of all that A or B may be, by text, and the chosen text; "" if the setting has none of them."""


def _designs(now: Comparing) -> tuple[Side, Side]:
    known = group_names()
    try:
        shown = texts(now)
    except InputError:
        shown = "", ""
    every = [EVERY_OTHER] if len(EXPERIMENT.value.groups()) > 2 else []
    sides = [
        dict.fromkeys([*known, *more, *filter(None, [text])]) for text, more in zip(shown, ([], every), strict=True)
    ]
    a, b = ({text: name_of(text, known) for text in side} for side in sides)
    return (a, shown[0]), (b, shown[1])


def _levels(now: Comparing) -> tuple[Side, Side]:
    asked = EXPERIMENT.value
    try:
        known = _level_names(asked, now.axis_index(asked))
    except InputError:
        return ({}, ""), ({}, "")
    more = {EVERY_OTHER: "every other level"} if len(known) > 2 else {}
    a, b = now.levels.split(",")
    return (known, a if a in known else ""), (known | more, b if b in known | more else "")


def _level_names(asked: Experiment, axis: int) -> dict[str, str]:
    levels = range(len(asked.axes[axis].levels))
    return {str(level + 1): level_name(asked, tuple([level] * len(asked.axes)), axis) for level in levels}


def _choose(place: st.delta_generator.DeltaGenerator, side: str, told: str, known: Mapping[str, str], at: str) -> None:
    key = f"{COMPARING.widget_key(side.lower())}-{at}"
    place.selectbox(
        side,
        list(known),
        index=list(known).index(at) if at in known else None,
        format_func=lambda text: known.get(text, text),
        help=told,
        key=key,
        on_change=_put,
        args=(side.lower(), key),
    )


def _put(name: str, key: str) -> None:
    """Callback of a menu: sets A, B or the axis."""
    told = st.session_state.get(key)
    if told is None:
        return
    now = COMPARING.value
    if now.axis and name != "axis":
        a, b = now.levels.split(",")
        chosen = {"a": a, "b": b, name: told}
        if chosen["a"] == chosen["b"]:  # the other one goes where this one was
            chosen = {"a": b, "b": a}
        COMPARING.change(levels=f"{chosen['a']},{chosen['b']}", looks="once")
    else:
        seeds = min(LAST_LOOK, max(now.seeds, EXPERIMENT.value.seeds))  # all that the experiment has
        more = {"levels": Comparing().levels, "seeds": seeds} if name == "axis" else {}
        COMPARING.change(**{name: told, "looks": "once"}, **more)
    COMPARING.renew_widgets()
    COMPARING.rerun()


def _swap() -> None:
    now = COMPARING.value
    try:
        a, b = now.levels.split(",") if now.axis else texts(now)
    except InputError:
        return
    COMPARING.change(**({"levels": f"{b},{a}"} if now.axis else {"a": b, "b": a}))
    COMPARING.renew_widgets()
    COMPARING.rerun()
