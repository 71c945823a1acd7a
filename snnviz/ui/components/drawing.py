"""The drawing component: a small picture that is drawn with the mouse, a finger or the keyboard."""

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
    """Shows a picture of `rows` x `columns` pixels to draw in.

    `text`: what is in it, one hexadecimal digit per pixel, row by row; any other text means an empty picture. `on_draw`
    is called a moment after each stroke and can read `drawn_picture`.
    """
    _MOUNT(key=key, data={"rows": rows, "columns": columns, "text": text}, on_drawn_change=on_draw)


def drawn_picture(key: str, rows: int, columns: int) -> NDArray[Any] | None:
    """Returns the picture that the browser sent last, (rows, columns) from 0 to 255; None if it is not valid."""
    state = st.session_state.get(key)
    sent = state.get("drawn") if isinstance(state, Mapping) else None
    if not isinstance(sent, str) or not re.fullmatch(rf"[0-9a-f]{{{rows * columns}}}", sent):
        return None
    return np.array([17 * int(digit, 16) for digit in sent], np.uint8).reshape(rows, columns)
