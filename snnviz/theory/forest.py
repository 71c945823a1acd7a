"""A forest of regression trees as plain arrays, evaluated with numpy alone (Geurts et al. 2006).

The trees are trained by scikit-learn in a separate process (`studies.tradeoffs.compute.expecting`); the pages' process
reads the arrays. Each row is a node: if ``x[feature] <= value`` the next node is the next row, else row `right`. In a
leaf `feature` is -1 and `value` is the prediction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Inputs = NDArray[np.float32]
"""scikit-learn compares float32 with thresholds in float64; so must who wants its numbers."""

LEAF = -1


@dataclass(frozen=True, eq=False)
class Forest:
    """Regression trees, one after the other in arrays over all nodes.

    feature: (nodes,) int16. value: (nodes,) float64. right: (nodes,) int32, indices of rows. roots: (trees,) int32,
    first row of each tree. fold: (trees,) int16, the fold of the data that a tree was not trained on.
    """

    feature: NDArray[np.int16]
    value: Floats
    right: NDArray[np.int32]
    roots: NDArray[np.int32]
    fold: NDArray[np.int16]

    def check(self, features: int) -> None:
        """Raises `ValueError` unless the arrays are valid trees over `features` features, so that `predict`
        terminates.
        """
        nodes, inner = len(self.feature), self.feature != LEAF
        places = np.arange(nodes)
        if not (
            nodes
            and self.value.shape == self.right.shape == (nodes,)
            and self.roots.shape == self.fold.shape
            and len(self.roots)
            and ((self.roots >= 0) & (self.roots < nodes)).all()
            and (self.feature[inner] >= 0).all()
            and (self.feature < features).all()
            and not inner[-1]
            and ((self.right > places) & (self.right < nodes))[inner].all()
            and np.isfinite(self.value).all()
        ):
            raise ValueError("these arrays are no forest")

    def predict(self, x: Inputs) -> Floats:
        """Returns each tree's prediction (rows, trees) for each row of x (rows, features)."""
        at = np.broadcast_to(self.roots, (len(x), len(self.roots))).copy()
        rows = np.arange(len(x))[:, None]
        while True:
            feature = self.feature[at]
            inner = feature != LEAF
            if not inner.any():
                return self.value[at]
            left = x[rows, np.maximum(feature, 0)] <= self.value[at]
            at = np.where(inner, np.where(left, at + 1, self.right[at]), at)

    def of_fold(self, fold: int) -> Forest:
        """Returns the trees that were not trained on this fold."""
        mine = self.fold == fold
        return replace(self, roots=self.roots[mine], fold=self.fold[mine])

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Returns the arrays for an .npz file, under names that begin with `name`."""
        return {f"{name}.{field}": getattr(self, field) for field in _TYPES}

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, NDArray[np.generic]]) -> Forest:
        """Returns the forest from arrays written by `arrays`. Raises `KeyError` or `ValueError` if they do not fit."""
        found = {field: arrays[f"{name}.{field}"] for field in _TYPES}
        for field, kind in _TYPES.items():
            if found[field].dtype != kind or found[field].ndim != 1:
                raise ValueError(f"{name}.{field} is not of its type")
        return cls(**found)  # type: ignore[arg-type]


_TYPES = {"feature": np.int16, "value": np.float64, "right": np.int32, "roots": np.int32, "fold": np.int16}
