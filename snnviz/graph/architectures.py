"""Builds the architecture of a design: its layers and the sources (inputs) that each one reads.

The torch modules are made from it by `snnviz.core.networks`.

>>> from snnviz.design.design import Design
>>> [layer.name for layer in build_architecture(Design()).layers]
['stem', 'L1', 'L2', 'L3', 'L4', 'readout']
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from snnviz.catalog.neurons import model
from snnviz.data import datasets
from snnviz.design import cells
from snnviz.design.adjacency import ASC, DSC
from snnviz.design.cells import CONV1, CONV3, NODES, OUTPUT_NODE, POOL, SKIP
from snnviz.design.design import Design
from snnviz.design.menus import SPIKING_READOUT
from snnviz.design.networks import BlockNetwork, CellNetwork, CnnNetwork, MlpNetwork, StagedNetwork, VggNetwork
from snnviz.design.networks import Shape as Shape
from snnviz.graph.layers import INPUT as INPUT
from snnviz.graph.layers import Architecture as Architecture
from snnviz.graph.layers import Builder
from snnviz.graph.layers import Layer as Layer
from snnviz.graph.layers import Source as Source
from snnviz.graph.stages import Block, Conv, staged_architecture

KERNEL = {CONV1: 1, CONV3: 3}
"""Kernel sizes of a cell's operations that have weights."""

Body = tuple[int, int, int]
"""Index of the last layer before the readout, the pooling of its maps for the readout, and outputs per class."""


@lru_cache(maxsize=256)
def build_architecture(design: Design) -> Architecture:
    """Returns the architecture of a design, with the input shape and classes of its data set."""
    return build_architecture_for(
        design, datasets.sample_shape(design.data), datasets.dataset_card(design.data.name).classes
    )


def build_architecture_for(design: Design, shape: Shape, classes: int) -> Architecture:
    """Returns the architecture of a design for inputs of this shape (channels, height, width) and this number of
    classes.
    """
    network = design.network
    builder = Builder(
        shape, spiking=model(design.neuron).spiking, normed=network.norm != "none", by_step=network.by_step
    )
    last, pool, voters = _BODIES[type(network)](network, design, builder)
    spiking = design.training.loss.kind in SPIKING_READOUT
    builder.readout(classes, Source(last, pool=pool), spiking=spiking, voters=voters)
    return Architecture(shape, tuple(builder.layers))


def _block(network: BlockNetwork, design: Design, builder: Builder) -> Body:
    """Benmeziane et al. 2023: layer j reads [o_(j-1) + sum of ASC sources, seeded channel subsets of DSC sources].

    An edge from a later layer carries what that one said a time step ago.
    """
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
        pool = builder.pooling_factor(vertex)
    return vertex, pool, 1


def _subset(design: Design, fraction: float, channels: int, block: int, i: int, j: int) -> tuple[int, ...]:
    """The channels of source i that a DSC skip into layer j carries: the same for the same seed."""
    keep = max(1, round(fraction * channels))
    draw = random.Random(f"{design.seed}/{block}/{i}/{j}")
    return tuple(sorted(draw.sample(range(channels), keep)))


def _staged(network: StagedNetwork, design: Design, builder: Builder) -> Body:
    """Stem, blocks, the mean over each map."""
    made = staged_architecture(network)
    at = builder.conv("stem", made.stem, Source(INPUT))
    pool = 1
    for number, block in enumerate(made.blocks, 1):
        at = _Stage(design, builder, number, network.dsc_fraction).build(block, at, pool)
        pool = 1
        if block.transition is not None:
            at = builder.conv(f"T{number}", block.transition.channels, Source(at), kernel=block.transition.kernel)
            pool = builder.pooling_factor(at)
    if made.head:
        at = builder.conv("head", made.head, Source(at), kernel=1)
    return at, min(builder.shape(at)[1:]), 1


class _Stage:
    """One block of a staged network, while it is built."""

    def __init__(self, design: Design, builder: Builder, number: int, fraction: float) -> None:
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
        stride = self.builder.pooling_factor(sources[0].layer) if conv.halves else 1
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


def _mlp(network: MlpNetwork, _: Design, builder: Builder) -> Body:
    last = INPUT
    for depth in range(1, network.depth + 1):
        last = builder.linear(f"L{depth}", network.width, Source(last))
    return last, 1, 1


def _cnn(network: CnnNetwork, _: Design, builder: Builder) -> Body:
    last, pool = INPUT, 1
    for depth in range(1, network.depth + 1):
        last = builder.conv(f"L{depth}", network.channels, Source(last, pool=pool))
        due = network.pool_every and depth % network.pool_every == 0
        pool = builder.pooling_factor(last) if due else 1
    return last, pool, 1


def _vgg(network: VggNetwork, _: Design, builder: Builder) -> Body:
    """Simonyan and Zisserman 2015, for small images: the last maps may be a single point."""
    given = Source(INPUT)
    for stage, channels in enumerate(network.channels, 1):
        for place, count in enumerate(channels, 1):
            last = builder.conv(f"S{stage}.L{place}", count, given)
            given = Source(last)
        given = Source(last, pool=builder.pooling_factor(last, least=2), pooling=network.pooling)
    return builder.linear("hidden", network.hidden, given), 1, 1


def _celled(network: CellNetwork, _: Design, builder: Builder) -> Body:
    """Kim et al. 2022, Fig. 5, as in their code: neurons come before the convolution that they feed."""
    cell, norm = cells.without_unused_connections(network.cell), builder.normed
    at = builder.conv("stem", network.channels, Source(INPUT, enlarge=network.enlarge), fires=False)
    said = _Cell(builder, cell, "C1", Source(at)).build()
    at = builder.neurons("C1.out", builder.shape(at), *said, normed=norm)
    at = builder.conv("reduction", 2 * network.channels, Source(at), fires=False)
    given = Source(at, pool=builder.pooling_factor(at))
    said = _Cell(builder, cell, "C2", given).build()
    at = builder.neurons("C2.out", builder.merged_shape((given,)), *said, normed=norm)
    hidden = builder.linear_without_bias(
        "hidden", network.hidden, Source(at, pool=builder.pooling_factor(at)), dropout=network.dropout
    )
    return hidden, 1, network.voters


class _Cell:
    """A cell while it is built. What reaches its input node is `given`; useless connections are gone.

    For each node, in order: its sum, where it is more than one layer's output and someone reads it as it is ("C1.2");
    its neurons, which all its convolutions read ("C1.n2"); the convolutions ("C1.2>3").
    """

    def __init__(self, builder: Builder, cell: cells.Cell, name: str, given: Source) -> None:
        self.builder, self.cell, self.name, self.given = builder, cell, name, given
        self.reaching = [[i for i in range(NODES) if cell[i][j]] for j in range(NODES)]
        self.feeding = [[j for j in range(NODES) if cell[i][j] in KERNEL] for i in range(NODES)]
        names: list[str] = []
        for node in range(NODES):
            names += [f"{name}.{node}"] * self._has_sum(node) + [f"{name}.n{node}"] * bool(self.feeding[node])
            names += [f"{name}.{node}>{j}" for j in self.feeding[node]]
        self.places = {each: len(builder.layers) + place for place, each in enumerate(names)}

    def build(self) -> tuple[Source, ...]:
        """Appends the layers; what reaches the output node."""
        shape = self.builder.merged_shape((self.given,))
        for node in range(NODES):
            if self._has_sum(node):
                self.builder.merge(f"{self.name}.{node}", *self._sources(node), shape=shape)
            if self.feeding[node]:
                at = self.builder.neurons(f"{self.name}.n{node}", shape, *self._heard(node))
                for j in self.feeding[node]:
                    kernel, name = KERNEL[self.cell[node][j]], f"{self.name}.{node}>{j}"
                    self.builder.conv(name, shape[0], Source(at), kernel=kernel, fires=False)
        return self._heard(OUTPUT_NODE)

    def _has_sum(self, node: int) -> bool:
        """Whether its sum is a layer of its own: not one layer's output as it is, nor for the node's neurons alone."""
        if not {SKIP, POOL} & set(self.cell[node]) and not (node == OUTPUT_NODE and self.feeding[OUTPUT_NODE]):
            return False
        sources = self.reaching[node]
        if node == 0:
            return bool(sources)
        return len(sources) > 1 or sources[0] > node or self.cell[sources[0]][node] == POOL

    def _heard(self, node: int) -> tuple[Source, ...]:
        """What its neurons, or the output's, read."""
        return (self._whole(node),) if self._has_sum(node) else self._sources(node)

    def _sources(self, node: int) -> tuple[Source, ...]:
        """Forward ones first."""
        found = [self.given] if node == 0 else []
        found += [self._arriving(i, node) for i in self.reaching[node]]
        return tuple(replace(source, merge="add" if place else "main") for place, source in enumerate(found))

    def _whole(self, node: int) -> Source:
        """A node's sum, as one source."""
        if self._has_sum(node):
            return Source(self.places[f"{self.name}.{node}"])
        return self.given if node == 0 else self._arriving(self.reaching[node][0], node)

    def _arriving(self, i: int, j: int) -> Source:
        """What the operation from node i to node j says; backward, a step late."""
        operation = self.cell[i][j]
        delay: Literal[0, 1] = 1 if i > j else 0
        if operation in KERNEL:
            return Source(self.places[f"{self.name}.{i}>{j}"], delay=delay)
        return replace(self._whole(i), smooth=3 if operation == POOL else 1, delay=delay, merge="main")


_BODIES: dict[type, Callable[[Any, Design, Builder], Body]] = {
    BlockNetwork: _block,
    MlpNetwork: _mlp,
    CnnNetwork: _cnn,
    VggNetwork: _vgg,
    StagedNetwork: _staged,
    CellNetwork: _celled,
}
