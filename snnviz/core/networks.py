"""A network of spiking layers, built from an Architecture.

Everything runs on (T, B, ...) tensors: a layer's linear or convolution sees time folded into the batch, only the
neurons step through time, and with them the layers of a cycle (`snnviz.core.cycles`). A static input has T = 1 and its
first layer is computed once. Maps are (T, B, H, W, C) in here.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from snnviz.catalog.architectures import INPUT, Architecture, Layer, architecture
from snnviz.core.layers import convolution, linear
from snnviz.core.merging import Merge
from snnviz.core.neurons import Activity, Cell, activity, lif, observed
from snnviz.core.randomness import generator
from snnviz.design import INITS, Design
from snnviz.theory.costs import micro_batch

Watch = Callable[[int, Activity], None]
"""Called as watch(layer, activity), once for each layer, in their order."""


class Network:
    """Weights by name, and the forward pass.

    ``parameters`` maps "<layer>.weight" to (out, in, k, k) or (out, in) and "<layer>.bias" to (out,).
    """

    def __init__(self, design: Design, built: Architecture | None = None) -> None:
        self.design = design
        self.architecture: Architecture = built or architecture(design)
        self.steps = design.data.steps
        self.parameters: dict[str, Tensor] = {}
        self.merges: list[Merge] = []
        layers = self.architecture.layers
        for layer in layers:
            self.parameters[f"{layer.name}.weight"] = initial_weight(layer, design).requires_grad_()
            self.parameters[f"{layer.name}.bias"] = torch.zeros(layer.out_shape[0]).requires_grad_()
            channels = [
                (self.architecture.input_shape if source.layer == INPUT else layers[source.layer].out_shape)[0]
                for source in layer.sources
            ]
            self.merges.append(Merge(layer.sources, channels))

    @property
    def micro_batch(self) -> int:
        """Images that go through at once."""
        return micro_batch(self.design)

    def __call__(self, image: Tensor, watch: Watch | None = None) -> Tensor:
        """The readout summed over time, (B, classes), from the encoded input (T or 1, B, C, H, W)."""
        outputs: dict[int, Tensor] = {INPUT: image.permute(0, 1, 3, 4, 2)}
        layers = self.architecture.layers
        for index, layer in enumerate(layers[:-1]):
            outputs[index] = self._fire(index, self._current(layer, self._input(index, outputs)), watch)
        readout, last = layers[-1], len(layers) - 1
        if readout.spiking:
            return self._fire(last, self._current(readout, self._input(last, outputs)), watch).sum(0)
        if watch:
            current = self._current(readout, self._input(last, outputs))
            watch(last, activity(current.expand(self.steps, *current.shape[1:]).contiguous(), None))
        # A readout is linear: the sum over time of what it says is what it says of the mean, times T.
        means = {source.layer: outputs[source.layer].mean(0, keepdim=True) for source in readout.sources}
        return self._current(readout, self._input(last, means))[0] * self.steps

    def _input(self, index: int, outputs: dict[int, Tensor]) -> Tensor:
        """What a layer reads, (T, B, H, W, C) or (T, B, N)."""
        sources, merge = self.architecture.layers[index].sources, self.merges[index]
        maps = [outputs[source.layer] for source in sources]
        joined = merge(*(x.flatten(0, 1) for x in maps))
        return joined.view(*maps[0].shape[:2], *joined.shape[1:])

    def _current(self, layer: Layer, x: Tensor) -> Tensor:
        weight, bias = self.parameters[f"{layer.name}.weight"], self.parameters[f"{layer.name}.bias"]
        if layer.kind == "conv":
            return convolution(x, weight, bias)
        if layer.in_shape[0] > 1 and math.prod(layer.in_shape[1:]) > 1:  # its columns are (C, H, W), the map (H, W, C)
            weight = weight.view(-1, *layer.in_shape).permute(0, 2, 3, 1).flatten(1)
        return linear(x.flatten(2), weight, bias)

    def _fire(self, index: int, current: Tensor, watch: Watch | None) -> Tensor:
        cell = Cell(self.design.neuron)
        if watch is None:  # nothing else reads the current, its layer's backward pass neither
            return lif(current, cell, self.steps, overwrite=True)
        s, seen = observed(current, cell, self.steps)
        watch(index, seen)
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
