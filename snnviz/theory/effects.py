"""What the levels of fields do to an objective: each alone, two together, and among the best rows.

A row is a group of runs (its value a mean over seeds), a column a field. Levels of a number that takes many values are
ranges that hold as many rows each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from snnviz.theory.importance import ABSENT, best_rows, domain_of, top_share
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval

MOST_LEVELS = 8
"""Different numbers of a field that are levels as they are; more of them are cut into `RANGES`."""

RANGES = 5


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of one field, and the level of each row (-1 where the field is not there).

    names: as numbers, words, or (low, high) of a range.
    """

    names: tuple[Any, ...]
    at: tuple[int, ...]

    @property
    def ranges(self) -> bool:
        """Whether a level is a range of numbers."""
        return any(isinstance(name, tuple) and len(name) == 2 for name in self.names)


def levels_of(values: Sequence[Any]) -> Levels:
    """The levels of a field: its values in order, or ranges of a number that takes many.

    >>> levels_of([3, 1, 3, ABSENT]).names, levels_of([3, 1, 3, ABSENT]).at
    ((1, 3), (1, 0, 1, -1))
    >>> levels_of(range(100)).names
    ((0.0, 19.0), (20.0, 39.0), (40.0, 59.0), (60.0, 79.0), (80.0, 99.0))
    """
    known = [value for value in values if value is not ABSENT]
    domain = domain_of(known)
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
    """One level: `mean` over the rows that have it, and `effect`, how far it is from the mean of all levels.

    effect: of blocks, rows that agree in all other fields and have every level among them; each block's difference is
    one number, so that what other fields do is taken out. None where there is no such block: there the means of levels
    may differ because of other fields.
    """

    level: Any
    mean: ConfidenceInterval
    effect: ConfidenceInterval | None
    rows: int


@dataclass(frozen=True, slots=True)
class MarginalEffect:
    """The levels of one field, and of how many blocks their effects are."""

    field: str
    levels: tuple[LevelEffect, ...]
    blocks: int

    @property
    def paired(self) -> bool:
        """Whether effects are told from other fields' by blocks."""
        return self.blocks > 0


def marginal_effect(
    field: str, columns: Mapping[str, Sequence[Any]], values: Sequence[Mapping[int, float]]
) -> MarginalEffect:
    """What each level of a field does.

    columns: of each field that varies the value of each row (`ABSENT` where there is none). values: of each row, by
    seed. Rows without a value are left out. A block is rows that agree in all other fields, their seeds' mean; where
    there is a single block, it is taken seed by seed. Intervals are Student's t, 95 %, of rows or of blocks.

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
    """Two fields together: the mean, the number of rows, and what is not the sum of both alone; (levels of y, of x).

    beyond: mean less what both fields alone make of it, NaN where some pair of levels has no row.
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
    """The grid of two fields; None where no row has both and a value.

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
    """How the best rows are spread over the levels of a field, beside all rows; shares of those that have it."""

    field: str
    levels: tuple[Any, ...]
    best: tuple[float, ...]
    every: tuple[float, ...]
    count: int


def best_distribution(
    field: str, values: Sequence[Any], objective: Sequence[float], better: Literal["more", "less"]
) -> Distribution:
    """Of the best tenth of the rows that have the field and a number (`importance.top_share` of few).

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


def varying(settings: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The fields that differ among settings (path to value, what is not there `ABSENT`), each with its value in each.

    >>> varying([{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 0}])
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
