"""Section of the TTFS page: the sliders of hardware limits, and the network that they apply to."""

from __future__ import annotations

import streamlit as st

from snnviz.design.design import Design
from snnviz.studies.ttfs.page.setting import DESIGN, LIMITS, NAMES, STUDY, twin
from snnviz.studies.ttfs.study import Weights
from snnviz.ui.kit import fields
from snnviz.ui.kit.fields import Binding

SLIDERS = ("weight_bits", "outliers", "time_bits", "jitter", "latency")
LEVELS = {"without-zero": "2^b, none is 0", "with-zero": "2^b − 1, one is 0"}


def kind() -> Weights:
    """Returns which network's weights are limited: "ttfs", the trained TTFS (time-to-first-spike) network, or "relu",
    the twin of the ReLU network.
    """
    return "ttfs" if STUDY.value.weights == "ttfs" else "relu"


def base() -> Design:
    """Returns the design of the network to which the limits are applied, without limits."""
    return twin() if kind() == "ttfs" else DESIGN.value


def sliders() -> None:
    """Draws the widgets of the hardware limits."""
    now = LIMITS.value
    fields.segments(
        st,
        STUDY.value.model_copy(update={"weights": kind()}),
        "weights",
        Binding(STUDY.widget_key("weights"), STUDY.put, ("weights",)),
        options=["relu", "ttfs"],
        names={kind: name.removeprefix("the ") for kind, name in NAMES.items()},
        label="Weights of",
        help="Both compute the same; the limits are those of a TTFS network with these weights.",
    )
    for name in SLIDERS:
        precise = name == "outliers"
        LIMITS.slider(st, name, format="%.3f" if precise else None, disabled=precise and not now.weight_bits)
        if name == "weight_bits":
            LIMITS.segments(
                st,
                "levels",
                "Levels of a weight",
                names=LEVELS,
                help="Between the ends of each layer's range. 2^b, evenly spaced: none of them is 0, so that every "
                "synapse does something. One fewer, and 0 is in the middle.",
                disabled=not now.weight_bits,
            )
