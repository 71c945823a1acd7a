"""Networks as values: layers, and the sources that each one reads. Built into torch modules by `snnviz.core.networks`.

>>> from snnviz.design import Design
>>> [layer.name for layer in architecture(Design()).layers]
['stem', 'L1', 'L2', 'L3', 'L4', 'readout']
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from snnviz.adjacency import ASC, DSC
from snnviz.design import DATASETS, SPIKING_READOUT, BlockNetwork, CnnNetwork, Design, MlpNetwork

Shape = tuple[int, int, int]
"""Channels, height, width. A linear layer's output is (neurons, 1, 1)."""

INPUT = -1
"""The source index of the encoded image."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a layer reads: layer `layer`'s output, `delay` time steps ago, average-pooled by `pool`.

    "main" and "add" sources are summed; "concat" sources follow them along the channels, restricted to `channels`.
    """

    layer: int
    merge: Literal["main", "add", "concat"] = "main"
    pool: int = 1
    channels: tuple[int, ...] | None = None
    delay: Literal[0, 1] = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution (padded by half its kernel) or a linear map, with a bias, and the neurons that it drives.

    `spiking`: those are LIF neurons; else they are ReLUs, or, of the readout, none.
    """

    name: str
    kind: Literal["conv", "linear"]
    sources: tuple[Source, ...]
    in_shape: Shape
    out_shape: Shape
    kernel: int = 1
    spiking: bool = True
    stride: int = 1

    @property
    def fan_in(self) -> int:
        """Inputs of one neuron."""
        return math.prod(self.in_shape) if self.kind == "linear" else self.kernel**2 * self.in_shape[0]

    @property
    def fan_out(self) -> int:
        """Neurons that one input reaches."""
        return self.out_shape[0] * (1 if self.kind == "linear" else self.kernel**2)

    @property
    def neurons(self) -> int:
        return math.prod(self.out_shape)

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.out_shape[0] * (self.fan_in + 1)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image at one time step; padding counts, biases do not."""
        return self.neurons * self.fan_in


@dataclass(frozen=True, slots=True)
class Architecture:
    """Layers in an order in which each reads only earlier ones; the last is the readout."""

    input_shape: Shape
    layers: tuple[Layer, ...]

    def channels(self, index: int) -> int:
        """Of the maps of a layer, or of the image at `INPUT`."""
        return (self.input_shape if index == INPUT else self.layers[index].out_shape)[0]


class _Builder:
    """Appends layers, keeping track of shapes."""

    def __init__(self, input_shape: Shape, *, spiking: bool) -> None:
        self.input_shape, self.spiking = input_shape, spiking
        self.layers: list[Layer] = []

    def shape(self, index: int) -> Shape:
        return self.input_shape if index == INPUT else self.layers[index].out_shape

    def merged(self, sources: tuple[Source, ...]) -> Shape:
        channels, height, width = self.shape(sources[0].layer)
        pool = sources[0].pool
        channels += sum(len(s.channels or ()) for s in sources if s.merge == "concat")
        return channels, height // pool, width // pool

    def conv(self, name: str, channels: int, *sources: Source) -> int:
        in_shape = self.merged(sources)
        out_shape = (channels, *in_shape[1:])
        self.layers.append(Layer(name, "conv", sources, in_shape, out_shape, kernel=3, spiking=self.spiking))
        return len(self.layers) - 1

    def linear(self, name: str, neurons: int, *sources: Source, spiking: bool | None = None) -> int:
        spiking = self.spiking if spiking is None else spiking
        self.layers.append(Layer(name, "linear", sources, self.merged(sources), (neurons, 1, 1), spiking=spiking))
        return len(self.layers) - 1

    def halving(self, index: int) -> int:
        """2 where the maps of `index` are large enough to be halved, else 1."""
        return 2 if min(self.shape(index)[1:]) >= 4 else 1


@lru_cache(maxsize=256)
def architecture(design: Design) -> Architecture:
    """The network of a design, for the images of its data set."""
    card = DATASETS[design.data.name].function()
    builder = _Builder(card.shape, spiking=design.neuron.kind == "lif")
    last, pool = _BODIES[type(design.network)](design, builder)
    spiking = design.training.loss.kind in SPIKING_READOUT
    builder.linear("readout", card.classes, Source(last, pool=pool), spiking=spiking)
    return Architecture(card.shape, tuple(builder.layers))


def _block(design: Design, builder: _Builder) -> tuple[int, int]:
    """Benmeziane et al. 2023: layer j reads [o_(j-1) + sum of ASC sources, seeded channel subsets of DSC sources].

    An edge from a later layer carries what that one said a time step ago.
    """
    network = design.network
    assert isinstance(network, BlockNetwork)
    vertex, pool = builder.conv("stem", network.channels, Source(INPUT)), 1
    for block in range(network.blocks):
        vertices, pools, first = [vertex], [pool], len(builder.layers)
        for j in range(1, network.depth + 1):
            sources = [Source(vertices[j - 1], "main", pools[j - 1])]
            kept = []
            for i, edge in enumerate(row[j] for row in network.edges):
                # What layer i > j says is there one step later; its index is known before it is built.
                back: Literal[0, 1] = 1 if i > j else 0
                at, pool = (first + i - 1, 1) if back else (vertices[min(i, j - 1)], pools[min(i, j - 1)])
                if edge == ASC:
                    sources.append(Source(at, "add", pool, delay=back))
                elif edge == DSC:
                    kept.append(Source(at, "concat", pool, _subset(design, network, block, i, j), back))
            name = f"L{j}" if network.blocks == 1 else f"B{block + 1}.L{j}"
            vertices.append(builder.conv(name, network.channels, *sources, *kept))
            pools.append(1)
        vertex = vertices[-1]
        pool = builder.halving(vertex)
    return vertex, pool


def _subset(design: Design, network: BlockNetwork, block: int, i: int, j: int) -> tuple[int, ...]:
    """The channels of source i that a DSC skip into layer j carries: the same for the same seed."""
    keep = max(1, round(network.dsc_fraction * network.channels))
    draw = random.Random(f"{design.seed}/{block}/{i}/{j}")
    return tuple(sorted(draw.sample(range(network.channels), keep)))


def _mlp(design: Design, builder: _Builder) -> tuple[int, int]:
    network = design.network
    assert isinstance(network, MlpNetwork)
    last = INPUT
    for depth in range(1, network.depth + 1):
        last = builder.linear(f"L{depth}", network.width, Source(last))
    return last, 1


def _cnn(design: Design, builder: _Builder) -> tuple[int, int]:
    network = design.network
    assert isinstance(network, CnnNetwork)
    last, pool = INPUT, 1
    for depth in range(1, network.depth + 1):
        last = builder.conv(f"L{depth}", network.channels, Source(last, pool=pool))
        due = network.pool_every and depth % network.pool_every == 0
        pool = builder.halving(last) if due else 1
    return last, pool


_BODIES: dict[type, Callable[[Design, _Builder], tuple[int, int]]] = {
    BlockNetwork: _block,
    MlpNetwork: _mlp,
    CnnNetwork: _cnn,
}
