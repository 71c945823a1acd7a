"""Weights before training: drawn from the law of the design's initialisation, for some from what reaches a layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from snnviz.catalog.inits import Drive, is_measured, weight_law
from snnviz.core.order import members_of
from snnviz.core.randomness import generator
from snnviz.design.design import Design
from snnviz.graph.architectures import Layer

if TYPE_CHECKING:
    from snnviz.core.networks import Network


def initial_weight(layer: Layer, design: Design, drive: Drive | None = None) -> Tensor:
    """(out, in) or (out, in, k, k) of mean zero, drawn from the seed and the layer's name.

    A measured initialisation gives weights of zero, a silent layer, as long as there is no `drive`.
    """
    shape: tuple[int, ...] = (layer.out_shape[0], layer.fan_in)
    if layer.kind == "conv":
        shape = (layer.out_shape[0], layer.in_shape[0] // layer.groups, layer.kernel, layer.kernel)
    if drive is None and is_measured(design.init):
        return torch.zeros(shape)
    law = weight_law(design.init, layer.fan_in, layer.fan_out, design.neuron, drive)
    source = generator(design.seed, "weight", layer.name)
    if law.uniform:
        return (2 * torch.rand(shape, generator=source) - 1) * law.limit
    return torch.randn(shape, generator=source) * math.sqrt(law.variance)


@torch.no_grad()
def measure(network: Network, image: Tensor) -> None:
    """Sets the weights of a measured initialisation, layer by layer, from what the encoded `image` makes of those
    before; other initialisations need no such thing.

    In a cycle, a layer's weights are set while those of the layers behind it are still zero.
    """
    if not is_measured(network.design.init):
        return
    outputs, layers = network.opened(image), network.architecture.layers
    for stage, done in zip(network.stages, network.done, strict=True):
        members = members_of(stage)
        for index in members:
            if not layers[index].weighted:
                continue
            if not isinstance(stage, int):
                network.run(stage, outputs)  # for what the members say that are set already
            drive = Drive(second_moment(outputs.read(network.merges[index])), network.steps)
            weight = initial_weight(layers[index], network.design, drive)
            network.parameters[f"{layers[index].name}.weight"].copy_(weight)
            outputs.forget(members)
        network.run(stage, outputs)
        outputs.forget(done)


def second_moment(x: Tensor) -> float:
    """E[x^2], step by step in double precision: the sum of spikes is exact, and no large copy is made."""
    return float(sum(step.double().square().sum().item() for step in x)) / x.numel()
