"""The switch between the views of a page, beside its title; the selected one is named in the link."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.errors import InputError
from snnviz.ui.kit.linked import view_key


class Views:
    """State of the views of a page: their names in a link and their labels; the first is the default.

    widget: the key of the switch, if it cannot be ``<key>-view``.
    """

    def __init__(self, key: str, names: Mapping[str, str], widget: str = "") -> None:
        self.key, self.names, self.first = key, names, next(iter(names))
        self._name = widget or f"{key}-view"

    @property
    def current(self) -> str:
        """The name of the selected view."""
        name: str = st.session_state[f"{self.key}_view"]
        return name

    def show(self, name: str) -> None:
        """Selects the view with this name, so that the page shows it; may be called from a callback."""
        drawn = st.session_state.pop(self._widget, name)
        if drawn != name:  # the browser would keep what the switch showed
            st.session_state[self._turns] = st.session_state.get(self._turns, 0) + 1
        st.session_state[f"{self.key}_view"] = name

    def read(self, query: Mapping[str, str]) -> str:
        """Returns the name of the view that a link selects. Raises `InputError`."""
        if (name := query.get("view", self.first)) not in self.names:
            raise InputError("view", f"be one of {', '.join(self.names)}", name)
        return name

    def write(self, name: str) -> str:
        """Returns the part of a link that names a view; "" for the first."""
        return "" if name == self.first else f"view={name}"

    @property
    def _turns(self) -> str:
        """The session's name of how often the view was turned by something else than its switch."""
        return f"{self.key}_view_turns"

    @property
    def _widget(self) -> str:
        turns = st.session_state.get(self._turns, 0)
        return view_key(f"{self._name}/{turns}" if turns else self._name)

    def head(self, title: str, share: int = 8) -> None:
        """Draws the page's title, and beside it, `share` times as wide, the switch."""
        left, right = st.columns([1, share], vertical_alignment="center")
        left.title(title, anchor=False)
        right.segmented_control(
            "View",
            list(self.names),
            default=self.current,
            required=True,
            format_func=self.names.__getitem__,
            label_visibility="collapsed",
            wrap=True,
            key=self._widget,
            on_change=self._turn,
        )

    def _turn(self) -> None:
        st.session_state[f"{self.key}_view"] = st.session_state[self._widget]
