"""Layers as values, and the sources that each one reads: what every kind of network is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from snnviz.design.networks import Pooling, Shape

INPUT = -1
"""The source index of the encoded image."""

EPSILON = 1e-5
"""What batch normalisation adds to variances: torch's, and the papers'."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a layer reads: layer `layer`'s output, `delay` time steps ago, of each square of side `pool` its `pooling`.

    "main" and "add" sources are summed; "concat" sources follow them along the channels, restricted to `channels`.
    With a `stride` only every so many-th point of the map is read: spikes stay spikes. With `enlarge` each point is
    there so many times in both directions. `smooth`: each point is the mean of a square of this side around it, zeros
    beyond the edge included. The order is: stride, enlarge, pool, smooth, delay.
    """

    layer: int
    merge: Literal["main", "add", "concat"] = "main"
    pool: int = 1
    channels: tuple[int, ...] | None = None
    delay: Literal[0, 1] = 0
    stride: int = 1
    enlarge: int = 1
    smooth: int = 1
    pooling: Pooling = "average"

    @property
    def averaged(self) -> int:
        """How many values each that is read is an average of."""
        return self.smooth**2 * (self.pool**2 if self.pooling == "average" else 1)

    @property
    def linear(self) -> bool:
        """Whether what is read of a sum is the sum of what is read."""
        return self.pool == 1 or self.pooling == "average"


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution (padded by half its kernel) or a linear map, with a bias, and the neurons that it drives.

    `spiking`: those say spikes. Else they say numbers, as ReLUs do, or there are none: in a readout, and in a `plain`
    layer, which says its current. `normed`: the current is normalised, `by_step` by the statistics of each time step
    alone. With `groups` each group of outputs sees its group of inputs alone. `dropout`: the share of what it reads
    that a training step leaves out. `voters`: outputs for each class, whose mean is the class's.

    "neurons" have no weights: their current is the sum of their sources. A "merge" has neither weights nor neurons and
    says what its sources say, joined.
    """

    name: str
    kind: Literal["conv", "linear", "neurons", "merge"]
    sources: tuple[Source, ...]
    in_shape: Shape
    out_shape: Shape
    kernel: int = 1
    spiking: bool = True
    stride: int = 1
    groups: int = 1
    plain: bool = False
    normed: bool = False
    by_step: bool = False
    biased: bool = True
    dropout: float = 0.0
    voters: int = 1

    @property
    def weighted(self) -> bool:
        return self.kind in ("conv", "linear")

    @property
    def fan_in(self) -> int:
        """Inputs of one neuron that have a weight."""
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
        return self.out_shape[0] * (self.fan_in + self.biased + self.normed)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image at one time step; padding counts, biases do not."""
        return self.neurons * self.fan_in


@dataclass(frozen=True, slots=True)
class Architecture:
    """Layers in an order in which each reads only earlier ones, save what is a step late; the last is the readout."""

    input_shape: Shape
    layers: tuple[Layer, ...]

    @property
    def watched(self) -> tuple[Layer, ...]:
        """The layers that are looked at: all but those that only join."""
        return tuple(layer for layer in self.layers if layer.kind != "merge")

    @property
    def weighted(self) -> tuple[Layer, ...]:
        """The layers that have weights."""
        return tuple(layer for layer in self.layers if layer.weighted)

    def channels(self, index: int) -> int:
        """Of the maps of a layer, or of the image at `INPUT`."""
        return (self.input_shape if index == INPUT else self.layers[index].out_shape)[0]


class Builder:
    """Appends layers, keeping track of shapes."""

    def __init__(self, input_shape: Shape, *, spiking: bool, normed: bool, by_step: bool = False) -> None:
        self.input_shape, self.spiking, self.normed, self.by_step = input_shape, spiking, normed, by_step
        self.layers: list[Layer] = []

    def shape(self, index: int) -> Shape:
        return self.input_shape if index == INPUT else self.layers[index].out_shape

    def merged(self, sources: tuple[Source, ...]) -> Shape:
        """Of the joined sources, the first of which is there already."""
        channels, height, width = self.shape(sources[0].layer)
        pool, enlarge = sources[0].pool, sources[0].enlarge
        channels += sum(len(s.channels or ()) for s in sources if s.merge == "concat")
        return channels, height * enlarge // pool, width * enlarge // pool

    def _append(self, layer: Layer) -> int:
        self.layers.append(layer)
        return len(self.layers) - 1

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
        return self._append(
            Layer(
                name, "conv", sources, in_shape, out_shape, kernel, spiking, stride, groups, plain,
                self.normed, self.by_step,
            )
        )  # fmt: skip

    def linear(self, name: str, neurons: int, *sources: Source) -> int:
        shape = (neurons, 1, 1)
        return self._append(
            Layer(
                name, "linear", sources, self.merged(sources), shape,
                spiking=self.spiking, normed=self.normed, by_step=self.by_step,
            )
        )  # fmt: skip

    def bare(self, name: str, neurons: int, source: Source, *, dropout: float) -> int:
        """A linear layer without bias or normalisation."""
        in_shape, shape = self.merged((source,)), (neurons, 1, 1)
        return self._append(
            Layer(name, "linear", (source,), in_shape, shape, spiking=self.spiking, biased=False, dropout=dropout)
        )

    def neurons(self, name: str, shape: Shape, *sources: Source, normed: bool = False) -> int:
        """Of maps of this shape."""
        return self._append(
            Layer(
                name, "neurons", sources, shape, shape,
                spiking=self.spiking, normed=normed, by_step=self.by_step, biased=normed,
            )
        )  # fmt: skip

    def readout(self, classes: int, source: Source, *, spiking: bool, voters: int = 1) -> int:
        shape, in_shape = (classes * voters, 1, 1), self.merged((source,))
        return self._append(
            Layer(
                "readout", "linear", (source,), in_shape, shape, spiking=spiking, plain=not spiking, voters=voters
            )
        )  # fmt: skip

    def merge(self, name: str, *sources: Source, shape: Shape | None = None) -> int:
        """`shape`: of the joined maps, where the first source is not there yet."""
        shape = shape or self.merged(sources)
        return self._append(Layer(name, "merge", sources, shape, shape, spiking=False, plain=True))

    def halving(self, index: int, least: int = 4) -> int:
        """2 where the maps of `index` are at least so wide, else 1."""
        return 2 if min(self.shape(index)[1:]) >= least else 1
