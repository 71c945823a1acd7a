"""Weights shared by the candidates of a search (Benmeziane et al. 2023, Fig. 2; after Pham et al. 2018).

Every layer has one weight, wide enough for all possible skips. A candidate uses the columns of the channels that it
reads, and may write them back. Weights are stored in units of the standard deviation that the design's initialisation
gives a layer with that fan-in, so that the size of a layer's current does not depend on its skips.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnviz.catalog.inits import weight_distribution
from snnviz.core.networks import Network
from snnviz.core.optimizers import State
from snnviz.core.randomness import generator
from snnviz.core.train import Optimizer
from snnviz.design.design import Design
from snnviz.graph.architectures import INPUT, Architecture, Layer, build_architecture

WEIGHT = ".weight"


class ChannelLayout:
    """Maps the channels that a layer reads from each source to columns of the weights that all candidate networks
    share.
    """

    def __init__(self, built: Architecture) -> None:
        """`built`: the network with every skip that there may be."""
        names = [layer.name for layer in built.layers]
        self.offsets: dict[str, dict[str, int]] = {}
        self.inputs = {layer.name: layer.in_shape[0] for layer in built.layers}
        self.outputs = {layer.name: layer.out_shape[0] for layer in built.layers}
        self.first: dict[str, str] = {}
        for layer in built.layers:
            place, table = 0, {}
            for source in layer.sources:
                name = names[source.layer] if source.layer != INPUT else ""
                table[name] = place
                place += len(source.channels or ()) if source.merge == "concat" else built.channels(source.layer)
            self.offsets[layer.name] = table
            self.first.setdefault(layer.name.partition(".")[0], next(iter(table)))

    def width(self, layer: Layer) -> int:
        """Returns the number of channels that a layer can read; for a block's projection, all channels of the block's
        input.
        """
        if layer.name in self.inputs:
            return self.inputs[layer.name]
        return self.outputs[self.first[layer.name.partition(".")[0]]]

    def columns(self, built: Architecture) -> dict[str, Tensor]:
        """Returns, for each layer with weights, the input channels of the shared weight that `built` uses, in its
        order.
        """
        said: dict[int, Tensor] = {INPUT: torch.arange(built.channels(INPUT))}
        found = {}
        for index, layer in enumerate(built.layers):
            parts = [said[layer.sources[0].layer]]
            for source in layer.sources:
                if source.merge == "concat":
                    here = said[source.layer][list(source.channels or ())]
                    parts.append(self._offset(layer.name, built.layers[source.layer].name) + here)
            joined = torch.cat(parts)
            if layer.kind == "merge":
                said[index] = joined
            else:
                said[index] = torch.arange(layer.out_shape[0])
                found[layer.name] = joined if layer.groups == 1 else torch.arange(1)
        return found

    def _offset(self, layer: str, source: str) -> int:
        """Of a source; the last layer of a block that has no skip to its output stands for that."""
        table = self.offsets[layer]
        return table[source] if source in table else table[f"{source.partition('.')[0]}.out"]


class SharedWeights:
    """Weights that all candidate networks of a search share: (out, channels, kernel positions), other parameters of the
    layers, and optimizer states.
    """

    def __init__(self, widest: Design) -> None:
        """`widest`: the design with every skip that there may be, concatenating all channels of its source."""
        self.seed = widest.seed
        self.layout = ChannelLayout(build_architecture(widest))
        self.kept: dict[str, Tensor] = {}
        self.states: dict[str, State] = {}

    def make_network(self, design: Design, *, states: bool = False) -> tuple[Network, Optimizer]:
        """Returns a network with the shared weights, and its optimizer, with the shared states if `states`, else new
        ones.
        """
        network = Network(design)
        optimizer = Optimizer(network)
        columns = self.layout.columns(network.architecture)
        for layer in network.architecture.weighted:
            weight = network.parameters[layer.name + WEIGHT]
            mine = self._weight(layer)[:, columns[layer.name]]
            weight.data = (mine.reshape(weight.shape) * _scale(layer, design)).contiguous()
        for name, value in (network.parameters | network.buffers).items():
            if not name.endswith(WEIGHT) and name in self.kept:
                value.data.copy_(self.kept[name])
        for name, state in self.states.items() if states else ():
            if name in network.parameters:
                at = columns[name.removesuffix(WEIGHT)] if name.endswith(WEIGHT) else None
                form = network.parameters[name].shape
                optimizer.states[name] = {
                    key: value.clone() if at is None or value.dim() == 0 else value[:, at].reshape(form)
                    for key, value in state.items()
                }
        return network, optimizer

    def update_from(self, network: Network, optimizer: Optimizer | None = None) -> None:
        """Stores the parameters of a network, and the state of its optimizer if given, as the shared ones."""
        columns = self.layout.columns(network.architecture)
        for layer in network.architecture.weighted:
            wide = self._weight(layer)
            weight = network.parameters[layer.name + WEIGHT].detach() / _scale(layer, network.design)
            wide[:, columns[layer.name]] = weight.reshape(len(wide), -1, wide.shape[2])
        for name, value in (network.parameters | network.buffers).items():
            if not name.endswith(WEIGHT):
                self.kept[name] = value.detach().clone()
        for name, state in optimizer.states.items() if optimizer else ():
            mine = self.states.setdefault(name, {})
            for key, value in state.items():
                if not name.endswith(WEIGHT) or value.dim() == 0:
                    mine[key] = value.clone()
                    continue
                wide = mine.setdefault(key, torch.zeros_like(self.kept[name]))
                wide[:, columns[name.removesuffix(WEIGHT)]] = value.reshape(len(wide), -1, wide.shape[2])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns copies of weights and optimizer states by name."""
        found = {name: value.numpy().copy() for name, value in self.kept.items()}
        for name, state in self.states.items():
            found |= {f"optimizer/{name}/{key}": value.numpy().copy() for key, value in state.items()}
        return found

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Sets all weights to those in `arrays`, as `SharedWeights.arrays` returned them."""
        self.kept, self.states = {}, {}
        for name, array in arrays.items():
            value = torch.from_numpy(np.array(array))
            if name.startswith("optimizer/"):
                _, parameter, key = name.split("/")
                self.states.setdefault(parameter, {})[key] = value
            else:
                self.kept[name] = value

    def _weight(self, layer: Layer) -> Tensor:
        """A layer's shared weight, drawn with variance 1 when it is first asked for."""
        name = layer.name + WEIGHT
        if name not in self.kept:
            points = layer.kernel**2 if layer.kind == "conv" else math.prod(layer.in_shape[1:])
            shape = (layer.out_shape[0], 1 if layer.groups > 1 else self.layout.width(layer), points)
            self.kept[name] = torch.randn(shape, generator=generator(self.seed, "shared", layer.name))
        return self.kept[name]


def _scale(layer: Layer, design: Design) -> float:
    return math.sqrt(weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron).variance)
