"""The nearest design that works, offered below the sentence that says why another does not; and a way back."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from snnviz.catalog.nearest import Nearest
from snnviz.design import Design
from snnviz.ui import state
from snnviz.ui.words import plain


def panel() -> None:
    """On the Design page."""
    session = st.session_state
    offered("design", session.offer if session.problem else None, state.design(), _edit, state.replace)


def _edit(found: Nearest) -> None:
    """What the design was before comes back with the code, the neurons or the kind of network."""
    session, before = st.session_state, state.design()
    document, code = before.document(), found.design.network.code
    session.parts[before.network.kind] = document["network"]
    if before.network.code != code == "ttfs":
        session.parts["rate"] = document
    if before.neuron.kind != found.design.neuron.kind == "relu":
        session.parts["lif"] = document
    session.problem, session.offer = "", None
    state.replace(found.design)


def offered(
    key: str,
    offer: Nearest | None,
    now: Design,
    take: Callable[[Nearest], None],
    undo: Callable[[Design], None],
    made: Callable[[Design], Design] = lambda design: design,
) -> None:
    """A button that takes what is offered, and the whole list of what it changes; `made`: what becomes of it here.

    Once taken, and as long as the design stays that one, the list again, and a button that undoes it.
    """
    if offer is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Take the nearest that works",
                icon=":material/auto_fix_high:",
                key=f"{key}-nearest",
                on_click=_take,
                args=(key, offer, (made(offer.design), now), take),
            )
            st.caption(f"It changes {plain(offer.told)}.")
        return
    taken: tuple[Nearest, Design, Design] | None = st.session_state.get(f"{key}_nearest_taken")
    if taken is None or taken[1] != now:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Undo", icon=":material/undo:", key=f"{key}-undo-nearest", on_click=_undo, args=(key, taken[2], undo))
        st.caption(f"Changed {plain(taken[0].told)}.")


def _take(key: str, offer: Nearest, designs: tuple[Design, Design], take: Callable[[Nearest], None]) -> None:
    """`designs`: after and before."""
    st.session_state[f"{key}_nearest_taken"] = (offer, *designs)
    take(offer)


def _undo(key: str, before: Design, undo: Callable[[Design], None]) -> None:
    st.session_state[f"{key}_nearest_taken"] = None
    undo(before)
