"""The cards component: cards with a title, a few words and a small chart, each of which is a link to a page.

A click is answered by Python, which keeps the visitor's session; with a modifier key, or by the middle button, the
browser opens the link itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import streamlit as st

from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_cards", html=source("cards.html"), css=source("cards.css"), js=source("cards.js")
)


@dataclass(frozen=True, slots=True)
class Card:
    """A card with text and a small chart that links to a page.

    `page`: the address of the page that it opens, with the query string `query`. `words`: its text. `action`: label of
    its button. `chart`: data of the chart, see ``cards.js``; `note`: text below the chart.
    """

    page: str
    title: str
    words: str
    action: str
    query: str = ""
    chart: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def cards(shown: Sequence[Card], *, key: str) -> Card | None:
    """Shows cards side by side. Returns the one that was just pressed, if any."""
    told = [{**asdict(card), "href": f"{card.page}?{card.query}" if card.query else card.page} for card in shown]
    _MOUNT(key=key, data=json.dumps(told).encode(), on_opened_change=_nothing)
    state = st.session_state.get(key)
    sent = state.get("opened") if isinstance(state, Mapping) else None
    return shown[sent] if type(sent) is int and 0 <= sent < len(shown) else None


def _nothing() -> None:
    """The press is read where the cards are drawn, as a callback cannot open a page."""
