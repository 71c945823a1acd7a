"""Effects of fields on an objective: each field alone, two fields together, and their values among the best rows.

A row is a group of runs of one design (its value is the mean over seeds), a column is a field of designs. The levels of
a field are its values; for a number with many values they are ranges that contain equally many rows each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.theory.directions import Direction
from snnviz.theory.importance import ABSENT, best_rows, infer_domain, top_share
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval

MOST_LEVELS = 8
"""Different numbers of a field that are levels as they are; more of them are cut into `RANGES`."""

RANGES = 5


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of one field, and the index of each row's level (-1 if the row's design does not have the field).

    names: the levels as numbers, words, or ranges (low, high).
    """

    names: tuple[Any, ...]
    at: tuple[int, ...]

    @property
    def ranges(self) -> bool:
        """Whether each level stands for a range of numbers rather than for one value."""
        return any(isinstance(name, tuple) and len(name) == 2 for name in self.names)


def levels_of(values: Sequence[Any]) -> Levels:
    """Returns the levels of a field: its sorted values, or ranges if it is a number with many values.

    >>> levels_of([3, 1, 3, ABSENT]).names, levels_of([3, 1, 3, ABSENT]).at
    ((1, 3), (1, 0, 1, -1))
    >>> levels_of(range(100)).names
    ((0.0, 19.0), (20.0, 39.0), (40.0, 59.0), (60.0, 79.0), (80.0, 99.0))
    """
    known = [value for value in values if value is not ABSENT]
    domain = infer_domain(known)
    if domain.choices:
        place = {_same(choice): number for number, choice in enumerate(domain.choices)}
        return Levels(domain.choices, tuple(-1 if v is ABSENT else place[_same(v)] for v in values))
    numbers = sorted(set(known))
    if len(numbers) <= MOST_LEVELS:
        return Levels(tuple(numbers), tuple(-1 if v is ABSENT else numbers.index(v) for v in values))
    given = np.sort(np.asarray(known, np.float64))
    cuts = np.unique(given[[len(given) * part // RANGES for part in range(1, RANGES)]])
    inside = np.searchsorted(cuts, given, side="right")
    kept = [given[inside == part] for part in np.unique(inside)]
    names = tuple((float(part[0]), float(part[-1])) for part in kept)
    ends = [name[1] for name in names]
    return Levels(names, tuple(-1 if v is ABSENT else int(np.searchsorted(ends, v)) for v in values))


@dataclass(frozen=True, slots=True)
class LevelEffect:
    """One level of a field: the mean objective of its `rows` rows, and its effect compared with the mean of all levels.

    A block is a set of rows that agree in all other fields and contain every level. effect: the level's mean difference
    from its block's mean, with an interval over blocks, so that the effects of other fields cancel. It is None without
    any block; then levels may have different means because of other fields.
    """

    level: Any
    mean: ConfidenceInterval
    effect: ConfidenceInterval | None
    rows: int


@dataclass(frozen=True, slots=True)
class MarginalEffect:
    """The effects of one field's levels, and from how many blocks they were computed. A block is a set of rows that
    agree in all other fields.
    """

    field: str
    levels: tuple[LevelEffect, ...]
    blocks: int

    @property
    def paired(self) -> bool:
        """Whether the effects were computed within blocks (rows that agree in all other fields), so that they are not
        mixed with the effects of other fields.
        """
        return self.blocks > 0


def marginal_effect(
    field: str, columns: Mapping[str, Sequence[Any]], values: Sequence[Mapping[int, float]]
) -> MarginalEffect:
    """Returns the mean objective and the effect of each level of a field.

    columns: for each varying field the value of each row (`ABSENT` if the row's design does not have it). values: for
    each row its objective by seed; rows without any are left out. A block is a set of rows that agree in all other
    fields, with the means over their seeds; if there is a single block, its seeds are used one by one. Intervals are
    Student's t at 95 %, over rows or blocks.

    >>> columns = {"x": [0, 1, 0, 1], "y": ["a", "a", "b", "b"]}
    >>> found = marginal_effect("x", columns, [{0: 1.0}, {0: 2.0}, {0: 5.0}, {0: 6.2}])
    >>> [round(one.effect.mean, 2) for one in found.levels], found.blocks
    ([-0.55, 0.55], 2)
    """
    rows = [row for row, told in enumerate(values) if told and columns[field][row] is not ABSENT]
    levels = levels_of([columns[field][row] for row in rows])
    others = [name for name in columns if name != field]
    # A field that exists in some levels of this one only is no other setting: it comes and goes with the level.
    others = [name for name in others if all(columns[name][row] is not ABSENT for row in rows)]
    blocks = _blocks(rows, levels, others, columns, [_mean(told) for told in values])
    if len(blocks) <= 1:
        by_seed = [
            block
            for seed in sorted({seed for row in rows for seed in values[row]})
            for block in _blocks(rows, levels, others, columns, [told.get(seed) for told in values])
        ]
        blocks = by_seed or blocks
    apart = np.array(blocks) - np.mean(blocks, axis=1, keepdims=True) if blocks else np.empty((0, len(levels.names)))
    found = []
    for number, level in enumerate(levels.names):
        own = [_mean(values[row]) for row, at in zip(rows, levels.at, strict=True) if at == number]
        mean = confidence_interval([value for value in own if value is not None])
        effect = confidence_interval(apart[:, number].tolist()) if blocks and len(levels.names) > 1 else None
        found.append(LevelEffect(level, mean, effect, len(own)))
    return MarginalEffect(field, tuple(found), len(blocks))


def _blocks(
    rows: Sequence[int],
    levels: Levels,
    others: Sequence[str],
    columns: Mapping[str, Sequence[Any]],
    numbers: Sequence[float | None],
) -> list[list[float]]:
    """The number of each level, block by block; of blocks that have them all."""
    found: dict[tuple[Any, ...], dict[int, list[float]]] = {}
    for row, level in zip(rows, levels.at, strict=True):
        if (number := numbers[row]) is not None and math.isfinite(number):
            key = tuple(_same(columns[name][row]) for name in others)
            found.setdefault(key, {}).setdefault(level, []).append(number)
    whole = [block for block in found.values() if len(block) == len(levels.names)]
    return [[float(np.mean(block[level])) for level in range(len(levels.names))] for block in whole]


@dataclass(frozen=True, slots=True)
class Interaction:
    """The mean objective and the number of rows for each pair of two fields' levels, (levels of y, levels of x).

    beyond: the mean minus the sum of both fields' separate effects; NaN if some pair of levels has no rows.
    """

    x: str
    y: str
    x_levels: tuple[Any, ...]
    y_levels: tuple[Any, ...]
    mean: NDArray[np.float64]
    rows: NDArray[np.int64]
    beyond: NDArray[np.float64]


def interaction(
    x: str, y: str, columns: Mapping[str, Sequence[Any]], values: Sequence[float | None]
) -> Interaction | None:
    """Returns the mean objective for each pair of levels of two fields; None if no row has both fields and an
    objective.

    >>> columns = {"x": [0, 1, 0, 1], "y": ["a", "a", "b", "b"]}
    >>> interaction("x", "y", columns, [1.0, 2.0, 5.0, 6.0]).beyond.tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    rows = [
        row
        for row, value in enumerate(values)
        if value is not None
        and math.isfinite(value)
        and columns[x][row] is not ABSENT
        and columns[y][row] is not ABSENT
    ]
    if not rows:
        return None
    across, down = levels_of([columns[x][row] for row in rows]), levels_of([columns[y][row] for row in rows])
    shape = len(down.names), len(across.names)
    total, count = np.zeros(shape), np.zeros(shape, np.int64)
    for row, i, j in zip(rows, down.at, across.at, strict=True):
        total[i, j] += float(values[row] or 0.0)
        count[i, j] += 1
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    beyond = np.full(shape, np.nan)
    if count.all():
        beyond = mean - mean.mean(axis=0) - mean.mean(axis=1, keepdims=True) + mean.mean()
    return Interaction(x, y, across.names, down.names, mean, count, beyond)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How often each level of a field occurs among the best rows, and among all rows that have the field, as shares;
    `count`: number of best rows.
    """

    field: str
    levels: tuple[Any, ...]
    best: tuple[float, ...]
    every: tuple[float, ...]
    count: int


def best_distribution(field: str, values: Sequence[Any], objective: Sequence[float], better: Direction) -> Distribution:
    """Returns the shares of a field's levels among the best tenth of rows, compared with all rows that have the field.

    Of few rows a larger share counts as best, see `importance.top_share`. Rows without the field or a number are left
    out.

    >>> found = best_distribution("x", [0, 0, 0, 1, 1, 1], [5.0, 1, 2, 6, 7, 3], "more")
    >>> [round(share, 2) for share in found.best], found.every, found.count
    ([0.33, 0.67], (0.5, 0.5), 3)
    """
    told = [row for row, value in enumerate(values) if value is not ABSENT and math.isfinite(objective[row])]
    levels = levels_of([values[row] for row in told])
    numbers = [objective[row] for row in told]
    best = best_rows(numbers, better, top_share(len(told)))
    at = np.array(levels.at, np.int64)
    many = len(levels.names)
    return Distribution(field, levels.names, _shares(at[best], many), _shares(at, many), int(best.sum()))


def _shares(at: NDArray[np.int64], many: int) -> tuple[float, ...]:
    return tuple(float(share) for share in np.bincount(at, minlength=many) / max(1, len(at)))


def varying_settings(settings: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Returns the fields whose values differ among `settings` (path to value), each with its value in each of them.

    A field that is missing in some of them counts as `ABSENT` there.

    >>> varying_settings([{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 0}])
    {'b': [2, 3], 'c': [ABSENT, 0]}
    """
    rows = list(settings)
    names = dict.fromkeys(name for row in rows for name in row)
    found = {name: [row.get(name, ABSENT) for row in rows] for name in names}
    return {name: values for name, values in found.items() if len({_same(value) for value in values}) > 1}


def _mean(told: Mapping[int, float]) -> float | None:
    return float(np.mean(list(told.values()))) if told else None


def _same(value: Any) -> Any:
    """What values that are alike share: lists and mappings can be no keys as they are; True is not 1."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else repr(value)
