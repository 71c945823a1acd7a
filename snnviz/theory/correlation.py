"""Whether two images are still told apart in a deep layer: the map of the cosine of two inputs' spikes (wide layers).

For weights that are independent with mean 0, the currents of a neuron under two inputs are jointly normal and correlate
by the *uncentred cosine* rho = sum x y / |x| |y| of the inputs, so with u1, u2 ~ N(0, v) the next layer's spikes have

    rho' = P(u1 > theta, u2 > theta; rho) / P(u > theta).

Unrelated inputs have rho' = Q(theta / sqrt(v)), not 0. A fixed point with slope s is approached as s^l: the *depth
scale* -1 / ln s is the number of layers in which the difference between two pairs of images shrinks e-fold (as
Schoenholz et al. 2017 define it for ANNs). Exact for one time step; several steps are drawn, see `draw_pairs`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnviz.catalog.inits import InputStatistics, spike_probability, weight_distribution
from snnviz.catalog.neurons import respond
from snnviz.design.menus import Choice
from snnviz.design.parts import AnyNeuron

Floats = NDArray[np.float64]

PAIRS = 16384
"""Neurons drawn per layer by `draw_pairs`."""


def joint_spike_probability(threshold: float, correlation: ArrayLike, variance: float = 1.0) -> Floats:
    """Returns P(u1 > threshold, u2 > threshold) for jointly normal u1, u2 with mean 0, this variance and `correlation`
    (...,), by Owen's T function: Q(h) - 2 T(h, sqrt((1 - rho) / (1 + rho))), with h = threshold / sqrt(variance).

    >>> joint_spike_probability(0.0, [0.0, 1.0]).tolist(), joint_spike_probability(1.0, 0.0).round(6).item()
    ([0.25, 0.5], 0.025171)
    """
    from scipy.special import owens_t

    rho = np.clip(np.asarray(correlation, float), -1.0, 1.0)
    if variance <= 0:
        return np.zeros_like(rho)
    with np.errstate(divide="ignore"):
        ratio = np.sqrt((1 - rho) / (1 + rho))
    h = threshold / math.sqrt(variance)
    found: Floats = np.clip(spike_probability(h) - 2 * owens_t(h, ratio), 0.0, 1.0)
    return found


def next_cosine(cosine: ArrayLike, threshold: float, variance: float = 1.0) -> Floats:
    """Returns the cosine of two inputs' spikes in a layer from that in the layer before, as an array of its shape; NaN
    where nothing ever spikes.

    variance: Var[u] of the layer.

    >>> next_cosine([0.9], 1.0).round(2).tolist()
    [0.73]
    """
    spikes = spike_probability(threshold, variance)
    joint = joint_spike_probability(threshold, cosine, variance)
    return joint / spikes if spikes > 0 else np.full_like(joint, np.nan)


def cosine_slope(cosine: float, threshold: float, variance: float = 1.0) -> float:
    """Returns the derivative of `next_cosine`: the density of (theta, theta) under the bivariate normal law, over
    Q (Plackett 1954).
    """
    h2 = threshold**2 / variance
    return math.exp(-h2 / (1 + cosine)) / (2 * math.pi * math.sqrt(1 - cosine**2) * spike_probability(h2**0.5))


@dataclass(frozen=True, slots=True)
class CosineFixedPoint:
    """The cosine to which that of any two inputs tends from layer to layer, and the slope of the map there."""

    cosine: float
    slope: float

    @property
    def depth_scale(self) -> float:
        """Number of layers in which a difference of cosines shrinks e-fold; infinite where the slope is 1."""
        return -1 / math.log(self.slope) if 0 < self.slope < 1 else math.inf if self.slope >= 1 else 0.0


def cosine_fixed_point(threshold: float, variance: float = 1.0) -> CosineFixedPoint:
    """Returns the stable fixed point of the map of the cosine, where Var[u] is `variance` in every layer.

    Identical inputs stay so (the cosine 1 is a fixed point, with an infinite slope: spikes differ wherever a potential
    is near the threshold), so there is one stable fixed point below 1.

    >>> found = cosine_fixed_point(1.0)
    >>> round(found.cosine, 3), round(found.slope, 3), round(found.depth_scale, 2)
    (0.274, 0.476, 1.35)
    """
    low, high = 0.0, 1.0 - 1e-9
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if float(next_cosine(middle, threshold, variance)) > middle else (low, middle)
    rho = (low + high) / 2
    return CosineFixedPoint(rho, cosine_slope(rho, threshold, variance))


def cosine_by_layer(cosine: float, threshold: float, variances: ArrayLike) -> Floats:
    """Returns the cosine of two inputs' spikes in each layer, (layers,), from that of the encoder's potentials.

    cosine: correlation of the two inputs' potentials in layer 0. variances: Var[u] by layer, (layers,). NaN from the
    layer on that never spikes.
    """
    found = []
    rho = float(cosine)
    for variance in np.asarray(variances, float).tolist():
        rho = float(next_cosine(rho, threshold, variance)) if math.isfinite(rho) else rho
        found.append(rho)
    return np.array(found)


@dataclass(frozen=True, slots=True)
class PairStatistics:
    """Statistics of two inputs' way through wide layers, (layers,) each: cosine of what neurons say over all steps,
    of the numbers of spikes summed over steps, firing rate, Var[u].
    """

    cosine: Floats
    count_cosine: Floats
    rate: Floats
    var_u: Floats


def draw_pairs(
    cosine: float,
    neuron: AnyNeuron,
    init: Choice,
    *,
    width: int,
    layers: int,
    steps: int,
    fresh: bool = False,
    pairs: int = PAIRS,
) -> PairStatistics:
    """Returns how alike two inputs' spikes are, layer by layer, over `steps` time steps, without a closed form: the
    currents of a neuron under both are drawn from their joint law, of `pairs` neurons a layer.

    cosine: correlation of the two inputs' currents of an encoder N(0, 1), constant over time, or `fresh` at each step.
    width: fan-in, on which Var[w] depends. It has a fixed seed.
    """
    rng = np.random.default_rng(0)
    time = np.eye(steps) if fresh else np.ones((steps, steps))
    moments = np.kron(np.array([[1.0, cosine], [cosine, 1.0]]), time)
    rows: list[tuple[float, float, float, float]] = []
    for layer in range(layers):
        if layer:
            drive = InputStatistics(float(moments.diagonal().mean()), steps)
            moments = moments * weight_distribution(init, width, width, neuron, drive).variance * width
        current = _factor(moments) @ rng.standard_normal((2 * steps, pairs))
        both = [respond(current[:steps], neuron), respond(current[steps:], neuron)]
        said = np.concatenate([x for _, x in both])
        moments = said @ said.T / pairs
        one, other, across = (
            moments[:steps, :steps], moments[steps:, steps:], moments[:steps, steps:]
        )  # fmt: skip
        size, counts = math.sqrt(np.trace(one) * np.trace(other)), math.sqrt(one.sum() * other.sum())
        rows.append(
            (
                float(np.trace(across)) / size if size else math.nan,
                float(across.sum()) / counts if counts else math.nan,
                float(said.mean()),
                float(np.mean([u.var(axis=1).mean() for u, _ in both])),
            )
        )
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return PairStatistics(*columns)


def _factor(moments: Floats) -> Floats:
    """F with F F^T = moments, which are singular where steps or inputs agree."""
    values, vectors = np.linalg.eigh(moments)
    found: Floats = vectors * np.sqrt(np.clip(values, 0, None))
    return found
