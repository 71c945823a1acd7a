"""Predictions of a design's metrics from finished runs: a value with a 90 % interval, from regression trees over
fields.

The trees form groups; each group is trained without one fold of the designs (all seeds of a design are in one fold).
The errors of a group on its left-out designs give the width of intervals: 90 % of them are smaller, in units of how
much the trees disagree there (cross-conformal prediction: Vovk 2015, locally weighted: Lei et al. 2018). The same
errors are the model's quality check, which pages show.

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
"""Version of the file format; a file of another version is ignored and written again."""

LEVEL = 0.9
"""Share of new runs that should lie in their interval."""

NEAREST = 3
"""Number of similar runs that are shown with a prediction."""

EXPECTED = ("accuracy", "rate", "operations")
"""Names of the metrics that are predicted."""

SEEN_FILE = "seen.json"
"""Name of a file in the folder of models: the number of finished runs when they were trained."""

DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)
"""Exceptions that reading a damaged or foreign file may raise."""


@dataclass(frozen=True, slots=True)
class Check:
    """Quality of a model on runs of designs that it was not trained on.

    coverage: share of runs that lie in their intervals. error: mean absolute error. nearest: the mean absolute error if
    the value of the nearest other design were taken instead, None if there is none. Errors are in the metric's unit;
    for counts, energies and times they are factors: 1.1 is an error of 10 %.
    """

    coverage: float
    error: float
    nearest: float | None


@dataclass(frozen=True, eq=False)
class Target:
    """The model of one metric: its trees, the width of its intervals and its quality check.

    quantile: half width of intervals in units of `scale`. noise: the value of `scale` if all trees agree. runs,
    designs: the numbers of them that have a value.
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
        """The metric that is predicted."""
        return METRICS[self.name]

    def scale(self, said: Floats) -> Floats:
        """Returns the unit of errors (n,) for designs, from the predictions (n, trees): how much the trees of a group
        differ.
        """
        groups = [said[:, self.forest.fold == fold].var(axis=1) for fold in np.unique(self.forest.fold)]
        found: Floats = np.sqrt(np.mean(groups, axis=0) + self.noise**2)
        return found

    def interval(self, said: Floats) -> tuple[Floats, Floats, Floats]:
        """Returns the predicted value, low and high end, (n,) each in the metric's unit, from predictions (n,
        trees).
        """
        mean, half = said.mean(axis=1), self.quantile * self.scale(said)
        return restore(self.metric, mean), restore(self.metric, mean - half), restore(self.metric, mean + half)


def transformed(metric: Metric, values: Sequence[float] | Floats) -> Floats:
    """Returns values of a metric on the scale on which the model learns: logarithms for counts, energies and times."""
    found = np.asarray(values, np.float64)
    return np.log10(np.maximum(found, 1e-3)) if by_factors(metric) else found


def restore(metric: Metric, values: Floats) -> Floats:
    """Returns values on the metric's own scale, the inverse of `transformed`; shares are clipped to [0, 1]."""
    if by_factors(metric):
        back: Floats = 10.0 ** np.minimum(values, 300.0)
        return back
    return np.clip(values, 0.0, 1.0) if metric.form == "share" else values


def by_factors(metric: Metric) -> bool:
    """Returns whether errors of this metric are expressed as factors: counts, energies and times."""
    return metric.form in ("count", "energy", "seconds")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A predicted value of a metric, with its 90 % interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A finished run whose design is similar: its name, its metrics, and its distance in number of differing
    settings.
    """

    run: str
    values: Mapping[str, float]
    distance: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The predictions of a model for a design, by metric, and the runs of the nearest designs.

    unknown: the path of a setting that is outside the tried range, "*" if only the combination of settings is far from
    all that was tried, else "". Unless it is "", `expected` is empty.
    """

    unknown: str
    expected: Mapping[str, Expectation]
    nearest: tuple[Neighbour, ...]


ALL_TOGETHER = "*"
"""Value of `Answer.unknown` if each setting was tried, but no tried design is near all of them together."""


class Model:
    """Predicts the metrics of designs on one data set.

    fields: the tried fields. targets: models by metric. runs: one run for each of d tried designs, the nearest to the
    design's mean. values: metrics of these runs (d,), NaN if missing. places: positions of the designs
    (`Fields.places`). reach: largest distance from the nearest tried design for which a prediction is made. count:
    number of runs. fitted: when it was trained, in seconds since 1970. source: digest of the runs it was trained on.
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
        """Number of tried designs."""
        return len(self.runs)

    def answer(self, design: Design) -> Answer:
        """Returns the predictions for a design and the runs of the nearest designs."""
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
        """Returns a metric's predicted values, low and high ends, for several designs; NaN for designs too far from
        tried ones.
        """
        target, told = self.targets[name], [settings_of(design) for design in designs]
        apart = distances(self.fields.places(told), self.places).min(axis=1)
        away = np.array([bool(unknown(self.fields, one)) for one in told]) | (apart > self.reach)
        ends = target.interval(target.forest.predict(self.fields.matrix(told)))
        value, low, high = (np.where(away, np.nan, end) for end in ends)
        return value, low, high

    def save(self, folder: Path | None = None) -> Path:
        """Writes the model to its file, atomically, and returns the path."""
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
    """Returns the path of a data set's model file; its name is a digest, so any data set name is safe."""
    name = hashlib.sha256(dataset.encode()).hexdigest()[:16]
    return (folder or cache_dir() / "expected") / f"{name}.npz"


def load(dataset: str, folder: Path | None = None) -> Model | None:
    """Returns the model of a data set; None if there is none, or if the file is damaged or of another version."""
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
