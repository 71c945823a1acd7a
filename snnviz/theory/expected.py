"""Predictions of a design's metrics from finished runs: a value with a 90 % interval, from regression trees over
fields.

The trees form groups; each group is trained without one fold of the designs (all seeds of a design are in one fold).
The errors of a group on its left-out designs give the width of intervals: 90 % of them are smaller, in units of how
much the trees disagree there (cross-conformal prediction: Vovk 2015, locally weighted: Lei et al. 2018). The same
errors are the model's quality check, which pages show.

A model is trained by `studies.tradeoffs.compute.expecting` and stored as a file of arrays (`theory.expected_files`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnviz.design.design import Design
from snnviz.theory.features import FOLLOWING, FeatureSpace, Places, distances, settings_of, unknown_setting
from snnviz.theory.forest import Floats, Forest
from snnviz.theory.metrics import METRICS, Metric

LEVEL = 0.9
"""Share of new runs that should lie in their interval."""

NEAREST = 3
"""Number of similar runs that are shown with a prediction."""

EXPECTED = ("accuracy", "rate", "operations")
"""Names of the metrics that are predicted."""


@dataclass(frozen=True, slots=True)
class ModelQuality:
    """Quality of a model on runs of designs that it was not trained on.

    coverage: share of runs that lie in their intervals. error: mean absolute error. nearest: the mean absolute error if
    the value of the nearest other design were taken instead, None if there is none. Errors are in the metric's unit;
    for counts, energies and times they are factors: 1.1 is an error of 10 %.
    """

    coverage: float
    error: float
    nearest: float | None


@dataclass(frozen=True, eq=False)
class MetricModel:
    """The regression model of one metric: its trees, the width of its intervals and its measured quality.

    quantile: half width of intervals in units of `scale`. noise: the value of `scale` if all trees agree. runs,
    designs: the numbers of them that have a value.
    """

    name: str
    forest: Forest
    quantile: float
    noise: float
    check: ModelQuality
    runs: int
    designs: int

    @property
    def metric(self) -> Metric:
        """The metric that this model predicts."""
        return METRICS[self.name]

    def scale(self, predictions: Floats) -> Floats:
        """Returns the unit in which errors are measured, (n,): how much the predictions (n, trees) of the trees
        differ.
        """
        groups = [predictions[:, self.forest.fold == fold].var(axis=1) for fold in np.unique(self.forest.fold)]
        found: Floats = np.sqrt(np.mean(groups, axis=0) + self.noise**2)
        return found

    def interval(self, predictions: Floats) -> tuple[Floats, Floats, Floats]:
        """Returns predicted value, low end and high end, (n,) each in the metric's unit, from predictions (n, trees)
        of the trees.
        """
        mean, half = predictions.mean(axis=1), self.quantile * self.scale(predictions)
        return (
            from_model_scale(self.metric, mean),
            from_model_scale(self.metric, mean - half),
            from_model_scale(self.metric, mean + half),
        )


def to_model_scale(metric: Metric, values: Sequence[float] | Floats) -> Floats:
    """Returns values of a metric on the scale on which the model learns: logarithms for counts, energies and times."""
    found = np.asarray(values, np.float64)
    return np.log10(np.maximum(found, 1e-3)) if has_factor_errors(metric) else found


def from_model_scale(metric: Metric, values: Floats) -> Floats:
    """Returns values on the metric's own scale, the inverse of `to_model_scale`; shares are clipped to [0, 1]."""
    if has_factor_errors(metric):
        back: Floats = 10.0 ** np.minimum(values, 300.0)
        return back
    return np.clip(values, 0.0, 1.0) if metric.form == "share" else values


def has_factor_errors(metric: Metric) -> bool:
    """Returns whether errors of this metric are expressed as factors: counts, energies and times."""
    return metric.form in ("count", "energy", "seconds")


@dataclass(frozen=True, slots=True)
class MetricPrediction:
    """A predicted value of a metric, with its 90 % interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A similar design with finished runs: the name of one of its runs, the number of runs, and the means of their
    metrics.

    distance: number of settings in which the designs differ.
    """

    run: str
    seeds: int
    values: Mapping[str, float]
    distance: float


@dataclass(frozen=True, slots=True)
class DesignPrediction:
    """The predictions of a model for a design, by metric, and the runs of the nearest designs.

    unknown: the path of a setting that is outside the tried range, "*" if only the combination of settings is far from
    all that was tried, else "". Unless it is "", `expected` is empty.
    """

    unknown: str
    expected: Mapping[str, MetricPrediction]
    nearest: tuple[Neighbour, ...]


ALL_TOGETHER = "*"
"""Value of `DesignPrediction.unknown` if each setting was tried, but no tried design is near all of them together."""


class Model:
    """Predicts the metrics of designs on one data set.

    fields: the tried fields. targets: models by metric. runs: names of all r runs. of: index of each run's design
    (r,), of d. values: metrics of the runs (r,), NaN if missing. places: positions of the d designs, see
    `FeatureSpace.places`. reach: largest distance from the nearest tried design for which a prediction is made.
    fitted: when it was trained, in seconds since 1970. source: digest of the runs it was trained on.
    """

    def __init__(
        self,
        dataset: str,
        fields: FeatureSpace,
        targets: Mapping[str, MetricModel],
        runs: Sequence[str],
        of: NDArray[np.int32],
        values: Mapping[str, Floats],
        places: Places,
        *,
        reach: float,
        fitted: float,
        source: str,
    ) -> None:
        self.dataset, self.fields, self.targets = dataset, fields, dict(targets)
        self.runs, self.of, self.values, self.places = tuple(runs), of, dict(values), places
        self.reach, self.fitted, self.source = reach, fitted, source

    @property
    def designs(self) -> int:
        """Number of designs with finished runs from which the model was trained."""
        return len(self.places[0])

    def predict(self, design: Design) -> DesignPrediction:
        """Returns the predictions for a design and the finished runs of the nearest designs."""
        told = settings_of(design)
        apart = distances(self.fields.places([told]), self.places)[0]
        first = np.argsort(apart, kind="stable")[:NEAREST]
        nearest = tuple(self._neighbour(int(at), float(apart[at])) for at in first)
        away = unknown_setting(self.fields, told) or (ALL_TOGETHER if apart[first[0]] > self.reach else "")
        if away:
            return DesignPrediction(away, {}, nearest)
        x = self.fields.matrix([told])
        expected = {}
        for name, target in self.targets.items():
            value, low, high = (float(end[0]) for end in target.interval(target.forest.predict(x)))
            expected[name] = MetricPrediction(name, value, low, high)
        return DesignPrediction("", expected, nearest)

    def _neighbour(self, design: int, distance: float) -> Neighbour:
        mine = np.flatnonzero(self.of == design)
        means = {name: found[mine] for name, found in self.values.items()}
        told = {name: float(np.nanmean(some)) for name, some in means.items() if np.isfinite(some).any()}
        return Neighbour(self.runs[mine[0]], len(mine), told, distance)

    def predict_curve(self, designs: Sequence[Design], name: str) -> tuple[Floats, Floats, Floats]:
        """Returns the predicted value of the metric `name` for n designs, such as those along a slider, and the low and
        high end of its interval (of the share `LEVEL`), (n,) each; NaN for designs too far from those with finished
        runs.
        """
        target, told = self.targets[name], [settings_of(design) for design in designs]
        apart = distances(self.fields.places(told), self.places).min(axis=1)
        away = np.array([bool(unknown_setting(self.fields, one)) for one in told]) | (apart > self.reach)
        ends = target.interval(target.forest.predict(self.fields.matrix(told)))
        value, low, high = (np.where(away, np.nan, end) for end in ends)
        return value, low, high

    def varied_fields(self, design: Design) -> tuple[str, ...]:
        """Returns the paths of a design's numeric fields that have several values among the finished runs."""
        told = settings_of(design)
        fields = (f for f in self.fields.fields if f.is_numeric and len(f.values) > 1 and f.path not in FOLLOWING)
        return tuple(field.path for field in fields if field.path in told)

    def values_along(self, design: Design, path: str) -> tuple[Floats, NDArray[np.bool_]]:
        """Returns the value of the field `path` in each finished run, (r,), and a mask (r,) of the runs that differ
        from `design` only in this field and the seed.
        """
        number, (numbers, kinds) = self.fields.numeric_index(path), self.places
        own = self.fields.places([settings_of(design)])
        others = (np.delete(own[0], number, 1), own[1]), (np.delete(numbers, number, 1), kinds)
        alike: NDArray[np.bool_] = distances(*others)[0] < 1e-9
        return self.fields.restore(path, numbers[:, number])[self.of], alike[self.of]
