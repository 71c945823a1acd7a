"""Forward passes that keep every layer's potentials, spikes and input currents by source at every time step.

The pass is the network's own in evaluation mode: batch normalisation by running averages, no dropout. Silenced neurons
and muted connections are set to 0 within this pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from snnviz.core.activity import Activity, Counted, activity
from snnviz.core.cycles import Cycle
from snnviz.core.loops import Loop
from snnviz.core.merging import Merge
from snnviz.core.networks import ActivityHook, Network, Outputs
from snnviz.core.stepping import Population, Scan
from snnviz.design.design import Design
from snnviz.design.menus import LOSSES
from snnviz.graph.layers import EPSILON, Layer, Source


@dataclass(frozen=True, slots=True)
class Silenced:
    """Neurons and connections of a network that are set to 0 in a traced pass.

    layers: for a layer's index a mask (H, W, C) or (N,) that is 0 for silenced neurons and 1 for others; the potential
    of a silenced neuron is computed, but its output is 0. sources: pairs of a layer's index and the position of one of
    its sources (a connection such as a skip), which the layer then reads as 0.
    """

    layers: Mapping[int, Tensor] = field(default_factory=dict)
    sources: frozenset[tuple[int, int]] = frozenset()


class SourceCurrent(NamedTuple):
    """The part of a layer's input current that comes from one source, (T, B, H, W, C) or (T, B, N).

    `source` is None for the bias, which includes the shift of batch normalisation.
    """

    source: Source | None
    current: Tensor


@dataclass(frozen=True, slots=True)
class Trace:
    """The values computed in one traced pass; tensors are (T, B, H, W, C), or (T, B, N) for linear layers.

    outputs: each layer's output, (1, ...) if constant over time. potentials: the potentials u before reset, for each
    layer with neurons. readout: logits (T, B, classes) if only the first 1, 2, ... T time steps were used.
    """

    network: TracedNetwork
    outputs: Outputs
    potentials: Mapping[int, Tensor]
    readout: Tensor

    def layer_output(self, index: int) -> Tensor:
        """Returns a layer's output at each time step, (T, B, ...): spikes, or numbers for ReLU and merge layers.

        index: of the layer; for `INPUT` the encoded input is returned.
        """
        return self._expanded(self.outputs[index])

    def currents(self, index: int) -> list[SourceCurrent]:
        """Returns the parts of a layer's input current, one for each source and the bias last; their sum is the
        current.

        index: of the layer. The neurons' own reset is not included. Raises `ValueError` for a merge layer, which has
        no current.
        """
        network = self.network
        layer, merge = network.architecture.layers[index], network.merges[index]
        if layer.kind == "merge":
            raise ValueError(f"{layer.name} only joins")
        maps = [self._heard(index, source) for source in merge.sources]
        silent = [torch.zeros_like(x) for x in maps]
        scale, shift = network.normalisation(layer)
        found = []
        for place, source in enumerate(merge.sources):
            alone = merge(*(maps[k] if k == place else x for k, x in enumerate(silent)))
            part = network.product(layer, alone) if layer.weighted else alone
            found.append(SourceCurrent(source, self._expanded(part * scale)))
        if shift is not None:
            found.append(SourceCurrent(None, self._expanded(torch.zeros_like(found[0].current[:1]) + shift)))
        return found

    def operations(self, steps: int) -> Counted:
        """Returns the operations of all layers for all images in the first `steps` time steps: see `core.counting`."""
        network, found = self.network, np.zeros(3, np.int64)
        for index in sorted(network._sums):
            self.outputs.many[index] = self.outputs.spikes(network.merges[index])
        for index, plan in network._plans.items():
            merge = network.merges[index]
            many = self.outputs.spikes(merge)[:steps] if plan.averaged else None
            found += plan(self.outputs.read(merge)[:steps], many)[1]
        return Counted(*found.tolist())

    def _heard(self, index: int, source: Source) -> Tensor:
        place = self.network.merges[index].sources.index(source)
        x = self.outputs.source(source)
        return torch.zeros_like(x) if (index, place) in self.network.silenced.sources else x

    def _expanded(self, x: Tensor) -> Tensor:
        return x.expand(self.network.steps, *x.shape[1:])


class TracedNetwork(Network):
    """A network whose forward pass (`trace`) keeps the values of all layers at all time steps."""

    def __init__(self, design: Design, silenced: Silenced | None = None) -> None:
        super().__init__(design)
        self.silenced = silenced or Silenced()
        self.done = [set() for _ in self.stages]  # nothing is forgotten on the way
        self.potentials: dict[int, Tensor] = {}
        for index, place in self.silenced.sources:
            source = self.merges[index].sources[place]
            for merge in self._merges(index):
                merge.muted |= {k for k, one in enumerate(merge.sources) if one == source}

    def _merges(self, index: int) -> Iterator[Merge]:
        """All that join the sources of a layer, in and out of a cycle."""
        yield self.merges[index]
        for stage in self.stages:
            if isinstance(stage, Cycle):
                for member in stage.members:
                    if member.index == index:
                        yield from filter(None, (member.inner, member.outer))
            elif isinstance(stage, Loop):
                yield from (member.merge for member in stage.members if member.index == index)

    @torch.no_grad()
    def trace(self, image: Tensor) -> Trace:
        """Returns the values of one forward pass, without gradients, for an encoded input (T or 1, B, C, H, W)."""
        self.potentials = {}
        outputs = self.initial_outputs(image)
        for stage in self.stages:
            self.run(stage, outputs, None, "running")
        return Trace(self, outputs, self.potentials, self._readout_by_step(outputs))

    def _readout_by_step(self, outputs: Outputs) -> Tensor:
        layers = self.architecture.layers
        last = len(layers) - 1
        if layers[last].spiking:
            said = outputs[last]
        else:
            current = self._current(layers[last], outputs.read(self.merges[last]), "running")
            said = current.expand(self.steps, *current.shape[1:])
        gathered = said.cumsum(0)
        seen = [self.softmax_input(gathered[t], t + 1) for t in range(self.steps)]
        return torch.stack(seen)

    def softmax_input(self, gathered: Tensor, steps: int) -> Tensor:
        """Returns what the loss applies softmax to, (B, classes), given the readout (B, outputs) summed over `steps`
        time steps.
        """
        loss = self.design.training.loss
        found: Tensor = LOSSES[loss.kind].function(self._voted(gathered), steps, **loss.parameters)
        return found

    def normalisation(self, layer: Layer) -> tuple[Tensor, Tensor | None]:
        """Returns the factor and the offset that a layer applies to its weighted sum in evaluation mode, (C,) each.

        They combine bias and batch normalisation. Without normalisation the factor is 1 and the offset the bias, or
        None.
        """
        bias, gain = self.parameters.get(f"{layer.name}.bias"), self.parameters.get(f"{layer.name}.gain")
        one = torch.ones((), dtype=next(iter(self.parameters.values())).dtype)
        if gain is None or bias is None:
            return one, bias
        mean, variance = self.buffers[f"{layer.name}.mean"], self.buffers[f"{layer.name}.variance"]
        scale = gain / torch.sqrt(variance + EPSILON)
        return scale, bias - mean * scale

    def product(self, layer: Layer, x: Tensor) -> Tensor:
        """Returns the convolution or matrix product of a layer's weights with `x`, without bias and normalisation."""
        out = self.parameters[f"{layer.name}.weight"].shape[0]
        return self._product(layer, x, x.new_zeros(out))

    def population(self, layer: Layer) -> Population:
        """Returns the neurons of a layer, with the outputs of silenced ones set to 0."""
        found = super().population(layer)
        mask = self.silenced.layers.get(self.architecture.layers.index(layer))
        return found if mask is None else _SilencedPopulation(found, mask)

    def _fire(self, index: int, current: Tensor, activity_hook: ActivityHook | None, *, overwrite: bool) -> Tensor:  # noqa: ARG002
        u, s = self.population(self.architecture.layers[index]).respond(current, self.steps)
        self.potentials[index] = u
        return s

    def _stepped(self, indices: Sequence[int], us: Sequence[Tensor]) -> None:
        for index, u in zip(indices, us, strict=True):
            layer = self.architecture.layers[index]
            if layer.kind != "merge" and not layer.plain:
                self.potentials[index] = u


class _SilencedPopulation:
    """Neurons some of which say nothing, whatever their potential; `mask` is 0 there."""

    def __init__(self, of: Population, mask: Tensor) -> None:
        self.of, self.mask = of, mask
        self.tensors, self.learnt = of.tensors, of.learnt

    def fire(self, current: Tensor, steps: int, *, overwrite: bool = False) -> Tensor:
        return self.of.fire(current, steps, overwrite=overwrite) * self.mask

    def respond(self, current: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        u, s = self.of.respond(current, steps)
        return u, s * self.mask

    def observed(self, current: Tensor, steps: int) -> tuple[Tensor, Activity]:
        u, s = self.respond(current, steps)
        return s, activity(u, s)

    def activity(self, u: Tensor, s: Tensor) -> Activity:
        return self.of.activity(u, s)

    def scan(self) -> Scan:
        return _SilencedScan(self.of.scan(), self.mask)


class _SilencedScan:
    def __init__(self, of: Scan, mask: Tensor) -> None:
        self.of, self.mask = of, mask

    def forward_step(self, u: Tensor, s: Tensor, t: int) -> None:
        self.of.forward_step(u, s, t)
        s[t] *= self.mask

    def backward_step(self, u: Tensor, g: Tensor, t: int) -> None:
        raise NotImplementedError("a silenced network is looked at and does not learn")

    @property
    def gradients(self) -> Sequence[Tensor | None]:
        return self.of.gradients
