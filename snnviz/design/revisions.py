"""Revisions: which registry entries, or values of a design's field, compute differently since an earlier release, so
that only runs using them get a new digest.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revision:
    """Since `date`, the entries `kinds` of `part` are computed differently; `what` describes how, now and before.

    part: a field as ``Part.field``, or the noun of a registry ("initialisation").
    """

    date: str
    part: str
    kinds: tuple[str, ...]
    what: str


REVISIONS: tuple[Revision, ...] = (
    Revision(
        "2026-11-29",
        "initialisation",
        ("fluctuation-driven", "input-preserving"),
        "measured on a probe of training images drawn by the seed and stratified over classes; before, on the first 64",
    ),
    Revision(
        "2026-11-29",
        "Neuron.learn",
        ("beta", "both"),
        "a learnt leak is put back to the ends of 0..1 after each optimizer step; before, it left them for good",
    ),
    Revision(
        "2026-11-29",
        "Neuron.learn",
        ("threshold", "both"),
        "a learnt threshold is put back to 0 where an optimizer step took it below; before, it stayed there",
    ),
)
"""All revisions in order; only ever added to; `tests/golden/revisions.json` holds a copy. The n-th entry for a kind is
its revision n + 1.
"""
