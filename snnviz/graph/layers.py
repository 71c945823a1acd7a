"""Layers and the sources they read, as values: what the architecture of every kind of network consists of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from snnviz.design.networks import Pooling, Shape

INPUT = -1
"""Index that stands for the encoded image among the sources of a layer."""

EPSILON = 1e-5
"""Constant that batch normalisation adds to variances, as in torch and the papers."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input of a layer: the output of layer `layer`, transformed by stride, enlarge, pool, smooth and delay in this
    order.

    `merge`: "main" and "add" sources are summed; "concat" sources are appended along the channels, `channels` of them
    only. `stride`: only every stride-th point of the map is read. `enlarge`: each point is repeated so often in both
    directions. `pool`, `pooling`: side and kind of the pooling window. `smooth`: each point becomes the mean of a
    square of this side around it, zeros beyond the edge included. `delay`: 1 if the value is that of the time step
    before.
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
        """Number of points that are averaged into each value that is read, by average pooling and smoothing; 1 without
        either.
        """
        return self.smooth**2 * (self.pool**2 if self.pooling == "average" else 1)

    @property
    def linear(self) -> bool:
        """Whether the source's transformation is linear: applied to a sum, it gives the sum of the transformed terms.

        Max pooling is not.
        """
        return self.pool == 1 or self.pooling == "average"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: a convolution (padded by half its kernel) or a linear map, with a bias, and the neurons that it
    drives.

    `kind`: "neurons" have no weights, their current is the sum of their sources; a "merge" has neither weights nor
    neurons, its output is its joined sources. `spiking`: the output is spikes; else real numbers, of ReLUs, or, if
    `plain`, the current itself, without neurons. `normed`: the current is batch-normalised; `by_step`: with statistics
    of each time step. `groups`: as in torch's convolutions. `dropout`: share of its inputs dropped in training.
    `voters`: outputs per class, whose mean is the class's logit.
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
        """Whether the layer has weights: whether it is a convolution or a linear map."""
        return self.kind in ("conv", "linear")

    @property
    def fan_in(self) -> int:
        """Number of weighted inputs of one neuron; 0 for layers without weights."""
        if self.kind == "conv":
            return self.kernel**2 * self.in_shape[0] // self.groups
        return math.prod(self.in_shape) if self.kind == "linear" else 0

    @property
    def fan_out(self) -> int:
        """Number of neurons that one input reaches."""
        return self.out_shape[0] * (1 if self.kind == "linear" else self.kernel**2) // self.groups

    @property
    def neurons(self) -> int:
        """Number of outputs of the layer: channels x height x width."""
        return math.prod(self.out_shape)

    @property
    def parameters(self) -> int:
        """Number of trainable weights, biases and normalisation gains of the layer."""
        if self.kind == "merge":
            return 0
        return self.out_shape[0] * (self.fan_in + self.biased + self.normed)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image at one time step; zero padding counts, biases do not."""
        return self.neurons * self.fan_in


@dataclass(frozen=True, slots=True)
class Architecture:
    """The layers of a network, in an order in which each reads only earlier ones or delayed outputs; the last is the
    readout.
    """

    input_shape: Shape
    layers: tuple[Layer, ...]

    @property
    def watched(self) -> tuple[Layer, ...]:
        """The layers whose activity is recorded: all but merge layers, which have no neurons."""
        return tuple(layer for layer in self.layers if layer.kind != "merge")

    @property
    def weighted(self) -> tuple[Layer, ...]:
        """The layers that have weights."""
        return tuple(layer for layer in self.layers if layer.weighted)

    def channels(self, index: int) -> int:
        """Returns the number of channels of the output of layer `index`, or of the image for `INPUT`."""
        return (self.input_shape if index == INPUT else self.layers[index].out_shape)[0]


class Builder:
    """Builds an architecture by appending layers; every appending method returns the new layer's index."""

    def __init__(self, input_shape: Shape, *, spiking: bool, normed: bool, by_step: bool = False) -> None:
        self.input_shape, self.spiking, self.normed, self.by_step = input_shape, spiking, normed, by_step
        self.layers: list[Layer] = []

    def shape(self, index: int) -> Shape:
        """Returns the shape (channels, height, width) of the output of layer `index`, or of the image for `INPUT`."""
        return self.input_shape if index == INPUT else self.layers[index].out_shape

    def merged_shape(self, sources: tuple[Source, ...]) -> Shape:
        """Returns the shape (channels, height, width) of the sources joined (summed and concatenated), before any is
        added to the architecture; the first source must be a layer that exists.
        """
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
        """Appends a convolution layer and returns its index; without neurons if `fires` is False."""
        in_shape = self.merged_shape(sources)
        out_shape = (channels, math.ceil(in_shape[1] / stride), math.ceil(in_shape[2] / stride))
        spiking, plain = self.spiking and fires, not fires
        return self._append(
            Layer(
                name, "conv", sources, in_shape, out_shape, kernel, spiking, stride, groups, plain,
                self.normed, self.by_step,
            )
        )  # fmt: skip

    def linear(self, name: str, neurons: int, *sources: Source) -> int:
        """Appends a fully connected layer of `neurons` neurons and returns its index."""
        shape = (neurons, 1, 1)
        return self._append(
            Layer(
                name, "linear", sources, self.merged_shape(sources), shape,
                spiking=self.spiking, normed=self.normed, by_step=self.by_step,
            )
        )  # fmt: skip

    def linear_without_bias(self, name: str, neurons: int, source: Source, *, dropout: float) -> int:
        """Appends a linear layer without bias and batch normalisation, with dropout of its inputs, and returns its
        index.
        """
        in_shape, shape = self.merged_shape((source,)), (neurons, 1, 1)
        return self._append(
            Layer(name, "linear", (source,), in_shape, shape, spiking=self.spiking, biased=False, dropout=dropout)
        )

    def neurons(self, name: str, shape: Shape, *sources: Source, normed: bool = False) -> int:
        """Appends neurons for maps of this shape, without weights, driven by the sum of the sources; returns the
        layer's index.
        """
        return self._append(
            Layer(
                name, "neurons", sources, shape, shape,
                spiking=self.spiking, normed=normed, by_step=self.by_step, biased=normed,
            )
        )  # fmt: skip

    def readout(self, classes: int, source: Source, *, spiking: bool, voters: int = 1) -> int:
        """Appends the readout, a linear layer of `classes * voters` outputs, and returns its index."""
        shape, in_shape = (classes * voters, 1, 1), self.merged_shape((source,))
        return self._append(
            Layer(
                "readout", "linear", (source,), in_shape, shape, spiking=spiking, plain=not spiking, voters=voters
            )
        )  # fmt: skip

    def merge(self, name: str, *sources: Source, shape: Shape | None = None) -> int:
        """Appends a layer that joins its sources without weights, and returns its index.

        `shape`: shape of the result, where the first source is a layer that does not exist yet.
        """
        shape = shape or self.merged_shape(sources)
        return self._append(Layer(name, "merge", sources, shape, shape, spiking=False, plain=True))

    def pooling_factor(self, index: int, least: int = 4) -> int:
        """Returns the pooling factor after layer `index`: 2 if the smaller side of its maps is at least `least`, else
        1.
        """
        return 2 if min(self.shape(index)[1:]) >= least else 1
