"""Designs one step away from a group's design, each in one field, as suggestions for what to train next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.theory.importance import ABSENT, infer_domain

MOST = 60
"""Neighbours that are made at most."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A suggested design that differs from a given one in one field.

    path: the field. now: its value in this design. beyond: whether this value is outside the range that was tried.
    """

    path: str
    now: Any
    design: Design
    beyond: bool = False


def neighbours(design: Design, fields: Mapping[str, Sequence[Any]], place: int) -> list[Neighbour]:
    """Returns the valid designs that are one step from `design` in one of the fields.

    fields: the fields that vary, path to the value in each group. place: index of this design's group. For a number
    the steps are the next lower and higher value in any group, and at either end one step of the same size (or ratio,
    if values span decades) beyond it; for a choice every other value.

    >>> from snnviz.design.design import Design
    >>> found = neighbours(Design(), {"neuron.threshold": [0.5, 1.0, 1.5, 2.0]}, 3)
    >>> [(one.now, one.beyond) for one in found]
    [(1.5, False), (2.5, True)]
    """
    found: list[Neighbour] = []
    for path, values in fields.items():
        own = values[place]
        if own is ABSENT:
            continue
        for now, beyond in _steps([value for value in values if value is not ABSENT], own):
            if len(found) < MOST:
                try:
                    found.append(Neighbour(path, now, change(design, {path: now}), beyond))
                except InputError:  # does not fit with the rest, or is out of its range
                    continue
    return found


def _steps(values: Sequence[Any], own: Any) -> list[tuple[Any, bool]]:
    domain = infer_domain(values)
    if domain.choices:
        return [(choice, False) for choice in domain.choices if repr(choice) != repr(own)]
    numbers = sorted(set(values))
    at = numbers.index(own)
    found = []
    for next_, behind in ((at - 1, at + 1), (at + 1, at - 1)):
        if 0 <= next_ < len(numbers):
            found.append((numbers[next_], False))
        elif 0 <= behind < len(numbers) and (number := _beyond(own, numbers[behind], log=domain.log)) != own:
            found.append((int(number) if domain.step else number, True))
    return found


def _beyond(own: float, behind: float, *, log: bool) -> float:
    """As far on the other side of one's own number as `behind` is on this one."""
    step = own * own / behind if log else 2 * own - behind
    return float(f"{step:.6g}")
