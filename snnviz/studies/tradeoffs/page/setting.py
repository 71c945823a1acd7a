"""The settings of the Trade-offs page: an experiment with its link, and the selected view."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment, from_query
from snnviz.store import Run
from snnviz.studies.tradeoffs.experiments import DEFAULT, PRESETS, first_experiment
from snnviz.ui.kit import state
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.view_switch import Views

ASK, RUNS = "tradeoffs-ask", "tradeoffs-runs"
"""Fragments of the view Ask."""

VIEWS = Views("tradeoffs", {"ask": "Ask", "compare": "Compare", "weigh": "Weigh", "search": "Search"})

OTHERS = ("view", "compare.", "weigh.", "search.")
"""How what of a link begins that is no part of the experiment."""


def _read(query: Mapping[str, str]) -> Experiment:
    own = {name: text for name, text in query.items() if not name.startswith(OTHERS)}
    return from_query(own) if own.keys() - links.RESERVED_PARAMETERS else DEFAULT


def _write(asked: Experiment) -> str:
    return "" if asked == DEFAULT else asked.to_query()


EXPERIMENT = PageSettings(
    DEFAULT,
    "experiment",
    fragments=(ASK, RUNS),
    presets=PRESETS,
    noun="experiment",
    read=_read,
    write=_write,
)
"""What is asked; `EXPERIMENT.value` in every view."""


def to_link(*more: str) -> str:
    """Returns the page's query string: the experiment, the view, and the parameters in `more` that belong to the
    view.
    """
    return "&".join(piece for piece in (EXPERIMENT.link, VIEWS.write(VIEWS.current), *more) if piece)


def open_design() -> None:
    """Sets the page to an experiment on the edited design, before the browser is sent there."""
    ask_of(state.design())


def open_run(run: Run) -> None:
    """Sets the page to an experiment on the design of a run, before the browser is sent there."""
    ask_of(run.design)


def ask_of(design: Design) -> None:
    """Sets the page to an experiment with this design as base; keeps the current experiment if that is its base
    already.
    """
    known = EXPERIMENT.name in st.session_state and EXPERIMENT.value.base == design
    EXPERIMENT.set(EXPERIMENT.value if known else first_experiment(design))
    EXPERIMENT.renew_widgets()
    VIEWS.show("ask")
