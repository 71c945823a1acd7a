"""Distances between the spikes of two images, and the score of a cell made of them (Kim et al. 2022, Sec. 4.2).

`KernelMatrix` accumulates them layer by layer; `ScoringResult` is the stored result of a scoring.

In a layer of N neurons at a time step, image i has c_i spikes, and c_ij neurons spike for both images i and j:

    HD    = c_i + c_j - 2 c_ij                          the Hamming distance
    E[HD] = N p,  p = r_i (1 - r_j) + (1 - r_i) r_j     with r = c / N, or 1 - c / N: Eq. 6
    SAHD  = alpha HD / (N p + 0.001)                    sparsity-aware; alpha = N/2 (paper) or 1/2 (code): Eq. 7
          = HD / 2 / (p + 0.001)                        published: with alpha = N/2, 0.001 is added to p, not to N p
    K     = sum of N - SAHD over layers and time steps  their mean (code, published); the score is log|det K|: Eq. 3

"code" is an early version of the authors' code, "published" what their repository has had since.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from snnviz.errors import InputError
from snnviz.studies.cells.scoring import Metric, Normalisation

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

METRICS: tuple[Metric, ...] = get_args(Metric)

EPSILON = 1e-3
"""Constant in the denominator, so that two silent images have distance 0."""


@dataclass(frozen=True, slots=True)
class Score:
    """A cell's score log|det K| for its kernel matrix K, or None and the reason in words."""

    value: float | None
    invalid: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one cell by one metric (HD or SAHD), one score for each repeat with other random weights and
    images.

    >>> found = Scores((Score(3.0), Score(5.0)))
    >>> found.mean, round(found.deviation, 3), Scores((Score(3.0), Score(None, "why"))).invalid
    (4.0, 1.414, 'why')
    """

    each: tuple[Score, ...]

    @property
    def values(self) -> list[float]:
        """The scores of the repeats in which the cell has a valid score."""
        return [score.value for score in self.each if score.value is not None]

    @property
    def mean(self) -> float | None:
        """Mean score over the repeats; None if the score of one of them is invalid."""
        return None if self.invalid else sum(self.values) / len(self.each)

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the score between repeats; None if there is no mean, or only one repeat."""
        return None if self.invalid or len(self.each) < 2 else float(np.std(self.values, ddof=1))

    @property
    def invalid(self) -> str:
        """The reason why there is no mean score, as a sentence, or ""."""
        return next((score.invalid for score in self.each if score.value is None), "")


def hamming_distance(both: Counts) -> Counts:
    """Returns the Hamming distances (..., B, B) of images' spikes. `both[i, j]`: number of neurons that spike for both
    images.
    """
    own = np.diagonal(both, axis1=-2, axis2=-1)
    return own[..., :, None] + own[..., None, :] - 2 * both


def expected_hamming_distance(both: Counts, neurons: int) -> Floats:
    """Returns the expected Hamming distances E[HD] (..., B, B) of images whose spikes are independent; `both` as in
    `hamming_distance`.

    >>> expected_hamming_distance(np.array([[50, 0], [0, 25]]), 100).tolist()
    [[50.0, 50.0], [50.0, 37.5]]
    """
    rate = np.diagonal(both, axis1=-2, axis2=-1) / neurons
    one, other = rate[..., :, None], rate[..., None, :]
    return neurons * (one * (1 - other) + (1 - one) * other)


def sparsity_aware_distance(apart: Counts, both: Counts, neurons: int, normalisation: Normalisation) -> Floats:
    """Returns the sparsity-aware Hamming distances SAHD, (..., B, B): Hamming distances `apart` in units of the
    distance expected for independent spikes.

    `both` as in `hamming_distance`.
    """
    return apart * sahd_ratio(expected_hamming_distance(both, neurons), neurons, normalisation)


def sahd_ratio(expected: Floats, neurons: int, normalisation: Normalisation) -> Floats:
    """Returns the ratio of sparsity-aware and plain Hamming distance, SAHD / HD, in the shape of `expected`.

    `expected`: Hamming distance of independent spikes with the same rates, see `expected_hamming_distance`.
    """
    alpha = 0.5 if normalisation == "code" else 0.5 * neurons
    return alpha / (expected + EPSILON * (neurons if normalisation == "published" else 1))


def uses_mean(normalisation: Normalisation) -> bool:
    """Returns whether a normalisation averages the kernel matrix over layers and time steps instead of summing it."""
    return normalisation != "paper"


class KernelMatrix:
    """The kernel matrix K of similarities between the images of a batch, (B, B), by both metrics, accumulated layer by
    layer.

    >>> kernel = KernelMatrix()
    >>> kernel.add(np.array([[[3, 1], [1, 2]]]), neurons=10)
    >>> kernel.matrix("hd").tolist(), round(kernel.score("hd").value, 3)
    ([[10.0, 7.0], [7.0, 10.0]], 3.932)
    """

    def __init__(self, normalisation: Normalisation = "paper") -> None:
        self.normalisation = normalisation
        self.hamming: Counts = np.zeros((), np.int64)
        self.sahd: Floats = np.zeros(())
        """Distances (B, B), summed over layers and time steps."""
        self.neurons = self.terms = self.spikes = 0

    def add(self, both: Counts, neurons: int, copies: int = 1) -> None:
        """Adds a layer of `neurons`; `both` (T, B, B): how many spike for both images; `copies`: number of equal
        layers.
        """
        apart = hamming_distance(both)
        self.hamming = self.hamming + copies * apart.sum(0)
        self.sahd = self.sahd + copies * sparsity_aware_distance(apart, both, neurons, self.normalisation).sum(0)
        self.neurons += copies * len(both) * neurons
        self.terms += copies * len(both)
        self.spikes += copies * int(np.diagonal(both, axis1=-2, axis2=-1).sum())

    def distance(self, metric: Metric) -> Floats:
        """Returns the distances (B, B), summed over layers and time steps."""
        return self.sahd if metric == "sahd" else self.hamming.astype(np.float64)

    def matrix(self, metric: Metric = "sahd") -> Floats:
        """Returns the kernel matrix K, (B, B): similarities of the images' spikes by a metric."""
        return (self.neurons - self.distance(metric)) / (self.terms if uses_mean(self.normalisation) else 1)

    def score(self, metric: Metric = "sahd") -> Score:
        """Returns the score log|det K| of the kernel matrix; a `Score` without value if K has no inverse or is not
        positive.
        """
        if not self.spikes:
            return Score(None, "no neuron spikes")
        alike = np.argwhere(np.triu(self.hamming == 0, 1))
        if len(alike):
            first, second = alike[0] + 1
            return Score(None, f"images {first} and {second} of the batch make the same spikes")
        sign, value = np.linalg.slogdet(self.matrix(metric))
        return Score(float(value)) if sign > 0 and np.isfinite(value) else Score(None, "the kernel is not positive")


VERSION = 1
"""Version of the JSON of `ScoringResult`."""

TYPES = {"float32": np.dtype("<f4"), "int32": np.dtype("<i4")}


@dataclass(frozen=True, slots=True)
class LayerSparsity:
    """Share of a layer's `neurons` that do not spike (or are 0), by time step and image: `silent` (T, B).

    `copies`: number of layers of the published network with the same input and so the same values.
    """

    name: str
    neurons: int
    copies: int
    silent: NDArray[np.float32]

    @property
    def variation(self) -> float | None:
        """Coefficient of variation over images of the share of nonzero neurons; None if all are 0."""
        active = 1 - self.silent.mean(0, np.float64)
        return float(active.std() / active.mean()) if active.mean() > 0 else None


@dataclass(frozen=True, slots=True)
class ScoringResult:
    """Result of a scoring: scores by both metrics of every repeat; everything else is of the first repeat.

    `relu`: layers of the twin, the same untrained network with ReLUs for one step, (1, B). `hamming` and `sahd` (B, B):
    distances, summed over layers, their copies and time steps: `neurons` numbers in all, of `terms` layers and steps.
    `labels` (B,): classes of the images.
    """

    scores: Mapping[Metric, Scores]
    layers: tuple[LayerSparsity, ...]
    relu: tuple[LayerSparsity, ...]
    hamming: NDArray[np.int32] = field(repr=False)
    sahd: NDArray[np.float32] = field(repr=False)
    labels: NDArray[np.int32] = field(repr=False)
    neurons: int
    terms: int

    def distance(self, metric: Metric) -> Floats:
        """Returns the distances (B, B) by a metric."""
        return (self.sahd if metric == "sahd" else self.hamming).astype(np.float64)

    def kernel(self, metric: Metric, normalisation: Normalisation = "paper") -> Floats:
        """Returns the kernel matrix K of the first repeat, (B, B), rounded by its storage in float32."""
        return (self.neurons - self.distance(metric)) / (self.terms if uses_mean(normalisation) else 1)

    def write(self) -> str:
        """Returns the result as JSON text; equal results give equal texts."""
        document = {
            "version": VERSION,
            "scores": {metric: [asdict(score) for score in self.scores[metric].each] for metric in METRICS},
            "layers": [_write_layer(layer) for layer in self.layers],
            "relu": [_write_layer(layer) for layer in self.relu],
            "hamming": _write(self.hamming, "int32"),
            "sahd": _write(self.sahd, "float32"),
            "labels": _write(self.labels, "int32"),
            "neurons": self.neurons,
            "terms": self.terms,
        }
        return json.dumps(document, separators=(",", ":"), allow_nan=False)

    @classmethod
    def read(cls, text: str) -> ScoringResult:
        """Returns the result in a text made by `write`. Raises `InputError`."""
        try:
            document = json.loads(text)
            if document["version"] != VERSION:
                raise ValueError(f"version {document['version']}")
            images = _array(document["labels"], "int32", (None,)).shape[0]
            layers = tuple(_read_layer(layer, images) for layer in document["layers"])
            return cls(
                {metric: Scores(tuple(_score(one) for one in document["scores"][metric])) for metric in METRICS},
                layers,
                tuple(_read_layer(layer, images) for layer in document["relu"]),
                _array(document["hamming"], "int32", (images, images)),
                _array(document["sahd"], "float32", (images, images)),
                _array(document["labels"], "int32", (images,)),
                _whole(document["neurons"]),
                _whole(document["terms"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as reason:
            raise InputError("report", f"be what a scoring writes ({type(reason).__name__}: {reason})", text) from None


def _write_layer(layer: LayerSparsity) -> dict[str, Any]:
    silent = _write(layer.silent, "float32")
    return {"name": layer.name, "neurons": layer.neurons, "copies": layer.copies, "silent": silent}


def _read_layer(document: Mapping[str, Any], images: int) -> LayerSparsity:
    silent = _array(document["silent"], "float32", (None, images))
    return LayerSparsity(str(document["name"]), _whole(document["neurons"]), _whole(document["copies"]), silent)


def _score(document: Mapping[str, Any]) -> Score:
    value, invalid = document["value"], document["invalid"]
    if (value is None) != bool(invalid) or not isinstance(invalid, str):
        raise ValueError("a score without its reason")
    return Score(None if value is None else float(value), invalid)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"not a whole number: {value!r}")
    return value


def _write(array: NDArray[Any], kind: str) -> dict[str, Any]:
    data = np.ascontiguousarray(array, TYPES[kind]).tobytes()
    return {"type": kind, "shape": list(array.shape), "data": base64.b64encode(data).decode("ascii")}


def _array(document: Mapping[str, Any], kind: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Of this type and shape, None being any length."""
    given = tuple(_whole(length) for length in document["shape"])
    fits = len(given) == len(shape) and all(b in (None, a) for a, b in zip(given, shape, strict=True))
    data = base64.b64decode(document["data"], validate=True)
    if document["type"] != kind or not fits or len(data) != math.prod(given) * TYPES[kind].itemsize:
        raise ValueError(f"{document['type']} of shape {given} where {kind} of {shape} is due")
    return np.frombuffer(data, TYPES[kind]).reshape(given)
