"""Part of two views of the TTFS page: which weights, how the twin is written, and where one looks."""

from __future__ import annotations

from typing import Any

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import DataMissing, Diverged, InputError
from snnviz.studies.ttfs.page.setting import KEY, NAMES, design, put_study, study
from snnviz.studies.ttfs.page.work import Source, build_pair, source
from snnviz.studies.ttfs.study import TtfsStudy
from snnviz.studies.ttfs.theory.relus import MOST_WEIGHTS
from snnviz.studies.ttfs.theory.twins import Pair
from snnviz.ui.kit import questions
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
"""What the widgets are about, in the page and not only behind a question mark."""


def panel() -> Pair | None:
    """The twin's widgets; the two networks, or None after a sentence that says why there are none."""
    now = study()
    _widgets(now)
    of = source(design(), now.weights)
    st.caption(_told(of, now))
    try:
        return build_pair(design(), now, of)
    except DataMissing as error:
        st.info(escape_markdown(as_sentence(error)), icon=":material/download:")
        return None
    except Diverged as error:
        st.warning(escape_markdown(str(error)), icon=":material/warning:")
        return None
    except InputError as error:
        if error.field == "network":
            st.info(_too_large(error, design()), icon=":material/open_in_full:")
            return None
        if now.slopes != "alpha-one":
            raise
        st.warning(f"No twin with α = 1: {escape_markdown(str(error))}. With B = 1:", icon=":material/function:")
        return build_pair(design(), now.model_copy(update={"slopes": "one"}), of)


def _widgets(now: TtfsStudy) -> None:
    drawn = now.slopes == "drawn"
    row = st.columns([34, 24, 26, *([10, 10] if drawn else [])], vertical_alignment="bottom")
    segments: dict[str, Any] = {"value": now, "key": KEY, "put": put_study}
    questions.segments(
        row[0], "Weights of", "weights", list(WEIGHTS), format_func=WEIGHTS.get, help=ABOUT_WEIGHTS, **segments
    )
    row[1].slider(
        "ζ: spare width of windows",
        0.0,
        10.0,
        now.zeta,
        0.1,
        help="A layer's window is (1 + ζ) X wide, where X is its largest activation over training images. Wider: "
        "activations of other images fit, too, and the answer comes later.",
        key=f"{KEY}-zeta@{questions.revision(KEY)}",
        on_change=put_study,
        args=("zeta",),
    )
    questions.segments(
        row[2], "Slope B at threshold", "slopes", list(SLOPES), format_func=SLOPES.get, help=ABOUT_SLOPES, **segments
    )
    if drawn:
        with row[3]:
            questions.numbers(now, {"low": "from"}, KEY, put_study)
        with row[4]:
            questions.numbers(now, {"high": "to"}, KEY, put_study)
    st.caption(TERMS)
    questions.segments(
        st, "Neuron model", "silent", list(SILENT), format_func=SILENT.get, help=ABOUT_SILENT, **segments
    )
    if problem := st.session_state.get(f"{KEY}_problem"):
        st.error(escape_markdown(problem), icon=":material/error:")


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
