"""Similarity of a slot's options, for searches whose slots hold numbers as well as categories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Similarity of the options of a slot: one row of numbers for each option.

    ordered: the numbers lie between 0 and 1, and options are the more similar the closer they are. Otherwise each
    number is a category (such as an entry of a matrix), and only equal ones are similar.
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
    """Returns the scale of options that are all equally different from each other."""
    return Scale(tuple((float(place),) for place in range(size)), False)
