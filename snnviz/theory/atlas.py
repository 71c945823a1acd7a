"""Results of training a small block with every possible adjacency matrix (an atlas), read from a file shipped with
snnviz.

The file has one row for each trained matrix and seed; some may be missing, so every result says over how many seeds it
is.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.design import adjacency
from snnviz.errors import StoreError
from snnviz.graph.atlas import KINDS, SEEDS, matrix_count, neighbours
from snnviz.theory.comparison import Comparison, compare_with_one
from snnviz.theory.intervals import ConfidenceInterval, confidence_interval, studentized_range_quantile

COLUMNS = ("validation_accuracy", "accuracy", "rate", "synops")
"""Metrics of each run; `accuracy` is that of the test images."""

MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class AtlasInfo:
    """How an atlas was made: digest of the training setting, the machines in words, the date of the last run, and the
    total seconds on one core.
    """

    setting: str
    machines: tuple[str, ...] = ()
    made: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class EdgeEffect:
    """Mean effect of one skip connection: test accuracy with it minus test accuracy without, averaged over all matrices
    of the other skips.

    `kind`: 1 DSC, 2 ASC. `interval`: over seeds.
    """

    position: tuple[int, int]
    kind: int
    interval: ConfidenceInterval


@dataclass(frozen=True, slots=True)
class RankRange:
    """The range of ranks, `best` to `worst` among `count` matrices, that is compatible with a matrix's validation
    accuracy; 1 is the best.
    """

    best: int
    worst: int
    count: int


@dataclass(frozen=True, eq=False)
class Atlas:
    """Results of all adjacency matrices of a block of `depth` layers: `values` maps a metric to an array (matrices,
    seeds), NaN where a run is missing.
    """

    depth: int
    about: AtlasInfo
    values: Mapping[str, NDArray[np.float64]] = field(repr=False)

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """The seeds for which every matrix was trained."""
        whole = ~np.isnan(self.values["accuracy"]).any(axis=0)
        return tuple(int(seed) for seed in np.flatnonzero(whole))

    @cached_property
    def trained(self) -> int:
        """Number of trained networks, over all matrices and seeds."""
        return int((~np.isnan(self.values["accuracy"])).sum())

    def mean_over_seeds(self, number: int, metric: str = "accuracy") -> ConfidenceInterval | None:
        """Returns the mean of a metric of matrix `number` over its trained seeds, with a 95 % interval; None if it was
        not trained.
        """
        values = self.values[metric][number]
        values = values[~np.isnan(values)]
        return confidence_interval([float(value) for value in values]) if len(values) else None

    def neighbour_differences(self, number: int) -> dict[tuple[tuple[int, int], int], tuple[int, Comparison]]:
        """Returns the matrices that differ from matrix `number` in one skip, by (position, skip kind there): the
        neighbour's number, and the difference of its test accuracy from that of `number`, paired by seed and corrected
        for the number of comparisons.
        """
        several = neighbours(self.depth, number)
        others = {f"{i}-{j}-{kind}": self._by_seed(other) for (i, j), kind, other in several}
        found = compare_with_one(self._by_seed(number), others, better="more")
        return {((i, j), kind): (other, found[f"{i}-{j}-{kind}"]) for (i, j), kind, other in several}

    def _by_seed(self, number: int) -> dict[int, float]:
        return {seed: float(v) for seed, v in enumerate(self.values["accuracy"][number]) if not math.isnan(v)}

    @cached_property
    def effects(self) -> tuple[EdgeEffect, ...]:
        """The effect of each skip, computed over the seeds for which every matrix was trained; () without such a
        seed.
        """
        if not self.seeds:
            return ()
        positions = adjacency.skip_positions(self.depth)
        cube = self.values["accuracy"][:, self.seeds].reshape((KINDS,) * len(positions) + (len(self.seeds),))
        found = []
        for axis, position in enumerate(positions):
            others = tuple(other for other in range(len(positions)) if other != axis)
            means = cube.mean(axis=others)  # (kinds, seeds)
            for kind in range(1, KINDS):
                found.append(EdgeEffect(position, kind, confidence_interval([*map(float, means[kind] - means[0])])))
        return tuple(found)

    @cached_property
    def significant_difference(self) -> float:
        """The smallest difference of two matrices' mean validation accuracies that is significant among all pairs
        (Tukey's HSD).

        The standard deviation is what is left after subtracting the mean of each matrix and of each seed; infinite for
        a single seed.
        """
        values = self.values["validation_accuracy"][:, self.seeds]
        count, seeds = values.shape
        if seeds < 2:
            return math.inf
        rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
        freedom = (count - 1) * (seeds - 1)
        sd = math.sqrt(float((rest**2).sum()) / freedom)
        return studentized_range_quantile(count, freedom) * sd * math.sqrt(2 / seeds)

    def rank_range(self, number: int) -> RankRange | None:
        """Returns the range of ranks of matrix `number` among all, by validation accuracy; None without a seed for
        which all were trained.

        The interval holds for all matrices at once (Al Mohamad et al. 2022): those before it that differ by more than
        `significant_difference` are better, and those after it are worse.
        """
        if not self.seeds:
            return None
        means = self.values["validation_accuracy"][:, self.seeds].mean(axis=1)
        better = int((means - means[number] > self.significant_difference).sum())
        worse = int((means[number] - means > self.significant_difference).sum())
        return RankRange(1 + better, len(means) - worse, len(means))


def read_atlas(path: Path, depth: int) -> Atlas:
    """Returns an atlas, the results of every adjacency matrix of a block of `depth` layers, from its file. Raises
    `StoreError` if the file is damaged or no atlas.
    """
    try:
        with gzip.open(path, "rb") as file:
            text = file.read(MOST_BYTES).decode()
        head, _, body = text.partition("\n")
        told: dict[str, Any] = json.loads(head.removeprefix("# "))
        about = AtlasInfo(
            str(told["setting"]),
            tuple(str(each) for each in told["machines"]),
            str(told["made"]),
            float(told["seconds"]),
        )
        values = {name: np.full((matrix_count(depth), len(SEEDS)), np.nan) for name in COLUMNS}
        for row in csv.DictReader(io.StringIO(body)):
            at = int(row["matrix"]), int(row["seed"])
            if not (0 <= at[0] < matrix_count(depth) and at[1] in SEEDS):
                raise ValueError(row)
            for name in COLUMNS:
                values[name][at] = float(row[name] or "nan")
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise StoreError(f"The atlas {path} cannot be read: make it anew with python -m benchmarks.atlas.") from error
    return Atlas(depth, about, values)


def write_atlas(path: Path, about: AtlasInfo, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes the file of an atlas from its rows; the same rows give the same bytes."""
    text = io.StringIO()
    told = {"setting": about.setting, "machines": about.machines, "made": about.made, "seconds": round(about.seconds)}
    text.write(f"# {json.dumps(told)}\n")
    table = csv.DictWriter(text, ("matrix", "seed", *COLUMNS), lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    table.writerows(sorted(rows, key=lambda row: (row["seed"], row["matrix"])))
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    new.replace(path)


def file_name(depth: int) -> str:
    """Returns the name of the file that holds the atlas of blocks of `depth` layers.

    >>> file_name(4)
    'atlas-4.csv.gz'
    """
    return f"atlas-{depth}.csv.gz"
