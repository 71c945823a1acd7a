"""Widgets for the fields of a value, made from the fields' types: range, label and help are declared with the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, get_args

import streamlit as st

from snnviz.data import datasets
from snnviz.design.menus import DATASETS, EVENTS, Choice
from snnviz.design.part import Part
from snnviz.design.registry import Number, Range, Registry
from snnviz.ui.kit import restrictions
from snnviz.views.words import option, word

ALL = frozenset({"train_samples", "test_samples", "data.train_samples", "data.test_samples"})
"""Fields for which 0 means all samples: the widget is then empty and says so."""


class Binding(NamedTuple):
    """What connects a widget to a field: the widget's session key, and its callback `put` with `args`. path: of the
    field in links, if it has a prefix there.
    """

    key: str
    put: Callable[..., None]
    args: tuple[Any, ...] = ()
    path: str = ""

    @property
    def streamlit(self) -> dict[str, Any]:
        """The key, callback and arguments as keyword arguments of a Streamlit widget."""
        return {"key": self.key, "on_change": self.put, "args": self.args}

    def hidden(self, path: str) -> bool:
        """Whether the widget of the field at `path` is hidden by a lesson or link, so that it is not drawn."""
        return restrictions.is_hidden(self.path or path)

    def locked(self, path: str, disabled: bool = False) -> bool:
        """Whether the widget of the field at `path` is disabled: by a lesson or link, or by `disabled`."""
        return disabled or restrictions.is_locked(self.path or path)


class Field(NamedTuple):
    """A number field of a value: its number, whether it is an integer, its range and its label."""

    value: Number
    whole: bool
    range: Range
    label: str

    @property
    def kind(self) -> Any:
        """The type int or float; Streamlit wants all numbers of a widget to have the same type."""
        return int if self.whole else float

    @property
    def bounds(self) -> tuple[Any, Any]:
        """The smallest and the largest allowed value."""
        return self.kind(self.range.low), self.kind(self.range.high)

    @property
    def step(self) -> Any:
        """The step between values."""
        return self.kind(self.range.step or (1 if self.whole else 0.1))


def field(of: Part, path: str) -> Field:
    """Returns the number field of a value by its path, such as ``network.depth``, or a parameter of a choice in it.

    >>> from snnviz.design.design import Design
    >>> design = Design.check({"init": {"kind": "kaiming"}})
    >>> field(design, "neuron.threshold").label, field(design, "init.gain").range.low
    ('Threshold θ', 0.1)
    """
    owner: Any = of
    *outer, name = path.split(".")
    for each in outer:
        inner = getattr(owner, each)
        if isinstance(inner, Choice):  # its kind may stand in the path too: optimizer.sgd.momentum
            one = next(item for item in registry(owner, each)[inner.kind].parameters if item.name == name)
            return Field(inner.parameters[name], one.whole, one.range, one.range.label or word(path).label)
        owner = inner
    about = type(owner).model_fields[name]
    limits = next(item for item in about.metadata if isinstance(item, Range))
    return Field(getattr(owner, name), about.annotation is int, limits, limits.label or word(path).label)


def label(kind: type[Part], name: str) -> str:
    """Returns the label of a field: the one of its range, or that of `views.words`."""
    limits = next((item for item in kind.model_fields[name].metadata if isinstance(item, Range)), None)
    return (limits and limits.label) or word(name).label


def registry(of: Part, path: str) -> Registry[Any]:
    """Returns the registry whose entries the choice field at `path` of the value `of` offers."""
    *outer, name = path.split(".")
    owner = attrgetter(".".join(outer))(of) if outer else of
    return next(item for item in type(owner).model_fields[name].metadata if isinstance(item, Registry))


def number(place: Any, of: Part, path: str, to: Binding, *, label: str = "", disabled: bool = False) -> None:
    """Draws the number input of a number field of the value `of` in the container `place`. `label`: replaces the
    field's own.
    """
    if to.hidden(path):
        return
    one, every = field(of, path), path in ALL
    if every and one.value:
        # and no default, so that the field can be emptied; each time, as a closed popover misses a value set once
        st.session_state[to.key] = one.value
    place.number_input(
        label or one.label,
        *one.bounds,
        None if every else one.kind(one.value),
        one.step,
        placeholder="all" if every else None,
        format=None if one.whole else "%g",
        help=one.range.help or word(path).help or None,
        **to.streamlit,
        disabled=to.locked(path, disabled),
    )


def slider(
    place: Any,
    of: Part,
    path: str,
    to: Binding,
    *,
    format: str | None = None,
    disabled: bool = False,
) -> None:
    """Draws the slider of a number field of the value `of` in the container `place`."""
    if to.hidden(path):
        return
    one = field(of, path)
    place.slider(
        one.label,
        *one.bounds,
        one.kind(one.value),
        one.step,
        format=format or (None if one.whole else "%g"),
        help=one.range.help or None,
        **to.streamlit,
        disabled=to.locked(path, disabled),
    )


def segments(
    place: Any,
    of: Part,
    path: str,
    to: Binding,
    *,
    options: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    label: str = "",
    help: str = "",
    disabled: bool = False,
) -> None:
    """Draws a segmented control for a field with few options. `names`: their labels, by default those of
    `views.words`.
    """
    if to.hidden(path):
        return
    *outer, name = path.split(".")
    owner = attrgetter(".".join(outer))(of) if outer else of
    place.segmented_control(
        label or word(path).label,
        list(options or get_args(type(owner).model_fields[name].annotation)),
        default=getattr(owner, name),
        format_func=lambda one: names[one] if names and one in names else option(path, one),
        help=help or word(path).help or None,
        required=True,
        wrap=True,
        **to.streamlit,
        disabled=to.locked(path, disabled),
    )


def choice_menu(
    place: Any,
    of: Part,
    path: str,
    to: Binding,
    *,
    kinds: Sequence[str] = (),
    label: str = "",
    help: str | None = None,
) -> None:
    """Draws a menu of the registry's entries, or of some of them, for a field that is a choice."""
    if to.hidden(path):
        return
    offered, chosen = list(kinds or registry(of, path).kinds), attrgetter(path)(of).kind
    place.selectbox(
        label or word(path).label,
        offered,
        index=offered.index(chosen),
        format_func=lambda kind: kind.replace("-", " "),
        **to.streamlit,
        help=help,
        disabled=to.locked(path),
    )


def data(place: Any, value: str, to: Binding, *, label: str = "Data set", still: bool = False) -> None:
    """Draws the menu of data sets in the container `place`, with `value` selected; `still`: image data sets only."""
    if to.hidden("data"):
        return
    kinds = [name for name in datasets.dataset_names() if not (still and EVENTS in DATASETS[name].traits)]
    offered = [name for name in kinds if name == value or _can_be_had(name)]
    place.selectbox(
        label,
        offered,
        index=offered.index(value),
        format_func=lambda name: name if datasets.is_available(name) else f"↓ {name}",  # a sign is never cut off
        help=f"{word('data.name').help} ↓: to be downloaded, when something that needs it is started.",
        **to.streamlit,
        disabled=to.locked("data"),
    )


def _can_be_had(name: str) -> bool:
    return datasets.is_available(name) or datasets.is_downloaded_automatically(name)
