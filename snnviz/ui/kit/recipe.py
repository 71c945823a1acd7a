"""Widgets of a study's training settings (a `design.recipes.Recipe`): optimizer, rate, schedule, batch,
augmentation.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from snnviz.design.menus import DATASETS, EVENTS
from snnviz.design.recipes import RECIPES, apply_recipe, matching_recipe
from snnviz.ui.kit import fields
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.words import escape_markdown

TAKEN = "Trained as in the paper."
"""Headline of the notice after a paper's recipe was chosen."""


def popover(place: Any, setting: PageSettings[Any]) -> None:
    """Draws a button that opens the widgets of the training settings (recipe)."""
    with place.popover("Training", icon=":material/fitness_center:", width="stretch"):
        widgets(setting)


def widgets(setting: PageSettings[Any]) -> None:
    """Draws the widgets of all training settings (fields of a recipe)."""
    now = setting.value
    marked = matching_recipe(now)
    key = f"{setting.widget_key('recipe')}/{marked}"
    st.selectbox(
        "As a paper trains",
        list(RECIPES),
        index=list(RECIPES).index(marked) if marked else None,
        placeholder="a recipe",
        key=key,
        on_change=_take,
        args=(key, setting),
        help="Sets what the paper prints, and leaves the rest as it is: network, data and neurons too.",
    )
    if marked:
        st.caption(escape_markdown(f"{RECIPES[marked].source}. {RECIPES[marked].unsaid}"))
    _choice(setting, "optimizer")
    _choice(setting, "schedule")
    recorded = EVENTS in DATASETS[getattr(now, "data", "digits")].traits
    setting.numbers(["learning_rate", "batch_size", "shift", *(["drop_events"] if recorded else [])])
    setting.segments(st, "flip", "Mirror", help="In training, half of the samples are mirrored, left for right.")


def _take(widget: str, setting: PageSettings[Any]) -> None:
    if name := st.session_state[widget]:
        setting.take(apply_recipe(setting.value, name), TAKEN)


def _choice(setting: PageSettings[Any], name: str) -> None:
    """The menu of a registry, and the chosen entry's parameters beside it."""
    chosen = getattr(setting.value, name)
    entry = fields.registry(setting.value, name)[chosen.kind]
    columns = st.columns(1 + len(entry.parameters), vertical_alignment="bottom")
    setting.menu(columns[0], name, help=entry.title)
    for column, parameter in zip(columns[1:], entry.parameters, strict=True):
        setting.number(column, f"{name}.{chosen.kind}.{parameter.name}")
