"""Widgets that select an image, a hidden layer and some of its neurons, for two views of the TTFS page."""

from __future__ import annotations

import streamlit as st

from snnviz.studies.ttfs.charts import neuron as views
from snnviz.studies.ttfs.page.setting import STUDY
from snnviz.studies.ttfs.theory.twins import TwinPair


def widgets(pair: TwinPair) -> None:
    """Draws the widgets that select a test image, a hidden layer and neurons."""
    now, names = STUDY.value, pair.relu.names[:-1]
    row = st.columns([14, 20, 30, 36], vertical_alignment="bottom")
    last = len(pair.relu.shown) - 1
    key = f"{STUDY.widget_key('image')}/{last}"
    row[0].number_input(
        "Test image",
        0,
        last,
        image(pair),
        key=key,
        help=f"From 0 to {last}: these are drawn by the seed, as many of each class as there are.",
        on_change=_put,
        args=("image", key),
    )
    key = f"{STUDY.widget_key('layer')}/{len(names)}"
    row[1].selectbox(
        "Hidden layer",
        range(1, len(names) + 1),
        index=layer(pair),
        format_func=lambda number: f"{names[number - 1]} ({len(pair.hidden[number - 1].ramp):,} neurons)",
        key=key,
        on_change=_put,
        args=("layer", key),
    )
    key = STUDY.widget_key("neurons")
    row[2].text_input(
        "Neurons",
        now.neurons,
        placeholder=f"{views.names_of(neurons(pair))}: the earliest, a later, a silent one",
        help="At most 4 numbers from 0, such as 3,17. Empty: the first to spike, a later one and a silent one.",
        key=key,
        on_change=_put,
        args=("neurons", key),
    )


def _put(name: str, widget: str) -> None:
    if widget in st.session_state:
        STUDY.change(**{name: st.session_state[widget]})
        STUDY.rerun()


def image(pair: TwinPair) -> int:
    """Returns the index of the selected test image."""
    return min(STUDY.value.image, len(pair.relu.shown) - 1)


def layer(pair: TwinPair) -> int:
    """Returns the index of the selected hidden layer, from 0."""
    return min(STUDY.value.layer, len(pair.hidden)) - 1


def neurons(pair: TwinPair) -> tuple[int, ...]:
    """Returns the selected neurons of the selected layer; numbers beyond its size are left out."""
    known = [number for number in STUDY.value.chosen if number < len(pair.hidden[layer(pair)].ramp)]
    return tuple(known) or views.example_neurons(pair, layer(pair), image(pair))
