"""What the page shows at this moment, in numbers that a lesson can compare with what was predicted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st

from snnviz.lessons.checks.kind import Reading


class Shown(NamedTuple):
    """What a page shows: the fields of the setting that is drawn, and a function that finds a reading by its name."""

    fields: Mapping[str, Any]
    find: Callable[[str], Reading | None]


def nothing(_: str) -> Reading | None:
    """For pages whose setting is said, and no numbers."""
    return None


def publish(page: str, fields: Mapping[str, Any], find: Callable[[str], Reading | None] = nothing) -> None:
    """Says what a page has just drawn."""
    st.session_state.setdefault("readings", {})[page] = Shown(fields, find)


def shown(page: str) -> Shown | None:
    """Returns what a page drew last in this step of a lesson; None if nothing."""
    found: Shown | None = st.session_state.get("readings", {}).get(page)
    return found


def clear() -> None:
    """Forgets what pages drew, where another step begins."""
    st.session_state.readings = {}
