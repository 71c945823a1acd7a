"""TTFS networks in torch, with exact gradients; numbers in brackets are those of equations in `theory.ttfs`.

Everything is float64 by default: a window may be a thousand times as wide as the differences that carry information.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import networks
from snnviz.graph.architectures import Architecture
from snnviz.graph.layers import EPSILON, Source
from snnviz.graph.layers import Layer as Shape
from snnviz.theory import ttfs
from snnviz.theory.operations import connections_before_pooling
from snnviz.theory.ttfs import INPUT_WINDOW, ZETA, Silent, Window

Slopes = Literal["one", "alpha-one"] | Sequence[Tensor]
"""Slope B of (2). "one": the B1-model, alpha = 1 - sum W at every step. "alpha-one": alpha = 1, so that B = 1 + sum W.
Tensors: given for each hidden layer, (n,), and alpha = B - sum W. Where alpha = 1 makes B negative, (3) is computed
formally, as training such a network does; no real neuron does that (`Network.spiking_layer` raises an error).
"""

INITIAL_MAX_ACTIVATION = 1000.0
"""Largest activation X of (8) that is assumed where a network is trained from scratch."""


@dataclass(frozen=True, slots=True)
class ForwardPass:
    """Result of a forward pass: spike times (B, ...) of the input and of each hidden layer, and logits (B, classes)."""

    times: tuple[Tensor, ...]
    logits: Tensor


class Network:
    """A TTFS (time-to-first-spike) network: a plain sequence of linear maps and convolutions, pooling in between, and
    neurons that spike once.

    ``parameters`` have the names and shapes of `core.networks.Network`'s: "<layer>.weight" is W, "<layer>.bias" is the
    b of (5), called D. Ramp alpha and threshold theta follow from them, so that alpha + sum W = B after any step.
    Images are intensities (B, C, H, W) in [0, 1]; intensity i stands for low + (high - low) i, the normalised pixel.
    The padding of a convolution spikes at the time of the value 0, which is t_min in all layers but the first.
    """

    def __init__(
        self,
        architecture: Architecture,
        parameters: Mapping[str, Tensor],
        windows: Sequence[Window],
        *,
        low: float = 0.0,
        high: float = 1.0,
        slopes: Slopes = "one",
        silent: Silent = "clock",
    ) -> None:
        self.architecture, self.parameters, self.windows = architecture, dict(parameters), tuple(windows)
        self.low, self.high, self.slopes, self.silent = low, high, slopes, silent

    @property
    def hidden(self) -> tuple[Shape, ...]:
        """The hidden layers (`Layer`) in order; their neurons spike."""
        return self.architecture.layers[:-1]

    @property
    def latency(self) -> float:
        """Time at which the readout is read, in units of tau_c, counted from the first possible spike of the input."""
        return self.windows[-1].end

    def __call__(self, shown: Tensor) -> Tensor:
        """The logits (B, classes)."""
        return self.run(shown).logits

    def run(self, shown: Tensor) -> ForwardPass:
        """Returns all spike times, by (3) layer after layer, and the logits, by (7), for intensities `shown` (B, C, H,
        W).

        The ramp's share of V(t_min) is in theta, too, so it is left out of both: theta - V(t_min) is B (t_max - t_min -
        D) - sum W (t_min - t_j).
        """
        times = [self.received(1.0 - shown, INPUT_WINDOW)]
        for index, window in enumerate(self.windows):
            x = self.decoded_values(index, times[-1])
            t = window.end - x if self.silent == "clock" else self._missed(index, window.width - x, times[-1])
            t = torch.where(t < window.end, t, window.end)  # a tie does not spike, as a ReLU of 0 passes no gradient
            times.append(self.received(t.clamp(min=window.start), window))
        return ForwardPass(tuple(times), self.decoded_values(len(self.windows), times[-1]))

    def _missed(self, index: int, left: Tensor, before: Tensor) -> Tensor:
        """When V meets the threshold if silent inputs send nothing: it is `left` B below it at t_min, and rises by B
        less the W of the silent inputs; padding is none of them. Where it does not rise it is above at t_min or never.
        """
        layer, (weight, _) = self.architecture.layers[index], self._named(index)
        end = (self.windows[index - 1] if index else INPUT_WINDOW).end
        source = layer.sources[0]
        if source.pool > 1 and not source.linear:
            before, source = pool_times(before, source), replace(source, pool=1)
        absent = pool_times((before == end).to(before.dtype), source) * (self.high - self.low if index == 0 else 1.0)
        given = self.slope(index)
        slope = torch.ones(layer.out_shape[0], dtype=before.dtype) if given is None else given
        if layer.kind == "linear":
            rise = slope - F.linear(absent.flatten(1), weight)
        else:
            slope = slope.view(-1, 1, 1)
            rise = slope - F.conv2d(absent, weight, padding=layer.kernel // 2)
        window = self.windows[index]
        met = window.start + left * slope / torch.where(rise > 0, rise, 1.0)
        return torch.where((rise > 0) | (left <= 0), met, window.end)

    def received(self, times: Tensor, window: Window) -> Tensor:  # noqa: ARG002
        """Returns the times at which spikes of a layer, or of the input, arrive at the next one; here unchanged,
        subclasses add noise.
        """
        return times

    def slope(self, index: int) -> Tensor | None:
        """Returns the slopes B (n,) of the potentials of hidden layer `index` at the threshold; None where all are
        1.
        """
        if self.slopes == "one":
            return None
        return 1 + self._effective(index).sum(1) if isinstance(self.slopes, str) else self.slopes[index]

    def spikes_and_operations(self, index: int, before: Tensor) -> tuple[float, int]:
        """Returns the spikes per input of layer `index`, and the synaptic operations of all images, from the spike
        times `before` of the layer before.

        The former exceeds 1 where inputs are averaged over squares, as each spike arrives separately.
        """
        layer, end = self.architecture.layers[index], (self.windows[index - 1] if index else INPUT_WINDOW).end
        source = layer.sources[0]
        size = source.pool if source.linear else 1
        fired = (before if source.linear else pool_times(before, source)) < end
        sides = (fired.shape[2], fired.shape[3]) if fired.dim() == 4 else (1, 1)
        meets = torch.from_numpy(connections_before_pooling(layer, size, sides))
        fired = fired * (meets > 0) if size > 1 else fired  # what does not fill a square reaches nothing
        return int(fired.sum()) / (len(fired) * math.prod(layer.in_shape)), int((fired * meets).sum())

    def after_step(self, passed: ForwardPass) -> None:
        """Widens the time windows by (9) after a training step whose forward pass was `passed`; in the B1-model (slope
        1 at the threshold) nothing else changes.
        """
        self.windows = ttfs.widen_windows(self.windows, [float(times.detach().min()) for times in passed.times[1:]])

    def spiking_layer(self, index: int) -> ttfs.Layer:
        """Returns the weights, slopes of the potential and thresholds of layer `index` as spiking neurons have them,
        from the trained parameters of the ReLU network, by (6) of Stanojevic et al. 2023. Raises `InputError` if a
        slope is not above 0.

        A convolution's weights are (channels, C k k), and its inputs the spike times of a receptive field. The input's
        range [low, high] is included in the first layer's weights.
        """
        last = self.windows[index - 1] if index else INPUT_WINDOW
        weight, bias = (value.detach().double() for value in self._named(index))
        given = self.slope(index) if index < len(self.windows) else None
        slope = torch.ones(len(bias)) if given is None else given.detach()
        slope = slope.double()
        if index == 0:
            bias = bias + self.low * weight.flatten(1).sum(1) / slope
        w, b = (self._effective(index).detach().double() / slope[:, None]).numpy(), bias.numpy()
        if index == len(self.windows):
            return ttfs.readout_layer(w, b, last.end, last.start)
        return ttfs.layer_from_relu(w, b, self.windows[index], last.start, slope.numpy())

    def _named(self, index: int) -> tuple[Tensor, Tensor]:
        name = self.architecture.layers[index].name
        return self.parameters[f"{name}.weight"], self.parameters[f"{name}.bias"]

    def _effective(self, index: int) -> Tensor:
        """W (n, m) as spikes meet it: the first layer's times the input's range."""
        weight = self._named(index)[0].flatten(1)
        return weight * (self.high - self.low) if index == 0 else weight

    def decoded_values(self, index: int, before: Tensor) -> Tensor:
        """Returns the values that a layer's spike times encode, before the ReLU: D + sum W (t_min - t_j) / B; of the
        readout the logits.
        """
        layer, (weight, bias) = self.architecture.layers[index], self._named(index)
        before = pool_times(before, layer.sources[0])
        x = (self.windows[index - 1] if index else INPUT_WINDOW).end - before
        if index == 0:
            x = self.low + (self.high - self.low) * x
        slope = self.slope(index) if index < len(self.windows) else None
        if layer.kind == "linear":
            u = F.linear(x.flatten(1), weight)
            return (u if slope is None else u / slope) + bias
        u = F.conv2d(x, weight, padding=layer.kernel // 2)  # a padding of x = 0 is one of spikes at its time
        return (u if slope is None else u / slope.view(-1, 1, 1)) + bias.view(-1, 1, 1)


def pool_times(times: Tensor, source: Source) -> Tensor:
    """Returns spike times (B, C, H, W) pooled as `source` says; incomplete windows are dropped.

    "average": the mean time, as synapses of a window share a weight. "max": only the first spike is passed on.
    """
    if source.pool == 1:
        return times
    return F.avg_pool2d(times, source.pool) if source.linear else -F.max_pool2d(-times, source.pool)


def fold_batch_norm(network: networks.Network, dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
    """Returns a ReLU network's weights and biases by name, with its batch normalisation folded into them.

    kappa = gain / sqrt(variance + eps), w' = kappa w, b' = bias - kappa mean, by the running statistics.
    """
    found: dict[str, Tensor] = {}
    for layer in network.architecture.weighted:
        kept = network.parameters | network.buffers
        own = {kind: kept[f"{layer.name}.{kind}"].detach().to(dtype, copy=True) for kind in ("weight", "bias")}
        if layer.normed:
            gain, mean, variance = (
                kept[f"{layer.name}.{kind}"].detach().to(dtype) for kind in ("gain", "mean", "variance")
            )
            kappa = gain / (variance + EPSILON).sqrt()
            own["weight"] *= kappa.view(-1, *[1] * (own["weight"].dim() - 1))
            own["bias"] -= kappa * mean
        found |= {f"{layer.name}.{kind}": value for kind, value in own.items()}
    return found


def from_scratch(
    network: networks.Network,
    low: float = 0.0,
    high: float = 1.0,
    slopes: Slopes = "one",
    dtype: torch.dtype = torch.float64,
) -> Network:
    """Returns a TTFS (time-to-first-spike) network to be trained, with the initial weights of a ReLU network: W = w,
    whatever B is.
    """
    largest = [INITIAL_MAX_ACTIVATION] * (len(network.architecture.layers) - 1)
    parameters = {name: value.requires_grad_() for name, value in fold_batch_norm(network, dtype).items()}
    return Network(
        network.architecture, parameters, ttfs.windows_from_activations(largest), low=low, high=high, slopes=slopes
    )


def from_relu_network(
    network: networks.Network,
    max_activations: Sequence[float],
    low: float,
    high: float,
    zeta: float = ZETA,
    slopes: Slopes = "one",
    dtype: torch.dtype = torch.float64,
    silent: Silent = "clock",
) -> Network:
    """Returns the TTFS (time-to-first-spike) network that computes the same as a ReLU network on images of [low, high],
    by (6) for slopes B > 0.

    `max_activations`: X of (8) for each hidden layer. `slopes` "alpha-one": those that make alpha 1. `silent`: as in
    `theory.ttfs.Layer`. Raises `InputError` if there are no such slopes.
    """
    parameters, windows = fold_batch_norm(network, dtype), ttfs.windows_from_activations(max_activations, zeta)
    made = Network(network.architecture, parameters, windows, low=low, high=high, silent=silent)
    if slopes == "one":
        return made
    for index, layer in enumerate(made.hidden):
        weight = parameters[f"{layer.name}.weight"]
        if isinstance(slopes, str):
            slope = torch.from_numpy(ttfs.slopes_for_unit_ramp(made._effective(index).double().numpy())).to(dtype)
        else:
            slope = slopes[index]
        made.parameters[f"{layer.name}.weight"] = weight * slope.view(-1, *[1] * (weight.dim() - 1))
    made.slopes = slopes
    return made
