"""Widgets for the fields of a design, made from the fields' types: ranges, choices and registries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from snnviz.catalog.neurons import surrogate
from snnviz.data import datasets
from snnviz.design.menus import DATASETS, EVENTS, NEURONS, Choice
from snnviz.design.networks import KINDS, StagedNetwork, VggNetwork
from snnviz.design.part import Part
from snnviz.design.parts import Neuron
from snnviz.design.registry import Entry, Range, Registry
from snnviz.graph.architectures import build_architecture
from snnviz.graph.branches import branch_layers, branch_parameter_count
from snnviz.jobs import machine
from snnviz.places import TOP
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.design import stages
from snnviz.ui.kit import fields, restrictions, state
from snnviz.ui.kit.fields import Binding
from snnviz.views.design import surrogate_chart
from snnviz.views.words import word

SHARES = {"network.width": "Width (original: 1)", "network.depth": "Depth (original: 1)"}
"""Labels of fields that are shares in some networks and numbers in others."""

COLUMNS = 3


@restrictions.hideable("form")
def sections() -> None:
    """Draws the whole form of a design, in tabs, of which only the open one is drawn."""
    tabs = st.tabs(list(SECTIONS), key="section", on_change="rerun")
    for tab, draw in zip(tabs, SECTIONS.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def _network() -> None:
    network = state.design().network
    _segments("network.kind", list(KINDS), network.kind)
    _part("network", skip=(*network.drawn_fields, "kind"))
    if isinstance(network, StagedNetwork):
        stages.size_buttons(network)


def _neuron() -> None:
    neuron = state.design().neuron
    _part("neuron", kinds=NEURONS.kinds)
    if (chosen := surrogate(neuron)) is not None:
        charts(payload([surrogate_chart(chosen)]), key="surrogate")
    if not isinstance(neuron, Neuron):
        _about(NEURONS[neuron.kind], formula=True)


def _init() -> None:
    _choice("init", state.design().init, _registry(type(state.design()), "init"))


def _data() -> None:
    _part("data", skip=("events", "augment"))
    recorded = EVENTS in DATASETS[state.design().data.name].traits
    if recorded:
        _part("data.events")
    _part("data.augment", skip=() if recorded else ("drop",))
    _card()
    if st.button("Look at its samples", icon=":material/database:", key="look-at-data", type="tertiary"):
        st.switch_page(TOP / "pages" / "data.py")


def _training() -> None:
    _part("training", skip=("shortcut",), extra="seed")
    if state.design().network.code == "ttfs":
        _part("ttfs")
    else:
        _shortcut()


def _shortcut() -> None:
    """Branches that learn beside the network: a menu, and the rest where there are some."""
    path, shortcut = "training.shortcut", state.design().training.shortcut
    _choice(f"{path}.schedule", shortcut.schedule, _registry(type(shortcut), "schedule"))
    if shortcut.schedule.kind == "zero":
        return
    columns = st.columns(COLUMNS)
    with columns[0]:
        _text(f"{path}.layers", ",".join(map(str, shortcut.layers)), placeholder="the usual ones")
    with columns[1]:
        _segments(f"{path}.weighting", ["plain", "normalised"], shortcut.weighting)
    names = [build_architecture(state.design()).layers[index].name for index in branch_layers(state.design())]
    st.caption(
        f"Branches after {', '.join(names)}: {branch_parameter_count(state.design()):,} parameters, in training only."
    )


SECTIONS = {
    "Network": _network,
    "Neuron": _neuron,
    "Initialisation": _init,
    "Data": _data,
    "Training": _training,
}


def _part(name: str, skip: tuple[str, ...] = (), extra: str = "", kinds: Sequence[str] = ()) -> None:
    """Numbers side by side, then what has few options, then each choice with its parameters on a row of its own.

    `kinds`: those of the part, where it is one of several.
    """
    part: Part = attrgetter(name)(state.design())
    fields = {f"{name}.{field}": (info, getattr(part, field)) for field, info in type(part).model_fields.items()}
    if extra:
        fields[extra] = (type(state.design()).model_fields[extra], getattr(state.design(), extra))
    shown = {path: found for path, found in fields.items() if path.rsplit(".", 1)[-1] not in skip}
    few = {path: found for path, found in shown.items() if get_origin(found[0].annotation) is Literal}
    plain = [(path, found) for path, found in shown.items() if path not in few and not isinstance(found[1], Choice)]
    for start in range(0, len(plain), COLUMNS):
        for column, (path, (info, value)) in zip(st.columns(COLUMNS), plain[start : start + COLUMNS], strict=False):
            with column:
                _field(path, info, value)
    if few:
        with st.container(horizontal=True, gap="medium"):  # not in columns, which would cut off the last option
            for path, (info, value) in few.items():
                _segments(path, list(kinds if path == f"{name}.kind" else get_args(info.annotation)), value)
    for path, (info, value) in shown.items():
        if isinstance(value, Choice):
            _choice(path, value, _registry_of(info))


def _field(path: str, info: FieldInfo, value: Any) -> None:
    limits = next((item for item in info.metadata if isinstance(item, Range)), None)
    if limits is not None:
        _number(path)
    elif path == "data.name":
        _select(path, list(datasets.dataset_names()), value, lambda kind: datasets.dataset_card(kind).title)


@cache
def _offered(option: str) -> bool:
    """Whether this machine can do it at a useful speed."""
    return option != "bfloat16" or machine.has_bfloat16()


def _number(path: str) -> None:
    key = f"{path}@{state.revision()}"
    fields.number(st, state.design(), path, Binding(key, state.put, (path, key)), label=_label(path))


def _segments(path: str, options: list[str], value: str) -> None:
    """All options side by side. A menu's code, which a first visit would wait for, is not needed for these."""
    key, offered = f"{path}@{state.revision()}", [one for one in options if one == value or _offered(one)]
    fields.segments(st, state.design(), path, Binding(key, state.put, (path, key)), options=offered)


def _text(path: str, value: str, *, placeholder: str) -> None:
    if restrictions.is_hidden(path):
        return
    key = f"{path}@{state.revision()}"
    st.text_input(
        _label(path),
        value,
        max_chars=200,
        placeholder=placeholder,
        key=key,
        help=word(path).help or None,
        on_change=state.put,
        args=(path, key),
        disabled=restrictions.is_locked(path),
    )


def _select(path: str, options: list[str], value: str, shown: Any) -> None:
    if restrictions.is_hidden(path):
        return
    key = f"{path}@{state.revision()}"
    st.selectbox(
        _label(path),
        options,
        index=options.index(value),
        format_func=shown,
        key=key,
        help=word(path).help or None,
        on_change=state.put,
        args=(path, key),
        disabled=restrictions.is_locked(path),
    )


def _choice(path: str, value: Choice, registry: Registry[Any]) -> None:
    """A registry's menu, the chosen entry's parameters, and what it is."""
    if restrictions.is_hidden(path):
        return
    entry: Entry[Any] = registry[value.kind]
    columns = st.columns(COLUMNS)
    with columns[0]:
        key = f"{path}.kind@{state.revision()}"
        fields.choice_menu(st, state.design(), path, Binding(key, state.put, (f"{path}.kind", key)))
    for place, parameter in enumerate(entry.parameters):
        with columns[1 + place % (COLUMNS - 1)]:
            _number(f"{path}.{parameter.name}")
    _about(entry, formula=path == "init")


def _about(entry: Entry[Any], *, formula: bool) -> None:
    st.caption(f"{entry.title} *{entry.source}*")
    if entry.notes:
        st.caption(entry.notes)
    if entry.formula and formula:
        st.latex(entry.formula)


def _card() -> None:
    name = state.design().data.name
    about, here = datasets.dataset_card(name), ""
    if not datasets.is_available(name):
        by_hand = f"get it by `python -m snnviz data fetch {about.simulated or name}`"
        comes = "the first run fetches it" if datasets.is_downloaded_automatically(name) else by_hand
        here = f" **Not on this machine yet: {comes}.**"
    elif part := datasets.availability_remark(name):
        here = f" **{part}**"
    st.caption(f"{about.about} {about.citation}. Licence: {about.licence}.{here}")


def _label(path: str) -> str:
    if path in SHARES and isinstance(state.design().network, StagedNetwork | VggNetwork):
        return SHARES[path]
    return word(path).label


def _registry_of(info: FieldInfo) -> Registry[Any]:
    return next(item for item in info.metadata if isinstance(item, Registry))


def _registry(model: type[Part], field: str) -> Registry[Any]:
    return _registry_of(model.model_fields[field])
