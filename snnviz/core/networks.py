"""A network of spiking layers, built from an Architecture.

Everything runs on (T, B, ...) tensors: a layer's linear or convolution sees time folded into the batch, only the
neurons step through time. A static input has T = 1 and its first layer is computed once.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.catalog.architectures import INPUT, Architecture, Layer, Source, architecture
from snnviz.core.neurons import lif, respond
from snnviz.core.randomness import generator
from snnviz.design import INITS, Design
from snnviz.theory.costs import micro_batch

Watch = Callable[[int, Tensor, Tensor | None], None]
"""Called as watch(layer, u, spikes) with (T, B, ...) tensors; spikes is None for a readout that does not spike."""


class Network:
    """Weights by name, and the forward pass.

    ``parameters`` maps "<layer>.weight" to (out, in, k, k) or (out, in) and "<layer>.bias" to (out,).
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.architecture: Architecture = architecture(design)
        self.steps = design.data.steps
        self.parameters: dict[str, Tensor] = {}
        self._kept: dict[Source, Tensor] = {}
        for layer in self.architecture.layers:
            self.parameters[f"{layer.name}.weight"] = initial_weight(layer, design).requires_grad_()
            self.parameters[f"{layer.name}.bias"] = torch.zeros(layer.out_shape[0]).requires_grad_()
            for source in layer.sources:
                if source.channels is not None:
                    self._kept[source] = torch.tensor(source.channels)

    @property
    def micro_batch(self) -> int:
        """Images that go through at once."""
        return micro_batch(self.design)

    def __call__(self, image: Tensor, watch: Watch | None = None) -> Tensor:
        """The readout summed over time, (B, classes), from the encoded input (T or 1, B, C, H, W)."""
        outputs: list[Tensor] = []
        for index, layer in enumerate(self.architecture.layers):
            current = self._current(layer, self._input(layer, image, outputs))
            outputs.append(self._fire(index, layer, current, watch))
        last = outputs[-1]
        return last.sum(0) * (self.steps / last.shape[0])

    def _input(self, layer: Layer, image: Tensor, outputs: list[Tensor]) -> Tensor:
        main: Tensor | None = None
        concat: list[Tensor] = []
        for source in layer.sources:
            x = image if source.layer == INPUT else outputs[source.layer]
            if source.channels is not None:
                x = x.index_select(2, self._kept[source])  # (T, B, kept, H, W)
            if source.pool > 1:
                pooled = F.avg_pool2d(x.flatten(0, 1), source.pool)
                x = pooled.reshape(*x.shape[:2], *pooled.shape[1:])
            if source.merge == "concat":
                concat.append(x)
            else:
                main = x if main is None else main + x
        assert main is not None
        return torch.cat([main, *concat], 2) if concat else main

    def _current(self, layer: Layer, x: Tensor) -> Tensor:
        weight, bias = self.parameters[f"{layer.name}.weight"], self.parameters[f"{layer.name}.bias"]
        time_batch = x.shape[:2]
        if layer.kind == "linear":
            return F.linear(x.flatten(2), weight, bias)  # (T, B, out)
        y = F.conv2d(x.flatten(0, 1), weight, bias, padding=layer.kernel // 2)  # (T*B, out, H, W)
        return y.reshape(*time_batch, *y.shape[1:])

    def _fire(self, index: int, layer: Layer, current: Tensor, watch: Watch | None) -> Tensor:
        neuron = self.design.neuron
        if not layer.spiking:
            if watch:
                watch(index, current, None)
            return current
        if watch is None:
            return lif(current, neuron, self.steps, overwrite=True)  # no other reads it, the layer's backward neither
        u, s = respond(current, neuron, self.steps)
        watch(index, u, s)
        return s


def initial_weight(layer: Layer, design: Design) -> Tensor:
    """N(0, Var[w]) with the variance of the design's initialisation, drawn from the seed and the layer's name."""
    choice = design.init
    rule = INITS[choice.kind].function
    variance = rule(layer.fan_in, layer.fan_out, design.neuron, **choice.parameters)
    shape: tuple[int, ...] = (layer.out_shape[0], layer.fan_in)
    if layer.kind == "conv":
        shape = (layer.out_shape[0], layer.in_shape[0], layer.kernel, layer.kernel)
    draw = torch.randn(shape, generator=generator(design.seed, "weight", layer.name))
    return draw * math.sqrt(variance)
