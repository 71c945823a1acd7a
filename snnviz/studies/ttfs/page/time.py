"""The view "time" of the TTFS page: one image's spikes over time, and the cost of an image."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from snnviz.design.design import Design
from snnviz.studies.ttfs.charts import time as views
from snnviz.studies.ttfs.charts.costs import spikes_chart
from snnviz.studies.ttfs.charts.ttfs import verdict
from snnviz.studies.ttfs.page import costs, readings, twin
from snnviz.studies.ttfs.page import selection as ttfs_looks
from snnviz.studies.ttfs.page.setting import STUDY, VIEW
from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.ui.components.charts import charts, payload, picked
from snnviz.ui.kit import measuring, task_runs

CHART = "ttfs-time"


def panel() -> None:
    """Draws the spikes with potentials, spikes by layer, the table of costs, and the rate-coded network's run."""
    task_runs.live(_figures, VIEW, lambda: _is_active(costs.compared_designs()["rate"]))


def _figures() -> None:
    pair = twin.panel()
    if pair is None:
        return
    readings.publish_readings(pair)
    if pair.silent == "nothing":
        st.markdown(verdict(pair))
    st.markdown(views.verdict(pair))
    ttfs_looks.widgets(pair)
    image, layer, neurons = ttfs_looks.image(pair), ttfs_looks.layer(pair), ttfs_looks.neurons(pair)
    charts(_drawn(pair, image, layer, neurons), key=CHART, on_pick=_pick)
    left, right = st.columns([4, 7], gap="medium")
    with left:
        charts(payload([spikes_chart(pair, image)]), key="ttfs-spikes")
    with right:
        costs.panel(pair)


def _is_active(rate: Design) -> bool:
    return task_runs.are_active([rate]) or measuring.is_active([rate])


@lru_cache(maxsize=4)
def _drawn(pair: TwinPair, image: int, layer: int, neurons: tuple[int, ...]) -> bytes:
    return payload([views.time_chart(pair, image, layer, neurons)])


def _pick() -> None:
    """A spike was clicked: its neuron is looked at."""
    found = picked(CHART)
    if found is None or not all(text.isascii() and text.isdecimal() and len(text) <= 6 for text in found):
        return
    layer, neuron = found
    STUDY.change(layer=max(1, min(200, int(layer))), neurons=neuron)
    STUDY.renew_widgets()
    STUDY.rerun()
