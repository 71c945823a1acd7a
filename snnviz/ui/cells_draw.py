"""Part of the Cells page: a cell, drawn and scored."""

from __future__ import annotations

from collections.abc import Mapping


def begin(query: Mapping[str, str]) -> None:
    """At the first visit: take the setting from the address."""


def panel() -> None:
    """This part of the page."""
