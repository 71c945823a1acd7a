"""Section of the Data page: one sample as it is, as the network receives it, and as training augments it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from snnviz.data import datasets, samples
from snnviz.data import frames as events
from snnviz.design.binning import Events
from snnviz.design.design import Design
from snnviz.errors import DataMissing
from snnviz.theory import encoded
from snnviz.ui.components.address import address
from snnviz.ui.components.charts import charts
from snnviz.ui.components.charts import payload as charted
from snnviz.ui.components.pictures import picked, pictures
from snnviz.ui.components.player import player
from snnviz.ui.data import choices, setting
from snnviz.ui.data.setting import SampleChoice
from snnviz.ui.kit.shared import shared
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import define_terms, escape_markdown
from snnviz.views import samples as views
from snnviz.views import streams
from snnviz.views.pictures import Group, Picture, image, payload
from snnviz.views.streams import Stream

GRID = "data-grid"
SIDE_BY_SIDE = 24
FEW = 6
"""Number of samples to choose from for long recordings, which are slow to read."""


@st.fragment(key="data-sample")
@show_store_errors()
def panel() -> None:
    """Draws the settings on the left and the sample on the right; nothing for a data set that is not on this
    machine.
    """
    now, look = setting.shown_design(), setting.LOOK.value
    address(setting.to_link(now, look), key="data-address", steps=True)
    name = now.data.name
    if not datasets.is_available(name):
        return
    try:
        labels = samples.load_labels(name, test=look.part == "test", seed=now.seed)
    except DataMissing as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    found = np.flatnonzero(labels == look.label) if look.label >= 0 else np.arange(len(labels))
    left, right = st.columns([3, 9], gap="medium")
    with left:
        choices.panel(now, look, len(found))
    with right:
        if problem := st.session_state.data_setting_problem:
            st.error(escape_markdown(problem), icon=":material/error:")
        if not len(found):
            st.info("There is no such sample here: choose another class.", icon=":material/info:")
        else:
            place = min(look.number, len(found) - 1)
            try:
                _sample(now, look, int(found[place]), place, len(found))
                _grid(now, look, found, place)
            except DataMissing as error:
                st.error(escape_markdown(str(error)), icon=":material/error:")


def _sample(now: Design, look: SampleChoice, number: int, place: int, count: int) -> None:
    """One sample: `number` in its part of the data set, the `place`-th of `count` to choose from."""
    test = look.part == "test"
    label = _label(now.data.name, _read(now.data.name, number, test, now.seed).label)
    part = "test" if test else "training"
    st.markdown(f"**{escape_markdown(label)}** · {part} sample {number:,} · {place + 1:,} of {count:,}")
    shown = now.model_copy(update={"network": Design().network, "training": Design().training})
    if setting.is_recorded(now.data.name):
        player(_stream(shown, number, test), key="data-player")
        if now.data.encoding.kind != "direct":
            how = f"Neurons of the {now.data.encoding.kind} encoding make spikes of these frames in training."
            st.caption(define_terms(how))
    else:
        pictures(_still(shown, number, test), key="data-still")
    if drawn := _charts(shown, number, test):
        charts(drawn, key="data-charts")
    pictures(_draws(shown, number, test), key="data-draws")


def _grid(now: Design, look: SampleChoice, found: np.ndarray[tuple[int], np.dtype[np.int64]], place: int) -> None:
    side = FEW if datasets.dataset_card(now.data.name).layout in ("classes", "gesture") else SIDE_BY_SIDE
    start = place // side * side
    numbers = tuple(found[start : start + side].tolist())
    made = _several(now.data.name, numbers, start, place, look.part == "test", now.seed)
    pictures(made, key=GRID, on_pick=_pick)


def _pick() -> None:
    text = picked(GRID)
    if text.isascii() and text.isdecimal() and len(text) < 8:
        setting.choose_sample(number=int(text))


def _label(name: str, label: int) -> str:
    names = datasets.dataset_card(name).labels
    return names[label] if label < len(names) else str(label)


@shared(4)  # a recording may be of millions of events
def _read(name: str, number: int, test: bool, seed: int) -> samples.Sample:
    return samples.load_sample(name, number, test=test, seed=seed)


@shared(32)
def _stream(now: Design, number: int, test: bool) -> bytes:
    """The recording, what is left of it where something is left out, and the frames."""
    one, sensor, how = (
        _read(now.data.name, number, test, now.seed),
        datasets.dataset_card(now.data.name).shape,
        now.data.events,
    )
    assert one.events is not None
    shown = [Stream("As recorded" if one.image is None else "Simulated", one.events, *sensor[1:])]
    if how.model_copy(update={"bins": "count", "window_ms": 0.0}) != Events():
        left = events.preprocess_events(one.events, sensor, how)
        done = {"Denoised": how.denoise_ms, "Cropped": how.crop, "Joined": how.downsample > 1}
        words = ", ".join(word for word, wanted in done.items() if wanted).capitalize()
        shown.append(Stream(words, left, *datasets.sample_shape(now.data)[1:]))
    frames = events.events_to_frames(one.events, now.data.steps, sensor, how)
    return streams.payload(shown, frames, streams.bounds(one.events, now.data.steps, how.window_ms))


@shared(32)
def _still(now: Design, number: int, test: bool) -> bytes:
    one = _read(now.data.name, number, test, now.seed)
    assert one.image is not None
    _, height, width = one.image.shape
    picture = Picture("", image(one.image), alt="The image")
    train = encoded.encode_image(one.image, now, number)
    return payload(
        [
            Group([picture], "The image", f"{height}x{width} pixels.", side=150),
            views.encoding_group(train, now.data.encoding.kind),
        ],
        side_by_side=True,
    )


@shared(32)
def _charts(now: Design, number: int, test: bool) -> bytes:
    one = _read(now.data.name, number, test, now.seed)
    if one.events is not None:
        frames = events.events_to_frames(
            one.events, now.data.steps, datasets.dataset_card(now.data.name).shape, now.data.events
        )
        return charted([streams.events_chart(events.events_per_step(frames), binary=now.data.events.bins == "binary")])
    if now.data.encoding.kind == "direct":
        return b""
    assert one.image is not None
    train = encoded.encode_image(one.image, now, number)
    return charted([streams.raster_chart(train), streams.spikes_chart(train)])


@shared(32)
def _draws(now: Design, number: int, test: bool) -> bytes:
    one, how = _read(now.data.name, number, test, now.seed), now.data.augment
    if one.events is not None:
        sensor = datasets.dataset_card(now.data.name).shape
        frames = events.events_to_frames(one.events, now.data.steps, sensor, now.data.events)
        return payload([views.augmentation_group(frames, how, now.seed, recorded=True)])
    assert one.image is not None
    return payload([views.augmentation_group(one.image, how, now.seed, recorded=False)])


@shared(32)
def _several(name: str, numbers: tuple[int, ...], start: int, marked: int, test: bool, seed: int) -> bytes:
    found = []
    for nth, number in enumerate(numbers, start):
        one = samples.load_sample(name, number, test=test, seed=seed)
        found.append((nth, _label(name, one.label), one))
    caption = f"{start + 1:,} to {start + len(numbers):,} of this choice; click one to look at it."
    return payload([views.sample_grid(found, datasets.dataset_card(name).shape, marked, caption)])
