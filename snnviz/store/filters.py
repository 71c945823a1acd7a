"""Filters of runs in words, such as ``init.kind = kaiming and accuracy > 0.9 and tag = homework``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are meant. text: as it was said, which is also its link."""

    text: str


def parse_filter(text: str) -> RunFilter:
    """Read a filter. Raises `InputError` of the field ``filter``."""
    return RunFilter(text)
