"""Networks in which a neuron spikes at most once: time to first spike, TTFS (Stanojevic et al. 2023, arXiv 2306.08744).

Time is in units of tau_c. The spikes of layer n fall into its window [t_min, t_max]; t_min is the t_max of the layer
before, whose own t_min is written t_min'. Equations are cited by their number in this list:

    (1) dV_i/dt = alpha_i + sum_j W_ij H(t - t_j), t_min' <= t < t_min     while spikes arrive: the ramp plus weights
    (2) dV_i/dt = B_i = alpha_i + sum_j W_ij > 0, t_min <= t < t_max       then: the slope at threshold
    (3) t_i = t_min + (theta_i - V_i(t_min)) / B_i, in [t_min, t_max]      t_max: no spike
    (4) x_i = t_max - t_i = max(0, sum_j w_ij x_j + b_i)                   a ReLU, as long as x_i <= t_max - t_min
    (5) w = W / B, b = t_max - t_min - (theta - alpha (t_min - t_min')) / B
    (6) W = B w, alpha = B (1 - sum w), theta = B (t_max - t_min - b) + alpha (t_min - t_min')
    (7) logit_i = alpha_i (t_min - t_min') + sum_j W_ij (t_min - t_j)      the readout's V at its t_min
    (8) t_max = t_min + (1 + zeta) X                                       X: the largest x of the layer
    (9) t_max' - t_min' = max(t_max - t_min, 10 (t_max - min t))           a window grows while weights are learnt
    (10) dt/dt' = M diag(1/B) W, M = 1[t_i < t_max]                        Jacobian; a ReLU network's is M w

There are two phases: the layer's clock switches from (1) to (2) at t_min, and B is a parameter of the neuron. The
published equation is (1) without end. After t_min its slope is alpha + sum W over the inputs that *spiked*, which is B
only if a silent neuron sends an event at t_max, where x = 0. If silent neurons send nothing (`Layer.silent` is
"nothing"), the network computes something else. With such events counted each neuron sends exactly once; in two phases,
only those that are not silent.

The B1-model has B = 1, so that W = w and every training step equals the ReLU network's. (3) holds if no neuron spikes
before t_min; a gate prevents that: a neuron that is above threshold at t_min spikes there. Arrays are float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from snnviz.errors import InputError, Unquoted

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

ZETA = 0.5
"""Relative margin by which a window is wider than the layer's largest activation: its authors' choice."""

MARGIN = 10.0
"""A growing window is at least this many times as wide as the largest activation of a batch (9)."""


Silent = Literal["clock", "nothing"]
"""How a TTFS layer treats silent neurons of the layer before: "clock": its clock sets the slope B when the window
opens; "nothing": it follows the published equation, and silent neurons send no event at t_max.
"""


@dataclass(frozen=True, slots=True)
class Window:
    """The interval [t_min, t_max], `start` to `end` in tau_c (the unit of time), in which a layer's neurons may
    spike.
    """

    start: float
    end: float

    @property
    def width(self) -> float:
        """Duration of the time window, in tau_c (the unit of time)."""
        return self.end - self.start


INPUT_WINDOW = Window(0.0, 1.0)


def intensity_to_time(x: Floats) -> Floats:
    """Returns the spike times in [0, 1] of input intensities in [0, 1]: bright pixels spike first. Its own inverse."""
    return 1.0 - x


def rescale_input_range(weights: Floats, bias: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Returns weights and biases for inputs in [0, 1] of a layer made for inputs in [low, high]: x = low + (high - low)
    x'.
    """
    return (high - low) * weights, bias + low * weights.sum(1)


def windows_from_activations(largest: Sequence[float], zeta: float = ZETA) -> tuple[Window, ...]:
    """Returns the time window of each hidden layer by (8), from the largest activation X of each layer over the
    training images.

    >>> [window.end for window in windows_from_activations([2.0, 1.0])]
    [4.0, 5.5]
    """
    ends = [INPUT_WINDOW.end]
    for x in largest:
        width = (1 + zeta) * (x or 1.0)  # a layer that is silent still takes some time
        ends.append(max(ends[-1] + width, math.nextafter(ends[-1], math.inf)))
    return tuple(Window(start, end) for start, end in pairwise(ends))


def widen_windows(old: Sequence[Window], earliest: Sequence[float]) -> tuple[Window, ...]:
    """Returns the time windows after a training step by (9), from each layer's earliest spike time in the batch.

    In the B1-model wider windows change no activation.
    """
    ends = [old[0].start]
    for window, first in zip(old, earliest, strict=True):
        ends.append(ends[-1] + max(window.width, MARGIN * (window.end - first)))
    return tuple(Window(start, end) for start, end in pairwise(ends))


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A TTFS (time-to-first-spike) layer of n neurons with m inputs; `before` is t_min', where the ramp starts."""

    weights: Floats
    """W, an array (n, m)."""

    ramp: Floats
    """alpha, an array (n,)."""

    threshold: Floats
    """theta, an array (n,)."""

    before: float
    window: Window
    squares: Indices | None = None
    """For max pooling, indices (m, k): each input is the earliest of these k spikes of the layer before. None: no
    pooling.
    """

    silent: Silent = "clock"
    """"nothing": (1) holds without end, and silent inputs send nothing."""

    def input_times(self, times: Floats) -> Floats:
        """Returns the spike times that reach this layer's synapses, (..., m), from those of the layer before:
        unchanged, or after max pooling the first of each square.
        """
        return times if self.squares is None else times[..., self.squares].min(-1)

    @property
    def slope(self) -> Floats:
        """Slope of the potential at threshold, B of (2), an array (n,)."""
        found: Floats = self.ramp + self.weights.sum(1)
        return found

    def slope_in_window(self, times: Floats) -> Floats:
        """Returns the slope dV/dt of the potentials from t_min on, an array (B, n), given input spike times (B, m):
        (2), or alpha + sum W over the inputs that spiked.
        """
        if self.silent == "clock":
            return np.broadcast_to(self.slope, (len(times), len(self.ramp)))
        found: Floats = self.ramp + (self.input_times(times) < self.window.start) @ self.weights.T
        return found

    def potential_at_start(self, times: Floats) -> Floats:
        """Returns the potentials V(t_min) at the start of the time window, an array (B, n), from input spike times (B,
        m); for the readout these are the logits (7).
        """
        start = self.window.start
        found: Floats = self.ramp * (start - self.before) + (start - self.input_times(times)) @ self.weights.T
        return found

    def fire(self, times: Floats) -> Floats:
        """Returns the spike times (B, n) by (3) from those of the layer before, (B, m). Exact, as no input comes after
        t_min.

        Where V does not rise, which happens in no mapped network with a clock, the neuron spikes at t_min or never.
        """
        left, slope = self.threshold - self.potential_at_start(times), self.slope_in_window(times)
        rising = slope > 0
        when = self.window.start + left / np.where(rising, slope, 1.0)
        when = np.where(rising | (left <= 0), when, self.window.end)
        found: Floats = np.clip(when, self.window.start, self.window.end)
        return found

    def potential(self, times: Floats, grid: Floats) -> Floats:
        """Returns V (T, n) at the times `grid` (T,) for one image's spike times (m,), ignoring spikes: (1), then
        (2).
        """
        early = np.minimum(grid, self.window.start)
        after = np.maximum(early[:, None] - self.input_times(times), 0.0)
        ramp = np.maximum(early - self.before, 0.0)[:, None] * self.ramp
        found: Floats = ramp + after @ self.weights.T + (grid - early)[:, None] * self.slope_in_window(times[None])
        return found

    def gated(self, times: Floats) -> Bools:
        """Returns a mask (B, n) of the neurons that only the gate keeps from spiking too early: V exceeds the threshold
        at some time before t_min.

        V is piecewise linear, so its largest value is at an input spike or at an end.
        """
        early = np.broadcast_to(self.threshold <= 0, (len(times), len(self.ramp))).copy()
        early |= self.potential_at_start(times) > self.threshold
        for image, row in enumerate(self.input_times(times)):
            order = np.argsort(row)
            order = order[row[order] < self.window.start]
            t, w = row[order], self.weights[:, order]
            v = self.ramp[:, None] * (t - self.before) + np.cumsum(w, 1) * t - np.cumsum(w * t, 1)
            early[image] |= (v >= self.threshold[:, None]).any(1)
        return early


def has_fired(times: Floats, window: Window) -> Bools:
    """Returns which neurons spike: a boolean array of the shape of `times`; a time of t_max means no spike."""
    return times < window.end


def time_to_activation(times: Floats, window: Window) -> Floats:
    """Returns the activations that spike times stand for, by (4)."""
    found: Floats = window.end - times
    return found


def layer_from_relu(weights: Floats, bias: Floats, window: Window, before: float, slope: Floats | float = 1.0) -> Layer:
    """Returns the TTFS (time-to-first-spike) layer that computes the same as ReLUs with weights w and biases b, by (6),
    for slopes B > 0.

    Raises `InputError` for other slopes.
    """
    b = np.broadcast_to(np.asarray(slope, dtype=np.float64), bias.shape)
    if not (np.isfinite(b).all() and (b > 0).all()):
        raise InputError("slope", "be a number above 0 for every neuron", Unquoted(f"{b.min():.4g}"))
    ramp = b * (1.0 - weights.sum(1))
    return Layer(b[:, None] * weights, ramp, b * (window.width - bias) + ramp * (window.start - before), before, window)


def readout_layer(weights: Floats, bias: Floats, start: float, before: float) -> Layer:
    """Returns the TTFS (time-to-first-spike) readout, which never spikes: its logits are V at `start`, (7)."""
    never = np.full(bias.shape, np.inf)
    return Layer(weights, bias / (start - before), never, before, Window(start, start))


def relu_parameters(layer: Layer) -> tuple[Floats, Floats]:
    """Returns the weights w (n, m) and biases b (n,) of the ReLUs that compute the same as a TTFS (time-to-first-spike)
    layer, by (5).
    """
    slope, window = layer.slope, layer.window
    bias = window.width - (layer.threshold - layer.ramp * (window.start - layer.before)) / slope
    return layer.weights / slope[:, None], bias


def slopes_for_unit_ramp(weights: Floats) -> Floats:
    """Returns the slopes B (n,) for which alpha = 1 in (6): 1 / (1 - sum w). Raises `InputError` if a row sums to 1 or
    more.
    """
    total = weights.sum(1)
    if (bad := int((total >= 1).sum())) > 0:
        got = Unquoted(f"{bad:,} of {len(total):,} rows that do not")
        raise InputError("weights", "have rows that add up to less than 1 where alpha is 1", got)
    found: Floats = 1.0 / (1.0 - total)
    return found


def center_rows(weights: Floats) -> Floats:
    """Returns the nearest weights whose rows sum to 0; for these alpha = 1 means B = 1."""
    found: Floats = weights - weights.mean(1, keepdims=True)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class ForwardPass:
    """Result of a TTFS (time-to-first-spike) network for B images: spike times (B, n) of the input and each hidden
    layer, logits (B, classes).
    """

    times: tuple[Floats, ...]
    logits: Floats


@dataclass(frozen=True, slots=True, eq=False)
class TtfsNetwork:
    """A fully connected time-to-first-spike network with fixed parameters, in numpy; the last layer is the readout."""

    layers: tuple[Layer, ...]

    def run(self, x: Floats) -> ForwardPass:
        """Returns the spike times and logits for images (B, m) with intensities in [0, 1]."""
        times = [intensity_to_time(x)]
        for layer in self.layers[:-1]:
            times.append(layer.fire(times[-1]))
        return ForwardPass(tuple(times), self.layers[-1].potential_at_start(times[-1]))


def network_from_inputs(
    weights: Sequence[Floats],
    biases: Sequence[Floats],
    shown: Floats,
    zeta: float = ZETA,
    slopes: Sequence[Floats | float] | None = None,
) -> TtfsNetwork:
    """Returns the TTFS (time-to-first-spike) network that computes the same as a ReLU network with weights (n, m) and
    biases (n,) per layer.

    The readout is last. Windows are as wide as the images `shown` (B, m) need, with margin `zeta`; `slopes` B are 1 by
    default. Raises `InputError`.
    """
    x, largest = shown, []
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ w.T + b, 0.0)
        largest.append(float(x.max()))
    return network_from_activations(weights, biases, largest, zeta, slopes)


def network_from_activations(
    weights: Sequence[Floats],
    biases: Sequence[Floats],
    largest: Sequence[float],
    zeta: float = ZETA,
    slopes: Sequence[Floats | float] | None = None,
    squares: Sequence[Indices | None] | None = None,
    silent: Silent = "clock",
) -> TtfsNetwork:
    """Returns the TTFS (time-to-first-spike) network that computes the same as a ReLU network, given the largest
    activation of each hidden layer.

    `weights` and `biases` are those of the ReLU network, the readout's last; `zeta` is the margin of the time windows.
    `slopes`: the chosen slope B of each hidden layer's neurons, by default 1. `squares`: max pooling before each layer,
    the readout's last, as in `Layer`. See `network_from_inputs`, which finds the largest activations from images.
    """
    spans = (INPUT_WINDOW, *windows_from_activations(largest, zeta))
    chosen = slopes or [1.0] * len(largest)
    layers = [
        layer_from_relu(w, b, window, last.start, slope)
        for w, b, window, last, slope in zip(weights[:-1], biases[:-1], spans[1:], spans[:-1], chosen, strict=True)
    ]
    layers.append(readout_layer(weights[-1], biases[-1], spans[-1].end, spans[-1].start))
    pools = squares or [None] * len(layers)
    return TtfsNetwork(
        tuple(replace(layer, squares=each, silent=silent) for layer, each in zip(layers, pools, strict=True))
    )


def jacobian(weights: Floats, slope: Floats | float, spiked: Bools | None = None) -> Floats:
    """Returns equation (10): derivatives (n, m) of the spike times of n neurons with respect to those of their m
    inputs.

    `weights`: W (n, m). `slope`: B of each neuron, the potential's slope at the threshold: 1 in the B1 model, 1 + sum W
    (of any sign) where alpha = 1. `spiked` (n,): which neurons spike, by default all; rows of others are 0.
    """
    found: Floats = weights / np.broadcast_to(np.asarray(slope, dtype=np.float64), len(weights))[:, None]
    return found if spiked is None else spiked[:, None] * found


def jacobian_eigenvalues(weights: Floats, slope: Floats | float, spiked: Bools | None = None) -> NDArray[np.complex128]:
    """Returns the eigenvalues (n,) of the Jacobian of a layer with as many neurons as inputs; else raises
    `InputError`.
    """
    if weights.shape[0] != weights.shape[1]:
        shape = Unquoted(f"{weights.shape[0]} by {weights.shape[1]}")
        raise InputError("weights", "be square to have eigenvalues", shape)
    return np.linalg.eigvals(jacobian(weights, slope, spiked)).astype(np.complex128)
