"""Part of the TTFS page's view on naive training: its setting, and what random layers show at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import streamlit as st

from snnviz.design.registry import Range
from snnviz.design.submitted import checked
from snnviz.studies.ttfs.charts import naive as views
from snnviz.studies.ttfs.page.setting import LINK
from snnviz.studies.ttfs.theory.spectra import RandomLayers, eigenvalues, negative, passed
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit import notices, questions
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown

KEY, STATE = "ttfs-naive", "ttfs_naive"
SPECTRA = "ttfs-naive-spectra"
"""This part's fragment: it does not depend on the page's network."""


class NaiveSettings(RandomLayers):
    """The settings of this view: random layers, and how much more slowly one of the networks learns."""

    slower: Annotated[float, Range(1, 10_000, "So many times more slowly the second network with α = 1 learns.", 1)] = (
        10.0
    )

    @classmethod
    def check(cls, document: object) -> NaiveSettings:
        """Settings from a dictionary. Raises `InputError`."""
        return checked(cls, document, "a setting")

    @property
    def layers(self) -> RandomLayers:
        """The random layers alone."""
        return RandomLayers(**self.model_dump(exclude={"slower"}))


def naive_settings() -> NaiveSettings:
    """The settings in the session."""
    found: NaiveSettings = st.session_state[STATE]
    return found


@st.fragment(key=SPECTRA)
@show_store_errors()
def panel() -> None:
    """The sliders, what the eigenvalues say, and their charts."""
    shown = naive_settings()
    _widgets(shown)
    layers = shown.layers
    sentence, plane, depth = _drawn(layers)
    st.markdown(sentence)
    charts(plane, key="ttfs-naive-plane")
    charts(depth, key="ttfs-naive-depth")


def _widgets(shown: NaiveSettings) -> None:
    row = st.columns([20, 26, 24, 18, 12], vertical_alignment="bottom", gap="medium")
    _slider(row[0], "neurons", "Neurons n", shown.neurons)
    _slopes(row[1], shown)
    _slider(row[2], "share", "Share of neurons that spike", shown.share)
    questions.segments(
        row[3],
        "Weights",
        "weights",
        ["one", "he"],
        shown,
        KEY,
        _put,
        format_func={"one": "N(0, 1/n)", "he": "He: 2/n"}.get,
    )
    with row[4]:
        questions.numbers(shown, {"seed": "Seed"}, KEY, _put)
    if problem := st.session_state.get(f"{KEY}_problem"):
        st.error(escape_markdown(problem), icon=":material/error:")


def _slider(place: st.delta_generator.DeltaGenerator, name: str, label: str, value: float) -> None:
    limits = next(item for item in RandomLayers.model_fields[name].metadata if isinstance(item, Range))
    kind = type(value)
    place.slider(
        label,
        kind(limits.low),
        kind(limits.high),
        value,
        kind(limits.step or 1),
        help=limits.help,
        key=f"{KEY}-{name}@{questions.revision(KEY)}",
        on_change=_put,
        args=(name,),
    )


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
        key=f"{KEY}-slopes@{questions.revision(KEY)}",
        on_change=_put_slopes,
    )


def _put_slopes() -> None:
    if questions.is_said("slopes", KEY):
        low, high = questions.chosen("slopes", KEY)
        st.session_state[STATE] = naive_settings().model_copy(update={"low": round(low, 4), "high": round(high, 4)})
    notices.rerun_fragments(SPECTRA, LINK)


def _put(name: str) -> None:
    questions.put(name, STATE, KEY, NaiveSettings.check)
    notices.rerun_fragments(SPECTRA, LINK)


@lru_cache(maxsize=64)
def _drawn(layers: RandomLayers) -> tuple[str, bytes, bytes]:
    """The sentence and the charts: of one setting the same for everybody."""
    found = eigenvalues(layers)
    shares = (1.0, layers.share if layers.share < 1 else 0.5)
    return (
        views.spectrum_verdict(found, negative(layers)),
        payload(views.spectrum_charts(layers, found)),
        payload([views.depth_chart(layers, passed(layers, shares))]),
    )
