"""Whether spikes reach a deep layer: the mean-field map, its fixed points, and exact probabilities for finite width.

All of it is for a single time step and Gaussian weights (Micheli et al. 2024, Eq. 9): Var[u_l] = n Var[w] P(u_(l-1) >
theta). `gain` is n Var[w]; layer 0 is the encoder with u_0 ~ N(0, 1).

With n neurons the number of spikes k_l is a Markov chain: given k_l, the next layer's potentials are independent N(0,
Var[w] k_l), so k_(l+1) ~ Binomial(n, Q(theta / sqrt(Var[w] k_l))). Zero spikes is an absorbing state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snnviz.catalog.inits import spike_probability

Floats = NDArray[np.float64]

MAX_CHAIN_WIDTH = 4096
"""Largest width for which the exact chain is computed: its matrix has up to (n + 1)^2 entries."""

NEGLIGIBLE_PROBABILITY = 1e-15
"""States less likely than this are left out of the chain."""


def next_variance(variance: float, gain: float, threshold: float) -> float:
    """Returns the variance of the potentials in a layer from that in the layer before, for infinitely wide layers: gain
    P(u > threshold).
    """
    return gain * spike_probability(threshold, variance)


def mean_field(gain: float, threshold: float, layers: int) -> Floats:
    """Returns Var[u] of each of infinitely wide layers, (layers,), starting from 1 at the encoder.

    >>> mean_field(2.0, 1.0, 4).round(3).tolist()
    [1.0, 0.317, 0.076, 0.0]
    """
    found = [1.0]
    while len(found) < layers:
        found.append(next_variance(found[-1], gain, threshold))
    return np.array(found[:layers])


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """A variance of the potential that stays the same from layer to layer (infinitely wide layers), and the slope of
    the map there (stable if below 1).
    """

    variance: float
    slope: float

    @property
    def stable(self) -> bool:
        """Whether nearby variances converge to this one from layer to layer: whether the slope is below 1."""
        return self.slope < 1


def fixed_points(gain: float, threshold: float) -> tuple[FixedPoint, ...]:
    """Returns the variances of the potential that stay the same from layer to layer in mean field (v = gain Q(theta /
    sqrt(v)), Q: upper tail of the standard normal), ascending and above 0; () where activity must die out.

    With x = theta / sqrt(v) they solve x^2 Q(x) = theta^2 / gain, whose left side has one maximum.

    >>> [round(point.variance, 3) for point in fixed_points(6.303, 1.0)]
    [0.514, 1.0]
    """
    if gain <= 0:
        return ()
    if threshold == 0:
        return (FixedPoint(gain / 2, 0.0),)
    level, top = threshold**2 / gain, _summit()
    if level > top * top * spike_probability(top):
        return ()
    low = _solve(level, top, 40.0, falling=True)  # small variance: far threshold
    high = _solve(level, 0.0, top, falling=False)
    return tuple(_point(x, gain, threshold) for x in (low, high))


def survival_threshold(gain: float) -> float:
    """Returns the threshold theta_c = 0.40708 sqrt(gain), above which activity dies out in deep layers of any width.

    >>> round(survival_threshold(2.0), 4)
    0.5757
    """
    top = _summit()
    return math.sqrt(gain * top * top * spike_probability(top))


@dataclass(frozen=True, slots=True)
class SpikeCountChain:
    """Exact statistics for each layer, (layers,): `dead`, the probability that no neuron spikes, and `var_u`, E[Var[u]]
    with silent runs included.
    """

    dead: Floats
    var_u: Floats


@lru_cache(maxsize=128)
def exact_chain(width: int, gain: float, threshold: float, layers: int) -> SpikeCountChain:
    """Returns for each layer the exact probability of silence and E[Var[u]] in a network of `width` neurons per layer,
    by the Markov chain of spike counts, without sampling.

    >>> exact_chain(100, 1 / spike_probability(0.85), 0.85, 100).dead[-1].round(3).item()
    0.413
    """
    first = spike_probability(threshold)
    most = _most_spikes(width, [first], threshold**2 / gain if gain else math.inf)
    steps = _transitions(width, threshold / math.sqrt(gain) if gain else math.inf, most)
    counts = np.arange(most + 1)
    now = _binomial(width, np.array([first]), most)[0]
    dead, var_u = [now[0]], [1.0]
    while len(dead) < layers:
        var_u.append(gain / width * float(now @ counts))
        now = now @ steps
        dead.append(now[0])
    return SpikeCountChain(np.clip(np.array(dead[:layers]), 0, 1), np.array(var_u[:layers]))


def extinction_probability(width: int, layer: int, thresholds: Sequence[float], gains: Sequence[float]) -> Floats:
    """Returns the probability that no neuron of layer number `layer` spikes, an array (thresholds, gains).

    The chain depends on theta / sqrt(n Var[w]) alone, and on theta besides only at its start, so one matrix serves a
    whole curve of the map. Between the `RATIOS` the logarithm of the odds is interpolated, to about 0.01.
    """
    table = _extinction_table(width, layer)
    ratios = np.array(RATIOS)
    found = np.empty((len(thresholds), len(gains)))
    for row, threshold in enumerate(thresholds):
        start = _binomial(width, np.array([spike_probability(threshold)]), width)[0]
        by_ratio = [float(start[: len(dead)] @ dead) + float(start[len(dead) :].sum()) * dead[-1] for dead in table]
        odds = np.log(np.clip(by_ratio, 1e-12, 1 - 1e-12))
        odds -= np.log1p(-np.clip(by_ratio, 1e-12, 1 - 1e-12))
        found[row] = np.interp(threshold / np.sqrt(np.maximum(gains, 1e-12)), ratios, odds)
    return 1 / (1 + np.exp(-found))


RATIOS = (
    *np.linspace(0, 0.3, 13)[:-1].tolist(),
    *np.linspace(0.3, 0.5, 51).tolist(),
    *np.linspace(0.5, 1.0, 6)[1:].tolist(),
)
"""Values of theta / sqrt(n Var[w]) at which the extinction map is computed: finest around 0.407, the wide limit's."""


@lru_cache(maxsize=16)
def _extinction_table(width: int, layer: int) -> tuple[Floats, ...]:
    """For each ratio, P(layer is silent | k spikes in layer 0) for k = 0 .. the most there can be."""
    found = []
    for ratio in RATIOS:
        most = _most_spikes(width, [0.5], ratio**2)
        dead = np.zeros(most + 1)
        dead[0] = 1.0
        if ratio > 0.05:  # nearer to 0 than that, no layer of more than a few neurons falls silent
            steps = _transitions(width, ratio, most)
            for _ in range(layer):
                before, dead = dead, steps @ dead
                if np.abs(dead - before).max() < 1e-12:
                    break
        found.append(dead)
    return tuple(found)


def _transitions(width: int, ratio: float, most: int) -> Floats:
    """P(m spikes | k spikes in the layer before), (k, m), both from 0 to `most`; `ratio` is theta / sqrt(n Var[w])."""
    chances = [0.0, *(spike_probability(ratio, k / width) for k in range(1, most + 1))]
    steps = _binomial(width, np.array(chances), most)
    steps[0] = 0.0
    steps[0, 0] = 1.0
    return steps


def _binomial(count: int, chances: Floats, most: int) -> Floats:
    """P(m of `count`) for m = 0 .. most, (chances, most + 1)."""
    m = np.arange(most + 1)
    whole = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])
    ways = whole[count] - whole[m] - whole[count - m]
    p = np.clip(chances, 1e-300, 1 - 1e-16)[:, None]
    found: Floats = np.exp(ways + m * np.log(p) + (count - m) * np.log1p(-p))
    return found


def _most_spikes(width: int, chances: list[float], squared: float) -> int:
    """A number of spikes that the chain does not pass, but for chances of about `NEGLIGIBLE_PROBABILITY`. `squared`:
    theta^2 / gain.
    """
    most = 0
    reached = max(chances)
    while True:
        spread = 8.5 * math.sqrt(width * max(reached * (1 - reached), 1 / width)) + 36
        now = min(width, math.ceil(width * reached + spread))
        if now <= most:
            return most
        most = now
        reached = max(reached, spike_probability(math.sqrt(squared), most / width))


def _point(x: float, gain: float, threshold: float) -> FixedPoint:
    variance = (threshold / x) ** 2
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return FixedPoint(variance, gain * density * x / (2 * variance))


def _solve(level: float, low: float, high: float, *, falling: bool) -> float:
    """x between `low` and `high` with x^2 Q(x) = level, by bisection."""
    for _ in range(200):
        middle = (low + high) / 2
        if (middle * middle * spike_probability(middle) > level) == falling:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@lru_cache(maxsize=1)
def _summit() -> float:
    """The x at which x^2 Q(x) is largest: where 2 Q(x) = x phi(x)."""
    low, high = 0.5, 2.5
    for _ in range(100):
        x = (low + high) / 2
        rising = 2 * spike_probability(x) > x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        low, high = (x, high) if rising else (low, x)
    return (low + high) / 2
