"""A TTFS network under hardware limits, trainable: equations (11) to (14) of `ttfs.theory.limits`.

Limits apply in the forward pass and are ignored in the backward pass: the gradient of a limited weight or time is that
of the weight or time itself (straight-through). A spike at t_min because its window is too short has no gradient, as
without limits.
"""

from __future__ import annotations

import torch
from torch import Tensor

from snnviz.core import ttfs
from snnviz.studies.ttfs.limits import HardwareLimits, Levels
from snnviz.studies.ttfs.theory import limits as ttfslimits
from snnviz.theory.ttfs import Window


def straight_through(value: Tensor, limited: Tensor) -> Tensor:
    """Returns the value of `limited`, with the gradient of `value`."""
    return limited.detach() + (value - value.detach())


def quantise(values: Tensor, low: float, high: float, bits: int) -> Tensor:
    """Returns `values` rounded to 2^bits evenly spaced levels in [low, high], without gradient; as
    `ttfs.theory.limits.quantise`.
    """
    last = 2**bits - 1
    step, values = (high - low) / last, values.detach()
    if not step > 0:
        return torch.full_like(values, low)
    k = ((values.clamp(low, high) - low) / step).round()
    return torch.where(k == last, high, low + step * k)  # at the end of its window to the bit, a neuron is silent


def quantise_weights(weights: Tensor, reach: float, bits: int, levels: Levels) -> Tensor:
    """Returns weights rounded to the levels that `bits` bits allow in [-reach, reach], without gradient; as
    `ttfs.theory.limits.quantise_weights`.
    """
    if levels == "without-zero":
        return quantise(weights, -reach, reach, bits)
    last, weights = 2 ** (bits - 1) - 1, weights.detach()
    if not reach > 0:
        return torch.zeros_like(weights)
    found: Tensor = ((weights / reach).clamp(-1, 1) * last).round() / last * reach + 0.0
    return found


class LimitedNetwork(ttfs.Network):
    """A TTFS (time-to-first-spike) network (B1-model) whose weights, time windows and spike times are subject to
    hardware limits.

    The ranges of its weights are those of the network it is made from and stay fixed in training; so do its windows.
    `draw`: the generator of jitter, set before each pass.
    """

    def __init__(self, exact: ttfs.Network, limits: HardwareLimits) -> None:
        """`exact` keeps its parameters; these here learn."""
        parameters = {name: value.detach().clone().requires_grad_() for name, value in exact.parameters.items()}
        windows = ttfslimits.shorten_windows(exact.windows, limits.latency)
        super().__init__(exact.architecture, parameters, windows, low=exact.low, high=exact.high)
        self.limits, self.draw = limits, torch.Generator()
        self.ranges = [
            ttfslimits.weight_range(self.parameters[f"{layer.name}.weight"].detach().numpy(), limits.outliers)
            for layer in self.architecture.layers
        ]

    def received(self, times: Tensor, window: Window) -> Tensor:
        """Returns spike times as the next layer receives them: with jitter, and quantised."""
        limits, moved = self.limits, times.detach()
        if limits.jitter:
            noise = torch.randn(times.shape, generator=self.draw, dtype=times.dtype)
            jittered = (moved + limits.jitter * noise).clamp(window.start, window.end)
            moved = torch.where(moved < window.end, jittered, moved)
        if limits.time_bits:
            moved = quantise(moved, window.start, window.end, limits.time_bits)
        return straight_through(times, moved) if limits.jitter or limits.time_bits else times

    def _named(self, index: int) -> tuple[Tensor, Tensor]:
        weight, bias = super()._named(index)
        if bits := self.limits.weight_bits:
            reach = self.ranges[index]
            weight = straight_through(weight, quantise_weights(weight, reach, bits, self.limits.levels))
        return weight, bias
