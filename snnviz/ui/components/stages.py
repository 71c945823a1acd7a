"""The stages component: the sections of a staged network (stem, blocks, readout) as a row of cards, each with a picture
of its matrix; a click opens one.

Python says which card is open; the browser shows a click at once.
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
    """A card for one section of a staged network (ResNet, DenseNet, MobileNet). `edges`: its adjacency matrix as text,
    "" if it cannot be opened; `share`: of the parameters, 0 to 1.

    `role`: text below the title. `changed`: whether the matrix was edited.
    """

    title: str
    lines: tuple[str, ...]
    share: float
    edges: str = ""
    changed: bool = False
    role: str = ""


def stages(cards: Sequence[Card], *, opened: int, key: str, on_open: Callable[[], None]) -> None:
    """Shows the cards. `opened`: number of the open block, from 1; `on_open` is called after a click and can read
    `clicked`.
    """
    _MOUNT(key=key, data={"cards": [asdict(card) for card in cards], "opened": opened}, on_opened_change=on_open)


def clicked(key: str, blocks: int) -> int | None:
    """Returns the number of the block whose card was clicked, from 1 to `blocks`, or None if the browser's message is
    invalid.
    """
    state = st.session_state.get(key)
    sent = state.get("opened") if isinstance(state, Mapping) else None
    return sent if type(sent) is int and 1 <= sent <= blocks else None
