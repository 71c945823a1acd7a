"""Selection of neurons by layer, channel, row and column (or number), beside the click on a raster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from snnviz.errors import InputError, Unquoted
from snnviz.studies.inside.look import MOST_TRACES, PLACES, Answer, is_connected, neuron_number
from snnviz.studies.inside.page.setting import LOOK
from snnviz.ui.kit import restrictions
from snnviz.ui.kit.store_errors import ERROR
from snnviz.ui.kit.words import as_sentence, escape_markdown

LAYER, PROBLEM, SEEN = "inside-neuron-layer", "inside-neuron-problem", "inside-neuron-seen"


def panel(answer: Answer) -> None:
    """Draws the fields that choose a neuron, which begin with the one that was chosen last, and what is wrong with
    them.
    """
    if restrictions.is_hidden("look.focus"):
        return
    layers = {one["name"]: one for one in answer.about["layers"] if one["kind"] != "merge"}
    locked = restrictions.is_locked("look.focus")
    _follow(answer, layers)
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside-neurons"):
        st.selectbox(
            "Neuron of layer",
            list(layers),
            format_func=lambda name: f"{name} ({size_words(layers[name]['shape'])})",
            key=LAYER,
            on_change=LOOK.rerun,
            disabled=locked,
            width=230,
        )
        layer = layers[st.session_state[LAYER]]
        with (
            st.form("inside-neuron", border=False, width="content"),
            st.container(horizontal=True, vertical_alignment="bottom"),
        ):
            for name in names(layer["shape"]):
                st.number_input(name.capitalize(), step=1, key=key_of(name), disabled=locked, width=120)
            for words, more in (("Show it", False), ("Add it", True)):
                st.form_submit_button(
                    words,
                    icon=":material/add_chart:" if more else ":material/show_chart:",
                    help="Beside those that are shown." if more else None,
                    key=f"inside-neuron-{'add' if more else 'show'}",
                    on_click=_choose,
                    args=(layer, answer.about["focus"] if more else ()),
                    disabled=locked,
                )
    if problem := st.session_state.get(PROBLEM, ""):
        st.error(escape_markdown(problem), icon=ERROR)


def names(shape: Sequence[int]) -> Sequence[str]:
    """Returns what addresses a neuron of a layer of this shape (C, H, W)."""
    return ("number",) if is_connected(shape) else PLACES


def key_of(name: str) -> str:
    """Returns the session key of the field `name`."""
    return f"inside-neuron-{name}"


def size_words(shape: Sequence[int]) -> str:
    """Returns the size of a layer as text, such as "8 channels of 5x5"."""
    if is_connected(shape):
        return f"{shape[0]:,} neurons"
    return f"{shape[0]:,} channels of {shape[1]}x{shape[2]}"


def _follow(answer: Answer, layers: Mapping[str, Mapping[str, Any]]) -> None:
    """Sets the fields to the neuron that was chosen last, also by a click or a link."""
    session, focus = st.session_state, answer.about["focus"]
    seen = (LOOK.value.run, LOOK.value.focus)
    if session.get(SEEN) == seen and session.get(LAYER) in layers:
        for name in ("number", *PLACES):  # those of a view that was left are gone
            session.setdefault(key_of(name), 0)
        return
    session[SEEN] = seen
    session.pop(PROBLEM, None)
    layer, number = (str(focus[-1]["layer"]), int(focus[-1]["neuron"])) if focus else (next(iter(layers)), 0)
    session[LAYER] = layer
    shape = layers[layer]["shape"]
    session[key_of("number")] = number if is_connected(shape) else 0
    for name, value in zip(PLACES, np.unravel_index(number, shape), strict=True):
        session[key_of(name)] = int(value)


def _choose(layer: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> None:
    """Callback: shows the neuron of the fields, after those in `shown`."""
    session, shape = st.session_state, layer["shape"]
    session.pop(PROBLEM, None)
    try:
        number = neuron_number(layer["name"], shape, [session[key_of(name)] for name in names(shape)])
        known = [(one["layer"], one["neuron"]) for one in shown]
        chosen = [*(one for one in known if one != (layer["name"], number)), (layer["name"], number)]
        if len(chosen) > MOST_TRACES:
            raise InputError("focus", f"name at most {MOST_TRACES} neurons", Unquoted(f"{len(chosen)}"))
    except InputError as error:
        session[PROBLEM] = as_sentence(error)
    else:
        LOOK.change(focus=focus_text(chosen))
        session[SEEN] = (LOOK.value.run, LOOK.value.focus)  # the fields stay at the neuron that was added
    LOOK.rerun()


def focus_text(chosen: Sequence[tuple[str, int]]) -> str:
    """Returns chosen neurons, layer and number, as text for `Look.focus`, in their order.

    >>> focus_text([("L2", 3), ("L2", 7), ("L1", 0)])
    'L2 3; L2 7; L1 0'
    """
    return "; ".join(f"{layer} {number}" for layer, number in chosen)
