"""A network of blocks as a row of cards, each block with a picture of its matrix; a click opens one.

Python says which card is open, and the browser shows the click at once: what it hears later is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_stages", html=source("stages.html"), css=source("stages.css"), js=source("stages.js")
)


@dataclass(frozen=True, slots=True)
class Card:
    """A part of a network. `edges`, the text of its matrix, is empty for what cannot be opened; `share` is 0 to 1.

    `role`: what it is to the network, below its title.
    """

    title: str
    lines: tuple[str, ...]
    share: float
    edges: str = ""
    changed: bool = False
    role: str = ""


def stages(cards: Sequence[Card], *, opened: int, key: str, on_open: Callable[[], None]) -> None:
    """Show the row. `opened` counts blocks from 1; `on_open` runs after a click, where it can read `clicked`."""
    _MOUNT(key=key, data={"cards": [asdict(card) for card in cards], "opened": opened}, on_opened_change=on_open)


def clicked(key: str, blocks: int) -> int | None:
    """The number of the block that was clicked, from 1 to `blocks`, or None if the message is invalid."""
    state = st.session_state.get(key)
    sent = state.get("opened") if isinstance(state, Mapping) else None
    return sent if type(sent) is int and 1 <= sent <= blocks else None
