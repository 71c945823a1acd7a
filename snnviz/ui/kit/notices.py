"""Notices of what a button changed elsewhere, with Undo; one at a time, at the bottom of the window (`page.css`).

A notice stays from page to page until its subject is changed again, or it is undone or closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from snnviz.ui.kit import fragments
from snnviz.ui.kit.words import escape_markdown

PANEL = "notices"
"""Key of the fragment that draws notices, for callbacks that rerun fragments only: see `rerun_fragments`."""

MOST_LISTED = 5
"""Number of changes that are listed in the sentence; all are shown on hover."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: headline, a text for each change, the undo callback, and a function that says whether it is still
    true.
    """

    headline: str
    changes: tuple[str, ...]
    undo: Callable[[], None]
    is_current: Callable[[], bool]


def show_notice(
    headline: str, changes: Sequence[str], undo: Callable[[], None], is_current: Callable[[], bool]
) -> None:
    """Shows a notice as long as `is_current()` is true; nothing if `changes` is empty."""
    st.session_state.notice = Notice(headline, tuple(changes), undo, is_current) if changes else None


def with_notice_panel(*keys: str) -> list[str]:
    """Returns the fragments that a callback reruns, with the notice's fragment if a notice is or was just shown."""
    session = st.session_state
    shown = session.get("notice") is not None or session.get("notice_shown")
    return [*keys, *([PANEL] if shown else [])]


def rerun_fragments(*keys: str) -> None:
    """Reruns these fragments and the notice's, at the end of a callback. Raises Streamlit's rerun exception."""
    fragments.rerun_fragments(*with_notice_panel(*keys))


@st.fragment(key=PANEL)
def panel() -> None:
    """Draws the notice on what a button changed, with Undo, if there is one; called on every page."""
    found: Notice | None = st.session_state.get("notice")
    if found is not None and not found.is_current():
        found = st.session_state.notice = None
    st.session_state.notice_shown = found is not None
    if found is None:
        return
    with st.container(key="notice", horizontal=True, vertical_alignment="center", gap="small"):
        told = "; ".join(found.changes[:MOST_LISTED])
        more = len(found.changes) - MOST_LISTED
        rest = f"; and {more} more" if more > 0 else ""
        whole = "\n".join(f"- {escape_markdown(one)}" for one in found.changes) if more > 0 else None
        st.markdown(
            f":material/info: **{escape_markdown(found.headline)}** {escape_markdown(told)}{rest}.",
            help=whole,
            width="stretch",
        )
        st.button("Undo", icon=":material/undo:", key="undo", on_click=_undo, args=(found,))
        st.button("Close", key="close-notice", type="tertiary", on_click=_close)


def _undo(found: Notice) -> None:
    st.session_state.notice = None
    found.undo()
    st.rerun()


def _close() -> None:
    st.session_state.notice = None
    fragments.rerun_fragments(PANEL)
