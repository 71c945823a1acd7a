"""Trains the trees that predict a design's metrics from finished runs (`theory.expected`), with scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import ExtraTreeRegressor

from snnviz.store.groups import RunGroup
from snnviz.theory.expected import EXPECTED, LEVEL, MetricModel, Model, ModelQuality, from_model_scale, to_model_scale
from snnviz.theory.features import FeatureSpace, distances, settings_of
from snnviz.theory.forest import LEAF, Floats, Forest, Inputs
from snnviz.theory.metrics import METRICS

FOLDS = 5
"""Groups of trees, and parts of the designs."""

TREES = 32
"""In each group."""

LEAST = 10
"""Designs without which nothing is expected."""

SEEN = 500
"""Designs at most whose nearest other design is looked for."""

REACH = 1.25
"""Times the distance within which 99 of 100 designs have another, a design is known."""


FLOOR = 1.5
"""Times the median error, the least unit of an error: where the trees agree by chance, an interval is no narrower."""


def train_model(
    dataset: str, groups: Sequence[RunGroup], names: Sequence[str] = EXPECTED, source: str = ""
) -> Model | None:
    """Returns a model that predicts metrics from the finished runs on a data set; None for fewer than `LEAST`
    designs.

    groups: the runs. names: the metrics. source: digest of the runs, stored in the model.
    """
    groups = [group for group in groups if any(group.values.get(name) for name in names)]
    if len(groups) < LEAST:
        return None
    designs = [group.design for group in groups]
    told = [settings_of(design) for design in designs]
    fields = FeatureSpace.from_designs([*zip(designs, told, strict=True)])
    x, places = fields.matrix(told), fields.places(told)
    order = np.random.default_rng(0).permutation(len(groups))
    folds = np.empty(len(groups), np.int16)
    folds[order] = np.arange(len(groups)) % FOLDS
    some = order[:SEEN]
    apart = distances((places[0][some], places[1][some]), places)
    apart[np.arange(len(some)), some] = np.inf
    reach = REACH * float(np.quantile(apart.min(axis=1), 0.99))
    targets = {name: target for name in names if (target := _target(name, groups, x, folds, some, apart)) is not None}
    if not targets:
        return None
    several = [sorted({seed for found in group.values.values() for seed in found}) for group in groups]
    runs = [(group, seed) for group, seeds in zip(groups, several, strict=True) for seed in seeds]
    return Model(
        dataset,
        fields,
        targets,
        [group.runs[seed] for group, seed in runs],
        np.repeat(np.arange(len(groups), dtype=np.int32), [len(seeds) for seeds in several]),
        {name: np.array([group.values.get(name, {}).get(seed, np.nan) for group, seed in runs]) for name in targets},
        places,
        reach=reach,
        fitted=time.time(),
        source=source,
    )


def _target(
    name: str, groups: Sequence[RunGroup], x: Inputs, folds: NDArray[np.int16], some: NDArray[np.int64], apart: Floats
) -> MetricModel | None:
    metric = METRICS[name]
    values = [to_model_scale(metric, [*group.values.get(name, {}).values()]) for group in groups]
    known = np.array([len(each) > 0 for each in values])
    if known.sum() < LEAST or len(set(folds[known])) < FOLDS:
        return None
    means = np.array([each.mean() if len(each) else np.nan for each in values])
    weights = np.array([float(len(each)) for each in values])
    forest = train_trees(x[known], means[known], weights[known], folds[known])
    own = folds[known]
    blind = np.empty((len(own), TREES))
    for fold in range(FOLDS):
        blind[own == fold] = forest.of_fold(fold).predict(x[known][own == fold])
    spread, mean = blind.std(axis=1), blind.mean(axis=1)
    mine = [each for each in values if len(each)]
    errors = [np.abs(each - at) for each, at in zip(mine, mean, strict=True)]
    noise = max(_noise(mine), FLOOR * float(np.median(np.concatenate(errors))), 1e-9)
    scores = [error / unit for error, unit in zip(errors, np.hypot(spread, noise), strict=True)]
    inside, off = [], []
    for fold in range(FOLDS):
        limit = conformal_quantile([one for one, at in zip(scores, own, strict=True) if at != fold])
        inside += [float((one <= limit).mean()) for one, at in zip(scores, own, strict=True) if at == fold]
    back = from_model_scale(metric, mean)
    for each, at in zip(mine, back if metric.form == "share" else mean, strict=True):
        off.append(float(np.abs(each - at).mean()))
    error = float(np.mean(off))
    nearest = _nearest(values, known, folds, some, apart)
    if metric.form in ("count", "energy", "seconds"):
        error, nearest = 10**error, None if nearest is None else 10**nearest
    check = ModelQuality(float(np.mean(inside)), error, nearest)
    return MetricModel(name, forest, conformal_quantile(scores), noise, check, int(weights.sum()), int(known.sum()))


def train_trees(x: Inputs, y: Floats, weights: Floats, folds: NDArray[np.int16]) -> Forest:
    """Returns extremely randomised regression trees for features x (n, columns) and targets y (n,).

    folds: the fold (n,) of each row. Of each fold there are `TREES` trees that are trained without its rows.
    """
    parts: list[dict[str, NDArray[np.generic]]] = []
    roots, blind, nodes = [], [], 0
    for fold in range(FOLDS):
        seen = folds != fold
        given = np.ascontiguousarray(x[seen]), np.ascontiguousarray(y[seen])[:, None], weights[seen]
        for number in range(TREES):
            tree = ExtraTreeRegressor(
                min_samples_leaf=1 if len(x) <= LARGE else 2, max_features=SHARE, random_state=fold * TREES + number
            )
            part = tree_arrays(tree.fit(*given, check_input=False), nodes)
            parts.append(part)
            roots.append(nodes)
            blind.append(fold)
            nodes += len(part["feature"])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Forest(**joined, roots=np.array(roots, np.int32), fold=np.array(blind, np.int16))


SHARE = 0.6
"""Of the features, those that a split is chosen among."""

LARGE = 2_000
"""More designs than that are two in a leaf at least, so that trees stay small."""


def tree_arrays(tree: ExtraTreeRegressor, start: int) -> dict[str, NDArray[np.generic]]:
    """Returns the nodes of a fitted scikit-learn tree as arrays of `forest.Forest`; its root is row `start` there."""
    grown = tree.tree_
    leaf = grown.children_left < 0
    if not (grown.children_left[~leaf] == np.flatnonzero(~leaf) + 1).all():
        raise ValueError("scikit-learn numbers the nodes of a tree in another order")
    return {
        "feature": np.where(leaf, LEAF, grown.feature).astype(np.int16),
        "value": np.where(leaf, grown.value[:, 0, 0], grown.threshold).astype(np.float64),
        "right": np.where(leaf, 0, grown.children_right + start).astype(np.int32),
    }


def conformal_quantile(scores: Sequence[Floats]) -> float:
    """Returns the `LEVEL` quantile of prediction errors (scores) for conformal intervals, given as an array (seeds,)
    for each design.

    Each design has the same weight, however many seeds it has, and an infinite score is added (Vovk et al. 2005).
    """
    flat = np.concatenate(scores)
    weights = np.concatenate([np.full(len(each), 1 / len(each)) for each in scores])
    order = np.argsort(flat)
    share = np.cumsum(weights[order]) / (len(scores) + 1)
    at = int(np.searchsorted(share, LEVEL))
    return float(flat[order[min(at, len(flat) - 1)]])


def _noise(values: Sequence[Floats]) -> float:
    """The standard deviation between seeds of a design; 0 where none has two."""
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in values)
    free = sum(len(each) - 1 for each in values)
    return float(np.sqrt(squares / free)) if free else 0.0


def _nearest(
    values: Sequence[Floats], known: NDArray[np.bool_], folds: NDArray[np.int16], some: NDArray[np.int64], apart: Floats
) -> float | None:
    """The mean error of saying what a run of the nearest design of another fold came to."""
    errors = []
    for row, at in enumerate(some):
        others = np.where(known & (folds != folds[at]), apart[row], np.inf)
        other = int(np.argmin(others))
        if known[at] and np.isfinite(others[other]):
            errors.append(float(np.abs(values[at] - values[other][0]).mean()))
    return float(np.mean(errors)) if errors else None
