"""Draws initial weights from the distribution of the design's initialisation."""

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
    """Returns the initial weight of a layer, (out, in) or (out, in, k, k), drawn from the seed and the layer's name.

    `drive`: statistics of the layer's input; without it a data-dependent initialisation returns zeros.
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
