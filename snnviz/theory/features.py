"""The features of a design that models of `theory.expected` learn from: its fields by path, and numbers derived from
them.

A number is one feature (its logarithm if its range spans decades), a choice is one feature for each option. Texts such
as a matrix of skips are replaced by the number of their connections. Fields that belong to other kinds of network or
neuron are missing.

>>> from snnviz.design.design import Design
>>> told = settings_of(Design())
>>> told["neuron.threshold"], told["init.kind"], told["skips.asc"], "seed" in told
(1.0, 'variance-preserving', 2.0, False)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snnviz.design.design import Design
from snnviz.design.fieldtypes import field_type
from snnviz.design.links import flatten
from snnviz.graph.architectures import build_architecture
from snnviz.theory import costs
from snnviz.theory.forest import Floats, Inputs

Places = tuple[Floats, NDArray[np.int64]]
"""Positions of designs, see `FeatureSpace.places`."""

Settings = Mapping[str, float | str]
"""The features of a design by path: numbers as floats, all else as text."""

DECADES = 100.0
"""Ratio of a range's ends from which the logarithm of a number is used."""

SIZES = ("parameters", "macs")
"""Numbers that follow from a design's fields: features for the trees, but not used for distances."""

SKIPS = ("skips.dsc", "skips.asc", "skips.backward")
"""Numbers of connections that concatenate, that add, and that lead backwards."""

BRANCHES = "training.shortcut.branches"

FOLLOWING = (*SIZES, *SKIPS, BRANCHES)
"""Features that are not fields but follow from them."""

_UNSEEN = frozenset({"seed", "data.name", "training.gradients"})
"""Fields that no result depends on but by chance, or that all runs of a model have in common."""

_DRAWN = frozenset({"network.edges", "network.blocks", "network.cell", "training.shortcut.layers"})
"""Texts of which there are as many as designs; `network.blocks` is a number where all blocks are alike."""

MISSING = "none"
"""Value of a choice that a design does not have."""


@lru_cache(maxsize=16384)
def settings_of(design: Design) -> dict[str, float | str]:
    """Returns the features of a design by path, without seed and data set, and with derived numbers. Do not modify
    it.
    """
    found: dict[str, float | str] = {}
    for path, value in flatten(design).items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if path not in _UNSEEN and (number or path not in _DRAWN):
            found[path] = float(value) if number else str(value)
    used, _, tested = costs.split_counts(design)
    found["data.train_samples"], found["data.test_samples"] = float(used), float(tested)
    sources = [source for layer in build_architecture(design).layers for source in layer.sources]
    backward = sum(source.delay for source in sources)
    merges = [source.merge for source in sources if not source.delay]
    found |= dict(zip(SKIPS, map(float, (merges.count("concat"), merges.count("add"), backward)), strict=True))
    found[BRANCHES] = float(len(design.training.shortcut.layers))
    found |= dict(zip(SIZES, map(float, (costs.parameter_count(design), costs.macs_per_step(design))), strict=True))
    return found


def spans_decades(design: Design, path: str) -> bool:
    """Returns whether the logarithm of a number of a design is used, because its range spans at least two decades."""
    if path in SIZES or path in ("data.train_samples", "data.test_samples"):
        return True
    if path in FOLLOWING:
        return False
    ranges = field_type(design, path).ranges  # none of a number that is chosen from a few
    return bool(ranges) and ranges[0][0].low > 0 and ranges[0][0].high / ranges[0][0].low >= DECADES


@dataclass(frozen=True)
class Feature:
    """A feature and its values among the tried designs. `log`: whether its logarithm is used; None for a choice of
    text.

    values: the tried values, sorted. missing: whether some designs do not have the field.
    """

    path: str
    log: bool | None
    values: tuple[float | str, ...]
    missing: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether the feature is a number."""
        return self.log is not None

    @property
    def varies(self) -> bool:
        """Whether the tried designs differ in this feature."""
        return len(self.values) + self.missing > 1

    def scaled(self, value: float | str | None) -> float:
        """Returns a number on the feature's scale: its logarithm if `log`, else itself; NaN for a value that is not a
        number.
        """
        if not isinstance(value, float | int):
            return math.nan
        return math.log10(max(float(value), 1e-12)) if self.log else float(value)


class FeatureSpace:
    """The features of the tried designs, and the position of any design among them.

    by_path: `Feature` by path, without features that no tried design has.
    """

    def __init__(self, fields: Sequence[Feature]) -> None:
        self.fields = tuple(fields)
        self.by_path = {field.path: field for field in fields}
        self._numbers = [field for field in self.fields if field.is_numeric and field.varies]
        self._kinds = [field for field in self.fields if not field.is_numeric and field.varies]
        self._told = [f for f in self._numbers if f.path not in SIZES]
        self._spans = np.array([_span(field) for field in self._told])

    @classmethod
    def from_designs(cls, designs: Sequence[tuple[Design, Settings]]) -> FeatureSpace:
        """Returns the features of the designs that were tried, each given with its `settings_of`."""
        paths = dict.fromkeys(path for _, told in designs for path in told)
        fields = []
        for path in paths:
            some = [(design, told[path]) for design, told in designs if path in told]
            numeric = not any(isinstance(value, str) for _, value in some)
            log = spans_decades(some[0][0], path) if numeric else None
            values = tuple(sorted({value if numeric else str(value) for _, value in some}))
            fields.append(Feature(path, log, values, len(some) < len(designs)))
        return cls(fields)

    @property
    def columns(self) -> int:
        """Number of columns of the feature matrix that `matrix` returns."""
        return len(self._numbers) + sum(len(field.values) for field in self._kinds)

    def matrix(self, several: Sequence[Settings]) -> Inputs:
        """Returns the feature matrix (n, columns) of designs, given as features by path (`settings_of`).

        A missing number is put below all tried values.
        """
        found = np.empty((len(several), self.columns), np.float32)
        for at, field in enumerate(self._numbers):
            placed = np.array([field.scaled(told.get(field.path)) for told in several])
            low = field.scaled(field.values[0])
            found[:, at] = np.where(np.isnan(placed), low - _span(field), placed)
        at = len(self._numbers)
        for field in self._kinds:
            told = [each.get(field.path) for each in several]
            for value in field.values:
                found[:, at] = [one == value for one in told]
                at += 1
        return found

    def places(self, several: Sequence[Settings]) -> Places:
        """Returns the positions of designs in this space, for `distances`; the designs are given as features by path
        (`settings_of`).

        The first array holds numbers (n, numbers) as shares of the tried range, NaN if missing; the second the
        indices of options (n, choices), -1 for one that was not tried.
        """
        numbers = np.array([[field.scaled(told.get(field.path)) for field in self._told] for told in several])
        numbers = numbers.reshape(len(several), len(self._told)) / self._spans
        kinds = [{value: number for number, value in enumerate((*f.values, MISSING))} for f in self._kinds]
        told_kinds = [
            [known.get(told.get(field.path, MISSING), -1) for field, known in zip(self._kinds, kinds, strict=True)]
            for told in several
        ]
        return numbers, np.array(told_kinds, np.int64).reshape(len(several), len(self._kinds))

    def numeric_index(self, path: str) -> int:
        """Returns the index of the numeric feature `path`, such as ``neuron.beta``, among the numeric features: its
        column in the first array that `places` returns.
        """
        return [field.path for field in self._told].index(path)

    def restore(self, path: str, places: Floats) -> Floats:
        """Returns the values of a numeric feature from its column of `places` (n,); the inverse of `Feature.scaled`."""
        number = self.numeric_index(path)
        placed: Floats = places * self._spans[number]
        return 10.0**placed if self._told[number].log else placed


def distances(one: Places, others: Places) -> Floats:
    """Returns the distances (n, m) between designs, given by `FeatureSpace.places` (Gower 1971).

    A distance is the sum over features: for a number the difference as a share of the tried range, at most 1; 1 for
    different options or a field that only one design has.
    """
    total = np.zeros((len(one[0]), len(others[0])))
    for at in range(one[0].shape[1]):
        a, b = one[0][:, at, None], others[0][None, :, at]
        apart = np.minimum(np.abs(a - b), 1)
        total += np.where(np.isnan(a) & np.isnan(b), 0, np.where(np.isnan(apart), 1, apart))
    for at in range(one[1].shape[1]):
        total += one[1][:, at, None] != others[1][None, :, at]
    return total


def _span(field: Feature) -> float:
    return (field.scaled(field.values[-1]) - field.scaled(field.values[0])) or 1.0


NARROW, WIDE, FINE = 0.75, 0.25, 1 / 16
"""How far a number may be from the nearest tried value: `NARROW` times the usual gap between tried values, but at most
the share `WIDE`, and at least `FINE`, of the tried range.
"""


def unknown_setting(fields: FeatureSpace, settings: Settings) -> str:
    """Returns the path of a setting in `settings` that is outside what was tried; "" if there is none.

    That is: an option that was never tried, a number beyond the tried range, or a number in a gap: further from the
    nearest tried value than 3/4 of the usual gap, or the only whole number missing in a sequence. With the values 1,
    2, 4 and 5 tried, 3 is unknown, and no number between 1 and 2 is.
    """
    for path, value in settings.items():
        if path in SIZES:
            continue
        field = fields.by_path.get(path)
        if field is None or not _is_known(field, value):
            return path
    absent = [field.path for field in fields.fields if field.path not in settings and not field.missing]
    return absent[0] if absent else ""


def _is_known(field: Feature, value: float | str) -> bool:
    if not field.is_numeric or isinstance(value, str):
        return value in field.values
    tried = np.array([field.scaled(one) for one in field.values])
    apart = float(np.abs(tried - field.scaled(value)).min())
    if len(tried) == 1 or apart == 0 or not tried[0] < field.scaled(value) < tried[-1]:
        return apart < 1e-12
    if {value - 1, value + 1} <= set(field.values) and {value - 2, value + 2} & set(field.values):
        return False  # the one whole number that was left out of a row of them
    gaps = np.sort(np.diff(tried))
    usual, span = float(gaps[(len(gaps) - 1) // 2]), float(tried[-1] - tried[0])
    return apart <= max(min(NARROW * usual, WIDE * span), FINE * span) * (1 + 1e-9)
