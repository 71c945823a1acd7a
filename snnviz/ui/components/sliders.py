"""The sliders component: sliders that send their values to Python while they are dragged.

Streamlit's own slider sends its value only when released. These send at most eight times a second, and while dragged
only after the answer to the last message: a slow page is never behind by more than one message. A revision decides who
owns the values::

    browser --> Python   moved = {rev, n, values, dragging}   ignored where `rev` is not the current one
    Python  --> browser  data  = {rev, echo, sliders}         values taken only where `rev` is new; `echo` is the last n

So a page makes a `new_revision()` exactly when *it* changes a value (a link, a button), at no other time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from snnviz.design.registry import Number, Range
from snnviz.ui.components.assets import source

_MOUNT = st.components.v2.component(
    "snnviz_sliders", html=source("sliders.html"), css=source("sliders.css"), js=source("leaving.js", "sliders.js")
)


@dataclass(frozen=True, slots=True)
class Slider:
    """A slider for a number, with its range, step and default. `stops`: the allowed values if they are not evenly
    spaced. `locked`: it is shown and cannot be moved; a value that is sent for it changes nothing.
    """

    name: str
    label: str
    value: Number
    default: Number
    low: Number
    high: Number
    step: Number
    whole: bool = False
    stops: tuple[Number, ...] = ()
    help: str = ""
    group: str = ""
    """Heading of the collapsed group that contains the slider; "" for sliders on top."""
    locked: bool = False

    def accepts(self, value: object) -> Number | None:
        """Returns `value` as a number that this slider allows, else None."""
        return Range(self.low, self.high).canonical(value, self.whole)


@dataclass(frozen=True, slots=True)
class SliderValues:
    """The values of all sliders by name, and whether one is being dragged."""

    values: dict[str, Number]
    dragging: bool


def logarithmic(low: int, high: int, *also: int) -> tuple[int, ...]:
    """Returns whole numbers from `low` to `high` for a logarithmic slider, each about 5 % above the one before, and the
    numbers `also`.

    >>> logarithmic(10, 20, 15)[-6:]
    (15, 16, 17, 18, 19, 20)
    """
    found, value = {low, high, *also}, float(low)
    while value < high:
        rounded = float(f"{value:.2g}") if value < 1000 else round(value, -2)
        found.add(min(max(round(rounded), low), high))
        value *= 1.055
    return tuple(sorted(found))


def sliders(shown: Sequence[Slider], *, rev: str, key: str, on_change: Callable[[], None]) -> None:
    """Shows sliders below each other. `on_change` is called first and can read `slider_values`."""
    sent = _sent(key)
    echo = sent.get("n") if isinstance(sent, Mapping) and sent.get("rev") == rev else None
    _MOUNT(
        key=key,
        data={
            "key": key,
            "rev": rev,
            "echo": echo if type(echo) is int else 0,
            "sliders": [asdict(slider) for slider in shown],
        },
        default={"moved": None},
        on_moved_change=on_change,
    )


def slider_values(key: str, shown: Sequence[Slider], rev: str) -> SliderValues | None:
    """Returns the values that the browser sent, for use in the `on_change` callback; None if nothing valid was sent for
    `rev`.
    """
    return accept(_sent(key), shown, rev)


def accept(sent: object, shown: Sequence[Slider], rev: str) -> SliderValues | None:
    """Returns the values in a message of the browser, checked, or None; an invalid value leaves its slider unchanged.

    >>> one = Slider("threshold", "Threshold", 1.0, 1.0, 0, 4, 0.01)
    >>> accept({"rev": "a", "values": {"threshold": 0.8, "x": 3}, "dragging": True}, [one], "a")
    SliderValues(values={'threshold': 0.8}, dragging=True)
    >>> accept({"rev": "a", "values": {"threshold": 5}}, [one], "a")
    SliderValues(values={'threshold': 1.0}, dragging=False)
    """
    if not isinstance(sent, Mapping) or sent.get("rev") != rev or not isinstance(sent.get("values"), Mapping):
        return None
    values: dict[str, Number] = {}
    for slider in shown:
        number = None if slider.locked else slider.accepts(sent["values"].get(slider.name))
        values[slider.name] = slider.value if number is None else number
    return SliderValues(values, sent.get("dragging") is True)


def _sent(key: str) -> Any:
    state = st.session_state.get(key)
    return state.get("moved") if isinstance(state, Mapping) else None
