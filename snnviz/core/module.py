"""The network of a design as a `torch.nn.Module`, for tools that expect one: optimizers, schedulers, hooks, captum,
export.

    from snnviz.core.module import as_module
    from snnviz.design.design import Design

    model = as_module(Design())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss = torch.nn.functional.cross_entropy(model(images), labels)      # images (B, C, H, W), from 0 to 1
    loss.backward()
    optimizer.step()

It computes the same as `snnviz.core.networks.Network`, by the same operations. snnviz's own training uses micro-batches
that stay in the cache, and is faster; here a batch goes through at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnviz.catalog.inits import is_data_dependent
from snnviz.core import data, train
from snnviz.core.measured_inits import initialise_from_data
from snnviz.core.networks import Network
from snnviz.core.norms import Statistics
from snnviz.core.trainable_ttfs import build_network
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.events import Checkpoint

BRANCHES = "shortcut."
"""Prefix of the parameter names of shortcut branches, which are not part of the network."""


class NetworkModule(nn.Module):
    """The network of a design as a `torch.nn.Module`; ``state_dict`` has the names of a stored checkpoint.

    "<layer>.weight" (out, in, k, k) or (out, in), "<layer>.bias" (out,), "<layer>.gain" (out,) of a batch
    normalisation, learnt parameters of neurons, such as "<layer>.beta", and the buffers "<layer>.mean",
    "<layer>.variance" (out,), of a TTFS network "windows".

    ``train()``: batch normalisation by batch statistics, which update the running ones, and dropout drawn from torch's
    global generator. ``eval()``: by running statistics, without dropout.
    """

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        self._network = build_network(design)
        self._forwards = 0
        for name, value in self._network.parameters.items():
            layer, _, kind = name.rpartition(".")
            self._layer(layer).register_parameter(kind, nn.Parameter(value.detach()))
        for name, value in self._network.buffers.items():
            layer, _, kind = name.rpartition(".")
            self._layer(layer).register_buffer(kind, value)

    def _layer(self, name: str) -> nn.Module:
        """The module of a layer; one whose name has dots lies within others, as torch has it."""
        found: nn.Module = self
        for part in filter(None, name.split(".")):
            if part not in found._modules:
                found.add_module(part, nn.Module())
            found = found.get_submodule(part)
        return found

    @property
    def network(self) -> Network:
        """The underlying `Network`, with this module's current parameters and buffers."""
        self._network.parameters = dict(self.named_parameters())
        self._network.buffers = dict(self.named_buffers())
        return self._network

    def forward(self, x: Tensor, dropout_masks: Mapping[int, Tensor] | None = None) -> Tensor:
        """Returns the logits (B, classes), the input of the cross-entropy of the design's loss.

        x: images (B, C, H, W) of intensities from 0 to 1, or the encoded input (T, B, C, H, W), or (1, B, C, H, W) if
        it is the same at all time steps; recordings must be given encoded (`core.data.encode`). For a TTFS network the
        encoded input is the intensities. dropout_masks: by layer, (B, in) of 0 and 1 / (1 - p); None draws them.
        """
        network = self.network
        self._after_step(network)
        encoded = self.encode(x) if x.dim() == 4 else x
        if self.training and dropout_masks is None:
            dropout_masks = self._draw_masks(encoded)
        statistics: Statistics = "learn" if self.training else "running"
        return train.logits(network, encoded, None, statistics, dropout_masks)

    def encode(self, images: Tensor) -> Tensor:
        """Returns the network's input (T or 1, B, C, H, W) for images (B, C, H, W) of intensities from 0 to 1.

        A rate encoding draws new spikes in each call. No gradient flows back to the images.
        """
        self._forwards += 1
        like = next(self.parameters())
        return data.encode(images.detach(), 1, self.design, "module", self._forwards).to(like.device, like.dtype)

    @torch.no_grad()
    def _after_step(self, network: Network) -> None:
        """What snnviz's training does after each step: a learnt leak or threshold that a step took past an end is put
        back, and windows of a TTFS network grow as they must.
        """
        for name, bounds in network.bounds.items():
            network.parameters[name].data.clamp_(*bounds)
        network.after_step()
        for name, value in network.buffers.items():
            layer, _, kind = name.rpartition(".")
            setattr(self._layer(layer), kind, value)

    def _draw_masks(self, encoded: Tensor) -> dict[int, Tensor]:
        masks = {}
        for index, layer in enumerate(self._network.architecture.layers):
            if layer.dropout:
                kept = 1 - layer.dropout
                masks[index] = encoded.new_empty(encoded.shape[1], layer.fan_in).bernoulli_(kept) / kept
        return masks

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_network"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._network = build_network(self.design)


def as_module(design: Design, weights: Checkpoint | Mapping[str, Any] | None = None) -> NetworkModule:
    """Returns the network of a design as a module, in float32 (a TTFS network in float64), in training mode.

    weights: a run's checkpoint (`Store.load_checkpoint`), its arrays, or a ``state_dict``; optimizer state and shortcut
    branches in it are ignored. None: initial weights drawn from the design's seed; a data-dependent initialisation then
    reads the data set. Raises `InputError` for weights of another network, and `DataMissing`.
    """
    module = NetworkModule(design)
    if weights is None:
        if is_data_dependent(design.init):
            images, _ = data.load(design)
            initialise_from_data(module.network, data.encoded_probe(images, design)[0])
        return module
    arrays = weights.arrays if isinstance(weights, Checkpoint) else weights
    given = {name: value for name, value in arrays.items() if not name.startswith(("optimizer/", BRANCHES))}
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    for name in sorted(expected.keys() ^ given.keys()):
        raise InputError(
            "weights", f"be of this network: {name} is {'missing' if name in expected else 'not in it'}", name
        )
    for name, shape in expected.items():
        if tuple(given[name].shape) != shape:
            raise InputError("weights", f"be of this network: {name} is {shape}", tuple(given[name].shape))
    module.load_state_dict({name: _tensor(value) for name, value in given.items()})
    return module


def _tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else torch.from_numpy(np.array(value))
