"""The first page of the app, Home: an animated neuron, what the app is for, and three ways to begin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

from snnviz.ui.components.cards import Card, cards
from snnviz.ui.components.neuron import neuron
from snnviz.ui.kit import headings
from snnviz.ui.kit.words import define_terms
from snnviz.ui.navigation import PAGES

ABOUT = (
    "A neuron of a **spiking network** collects what flows into it and is silent until that is enough; then it sends "
    "one short pulse, a spike. Here you draw networks of such neurons, see what theory expects of them, train them "
    "in seconds, and look inside."
)
TRY = "Drag the current, the leak or the threshold, and watch what the neuron says."

WAYS = (
    Card(
        "lessons",
        "Learn",
        "New to this? Start here, with “What is a spike?”. Short lessons ask you first and check what really happens.",
        "Open the lessons",
    ),
    Card(
        "design",
        "Design",
        "Draw which layer feeds which, choose neurons and weights, see the forecast, press Train.",
        "Open the editor",
    ),
)


@cache
def results() -> dict[str, dict[str, Any]]:
    """Returns the numbers that the small charts on Home's cards show, by page; the command that measured them is named
    in ``docs``.
    """
    found = json.loads(Path(__file__).with_name("results.json").read_text(encoding="utf-8"))
    return {page: {**chart, **_rows(chart)} for page, chart in found.items()}


def _rows(chart: Mapping[str, Any]) -> dict[str, Any]:
    """Rows with a value and half an interval, with its ends."""
    return {
        name: [{"low": row["value"] - row["half"], "high": row["value"] + row["half"], **row} for row in chart[name]]
        for name in ("rows",)
        if name in chart and "half" in chart[name][0]
    }


def questions() -> tuple[Card, ...]:
    """Returns a card for each of the five questions of the literature."""
    charts = results()
    return (
        Card(
            "activity",
            "Why do deep spiking networks fall silent?",
            "With weights drawn the usual way, spikes die out within a few layers. Other weights keep them going.",
            "Drag the sliders",
            "inits=variance-preserving,kaiming",
            charts["activity"],
            "100 layers of 300 neurons before any training, 4 networks (after Micheli et al. 2024)",
        ),
        Card(
            "skips",
            "Do skip connections help?",
            "Skips raise the accuracy. So does a plain network that may have as many parameters.",
            "Train the sweep",
            "gain=2&controls=with",
            charts["skips"],
            "Digits, 4 layers, 4 seeds (after Benmeziane et al. 2023)",
        ),
        Card(
            "shortcuts",
            "Where does the gradient go?",
            "In a deep network it may fade, stay or grow on its way to the first layers. Branches bring labels there.",
            "Compare the branches",
            "",
            charts["shortcuts"],
            "Fashion-MNIST, 12 layers, 3 seeds, with 95 % intervals (after Guo et al. 2024)",
        ),
        Card(
            "cells",
            "Can a good network be found without training?",
            "A score tells how differently an untrained network answers to images. Here it did not find the best.",
            "Search some cells",
            "view=search",
            charts["cells"],
            "30 cells on digits, with 95 % intervals (after Kim et al. 2022)",
        ),
        Card(
            "ttfs",
            "Is one spike enough?",
            "A network whose neurons spike at most once can compute exactly what a usual network does.",
            "Watch it in time",
            "view=time",
            charts["ttfs"],
            "Digits, seed 0 (after Stanojevic et al. 2023)",
        ),
    )


def panel() -> None:
    """Draws the whole page."""
    headings.hidden_heading("Home")
    st.header("Networks that speak in spikes", anchor=False)
    st.markdown(define_terms(ABOUT))
    neuron(key="neuron")
    st.caption(TRY)
    st.header("Learn or design", anchor=False)
    pressed = cards(WAYS, key="ways")
    st.header("Ask a question of the literature", anchor=False)
    pressed = cards(questions(), key="questions") or pressed
    if pressed is not None:
        st.switch_page(PAGES / f"{pressed.page}.py", query_params=dict(parse_qsl(pressed.query)))
