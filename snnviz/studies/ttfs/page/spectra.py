"""Section of the TTFS page's view on naive training: eigenvalues of random layers, computed at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import streamlit as st

from snnviz.design.registry import Range
from snnviz.studies.ttfs.charts import naive as views
from snnviz.studies.ttfs.page.setting import LINK
from snnviz.studies.ttfs.theory.spectra import (
    RandomLayers,
    gradient_norms_by_depth,
    layer_eigenvalues,
    negative_slope_share,
)
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit.settings import PageSettings
from snnviz.ui.kit.store_errors import show_store_errors

SPECTRA = "ttfs-naive-spectra"
"""Key of this part's fragment, which does not depend on the page's network."""


class NaiveSettings(RandomLayers):
    """Settings of the view on naive training: random layers, and how much smaller the learning rate of one of the
    networks is.
    """

    noun = "a setting"

    slower: Annotated[
        float, Range(1, 10_000, "So many times more slowly the second network with α = 1 learns.", 1, "Slower by")
    ] = 10.0

    @property
    def layers(self) -> RandomLayers:
        """The settings as `RandomLayers`, without the field `slower`, which concerns training."""
        return RandomLayers(**self.model_dump(exclude={"slower"}))


NAIVE = PageSettings(NaiveSettings(), "ttfs-naive", name="ttfs_naive", prefix="naive.", fragments=(SPECTRA, LINK))
"""State of this view's settings."""


@st.fragment(key=SPECTRA)
@show_store_errors()
def panel() -> None:
    """Draws the sliders of random layers, a verdict on the eigenvalues of their Jacobians, and charts."""
    _widgets()
    sentence, plane, depth = _drawn(NAIVE.value.layers)
    st.markdown(sentence)
    charts(plane, key="ttfs-naive-plane")
    charts(depth, key="ttfs-naive-depth")


def _widgets() -> None:
    row = st.columns([20, 26, 24, 18, 12], vertical_alignment="bottom", gap="medium")
    NAIVE.slider(row[0], "neurons")
    _slopes(row[1], NAIVE.value)
    NAIVE.slider(row[2], "share")
    NAIVE.segments(row[3], "weights", names={"one": "N(0, 1/n)", "he": "He: 2/n"})
    NAIVE.number(row[4], "seed")
    NAIVE.show_problem()


def _slopes(place: st.delta_generator.DeltaGenerator, shown: NaiveSettings) -> None:
    """Both bounds at one slider."""
    place.slider(
        "Chosen slopes B, drawn between",
        0.05,
        max(3.0, shown.high),
        (shown.low, shown.high),
        0.05,
        help="Of the blue points, with the same W. A mapped network, whose W = B w grow with B, has the eigenvalues of "
        "B = 1 whatever B is.",
        key=NAIVE.widget_key("slopes"),
        on_change=_put_slopes,
    )


def _put_slopes() -> None:
    if NAIVE.has_widget("slopes"):
        low, high = NAIVE.widget_value("slopes")
        NAIVE.change(low=round(low, 4), high=round(high, 4))
    NAIVE.rerun()


@lru_cache(maxsize=64)
def _drawn(layers: RandomLayers) -> tuple[str, bytes, bytes]:
    """The sentence and the charts: of one setting the same for everybody."""
    found = layer_eigenvalues(layers)
    shares = (1.0, layers.share if layers.share < 1 else 0.5)
    return (
        views.spectrum_verdict(found, negative_slope_share(layers)),
        payload(views.spectrum_charts(layers, found)),
        payload([views.depth_chart(layers, gradient_norms_by_depth(layers, shares))]),
    )
