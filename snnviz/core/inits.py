"""Weights before training: drawn from the law of the design's initialisation, for some from what reaches a layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from snnviz.catalog.inits import InputStatistics, is_data_dependent, weight_distribution
from snnviz.core.randomness import generator
from snnviz.design.design import Design
from snnviz.graph.architectures import Layer

if TYPE_CHECKING:
    pass


def initial_weight(layer: Layer, design: Design, drive: InputStatistics | None = None) -> Tensor:
    """(out, in) or (out, in, k, k) of mean zero, drawn from the seed and the layer's name.

    A measured initialisation gives weights of zero, a silent layer, as long as there is no `drive`.
    """
    shape: tuple[int, ...] = (layer.out_shape[0], layer.fan_in)
    if layer.kind == "conv":
        shape = (layer.out_shape[0], layer.in_shape[0] // layer.groups, layer.kernel, layer.kernel)
    if drive is None and is_data_dependent(design.init):
        return torch.zeros(shape)
    law = weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron, drive)
    source = generator(design.seed, "weight", layer.name)
    if law.uniform:
        return (2 * torch.rand(shape, generator=source) - 1) * law.limit
    return torch.randn(shape, generator=source) * math.sqrt(law.variance)
