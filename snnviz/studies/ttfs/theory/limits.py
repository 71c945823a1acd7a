"""Effects of hardware limits on a TTFS network, in numpy. Equation numbers continue the list of `theory.ttfs`:

    (11) W -> -r + k 2r / (2^b - 1), the nearest with k = 0 ... 2^b - 1       b bits, in each layer's range [-r, r]
         or k r / (2^(b-1) - 1) with k = 0, ±1 ... ±(2^(b-1) - 1)             one level fewer, and one of them 0
    (12) t_max - t_min -> (t_max - t_min) / q                                 a larger x spikes at t_min: saturated
    (13) t -> t + N(0, sigma^2), kept in its window, if t < t_max             silent neurons stay silent
    (14) t -> t_min + k (t_max - t_min) / (2^b - 1), the nearest              in each layer's window, the input's too

Biases, which are thresholds, are not changed. None of the 2^b levels of (11) is 0, so that no weight is: at 2 bits they
are -r, -r/3, r/3 and r, and a zero weight becomes a third of the largest. The other grid: -r, 0, r.

The windows of the published code, from which (14) would be counted for layers behind the first, are not those in which
these layers spike; its jitter also moves silent neurons. Neither is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from snnviz.studies.ttfs.limits import HardwareLimits, Levels
from snnviz.studies.ttfs.theory.twins import ReluOutputs
from snnviz.theory.ttfs import INPUT_WINDOW, Floats, Window, windows_from_activations


def quantise(values: Floats, low: float, high: float, bits: int) -> Floats:
    """Returns `values` rounded to the nearest of 2^bits evenly spaced levels in [low, high], ends included.

    If the range is empty, all values become its end.

    >>> quantise(np.array([-3.0, -0.4, 0.4, 0.6]), -1.0, 1.0, 2).round(3).tolist()
    [-1.0, -0.333, 0.333, 0.333]
    """
    last = 2**bits - 1
    step = (high - low) / last
    if not step > 0:
        return np.full_like(values, low)
    k = np.rint((np.clip(values, low, high) - low) / step)
    return np.where(k == last, high, low + step * k)


def quantise_weights(weights: Floats, reach: float, bits: int, levels: Levels) -> Floats:
    """Returns weights rounded to the levels that `bits` bits allow in [-reach, reach], by (11).

    >>> quantise_weights(np.array([-3.0, -0.4, 0.4, 0.6]), 1.0, 2, "with-zero").tolist()
    [-1.0, 0.0, 0.0, 1.0]
    """
    if levels == "without-zero":
        return quantise(weights, -reach, reach, bits)
    last = 2 ** (bits - 1) - 1
    if not reach > 0:
        return np.zeros_like(weights)
    found: Floats = np.rint(np.clip(weights / reach, -1, 1) * last) / last * reach + 0.0
    return found


def weight_range(weights: Floats, outliers: float) -> float:
    """Returns r, so that a layer's weights are quantised in [-r, r] (equation (11) of this module): the largest |W|, or
    with `outliers` the value that this share of all |W| exceeds.
    """
    return float(np.quantile(np.abs(weights), 1 - outliers))


def shorten_windows(windows: Sequence[Window], factor: float) -> tuple[Window, ...]:
    """Returns consecutive time windows shortened by `factor`, (12).

    >>> [window.end for window in shorten_windows([Window(1.0, 5.0), Window(5.0, 7.0)], 4)]
    [2.0, 2.5]
    """
    ends = [INPUT_WINDOW.end]
    for window in windows:
        ends.append(ends[-1] + window.width / factor)
    return tuple(Window(start, end) for start, end in pairwise(ends))


def limited_arrival_times(times: Floats, window: Window, limits: HardwareLimits, noise: Floats | None) -> Floats:
    """Returns spike times (B, n) with normal jitter (13) and rounded to a grid (14); `noise`: standard normal numbers
    of the same shape.
    """
    if limits.jitter and noise is not None:
        moved = np.clip(times + limits.jitter * noise, window.start, window.end)
        times = np.where(times < window.end, moved, times)
    return quantise(times, window.start, window.end, limits.time_bits) if limits.time_bits else times


@dataclass(frozen=True, slots=True, eq=False)
class TtfsWeights:
    """A fully connected TTFS (time-to-first-spike) network (B1-model): weights (n, m), biases (n,), the readout's last,
    and time windows.

    Intensity i stands for low + (high - low) i, the normalised pixel.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    windows: tuple[Window, ...]
    low: float
    high: float

    def limited(self, limits: HardwareLimits) -> TtfsWeights:
        """Returns the network with weights rounded to levels (11) and shorter time windows (12)."""
        if limits.weight_bits:
            ranges = [weight_range(w, limits.outliers) for w in self.weights]
            bits, levels = limits.weight_bits, limits.levels
            few = tuple(quantise_weights(w, r, bits, levels) for w, r in zip(self.weights, ranges, strict=True))
        else:
            few = self.weights
        return TtfsWeights(few, self.biases, shorten_windows(self.windows, limits.latency), self.low, self.high)

    def logits(self, shown: Floats, limits: HardwareLimits, seed: int = 0) -> tuple[Floats, float]:
        """Returns logits (B, classes) and spikes per neuron for intensities (B, m).

        By (3), (4) and (7) with B = 1, with jitter (13), drawn from `seed`, and quantised times (14).
        """
        draw = np.random.default_rng(seed)

        def come(times: Floats, window: Window) -> Floats:
            noise = draw.standard_normal(times.shape) if limits.jitter else None
            return limited_arrival_times(times, window, limits, noise)

        before, spikes, neurons = INPUT_WINDOW, 0.0, 0
        times = come(1.0 - shown, before)
        for index, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = before.end - times
            if index == 0:
                x = self.low + (self.high - self.low) * x
            u = x @ w.T + b
            if index == len(self.windows):
                break
            before = self.windows[index]
            times = come(np.clip(before.end - u, before.start, before.end), before)
            spikes, neurons = spikes + float((times < before.end).sum()) / len(shown), neurons + len(b)
        return u, spikes / max(1, neurons)


def ttfs_weights_from_relu(found: ReluOutputs, low: float, high: float, zeta: float) -> TtfsWeights:
    """Returns the TTFS (time-to-first-spike) twin of a fully connected ReLU network; the input's range moves from its
    first layer to `low`, `high`.
    """
    first, *others = found.layers
    weights = first.weights / (high - low)
    return TtfsWeights(
        (weights, *(layer.weights for layer in others)),
        (first.bias - low * weights.sum(1), *(layer.bias for layer in others)),
        windows_from_activations(found.largest, zeta),
        low,
        high,
    )


def accuracy_under_limits(
    network: TtfsWeights, limits: HardwareLimits, shown: Floats, labels: NDArray[np.int64], seed: int
) -> float:
    """Returns the accuracy of a TTFS (time-to-first-spike) network under hardware limits, on images as intensities (B,
    m).
    """
    logits, _ = network.limited(limits).logits(shown, limits, seed)
    return float((logits.argmax(1) == labels).mean())
