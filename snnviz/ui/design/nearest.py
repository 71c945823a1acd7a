"""The message of a refused change of a design, and a button that makes the nearest allowed design."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from snnviz.catalog.neurons import model
from snnviz.design.design import Design
from snnviz.graph.nearest import NearestDesign
from snnviz.ui.kit import notices, restrictions, state
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.changes import nearest_changes as in_words


@restrictions.hideable("nearest")
def panel() -> None:
    """Draws the message of a refused change at the bottom of the window, with a button that applies the nearest allowed
    design.
    """
    session = st.session_state
    if not state.problem():
        return
    with st.container(key="refusal", gap="small"):
        st.error(state.problem(), icon=":material/error:")
        if session.offer is not None:
            st.caption(f"What works changes: {escape_markdown(in_words(session.offer))}.")
        with st.container(horizontal=True, vertical_alignment="center"):
            if session.offer is not None:
                _button("design", partial(_take, session.offer, state.design(), _edit, state.replace))
            st.button("Close", key="close-refusal", type="tertiary", on_click=state.dismiss_problem)


def _edit(found: NearestDesign) -> None:
    """What the design was before comes back with the code, the neurons or the kind of network."""
    session, before = st.session_state, state.design()
    document, code = before.document(), found.design.network.code
    session.parts[before.network.kind] = document["network"]
    if before.network.code != code == "ttfs":
        session.parts["rate"] = document
    if model(before.neuron).states and not model(found.design.neuron).states:
        session.parts["lif"] = document
    state.dismiss_problem()
    state.replace(found.design)


def offer_nearest(
    key: str,
    offer: NearestDesign | None,
    now: Design,
    take: Callable[[NearestDesign], None],
    undo: Callable[[Design], None],
    shown: Callable[[], Design] = state.design,
    redraw: Callable[[], None] = lambda: None,
) -> None:
    """Draws a button that replaces the design by the nearest allowed one, `offer`, and a list of what that changes.

    A click shows a notice with the changes and Undo, as long as `shown()` stays that design. `take`, `undo`: set the
    design and restore `now`. `redraw`: called where a click reruns a fragment only.
    """
    if offer is not None:
        st.caption(f"What works changes: {escape_markdown(in_words(offer))}.")
        _button(key, partial(_take, offer, now, take, undo, shown, redraw))


def _button(key: str, take: Callable[[], None]) -> None:
    st.button("Take the nearest that works", icon=":material/auto_fix_high:", key=f"{key}-nearest", on_click=take)


def _take(
    offer: NearestDesign,
    before: Design,
    take: Callable[[NearestDesign], None],
    undo: Callable[[Design], None],
    shown: Callable[[], Design] = state.design,
    redraw: Callable[[], None] = lambda: None,
) -> None:
    take(offer)
    after = shown()
    notices.show_notice("Changed.", [in_words(offer)], partial(undo, before), lambda: shown() == after)
    redraw()
