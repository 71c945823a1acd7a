"""Controls that change a trained network without training: thresholds, leaks, noise, input, silenced neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st

from snnviz.catalog.neurons import has_parameter
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.graph.layers import INPUT
from snnviz.store import Run
from snnviz.studies.inside.look import Look, neuron_number, parse_neurons, parse_sources
from snnviz.studies.inside.page.setting import LOOK
from snnviz.ui.kit.settings import PageSettings

SLIDERS = ("threshold", "leak", "noise", "dropped")
ROWS: Mapping[str, Literal["beta", "threshold"]] = {"threshold": "threshold", "leak": "beta"}
"""What sliders multiply that not all neurons have."""


def panel(run: Run) -> None:
    """Draws the controls in an expander whose title says how much is changed."""
    look, design = LOOK.value, run.design
    many = sum(
        getattr(look, name) != getattr(look.unmodified, name) for name in (*SLIDERS, "steps", "silenced", "muted")
    )
    title = (
        f"What if ...: {many} changed" if many else "What if ... a layer were silent, thresholds higher, weights noisy?"
    )
    with st.expander(title, icon=":material/science:", expanded=bool(many), key="inside-poke"):
        row = st.columns(5, gap="medium")
        for place, name in zip(row, SLIDERS, strict=False):
            absent = name in ROWS and not has_parameter(design.neuron, ROWS[name])
            LOOK.slider(place, name, format="%.2f", disabled=absent)
        LOOK.number(row[4], "steps", label="Time steps allowed", disabled=design.data.steps < 2)
        left, middle, right = st.columns([3, 3, 2], vertical_alignment="bottom")
        _layers(left, design, look)
        _sources(middle, design, look)
        right.button(
            "As trained",
            icon=":material/undo:",
            disabled=not many,
            key="inside-plain",
            width="stretch",
            on_click=_reset,
        )
        LOOK.show_problem()


def _reset() -> None:
    LOOK.take(LOOK.value.unmodified)


def _layers(place: st.delta_generator.DeltaGenerator, design: Design, look: Look) -> None:
    """Whole layers from a menu; single neurons and channels stay as they are in the link."""
    layers = [one.name for one in build_architecture(design).layers[:-1] if not one.plain and one.kind != "merge"]
    known = parse_neurons(look.silenced)
    key = LOOK.widget_key("silenced")
    place.multiselect(
        "Silence layers",
        layers,
        default=[name for name, numbers in known.items() if not numbers and name in layers],
        help="Their neurons say nothing. Single neurons and channels: click on one below, and press Silence.",
        placeholder="none",
        key=key,
        on_change=_silence,
        args=(key,),
    )


def _silence(key: str) -> None:
    if key in st.session_state:
        some = {name: numbers for name, numbers in parse_neurons(LOOK.value.silenced).items() if numbers}
        LOOK.change(silenced=neurons_text({**some, **dict.fromkeys(st.session_state[key], ())}))
        LOOK.rerun()


def neurons_text(neurons: dict[str, tuple[str, ...]]) -> str:
    """Returns neurons by layer as text for `Look.silenced`, the inverse of `parse_neurons`.

    >>> neurons_text({"L2": ("3", "c7"), "L1": ()})
    'L2 3 c7; L1'
    """
    return "; ".join(" ".join([name, *numbers]) for name, numbers in neurons.items())


def sources(design: Design) -> dict[str, str]:
    """Returns the connections that can be muted, as `Look.muted` writes them, each with its label for the menu."""
    built = build_architecture(design)
    found = {}
    kinds = {"main": "path", "add": "ASC", "concat": "DSC"}
    for layer in built.layers:
        for source in layer.sources:
            name = "input" if source.layer == INPUT else built.layers[source.layer].name
            kind = "backward" if source.delay else kinds[source.merge]
            found[f"{layer.name}<{name}"] = f"{name} → {layer.name} ({kind})"
    skips = {name: words for name, words in found.items() if not words.endswith("(path)")}
    return skips | found


def _sources(place: st.delta_generator.DeltaGenerator, design: Design, look: Look) -> None:
    offered, key = sources(design), LOOK.widget_key("muted")
    known = [f"{reader}<{source}" for reader, source in parse_sources(look.muted)]
    place.multiselect(
        "Silence a skip",
        list(offered),
        default=[name for name in known if name in offered],
        format_func=offered.__getitem__,
        help="What a layer reads of another is 0; whoever else reads that one still does.",
        placeholder="none",
        key=key,
        on_change=_mute,
        args=(key,),
    )


def _mute(key: str) -> None:
    if key in st.session_state:
        LOOK.change(muted="; ".join(st.session_state[key]))
        LOOK.rerun()


def silenced_of(look: Look, layer: str, shape: Sequence[int]) -> tuple[str, ...]:
    """Returns the neurons of a layer (C, H, W) that are silenced: numbers, also of those that were named by their
    place, and channels, as "c3".
    """
    found = parse_neurons(look.silenced).get(layer, ())
    return tuple(
        str(neuron_number(layer, shape, [int(place) for place in one.split(",")])) if "," in one else one
        for one in found
    )


def toggle_neuron(setting: PageSettings[Look], layer: str, shape: Sequence[int], number: str) -> None:
    """Adds a neuron (layer and number, or "c3" for a channel) to the silenced ones, or removes it from them."""
    known = parse_neurons(setting.value.silenced)
    now = silenced_of(setting.value, layer, shape)
    left = tuple(one for one in now if one != number) if number in now else (*now, number)
    changed = {**known, layer: left}
    if not left:
        del changed[layer]
    setting.change(silenced=neurons_text(changed))
