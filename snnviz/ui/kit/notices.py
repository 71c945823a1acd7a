"""What a button changed somewhere else, said where it is seen whatever is scrolled, and undone by a click.

One notice at a time, over the lower edge of the window (`page.css`), so that nothing on the page moves. It stays from
page to page, until what it tells of is changed again, it is undone or closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from snnviz.ui.kit.words import plain

PANEL = "notices"
"""The fragment that draws them, for callbacks that draw fragments alone: see `redraw`."""

MOST_TOLD = 5
"""Changes that are told in the sentence; all of them are a hover away."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What was done, in words; each change; how it is undone; whether it still is so."""

    done: str
    changes: tuple[str, ...]
    undo: Callable[[], None]
    holds: Callable[[], bool]


def tell(done: str, changes: Sequence[str], undo: Callable[[], None], holds: Callable[[], bool]) -> None:
    """Say it from now on, as long as it `holds`; nothing where nothing changed."""
    st.session_state.notice = Notice(done, tuple(changes), undo, holds) if changes else None


def along(*fragments: str) -> list[str]:
    """The fragments that a callback draws anew, and the notice, where there is one or was a moment ago."""
    session = st.session_state
    shown = session.get("notice") is not None or session.get("notice_shown")
    return [*fragments, *([PANEL] if shown else [])]


def redraw(*fragments: str) -> None:
    """At the end of a callback: draw these anew, and the notice. Not an exception to be caught."""
    st.rerun(along(*fragments))


@st.fragment(key=PANEL)
def panel() -> None:
    """On every page."""
    found: Notice | None = st.session_state.get("notice")
    if found is not None and not found.holds():
        found = st.session_state.notice = None
    st.session_state.notice_shown = found is not None
    if found is None:
        return
    with st.container(key="notice", horizontal=True, vertical_alignment="center", gap="small"):
        told = "; ".join(found.changes[:MOST_TOLD])
        more = len(found.changes) - MOST_TOLD
        rest = f"; and {more} more" if more > 0 else ""
        whole = "\n".join(f"- {plain(one)}" for one in found.changes) if more > 0 else None
        st.markdown(f":material/info: **{plain(found.done)}** {plain(told)}{rest}.", help=whole, width="stretch")
        st.button("Undo", icon=":material/undo:", key="undo", on_click=_undo, args=(found,))
        st.button("Close", key="close-notice", type="tertiary", on_click=_close)


def _undo(found: Notice) -> None:
    st.session_state.notice = None
    found.undo()
    st.rerun()


def _close() -> None:
    st.session_state.notice = None
    st.rerun(PANEL)
