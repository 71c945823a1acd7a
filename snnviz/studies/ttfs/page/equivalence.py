"""The view "Equivalence" of the TTFS page: outputs of both networks for the same images, layer by layer."""

from __future__ import annotations

import streamlit as st

from snnviz.data import datasets
from snnviz.studies.ttfs.charts import ttfs as views
from snnviz.studies.ttfs.charts.neuron import formulas
from snnviz.studies.ttfs.page import readings, twin
from snnviz.studies.ttfs.page import selection as ttfs_looks
from snnviz.studies.ttfs.page.setting import DESIGN, STUDY, VIEW
from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.store_errors import show_store_errors


@st.fragment(key=VIEW)
@show_store_errors()
def panel() -> None:
    """Draws the widgets of the TTFS (time-to-first-spike) twin, the verdict, the charts of one image and of one layer,
    and a neuron in formulas.
    """
    pair = twin.panel()
    if pair is None:
        return
    readings.publish_readings(pair)
    st.markdown(views.verdict(pair))
    ttfs_looks.widgets(pair)
    card, image = datasets.dataset_card(DESIGN.value.data.name), ttfs_looks.image(pair)
    first = [views.image_chart(pair, image, card), views.logits_chart(pair, image, card), views.difference_chart(pair)]
    charts(payload(first), key="ttfs-logits")
    _layer(pair, image)
    _table(pair)


def _layer(pair: TwinPair, image: int) -> None:
    layer, (neuron, *_) = ttfs_looks.layer(pair), ttfs_looks.neurons(pair)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        charts(payload([views.scatter_chart(pair, layer, image)]), key="ttfs-scatter")
    with right.container(border=True):
        which = "" if STUDY.value.chosen else ", the first to spike" if pair.spikes[layer] else ""
        st.markdown(f"**Neuron {neuron} of {pair.relu.names[layer]}{which}: a ReLU, and how it is told by a spike**")
        for formula in formulas(pair, layer, neuron, image):
            st.latex(formula)
        printed = pair.silent == "nothing"
        potential = "its potential as printed" if printed else "the two phases of its potential"
        put = "should put" if printed else "put"
        st.caption(
            f"First the ReLU, then its twin's weights, the ramp α, {potential} and the threshold ϑ, which {put} the "
            "spike so that t_max − t is x; last the way back, with w = W / B. t'_min: the t_min of the layer before."
        )


def _table(pair: TwinPair) -> None:
    number = st.column_config.NumberColumn
    table = views.layer_table(pair)
    st.dataframe(
        table,
        hide_index=True,
        key="ttfs-layers",
        column_config=column_config(
            table,
            {
                "start": number("t_min", format="%.3f", help="When the layer's window begins, in τ_c."),
                "end": number("t_max", format="%.3f", help="When it ends; the next layer's begins then."),
                "largest": number("largest x", format="%.3f", help="X: over training images, by the ReLU network."),
                "spikes": number("spikes per neuron", format="%.3f", help="Share of neurons that are not silent."),
                "full": number(
                    "window full", format="percent", help="Spikes at t_min: x does not fit into the window."
                ),
                "apart": number("relative difference", format="%.2g"),
                "late": number(
                    "times off by",
                    format="%.2g",
                    help="By how much a spike's time (of a silent neuron, t_max) is not what it should be, in τ_c: a "
                    "mean over neurons and images.",
                ),
            },
        ),
    )
