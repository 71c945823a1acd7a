"""What a page shows at this moment, in numbers and curves, for the checks of lessons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st

from snnviz.lessons.checks.kind import Reading


class Shown(NamedTuple):
    """What a page has drawn: the fields of its setting, and a function that returns a shown number or curve (a
    `Reading`) by its name.
    """

    fields: Mapping[str, Any]
    find: Callable[[str], Reading | None]


def nothing(_: str) -> Reading | None:
    """Returns None. Default of `publish` for pages that show no numbers."""
    return None


def publish(page: str, fields: Mapping[str, Any], find: Callable[[str], Reading | None] = nothing) -> None:
    """Records what a page has just drawn: the fields of its setting, and how to find its numbers and curves by name."""
    st.session_state.setdefault("readings", {})[page] = Shown(fields, find)


def shown(page: str) -> Shown | None:
    """Returns what the page drew last during this step of a lesson; None if it drew nothing."""
    found: Shown | None = st.session_state.get("readings", {}).get(page)
    return found


def clear() -> None:
    """Drops what pages have drawn; called when another step of a lesson begins."""
    st.session_state.readings = {}
