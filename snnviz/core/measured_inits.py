"""Data-dependent initialisation: weights are set layer by layer from the measured statistics of each layer's input."""

from __future__ import annotations

import torch
from torch import Tensor

from snnviz.catalog.inits import InputStatistics, is_data_dependent
from snnviz.core.inits import initial_weight
from snnviz.core.networks import Network
from snnviz.core.order import stage_layers


@torch.no_grad()
def initialise_from_data(network: Network, image: Tensor) -> None:
    """Sets the weights of a data-dependent initialisation, layer by layer; does nothing for other initialisations.

    `image`: an encoded batch (T or 1, B, C, H, W). In a cycle, a layer's weights are set while those of the layers
    behind it are still zero.
    """
    if not is_data_dependent(network.design.init):
        return
    outputs, layers = network.initial_outputs(image), network.architecture.layers
    for stage, done in zip(network.stages, network.done, strict=True):
        members = stage_layers(stage)
        for index in members:
            if not layers[index].weighted:
                continue
            if not isinstance(stage, int):
                network.run(stage, outputs)  # for what the members say that are set already
            drive = InputStatistics(second_moment(outputs.read(network.merges[index])), network.steps)
            weight = initial_weight(layers[index], network.design, drive)
            network.parameters[f"{layers[index].name}.weight"].copy_(weight)
            outputs.free(members)
        network.run(stage, outputs)
        outputs.free(done)


def second_moment(x: Tensor) -> float:
    """Returns E[x^2] over all elements of `x` (T, ...), computed in float64 step by step to save memory."""
    return float(sum(step.double().square().sum().item() for step in x)) / x.numel()
