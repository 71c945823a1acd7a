"""A trained network looked into: potentials, spikes and currents by source of every layer at every time step.

The pass is the network's own, in evaluation mode (batch normalisation by running averages, no dropout); a trace keeps
what it computes on the way. What is silenced or muted is the network's own pass as well, without that part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from snnviz.core.activity import Activity, activity
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
    """Parts of a network that say nothing.

    layers: by index, of layers with neurons, a mask (H, W, C) or (N,) that is 0 where a neuron is silenced and 1
    elsewhere: its potential goes on and nobody hears of it. sources: pairs of a
    layer's index and the place of one of its sources, such as a skip, which the layer reads as 0.
    """

    layers: Mapping[int, Tensor] = field(default_factory=dict)
    sources: frozenset[tuple[int, int]] = frozenset()


class SourceCurrent(NamedTuple):
    """A source's part in the current of a layer, (T, B, H, W, C) or (T, B, N). `source` is None of the bias, with which
    the shift of a batch normalisation counts."""

    source: Source | None
    current: Tensor


@dataclass(frozen=True, slots=True)
class Trace:
    """What a pass computed. Tensors are (T, B, H, W, C), or (T, B, N) of linear layers.

    outputs: by layer, what it says, (1, ...) where that is constant over time. potentials: by layer
    with neurons, u before the reset. readout: the logits (T, B, classes) after each number of time steps, as the loss
    sees them.
    """

    network: TracedNetwork
    outputs: Outputs
    potentials: Mapping[int, Tensor]
    readout: Tensor

    def said(self, index: int) -> Tensor:
        """What a layer says at each time step: spikes, or numbers of what has none; of `INPUT` the encoded input."""
        return self._expanded(self.outputs[index])

    def currents(self, index: int) -> list[SourceCurrent]:
        """The parts of a layer's current, source by source and the bias last: their sum is the current.

        The neurons' own reset is no part of it. Raises `ValueError` of a layer that only joins.
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

    def _heard(self, index: int, source: Source) -> Tensor:
        place = self.network.merges[index].sources.index(source)
        x = self.outputs.source(source)
        return torch.zeros_like(x) if (index, place) in self.network.silenced.sources else x

    def _expanded(self, x: Tensor) -> Tensor:
        return x.expand(self.network.steps, *x.shape[1:])


class TracedNetwork(Network):
    """A network that keeps what it computes: see `trace`."""

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
        """One pass of the encoded input (T or 1, B, C, H, W)."""
        self.potentials = {}
        outputs = self.initial_outputs(image)
        for stage in self.stages:
            self.run(stage, outputs, None, "running")
        return Trace(self, outputs, self.potentials, self._readout_by_step(outputs))

    def _readout_by_step(self, outputs: Outputs) -> Tensor:
        layers, loss = self.architecture.layers, self.design.training.loss
        last = len(layers) - 1
        if layers[last].spiking:
            said = outputs[last]
        else:
            current = self._current(layers[last], outputs.read(self.merges[last]), "running")
            said = current.expand(self.steps, *current.shape[1:])
        gathered = said.cumsum(0)
        seen = [
            LOSSES[loss.kind].function(self._voted(gathered[t]), t + 1, **loss.parameters) for t in range(self.steps)
        ]
        return torch.stack(seen)

    def normalisation(self, layer: Layer) -> tuple[Tensor, Tensor | None]:
        """By what a layer's weighted sum is multiplied, and what is added to it, (C,) each, in evaluation mode."""
        bias, gain = self.parameters.get(f"{layer.name}.bias"), self.parameters.get(f"{layer.name}.gain")
        one = torch.ones((), dtype=next(iter(self.parameters.values())).dtype)
        if gain is None or bias is None:
            return one, bias
        mean, variance = self.buffers[f"{layer.name}.mean"], self.buffers[f"{layer.name}.variance"]
        scale = gain / torch.sqrt(variance + EPSILON)
        return scale, bias - mean * scale

    def product(self, layer: Layer, x: Tensor) -> Tensor:
        """The weighted sum of what a layer reads, without bias and normalisation."""
        out = self.parameters[f"{layer.name}.weight"].shape[0]
        return self._product(layer, x, x.new_zeros(out))

    def cell(self, layer: Layer) -> Population:
        found = super().cell(layer)
        mask = self.silenced.layers.get(self.architecture.layers.index(layer))
        return found if mask is None else _SilencedPopulation(found, mask)

    def _fire(self, index: int, current: Tensor, watch: ActivityHook | None, *, overwrite: bool) -> Tensor:  # noqa: ARG002
        u, s = self.cell(self.architecture.layers[index]).respond(current, self.steps)
        self.potentials[index] = u
        return s

    def _stepped(self, indices: Sequence[int], us: Sequence[Tensor]) -> None:
        for index, u in zip(indices, us, strict=True):
            if self.architecture.layers[index].kind != "merge":
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

    def advance(self, u: Tensor, s: Tensor, t: int) -> None:
        self.of.advance(u, s, t)
        s[t] *= self.mask

    def retreat(self, u: Tensor, g: Tensor, t: int) -> None:
        raise NotImplementedError("a silenced network is looked at and does not learn")

    @property
    def gradients(self) -> Sequence[Tensor | None]:
        return self.of.gradients
