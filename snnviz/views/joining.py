"""Names joined for a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def join_with_and(names: Sequence[str]) -> str:
    """Returns names joined by commas, with "and" before the last.

    >>> join_with_and(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
