"""The menu "Start from", with named values that can replace a page's setting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import streamlit as st


def start_menu(
    place: Any,
    names: Iterable[str],
    marked: str | None,
    key: str,
    choose: Callable[[str], None],
    explanation: str | None = None,
) -> None:
    """Draws the menu "Start from" in the container `place`; `choose` is called with the name that a visitor chooses.

    marked: name of the setting that is shown, None if it has none. key: session key of the control, which gets another
    one as soon as another name is marked.
    """
    key = f"{key}/{marked}"
    place.segmented_control(
        "Start from",
        list(names),
        default=marked,
        wrap=True,
        key=key,
        on_change=partial(_choose, key, marked, choose),
        help=explanation,
    )


def _choose(key: str, marked: str | None, choose: Callable[[str], None]) -> None:
    """A control that was replaced may still send what it was drawn with: the marked name is nobody's choice."""
    if (name := st.session_state.get(key)) is not None and name != marked:
        choose(name)
