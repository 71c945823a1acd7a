"""Measurements of untrained networks (`theory.measured`) for pages: made in the background, kept for all visitors."""

from __future__ import annotations

import json
import os
from concurrent.futures import CancelledError

import streamlit as st

from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.jobs.answers import AnswerClient, AnswerFailed, Pending
from snnviz.theory import costs
from snnviz.theory.measured import MeasuredForecast
from snnviz.theory.probe import PROBE_SIZE
from snnviz.ui.kit.lru import LruCache
from snnviz.ui.kit.shared import shared

MODULE = "snnviz.jobs.forecasting"

SECONDS = 2.0
"""Seconds of processor time for drawing networks where nobody else waits; at least two are."""

IDLE_SECONDS = 120.0

MOST_OPERATIONS = 2e11
"""Multiplications of two networks' passes above which a design is not measured on a page."""

MOST = 512
"""Measurements that are kept."""

_FOUND: LruCache[MeasuredForecast | str] = LruCache(MOST, lambda _: 1)


@shared(1)
def client() -> AnswerClient:
    """Returns the server's client of the process that measures."""
    return AnswerClient(MODULE, "forecasts", idle_seconds=IDLE_SECONDS)


def can_measure(design: Design) -> bool:
    """Returns whether a page measures such a design: its data set is here, it takes seconds, and the host lets pages
    measure (`SNNVIZ_MEASURE`).
    """
    if os.environ.get("SNNVIZ_MEASURE") == "0" or not datasets.is_available(design.data.name):
        return False
    operations = costs.macs_per_step(design) * design.data.steps * PROBE_SIZE
    return 2 * 3 * operations < MOST_OPERATIONS


def measured(design: Design) -> MeasuredForecast | None:
    """Returns what was measured of a design, or None if it was not yet, or cannot be."""
    found = _FOUND.get(_key(design))
    return found if isinstance(found, MeasuredForecast) else None


def poll(design: Design) -> bool:
    """Asks for the measurement of a design unless it is there or was tried, and takes those that have come.

    One request of a visitor is under way at a time. Returns whether it is still to come.
    """
    session = st.session_state
    asked: tuple[str, Pending] | None = session.get("untrained_asked")
    if asked is not None and asked[1].answer.done():
        _take(*asked)
        asked = session["untrained_asked"] = None
    key = _key(design)
    if _FOUND.get(key) is not None or not can_measure(design):
        return False
    if asked is None:
        request(design)
    return True  # what the visitor asked for before comes first


def request(design: Design) -> None:
    """Sends the request; the longer others wait, the fewer networks are drawn."""
    seconds = SECONDS / (1 + client().waiting)
    st.session_state["untrained_asked"] = _key(design), client().send({"design": design.document(), "seconds": seconds})


def _take(key: str, pending: Pending) -> None:
    """Keeps an answer, or why there is none, so that nobody asks again."""
    try:
        _FOUND.put(key, MeasuredForecast.read(json.loads(pending.answer.result())))
    except (AnswerFailed, CancelledError) as error:
        _FOUND.put(key, str(error))


def _key(design: Design) -> str:
    """What a measurement depends on: all but how it is trained."""
    document = design.document()
    training = document.pop("training")
    return json.dumps([document, training.get("precision")], sort_keys=True)
