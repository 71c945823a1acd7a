"""A picture that is drawn with the mouse, a finger or the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_drawing", html=source("drawing.html"), css=source("drawing.css"), js=source("drawing.js")
)


def drawing(rows: int, columns: int, text: str, *, key: str, on_draw: Callable[[], None]) -> None:
    """Show a picture of `rows` x `columns` pixels to draw in.

    `text`: what is on it, a hexadecimal digit a pixel, row by row; anything else is an empty one. `on_draw` runs a
    moment after each stroke and reads `drawn_picture`.
    """
    _MOUNT(key=key, data={"rows": rows, "columns": columns, "text": text}, on_drawn_change=on_draw)


def drawn_picture(key: str, rows: int, columns: int) -> NDArray[Any] | None:
    """What was drawn last (rows, columns), from 0 to 255, from a stranger; None where that is no picture."""
    state = st.session_state.get(key)
    sent = state.get("drawn") if isinstance(state, Mapping) else None
    if not isinstance(sent, str) or not re.fullmatch(rf"[0-9a-f]{{{rows * columns}}}", sent):
        return None
    return np.array([17 * int(digit, 16) for digit in sent], np.uint8).reshape(rows, columns)
