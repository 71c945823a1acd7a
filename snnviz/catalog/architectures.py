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
from snnviz.catalog.stages import Block, Conv, staged
from snnviz.design import DATASETS, SPIKING_READOUT, BlockNetwork, CnnNetwork, Design, MlpNetwork, StagedNetwork

Shape = tuple[int, int, int]
"""Channels, height, width. A linear layer's output is (neurons, 1, 1)."""

INPUT = -1
"""The source index of the encoded image."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a layer reads: layer `layer`'s output, `delay` time steps ago, average-pooled by `pool`.

    "main" and "add" sources are summed; "concat" sources follow them along the channels, restricted to `channels`.
    With a `stride` only every so many-th point of the map is read: spikes stay spikes.
    """

    layer: int
    merge: Literal["main", "add", "concat"] = "main"
    pool: int = 1
    channels: tuple[int, ...] | None = None
    delay: Literal[0, 1] = 0
    stride: int = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution (padded by half its kernel) or a linear map, with a bias, and the neurons that it drives.

    `spiking`: those are LIF neurons. Else they are ReLUs, or none: of the readout, and of a `plain` layer, which says
    its current. A "merge" has neither weights nor neurons and says what its sources say, joined. `normed`: the current
    is normalised. With `groups` each group of outputs sees its group of inputs alone.
    """

    name: str
    kind: Literal["conv", "linear", "merge"]
    sources: tuple[Source, ...]
    in_shape: Shape
    out_shape: Shape
    kernel: int = 1
    spiking: bool = True
    stride: int = 1
    groups: int = 1
    plain: bool = False
    normed: bool = False

    @property
    def fan_in(self) -> int:
        """Inputs of one neuron."""
        if self.kind == "conv":
            return self.kernel**2 * self.in_shape[0] // self.groups
        return math.prod(self.in_shape) if self.kind == "linear" else 0

    @property
    def fan_out(self) -> int:
        """Neurons that one input reaches."""
        return self.out_shape[0] * (1 if self.kind == "linear" else self.kernel**2) // self.groups

    @property
    def neurons(self) -> int:
        return math.prod(self.out_shape)

    @property
    def parameters(self) -> int:
        """Weights and biases, and gains of a normalisation."""
        if self.kind == "merge":
            return 0
        return self.out_shape[0] * (self.fan_in + 1 + self.normed)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image at one time step; padding counts, biases do not."""
        return self.neurons * self.fan_in


@dataclass(frozen=True, slots=True)
class Architecture:
    """Layers in an order in which each reads only earlier ones; the last is the readout."""

    input_shape: Shape
    layers: tuple[Layer, ...]

    @property
    def weighted(self) -> tuple[Layer, ...]:
        """The layers that compute something: all but those that only join."""
        return tuple(layer for layer in self.layers if layer.kind != "merge")

    def channels(self, index: int) -> int:
        """Of the maps of a layer, or of the image at `INPUT`."""
        return (self.input_shape if index == INPUT else self.layers[index].out_shape)[0]


class _Builder:
    """Appends layers, keeping track of shapes."""

    def __init__(self, input_shape: Shape, *, spiking: bool, normed: bool) -> None:
        self.input_shape, self.spiking, self.normed = input_shape, spiking, normed
        self.layers: list[Layer] = []

    def shape(self, index: int) -> Shape:
        return self.input_shape if index == INPUT else self.layers[index].out_shape

    def merged(self, sources: tuple[Source, ...]) -> Shape:
        channels, height, width = self.shape(sources[0].layer)
        pool = sources[0].pool
        channels += sum(len(s.channels or ()) for s in sources if s.merge == "concat")
        return channels, height // pool, width // pool

    def conv(
        self,
        name: str,
        channels: int,
        *sources: Source,
        kernel: int = 3,
        stride: int = 1,
        groups: int = 1,
        fires: bool = True,
    ) -> int:
        in_shape = self.merged(sources)
        out_shape = (channels, math.ceil(in_shape[1] / stride), math.ceil(in_shape[2] / stride))
        spiking, plain = self.spiking and fires, not fires
        self.layers.append(
            Layer(name, "conv", sources, in_shape, out_shape, kernel, spiking, stride, groups, plain, self.normed)
        )
        return len(self.layers) - 1

    def linear(self, name: str, neurons: int, *sources: Source) -> int:
        shape = (neurons, 1, 1)
        self.layers.append(
            Layer(name, "linear", sources, self.merged(sources), shape, spiking=self.spiking, normed=self.normed)
        )
        return len(self.layers) - 1

    def readout(self, classes: int, source: Source, *, spiking: bool) -> int:
        shape = (classes, 1, 1)
        in_shape = self.merged((source,))
        self.layers.append(Layer("readout", "linear", (source,), in_shape, shape, spiking=spiking, plain=not spiking))
        return len(self.layers) - 1

    def merge(self, name: str, *sources: Source) -> int:
        shape = self.merged(sources)
        self.layers.append(Layer(name, "merge", sources, shape, shape, spiking=False, plain=True))
        return len(self.layers) - 1

    def halving(self, index: int) -> int:
        """2 where the maps of `index` are large enough to be halved, else 1."""
        return 2 if min(self.shape(index)[1:]) >= 4 else 1


@lru_cache(maxsize=256)
def architecture(design: Design) -> Architecture:
    """The network of a design, for the images of its data set."""
    card = DATASETS[design.data.name].function()
    return assembled(design, card.shape, card.classes)


def assembled(design: Design, shape: Shape, classes: int) -> Architecture:
    """The network of a design, for images of this shape and so many classes."""
    builder = _Builder(shape, spiking=design.neuron.kind == "lif", normed=design.network.norm != "none")
    last, pool = _BODIES[type(design.network)](design, builder)
    builder.readout(classes, Source(last, pool=pool), spiking=design.training.loss.kind in SPIKING_READOUT)
    return Architecture(shape, tuple(builder.layers))


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
                    kept.append(
                        Source(
                            at,
                            "concat",
                            pool,
                            _subset(design, network.dsc_fraction, network.channels, block, i, j),
                            back,
                        )
                    )
            name = f"L{j}" if network.blocks == 1 else f"B{block + 1}.L{j}"
            vertices.append(builder.conv(name, network.channels, *sources, *kept))
            pools.append(1)
        vertex = vertices[-1]
        pool = builder.halving(vertex)
    return vertex, pool


def _subset(design: Design, fraction: float, channels: int, block: int, i: int, j: int) -> tuple[int, ...]:
    """The channels of source i that a DSC skip into layer j carries: the same for the same seed."""
    keep = max(1, round(fraction * channels))
    draw = random.Random(f"{design.seed}/{block}/{i}/{j}")
    return tuple(sorted(draw.sample(range(channels), keep)))


def _staged(design: Design, builder: _Builder) -> tuple[int, int]:
    """Stem, blocks, the mean over each map."""
    network = design.network
    assert isinstance(network, StagedNetwork)
    made = staged(network)
    at = builder.conv("stem", made.stem, Source(INPUT))
    pool = 1
    for number, block in enumerate(made.blocks, 1):
        at = _Stage(design, builder, number, network.dsc_fraction).build(block, at, pool)
        pool = 1
        if block.transition is not None:
            at = builder.conv(f"T{number}", block.transition.channels, Source(at), kernel=block.transition.kernel)
            pool = builder.halving(at)
    if made.head:
        at = builder.conv("head", made.head, Source(at), kernel=1)
    return at, min(builder.shape(at)[1:])


class _Stage:
    """One block of a staged network, while it is built."""

    def __init__(self, design: Design, builder: _Builder, number: int, fraction: float) -> None:
        self.design, self.builder, self.number, self.fraction = design, builder, number, fraction
        self.vertices: list[int] = []
        self.projections: dict[tuple[int, Shape], int] = {}

    def build(self, block: Block, first: int, pool: int) -> int:
        """Appends the layers; the index of the one that says the block's output."""
        if pool > 1:
            first = self.builder.merge(f"B{self.number}.in", Source(first, pool=pool))
        self.vertices = [first]
        for j, unit in enumerate(block.layers, 1):
            sources, at = self._sources(block, j), 0
            for part, conv in enumerate(unit):
                name = f"B{self.number}.L{j}" + (chr(97 + part) if len(unit) > 1 else "")
                at = self._conv(name, conv, sources if part == 0 else (Source(at),))
            self.vertices.append(at)
        output = self._sources(block, len(block.layers) + 1)
        return output[0].layer if len(output) == 1 else self.builder.merge(f"B{self.number}.out", *output)

    def _conv(self, name: str, conv: Conv, sources: tuple[Source, ...]) -> int:
        stride = self.builder.halving(sources[0].layer) if conv.halves else 1
        groups = conv.channels if conv.depthwise else 1
        kernel, fires = conv.kernel, conv.fires
        return self.builder.conv(
            name, conv.channels, *sources, kernel=kernel, stride=stride, groups=groups, fires=fires
        )

    def _sources(self, block: Block, j: int) -> tuple[Source, ...]:
        """[o_(j-1) + projected ASC sources, channel subsets of DSC sources], for a layer or the output."""
        main, added, kept = self.vertices[j - 1], [], []
        height = self.builder.shape(main)[1]
        for i, edge in enumerate(row[j] for row in block.edges[: j - 1]):
            at = self.vertices[i]
            channels, side, _ = self.builder.shape(at)
            if edge == ASC:
                added.append(Source(self._fitted(i, self.builder.shape(main)), "add"))
            elif edge == DSC:
                subset = _subset(self.design, self.fraction, channels, self.number, i, j)
                kept.append(Source(at, "concat", channels=subset, stride=math.ceil(side / height)))
        return (Source(main), *added, *kept)

    def _fitted(self, i: int, shape: Shape) -> int:
        """Vertex i itself where its maps have this shape, else a 1x1 convolution of them, shared by all who read it."""
        at = self.vertices[i]
        if self.builder.shape(at) == shape:
            return at
        if (i, shape) not in self.projections:
            name, stride = f"B{self.number}.P{i}", math.ceil(self.builder.shape(at)[1] / shape[1])
            found = self.builder.conv(name, shape[0], Source(at), kernel=1, stride=stride, fires=False)
            self.projections[i, shape] = found
        return self.projections[i, shape]


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
    StagedNetwork: _staged,
}
