"""How alike the options of a slot are, for searches whose slots hold numbers as well as categories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How alike the options of a slot are: a row of numbers for each option.

    ordered: numbers from 0 to 1, of which the distance counts. Otherwise each number is a category, such as what stands
    at a place of a matrix, and only whether it is the same counts.
    """

    rows: tuple[tuple[float, ...], ...]
    ordered: bool


def ordered_scale(size: int) -> Scale:
    """Returns the scale of options that are evenly spaced, such as the levels of a number.

    >>> ordered_scale(3).rows
    ((0.0,), (0.5,), (1.0,))
    """
    return Scale(tuple((place / max(1, size - 1),) for place in range(size)), True)


def categories(size: int) -> Scale:
    """Returns the scale of options that differ from each other, and all alike."""
    return Scale(tuple((float(place),) for place in range(size)), False)
