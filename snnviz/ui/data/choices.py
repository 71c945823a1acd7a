"""Section of the Data page: widgets for the shown sample, its frames or encoding, and augmentation."""

from __future__ import annotations

import random
from collections.abc import Sequence
from operator import attrgetter

import streamlit as st

from snnviz.catalog.neurons import model
from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.design.menus import CURRENT, ENCODINGS
from snnviz.ui.data import setting
from snnviz.ui.data.setting import LOOK, SampleChoice
from snnviz.ui.kit import fields
from snnviz.ui.kit.fields import Binding

PARTS = {"train": "Training", "test": "Test"}

FRAMES = tuple(f"data.events.{name}" for name in ("bins", "window_ms", "denoise_ms", "crop", "downsample"))
TRAINING = tuple(f"data.augment.{name}" for name in ("flip", "shift", "drop"))


def panel(now: Design, look: SampleChoice, count: int) -> None:
    """Draws the widgets for which of `count` samples is shown (`look`), how it becomes frames or input, and its
    augmentation.
    """
    recorded = setting.is_recorded(now.data.name)
    _which(now, look, count)
    _other_form(now.data.name, recorded)
    st.markdown("**What the network is shown**")
    fields.number(st, now, "data.steps", _to("data.steps"), disabled=not model(now.neuron).states)
    if recorded:
        _fields(now, FRAMES)
    _encoding(now, recorded)
    st.markdown("**What training does to it**")
    _fields(now, [path for path in TRAINING if recorded or path != "data.augment.drop"])


def _which(now: Design, look: SampleChoice, count: int) -> None:
    about = datasets.dataset_card(now.data.name)
    key = LOOK.widget_key("part")
    st.segmented_control(
        "Part",
        list(PARTS),
        default=look.part,
        required=True,
        format_func=PARTS.__getitem__,
        label_visibility="collapsed",
        wrap=True,
        key=key,
        on_change=_see,
        args=("part", key),
    )
    key = LOOK.widget_key("label")
    classes = [-1, *range(about.classes)]
    st.selectbox(
        "Class",
        classes,
        index=classes.index(look.label) if look.label in classes else 0,
        format_func=lambda label: (
            "All" if label < 0 else about.labels[label] if label < len(about.labels) else str(label)
        ),
        key=key,
        on_change=_see,
        args=("label", key),
    )
    place = max(0, min(look.number, count - 1))
    beside = st.container(horizontal=True)
    beside.button(
        "Prev",
        key="data-before",
        width="stretch",
        disabled=place == 0,
        on_click=setting.choose_sample,
        kwargs={"number": max(0, place - 1)},
    )
    beside.button(
        "Next",
        key="data-after",
        width="stretch",
        disabled=place >= count - 1,
        on_click=setting.choose_sample,
        kwargs={"number": place + 1},
    )
    beside.button(
        "Any",
        key="data-any",
        width="stretch",
        disabled=count < 2,
        on_click=_any,
        args=(count,),
    )


def _other_form(name: str, recorded: bool) -> None:
    """From images to the events simulated of them, and back."""
    about = datasets.dataset_card(name)
    if recorded and not about.simulated:
        return
    st.button(
        "Back to the images" if recorded else "Turn into events",
        icon=":material/image:" if recorded else ":material/motion_sensor_active:",
        width="stretch",
        key="data-turn",
        on_click=_open,
        args=(about.simulated or f"{name}-saccades",),
        help="Simulated: an ideal event camera looks at each image in three quick moves, as that of N-MNIST did.",
    )


def _open(name: str) -> None:
    setting.open_dataset(name)
    st.rerun()


def _see(field: str, widget: str) -> None:
    if widget in st.session_state:
        setting.choose_sample(**{field: st.session_state[widget], "number": 0})


def _any(count: int) -> None:
    setting.choose_sample(number=random.randrange(count))


def _encoding(now: Design, recorded: bool) -> None:
    chosen = now.data.encoding
    kinds = [kind for kind in ENCODINGS.kinds if not recorded or CURRENT in ENCODINGS[kind].traits]
    if not model(now.neuron).states:
        kinds = [kind for kind in kinds if kind == chosen.kind]
    path = "data.encoding"
    fields.choice_menu(st, now, path, _to(f"{path}.kind"), kinds=kinds, help=ENCODINGS[chosen.kind].title)


def _fields(now: Design, paths: Sequence[str]) -> None:
    """Those of two options first, which a column would cut off."""
    numbers = []
    for path in paths:
        if isinstance(attrgetter(path)(now), str):
            fields.segments(st, now, path, _to(path))
        else:
            numbers.append(path)
    columns = st.columns(2)
    for place, path in enumerate(numbers):
        fields.number(columns[place % 2], now, path, _to(path))


def _to(path: str) -> Binding:
    key = setting.widget(path)
    return Binding(key, setting.put, (path, key))
