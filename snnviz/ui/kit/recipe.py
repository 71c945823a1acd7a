"""How the networks of a study learn, as widgets: optimizer, rate, schedule, batch, augmentation, and papers' recipes.

For every setting that is a `catalog.recipes.Recipe`; `put` is the page's own callback, told the name of a field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from snnviz.design.menus import DATASETS, EVENTS, OPTIMIZERS, SCHEDULES, Choice
from snnviz.design.recipes import RECIPES, Recipe, follow, followed
from snnviz.design.registry import Registry
from snnviz.ui.kit import questions
from snnviz.ui.kit.words import escape_markdown

Take = Callable[[Any], None]
"""Told the whole setting that takes the place of the one that is shown."""

NUMBERS = {"learning_rate": "Learning rate", "batch_size": "Batch", "shift": "Shift, pixels"}
TAKEN = "Trained as in the paper."
"""What is said when a paper's recipe was chosen."""

OF_EVENTS = {"drop_events": "Drop events"}


def popover(place: Any, value: Recipe, key: str, put: questions.Put, take: Take) -> None:
    """The fields behind a button."""
    with place.popover("Training", icon=":material/fitness_center:", width="stretch"):
        fields(value, key, put, take)


def fields(value: Recipe, key: str, put: questions.Put, take: Take) -> None:
    """The widgets of all fields. `take` gets the whole setting when a paper's recipe is chosen."""
    marked = followed(value)
    widget = f"{key}-recipe@{questions.revision(key)}/{marked}"
    st.selectbox(
        "As a paper trains",
        list(RECIPES),
        index=list(RECIPES).index(marked) if marked else None,
        placeholder="a recipe",
        key=widget,
        on_change=_take,
        args=(widget, value, take),
        help="Sets what the paper prints, and leaves the rest as it is: network, data and neurons too.",
    )
    if marked:
        st.caption(escape_markdown(f"{RECIPES[marked].source}. {RECIPES[marked].unsaid}"))
    _choice("Optimizer", "optimizer", value.optimizer, OPTIMIZERS, key, put)
    _choice("Schedule", "schedule", value.schedule, SCHEDULES, key, put)
    recorded = EVENTS in DATASETS[getattr(value, "data", "digits")].traits
    questions.numbers(value, NUMBERS | (OF_EVENTS if recorded else {}), key, put)
    about = "In training, half of the samples are mirrored, left for right."
    questions.segments(st, "Mirror", "flip", ["off", "on"], value, key, put, help=about)


def _take(widget: str, value: Recipe, take: Take) -> None:
    if name := st.session_state[widget]:
        take(follow(value, name))


def _choice(label: str, name: str, value: Choice, registry: Registry[Any], key: str, put: questions.Put) -> None:
    """The menu of a registry, and the chosen entry's parameters beside it."""
    entry = registry[value.kind]
    columns = st.columns(1 + len(entry.parameters), vertical_alignment="bottom")
    columns[0].selectbox(
        label,
        registry.kinds,
        index=registry.kinds.index(value.kind),
        key=f"{key}-{name}@{questions.revision(key)}",
        on_change=put,
        args=(name,),
        help=entry.title,
    )
    for column, parameter in zip(columns[1:], entry.parameters, strict=True):
        kind, limits, field = (
            int if parameter.whole else float,
            parameter.range,
            f"{name}.{value.kind}.{parameter.name}",
        )
        column.number_input(
            parameter.name.replace("_", " ").capitalize(),
            kind(limits.low),
            kind(limits.high),
            kind(value.parameters[parameter.name]),
            kind(limits.step or 1),
            format=None if parameter.whole else "%g",
            help=limits.help,
            key=f"{key}-{field}@{questions.revision(key)}",
            on_change=put,
            args=(field,),
        )
