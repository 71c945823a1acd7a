"""Section of two views of the TTFS page: which weights are used, and how the twin is made."""

from __future__ import annotations

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import DataMissing, Diverged, InputError
from snnviz.studies.ttfs.page.setting import DESIGN, NAMES, STUDY
from snnviz.studies.ttfs.page.twin_computation import Source, build_pair, source
from snnviz.studies.ttfs.study import TtfsStudy
from snnviz.studies.ttfs.theory.relus import MOST_WEIGHTS
from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.ui.kit.words import as_sentence, escape_markdown
from snnviz.views.numbers import share

SILENT = {"clock": "two phases, by a clock", "nothing": "as printed; silent neurons send nothing"}
WEIGHTS = {"relu": "ReLU network", "ttfs": "TTFS network", "untrained": "untrained"}
SLOPES = {"one": "B = 1", "drawn": "drawn", "alpha-one": "α = 1"}
ABOUT_WEIGHTS = (
    "Of the finished run of the ReLU network, of that of the TTFS network, whose parameters have the same names and "
    "meaning, or as before any training."
)
ABOUT_SLOPES = (
    "How steeply a potential rises when it meets its threshold. B = 1 (the B1-model): weights are the ReLU network's "
    "own. Drawn: each neuron another, and the spikes are the same. α = 1: the ramp is the same for all; that needs "
    "weights that add up to less than 1 at every neuron."
)
ABOUT_SILENT = (
    "When a layer's window opens, the slope of a neuron is to be B = α + Σ W of *all* its inputs. **Two phases**: the "
    "layer's clock gives each neuron a slope B of its own then, and a silent neuron sends nothing. **As printed**: "
    "dV/dt = α + Σ W H(t − t_j) for ever, so that the slope lacks the weights of all who were silent. It would be "
    "exact if each of them sent an event at t_max, one event a neuron."
)

TERMS = (
    "**ζ**: a layer's window is 1 + ζ times as wide as its largest activation needs. **B**: how steeply a potential "
    "meets its threshold. **τ_c**: the unit of all times, the time constant by which potentials rise."
)
"""Explanation of the widgets' terms, shown on the page."""


def panel() -> TwinPair | None:
    """Draws the widgets of the twin and returns the ReLU network with its TTFS (time-to-first-spike) twin, or None
    after showing why there is none.
    """
    now = STUDY.value
    _widgets(now)
    of = source(DESIGN.value, now.weights)
    st.caption(_told(of, now))
    try:
        return build_pair(DESIGN.value, now, of)
    except DataMissing as error:
        st.info(escape_markdown(as_sentence(error)), icon=":material/download:")
        return None
    except Diverged as error:
        st.warning(escape_markdown(str(error)), icon=":material/warning:")
        return None
    except InputError as error:
        if error.field == "network":
            st.info(_too_large(error, DESIGN.value), icon=":material/open_in_full:")
            return None
        if now.slopes != "alpha-one":
            raise
        st.warning(f"No twin with α = 1: {escape_markdown(str(error))}. With B = 1:", icon=":material/function:")
        return build_pair(DESIGN.value, now.model_copy(update={"slopes": "one"}), of)


def _widgets(now: TtfsStudy) -> None:
    drawn = now.slopes == "drawn"
    row = st.columns([34, 24, 26, *([10, 10] if drawn else [])], vertical_alignment="bottom")
    STUDY.segments(row[0], "weights", "Weights of", options=list(WEIGHTS), names=WEIGHTS, help=ABOUT_WEIGHTS)
    STUDY.slider(row[1], "zeta")
    STUDY.segments(row[2], "slopes", "Slope B at threshold", options=list(SLOPES), names=SLOPES, help=ABOUT_SLOPES)
    if drawn:
        STUDY.number(row[3], "low", label="from")
        STUDY.number(row[4], "high", label="to")
    st.caption(TERMS)
    STUDY.segments(st, "silent", "Neuron model", options=list(SILENT), names=SILENT, help=ABOUT_SILENT)
    STUDY.show_problem()


def _told(of: Source, now: TtfsStudy) -> str:
    if of.run is not None:
        reached = "" if of.accuracy is None else f", test accuracy {share(of.accuracy)}"
        return f"Weights of the finished run of {NAMES[of.kind]}{reached}."
    drawn = "drawn here by the design's initialisation, before any training"
    if now.weights == "untrained":
        return f"Weights {drawn}."
    name = NAMES[now.weights]
    return f"{name[0].upper()}{name[1:]} is not trained yet: press Train above. Meanwhile weights {drawn}."


def _too_large(error: InputError, of: Design) -> str:
    settings = " ".join(f"--set {setting}" for setting in links.to_query(of).split("&"))
    return (
        f"This network is too large for the page, which writes every layer as a dense matrix: "
        f"{escape_markdown(str(error))} "
        f"({MOST_WEIGHTS * 8 // 10**6} MB). A process of its own compares the two: "
        f"`python -m snnviz ttfs check digits {settings}`"
    )
