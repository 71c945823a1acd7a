"""Importance of fields: how much each field decides whether a row is among the best (PED-ANOVA).

Watanabe, Bansal and Hutter 2023 (arXiv 2304.10255): the Pearson divergence between a field's distribution among the
best rows and among all rows, by Parzen estimators on a grid. Fields that exist in some rows only, or have another
domain there, are treated regime by regime (the conditional form, arXiv 2601.20800, algorithm 1). The numbers equal
those of Optuna 5.0's `PedAnovaImportanceEvaluator`, with which `tests/theory/test_importance.py` compares them.

The divergence of few rows is never 0, so each importance comes with what chance gives: the same number with a
shuffled objective.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnviz.theory.directions import Direction

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

TOP = 0.1
"""The best rows: so large a share, and what ties with the last of them."""

LEAST_BEST = 5
"""So many rows are called best at least, up to half of all: fewer say little of a law (Optuna's advice)."""

SHUFFLES = 200

CELLS = 50
"""Of the grid of a numeric field."""

LEAST_ROWS = 2
"""A regime of fewer rows is left out."""

LOG_SPAN = 100
"""Positive numbers, the largest of which is so many times the least, are taken by their logarithm."""


class _Absent:
    """See `ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""The value of a field where there is none."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The possible values of a field: a list of `choices`, or numbers from `low` to `high`.

    log: whether numbers are on a logarithmic scale. step: distance of the possible numbers, 1 for whole ones; None
    for any number.
    """

    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: float | None = None

    @property
    def is_single(self) -> bool:
        """Whether there is only one possible value."""
        return len(self.choices) == 1 if self.choices else self.high - self.low < (self.step or 1e-300)

    @property
    def cells(self) -> int:
        """Number of cells into which the domain is divided to estimate densities."""
        if self.choices:
            return len(self.choices)
        if self.log and self.step:
            return min(math.ceil(math.log2(self.high - self.low + 1)) + 1, CELLS)
        return min(round((self.high - self.low) / self.step) + 1, CELLS) if self.step else CELLS

    def cell_indices(self, values: Sequence[Any]) -> Whole:
        """Returns the index of the grid cell nearest to each value; the lower of two equally near ones."""
        if self.choices:
            known = {_key(choice): number for number, choice in enumerate(self.choices)}
            return np.array([known[_key(value)] for value in values], np.int64)
        given = np.asarray(values, np.float64)
        low, high = self.low, self.high
        if self.log:
            given, low, high = np.log(given), math.log(low), math.log(high)
        width = (high - low) / (self.cells - 1)
        return np.clip(np.ceil((given - low) / width - 0.5).astype(np.int64), 0, self.cells - 1)


def infer_domain(values: Iterable[Any]) -> Domain:
    """Returns the smallest `Domain` (list of choices, or range of numbers) that contains these values.

    Numbers give a range, of whole numbers if all are, on a logarithmic scale if it is wide; anything else gives
    choices.

    >>> infer_domain([1, 5, 3])
    Domain(choices=(), low=1.0, high=5.0, log=False, step=1.0)
    >>> infer_domain(["he", "fixed", "he"]).choices
    ('fixed', 'he')
    """
    given = list({_key(value): value for value in values}.values())
    if given and all(_is_number(value) for value in given):
        low, high = float(min(given)), float(max(given))
        whole = all(float(value).is_integer() for value in given)
        return Domain(low=low, high=high, log=low > 0 and high >= LOG_SPAN * low, step=1.0 if whole else None)
    return Domain(choices=tuple(sorted(given, key=lambda value: (str(type(value)), str(value)))))


@dataclass(frozen=True, slots=True)
class Column:
    """One field of all rows: its values (`ABSENT` if a row does not have the field), and the domain of each (None if
    absent).
    """

    values: Sequence[Any]
    domains: Sequence[Domain | None]

    @classmethod
    def from_values(cls, values: Sequence[Any]) -> Column:
        """Returns a column with these values, all in the smallest domain that contains them."""
        domain = infer_domain(value for value in values if value is not ABSENT)
        return cls(values, [None if value is ABSENT else domain for value in values])


@dataclass(frozen=True, slots=True)
class Importance:
    """The importance of a field, and `chance`: its 95th percentile if the objective is shuffled."""

    field: str
    value: float
    chance: float

    @property
    def is_significant(self) -> bool:
        """Whether the importance is larger than what chance gives in 19 of 20 cases."""
        return self.value > self.chance


def ped_anova(
    columns: Mapping[str, Column], objective: ArrayLike, better: Direction, top: float = TOP
) -> dict[str, float]:
    """Returns the importance of each field for being among the best `top` (a share) of the rows.

    objective: (n,); rows without a finite number are left out. All are 0 if fewer than two rows are left.
    """
    loss, kept = _losses(objective, better)
    if len(loss) < 2:
        return dict.fromkeys(columns, 0.0)
    best = _best(loss, top)[None].astype(np.float32)
    return {name: float(_importances(column, kept, best)[0]) for name, column in columns.items()}


def importances(
    columns: Mapping[str, Column],
    objective: ArrayLike,
    better: Direction,
    top: float = TOP,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> list[Importance]:
    """Returns the importance of each field with what chance gives, the most important first.

    objective: (n,). top: share of the rows that count as best. shuffles: number of shuffles of the objective, the
    same for all fields. Takes a tenth of a second for 1,000 rows with ten fields.
    """
    loss, kept = _losses(objective, better)
    if len(loss) < 2:
        return [Importance(name, 0.0, 0.0) for name in columns]
    own = _best(loss, top).astype(np.float32)
    rng = np.random.default_rng(seed)
    best = np.concatenate([own[None], rng.permuted(np.tile(own, (shuffles, 1)), axis=1)])
    found = []
    for name, column in columns.items():
        values = _importances(column, kept, best)
        found.append(Importance(name, float(values[0]), float(np.quantile(values[1:], 0.95)) if shuffles else 0.0))
    return sorted(found, key=lambda one: -one.value)


def top_share(count: int) -> float:
    """Returns the share of `count` rows that count as best: a tenth, but for few rows at least `LEAST_BEST` of them.

    >>> top_share(1000), top_share(20), top_share(6)
    (0.1, 0.25, 0.5)
    """
    return min(0.5, max(TOP, LEAST_BEST / count)) if count else TOP


def best_rows(objective: ArrayLike, better: Direction, top: float = TOP) -> NDArray[np.bool_]:
    """Returns which rows are among the best `top` (a share), (n,) booleans; rows without a finite number are not.

    >>> best_rows([3.0, 1.0, float("nan"), 3.0], "more", 0.3).tolist()
    [True, False, False, True]
    """
    loss, kept = _losses(objective, better)
    found = np.zeros(np.size(objective), bool)
    if len(kept):
        found[kept] = _best(loss, top)
    return found


def _losses(objective: ArrayLike, better: Direction) -> tuple[Floats, Whole]:
    """Of which less is better, of the rows that have a number; and which these are."""
    given = np.asarray(objective, np.float64)
    kept = np.flatnonzero(np.isfinite(given))
    return (-given if better == "more" else given)[kept], kept


def _best(loss: Floats, top: float) -> NDArray[np.bool_]:
    last = math.ceil(top * len(loss)) - 1
    cut: NDArray[np.bool_] = loss <= np.partition(loss, last)[last]
    return cut


def _importances(column: Column, kept: Whole, best: NDArray[np.float32]) -> Floats:
    """(m,) of `best` (m, n): 1 for each of as many of the n rows `kept`, else 0; floats, whose product counts
    quickly."""
    many, rows = int(best[0].sum()), best.shape[1]
    whole = np.zeros(len(best))
    for domain, places in _regimes(column, kept):
        inside = best if len(places) == rows else best[:, places]
        share = inside.sum(axis=1) / many
        if domain.is_single or not share.any():
            continue
        cells = domain.cell_indices([column.values[kept[place]] for place in places])
        at = np.eye(domain.cells, dtype=np.float32)[cells]
        counts, every = (inside @ at).astype(np.float64), at.sum(axis=0, dtype=np.float64)[None]
        divergence = _pearson(_density(counts, domain), _density(every, domain))
        whole += np.where(share > 0, share**2 / (len(places) / rows) * divergence, 0.0)
    found: Floats = whole * (many / rows) ** 2
    return found


def _regimes(column: Column, kept: Whole) -> Iterator[tuple[Domain, list[int]]]:
    """The rows of each domain, by their places among those kept. Rows without the field are a regime that adds nothing,
    but counts."""
    by_identity: dict[int, list[int]] = {}  # most rows share one domain, whose digest would be made for each
    domains = {id(domain): domain for domain in column.domains if domain is not None}
    for place, row in enumerate(kept.tolist()):
        by_identity.setdefault(id(column.domains[row]), []).append(place)
    found: dict[Domain, list[int]] = {}
    for key, domain in domains.items():
        found.setdefault(domain, []).extend(by_identity.get(key, ()))
    return ((domain, places) for domain, places in found.items() if len(places) >= LEAST_ROWS)


def _pearson(top: Floats, every: Floats) -> Floats:
    """The divergence of (m, cells) from (1, cells)."""
    found: Floats = ((top / every - 1) ** 2 * every).sum(axis=1)
    return found


def _density(counts: Floats, domain: Domain) -> Floats:
    """(m, cells) of counts in cells: a Parzen estimator with a prior of one row, as Optuna's."""
    density: Floats = (_chosen(counts) if domain.choices else _smoothed(counts)) + 1e-12
    return density


def _chosen(counts: Floats) -> Floats:
    cells, rows = counts.shape[1], counts.sum(axis=1, keepdims=True)
    prior = 1 / ((counts > 0).sum(axis=1, keepdims=True) + 1)
    seen = (prior * rows + counts) / (1 + cells * prior)
    density: Floats = (seen + 1 / cells) / (rows + 1)
    return density


def _smoothed(counts: Floats) -> Floats:
    """Each row a normal law around its cell, truncated to the grid, as wide as Scott's rule says (1992)."""
    from scipy.special import ndtr  # a tenth of a second, which most have no need of

    cells, rows = counts.shape[1], counts.sum(axis=1)
    cell = np.arange(cells, dtype=np.float64)
    some = np.maximum(rows, 1)
    mean = counts @ cell / some
    spread = np.sqrt((counts * (cell - mean[:, None]) ** 2).sum(axis=1) / np.maximum(1, rows - 1))
    below = counts.cumsum(axis=1)
    first = (below >= np.maximum(rows // 4, 1)[:, None]).argmax(axis=1)
    third = (below > (rows * 3 // 4)[:, None]).argmax(axis=1)
    width = np.maximum(1.059 * np.minimum((third - first) / 1.34, spread) * some**-0.2, 0.5 / 1.64)
    beyond = (np.arange(-cells + 1, cells + 1) - 0.5) / width[:, None]
    mass = np.diff(ndtr(beyond), axis=1)  # of a law around a cell, in the cell so far above it
    kernels = mass[:, cell[None].astype(int) - cell[:, None].astype(int) + cells - 1]
    kernels /= kernels.sum(axis=2, keepdims=True)
    prior = np.diff(ndtr((np.arange(cells + 1) - cells / 2) / cells))
    seen = np.einsum("mi,mig->mg", counts, kernels) + prior / prior.sum()
    density: Floats = seen / (rows + 1)[:, None]
    return density


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _key(value: Any) -> tuple[str, str]:
    """1 and 1.0 are one choice, and True is another."""
    return ("", repr(float(value))) if _is_number(value) else (type(value).__name__, repr(value))
