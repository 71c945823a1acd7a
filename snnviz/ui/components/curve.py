"""The curve component: a curve over axes, drawn with the mouse, a finger or the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_curve", html=source("curve.html"), css=source("curve.css"), js=source("leaving.js", "curve.js")
)


def curve(
    ticks: tuple[Sequence[str], Sequence[str]],
    names: tuple[str, str],
    *,
    points: int,
    full: int,
    key: str,
    on_draw: Callable[[], None],
) -> None:
    """Shows empty axes over which the visitor draws a curve. ticks, names: labels from the low end to the high one, of
    x and of y.

    The curve has `points` heights from 0 to `full`; `on_draw` runs after each stroke and can read `drawn_curve`.
    """
    x, y = ticks
    _MOUNT(
        key=key,
        data={"x": list(x), "y": list(y), "names": list(names), "points": points, "full": full},
        default={"drawn": None},
        on_drawn_change=on_draw,
    )


def drawn_curve(key: str) -> Any:
    """Returns the curve that the browser sent last (untrusted); None until the whole x axis was drawn over."""
    state = st.session_state.get(key)
    return state.get("drawn") if isinstance(state, Mapping) else None
