"""What finished runs let expect of another design: a number with a 90 % interval, from trees over its fields.

The trees are in groups; each group has not seen one fold of the designs, all seeds of a design in one fold. What the
blind group says of a design beside what its runs came to is an error on something new: the intervals are as wide as
nine of ten such errors were, in units of how much the trees differ there (cross-conformal: Vovk 2015, locally
weighted: Lei et al. 2018). The same errors are the model's check, which pages show.

A model is a file of arrays in the cache folder, written by `studies.tradeoffs.compute.expecting` and read here.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnviz.design.design import Design
from snnviz.places import cache_dir
from snnviz.theory.features import Field, Fields, distances, settings_of, unknown
from snnviz.theory.forest import Floats, Forest
from snnviz.theory.metrics import METRICS, Metric

FORMAT = 1
"""Of the file; one of another is made anew."""

LEVEL = 0.9
"""Share of new runs that should lie in an interval."""

NEAREST = 3
"""Runs that are shown beside an expectation."""

EXPECTED = ("accuracy", "rate", "operations")
"""Metrics that are expected of a design, by name."""

SEEN_FILE = "seen.json"
"""In the folder of models: how many runs were done when they were made."""

DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)
"""What reading a file raises that is damaged, or something else."""


@dataclass(frozen=True, slots=True)
class Check:
    """How a model did on runs of designs that it had not seen.

    coverage: share of the runs in their intervals; error: the mean absolute one; nearest: that of the run of the
    nearest other design instead, None where there is none. In units of the metric, of what is counted factors: 1.1 is
    10 % off.
    """

    coverage: float
    error: float
    nearest: float | None


@dataclass(frozen=True, eq=False)
class Target:
    """A metric as a model knows it: its trees, the scale of its intervals, its check.

    quantile: of the errors, in units of `scale`. noise: what the scale is where all trees agree. runs, designs: with
    a value of it.
    """

    name: str
    forest: Forest
    quantile: float
    noise: float
    check: Check
    runs: int
    designs: int

    @property
    def metric(self) -> Metric:
        return METRICS[self.name]

    def scale(self, said: Floats) -> Floats:
        """The unit of an error at each design, from what trees (n, trees) say of it: (n,). As the errors were of one
        group of trees, it is how much those of one group differ."""
        groups = [said[:, self.forest.fold == fold].var(axis=1) for fold in np.unique(self.forest.fold)]
        found: Floats = np.sqrt(np.mean(groups, axis=0) + self.noise**2)
        return found

    def interval(self, said: Floats) -> tuple[Floats, Floats, Floats]:
        """Expectation, low and high end (n,) in the metric's own unit."""
        mean, half = said.mean(axis=1), self.quantile * self.scale(said)
        return restore(self.metric, mean), restore(self.metric, mean - half), restore(self.metric, mean + half)


def transformed(metric: Metric, values: Sequence[float] | Floats) -> Floats:
    """Values of a metric as a model learns them: what is counted by its logarithm."""
    found = np.asarray(values, np.float64)
    return np.log10(np.maximum(found, 1e-3)) if by_factors(metric) else found


def restore(metric: Metric, values: Floats) -> Floats:
    """The other way round; shares within 0 and 1."""
    if by_factors(metric):
        back: Floats = 10.0 ** np.minimum(values, 300.0)
        return back
    return np.clip(values, 0.0, 1.0) if metric.form == "share" else values


def by_factors(metric: Metric) -> bool:
    """Whether its errors are factors: of counts, energies and times."""
    return metric.form in ("count", "energy", "seconds")


@dataclass(frozen=True, slots=True)
class Expectation:
    """Of a metric of a design: the number and its 90 % interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A finished run near a design: its name and its values by metric. distance: in settings that differ."""

    run: str
    values: Mapping[str, float]
    distance: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of a design. unknown: the path of the setting that is away from what was tried, "*" where
    that is all of them together, "" where nothing is; then nothing is expected."""

    unknown: str
    expected: Mapping[str, Expectation]
    nearest: tuple[Neighbour, ...]


ALL_TOGETHER = "*"
"""In the place of a path: each setting was tried, and nothing near all of them."""


class Model:
    """What is expected on one data set.

    fields: what was tried; targets: by name of metric; runs: one of each design (d,), the nearest to its mean, with
    its values by metric (d,), NaN where there is none; places: of the designs (`Fields.places`); reach: how far a
    design is from the nearest other at most, to be known. counts: of all runs. fitted: when, in seconds since 1970;
    source: digest of the runs that it was made of.
    """

    def __init__(
        self,
        dataset: str,
        fields: Fields,
        targets: Mapping[str, Target],
        runs: Sequence[str],
        values: Mapping[str, Floats],
        places: tuple[Floats, NDArray[np.int64]],
        *,
        reach: float,
        count: int,
        fitted: float,
        source: str,
    ) -> None:
        self.dataset, self.fields, self.targets = dataset, fields, dict(targets)
        self.runs, self.values, self.places = tuple(runs), dict(values), places
        self.reach, self.count, self.fitted, self.source = reach, count, fitted, source

    @property
    def designs(self) -> int:
        """How many were tried."""
        return len(self.runs)

    def answer(self, design: Design) -> Answer:
        """What is expected of a design, and the runs that are nearest to it."""
        told = settings_of(design)
        apart = distances(self.fields.places([told]), self.places)[0]
        first = np.argsort(apart, kind="stable")[:NEAREST]
        nearest = tuple(
            Neighbour(
                self.runs[at],
                {name: float(found[at]) for name, found in self.values.items() if math.isfinite(found[at])},
                float(apart[at]),
            )
            for at in first
        )
        away = unknown(self.fields, told) or (ALL_TOGETHER if apart[first[0]] > self.reach else "")
        if away:
            return Answer(away, {}, nearest)
        x = self.fields.matrix([told])
        expected = {}
        for name, target in self.targets.items():
            value, low, high = (float(end[0]) for end in target.interval(target.forest.predict(x)))
            expected[name] = Expectation(name, value, low, high)
        return Answer("", expected, nearest)

    def curve(self, designs: Sequence[Design], name: str) -> tuple[Floats, Floats, Floats]:
        """Expectation, low and high end of a metric for several designs; NaN where it is unknown."""
        target, told = self.targets[name], [settings_of(design) for design in designs]
        apart = distances(self.fields.places(told), self.places).min(axis=1)
        away = np.array([bool(unknown(self.fields, one)) for one in told]) | (apart > self.reach)
        ends = target.interval(target.forest.predict(self.fields.matrix(told)))
        value, low, high = (np.where(away, np.nan, end) for end in ends)
        return value, low, high

    def save(self, folder: Path | None = None) -> Path:
        """Write the file, whole or not at all."""
        path = model_path(self.dataset, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {
            "format": FORMAT,
            "dataset": self.dataset,
            "fields": [asdict(field) for field in self.fields.fields],
            "targets": {
                name: {
                    "quantile": t.quantile,
                    "noise": t.noise,
                    "runs": t.runs,
                    "designs": t.designs,
                    **asdict(t.check),
                }
                for name, t in self.targets.items()
            },
            "revisions": {name: METRICS[name].revision for name in self.targets},
            "values": list(self.values),
            "reach": self.reach,
            "count": self.count,
            "fitted": self.fitted,
            "source": self.source,
        }
        arrays: dict[str, NDArray[Any]] = {
            "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
            "runs": np.array(self.runs, "U16"),
            "values": np.array(list(self.values.values()), np.float64).reshape(len(self.values), len(self.runs)),
            "numbers": self.places[0],
            "kinds": self.places[1],
        }
        for name, target in self.targets.items():
            arrays |= target.forest.arrays(name)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with new.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
        return path


def model_path(dataset: str, folder: Path | None = None) -> Path:
    """The file of a data set's model; a stranger's name of a data set is no part of it."""
    name = hashlib.sha256(dataset.encode()).hexdigest()[:16]
    return (folder or cache_dir() / "expected") / f"{name}.npz"


def load(dataset: str, folder: Path | None = None) -> Model | None:
    """The model of a data set; None where there is none, or one that is damaged or of another version."""
    try:
        with model_path(dataset, folder).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return _read(dataset, {name: file[name] for name in file.files})
    except DAMAGED:
        return None


def _read(dataset: str, arrays: Mapping[str, NDArray[Any]]) -> Model:
    about = json.loads(arrays["about"].tobytes())
    names = list(about["targets"])
    if about["format"] != FORMAT or about["dataset"] != dataset:
        raise ValueError("it is of another version")
    if about["revisions"] != {name: METRICS[name].revision for name in names if name in METRICS}:
        raise ValueError("metrics were mended since")
    fields = Fields([Field(**{**one, "values": tuple(one["values"])}) for one in about["fields"]])
    targets = {}
    for name, one in about["targets"].items():
        forest = Forest.from_arrays(name, arrays)
        forest.check(fields.columns)
        check = Check(one["coverage"], one["error"], one["nearest"])
        targets[name] = Target(name, forest, one["quantile"], one["noise"], check, one["runs"], one["designs"])
    runs, values = [str(run) for run in arrays["runs"]], arrays["values"]
    places = (arrays["numbers"], arrays["kinds"])
    if not len(runs) == values.shape[1] == len(places[0]) == len(places[1]) or len(values) != len(about["values"]):
        raise ValueError("its arrays do not fit together")
    if not [part.shape[1] for part in fields.places([{}])] == [part.shape[1] for part in places]:
        raise ValueError("its arrays do not fit to its fields")
    return Model(
        dataset,
        fields,
        targets,
        runs,
        dict(zip(about["values"], values, strict=True)),
        places,
        reach=float(about["reach"]),
        count=int(about["count"]),
        fitted=float(about["fitted"]),
        source=str(about["source"]),
    )
