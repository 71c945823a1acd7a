"""The forward pass of a SNASNet with random weights, for its spikes (Kim et al. 2022, Fig. 5, and their code).

    stem -> cell -> norm, LIF, conv C to 2C, norm, pool 2 -> cell of 2C -> norm, LIF, pool 2 -> dropout
         -> linear, LIF -> readout, voting

An operation of a cell is LIF, convolution, norm. Everything is as in training mode: norms by the statistics of the
batch at that time step, the same half of the last maps dropped at all steps. Equal LIF layers before several
convolutions of a node are computed once. The whole network is computed one time step after the other, so that a layer's
values stay in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core.layers import linear
from snnviz.core.randomness import generator
from snnviz.design.cells import CONV1, CONV3, NODES, OUTPUT_NODE, POOL, SKIP, Cell
from snnviz.studies.cells.compute import firing
from snnviz.studies.cells.theory.sahd import Counts

Array = Any
"""A numpy array, float32 or float64, channels last."""

KERNEL = {CONV1: 1, CONV3: 3}

MAX_WIDTH = 4096
"""Fan-in of a linear layer from which on its weights have the code's standard deviation 0.01; with fewer inputs it
would not spike.
"""


class CachedWeights:
    """Random weights by name, each drawn from `seed` and its name at first use, and cached.

    So the weights of an operation at a place are the same in all cells of a search, and scores differ by the cells
    alone.
    """

    def __init__(self, seed: int, *purpose: int, dtype: torch.dtype = torch.float32) -> None:
        self.seed, self.purpose, self.dtype = seed, purpose, dtype
        self.kept: dict[tuple[str | int, ...], Tensor] = {}

    def _named(self, name: str, shape: tuple[int, ...], draw: Callable[[Tensor, torch.Generator], Tensor]) -> Tensor:
        key: tuple[str | int, ...] = (name, *shape)
        if key not in self.kept:
            self.kept[key] = draw(torch.empty(shape), generator(self.seed, *self.purpose, *key)).to(self.dtype)
        return self.kept[key]

    def conv(self, name: str, out: int, into: int, size: int) -> Tensor:
        """Returns convolution weights (O, C, k, k), uniform as by torch's `kaiming_uniform_(a=2)`."""
        bound = math.sqrt(6 / ((1 + 2**2) * into * size**2))
        found = self._named(name, (out, into, size, size), lambda w, draw: w.uniform_(-bound, bound, generator=draw))
        return found.contiguous(memory_format=torch.channels_last)

    def linear(self, name: str, out: int, into: int) -> Tensor:
        """Returns linear weights (O, I), normally distributed."""
        deviation = 0.01 if into >= MAX_WIDTH else math.sqrt(2 / into)
        return self._named(name, (out, into), lambda w, draw: w.normal_(0, deviation, generator=draw))

    def dropout(self, batch: int, size: int) -> Tensor:
        """Returns a dropout mask (B, I) of 0 and 2 with equal probability."""
        return self._named("dropout", (batch, size), lambda w, draw: w.bernoulli_(0.5, generator=draw).mul_(2))


class AffineTerm(NamedTuple):
    """A term gain x + shift of the sum at a node of a cell: x (B, S), gain and shift (block,)."""

    x: Array
    gain: Array
    shift: Array


class FeatureMaps:
    """Shape of the feature maps of a section of the network, and operations on them; maps are arrays (B, S) with S = H
    W C.
    """

    def __init__(self, batch: int, side: int, channels: int, dtype: torch.dtype) -> None:
        self.batch, self.side, self.channels, self.dtype = batch, side, channels, dtype
        self.size = side * side * channels
        block = firing.block_size(channels)
        self.numbers: Any = torch.empty(0, dtype=dtype).numpy().dtype
        self.ones, self.zeros = np.ones(block, self.numbers), np.zeros(block, self.numbers)
        self.nothing = np.empty((0, self.size), self.numbers)

    def empty(self) -> Array:
        """Returns a new uninitialised array for maps, (B, S) with S = H W C."""
        return torch.empty((self.batch, self.size), dtype=self.dtype).numpy()

    def tensor(self, x: Array) -> Tensor:
        """Returns feature maps (B, S) with S = H W C as a tensor (B, C, H, W), channels last in memory."""
        return torch.from_numpy(x).view(self.batch, self.side, self.side, self.channels).permute(0, 3, 1, 2)

    def array(self, maps: Tensor) -> Array:
        """Returns feature maps, given as a tensor (B, C, H, W), as an array (B, S) with S = H W C."""
        return maps.permute(0, 2, 3, 1).reshape(self.batch, -1).numpy()

    def plain(self, x: Array) -> AffineTerm:
        """Returns feature maps x (B, S) as a term with gain 1 and shift 0."""
        return AffineTerm(x, self.ones, self.zeros)

    def normalised(self, x: Array, of: Array | None = None) -> AffineTerm:
        """Returns feature maps x (B, S) as a term whose gain and shift normalise each channel to mean 0 and variance 1
        over the batch, by the statistics of `of`, by default of x.
        """
        gain, shift = np.empty_like(self.ones), np.empty_like(self.ones)
        firing.batch_norm_parameters(x if of is None else of, self.channels, firing.EPSILON, gain, shift)
        return AffineTerm(x, gain, shift)

    def pooled(self, x: Array) -> Array:
        """Returns feature maps (B, S) in which each value is the mean over 3x3 pixels."""
        found = self.empty()
        firing.average_pool(x, np.zeros((self.side + 2, self.channels), self.numbers), self.numbers.type(1 / 3), found)
        return found

    def total(self, terms: list[AffineTerm]) -> Array:
        """Returns the sum of terms (gain times maps plus shift), (B, S); not to be modified."""
        if len(terms) == 1 and terms[0].gain is self.ones:
            return terms[0].x
        found = self.empty()
        if not terms:
            found[:] = 0
        for number, term in enumerate(terms):
            firing.affine(*term, found, number == 0)
        return found


@dataclass(frozen=True, slots=True)
class LayerSpikes:
    """Spike statistics of a LIF layer: `both` (T, B, B), for each pair of images the number of its neurons that spike
    for both.

    `copies`: number of layers of the published network with the same input and so the same spikes.
    """

    name: str
    neurons: int
    copies: int
    both: Counts

    @property
    def silent(self) -> NDArray[np.float32]:
        """Share of neurons without a spike, an array (T, B)."""
        return (1 - np.diagonal(self.both, axis1=1, axis2=2) / self.neurons).astype(np.float32)


class LifLayer:
    """LIF neurons of one layer of an untrained SNASNet, called once for each time step in order; records their
    spikes.
    """

    def __init__(self, name: str, maps: FeatureMaps, steps: int, copies: int = 1) -> None:
        self.maps = maps
        self.v, self.s = np.zeros((maps.batch, maps.size), maps.numbers), maps.empty()
        self.bits = np.empty((maps.batch, firing.word_count(maps.size)), np.uint64)
        self.layer_spikes = LayerSpikes(name, maps.size, copies, np.empty((steps, maps.batch, maps.batch), np.int64))
        self.step = 0
        self.how = tuple(map(maps.numbers.type, (1 - 1 / firing.TAU, 1 / firing.TAU, firing.THRESHOLD, 0)))

    def __call__(self, terms: list[AffineTerm]) -> Array:
        """Spikes (B, S) of the next time step, until the one after."""
        *others, last = terms or [self.maps.plain(self.maps.total([]))]
        more = self.maps.total(others) if others else self.maps.nothing
        firing.lif_step(*last, more, self.v, self.s, self.bits, self.how)
        firing.joint_spike_counts(self.bits, self.layer_spikes.both[self.step])
        self.step += 1
        return self.s


class ReluLayer:
    """ReLUs in place of a layer of LIF neurons in an untrained SNASNet, for one time step; records the share of
    zeros.
    """

    def __init__(self, name: str, maps: FeatureMaps, steps: int, copies: int = 1) -> None:
        self.name, self.maps, self.copies, self.step = name, maps, copies, 0
        self.silent = np.ones((steps, maps.batch), np.float32)

    def __call__(self, terms: list[AffineTerm]) -> Array:
        """max(0, u), (B, S), of the next time step."""
        self.s = np.maximum(self.maps.total(terms), 0)
        self.silent[self.step] = 1 - np.count_nonzero(self.s, 1) / self.maps.size
        self.step += 1
        return self.s


class CellLayers:
    """The operations of a cell of a SNASNet (Kim et al. 2022), with the values of backward connections from the time
    step before.

    Called once a time step with the tensors (B, C, H, W) that are added up at the input node, it returns those that are
    added up at the output node.
    """

    def __init__(
        self,
        cell: Cell,
        name: str,
        maps: FeatureMaps,
        steps: int,
        weights: CachedWeights,
        kind: type[LifLayer] | type[ReluLayer] = LifLayer,
    ) -> None:
        self.cell, self.maps, self.left = cell, maps, steps
        self.weights: dict[tuple[int, int], Tensor] = {}
        self.layers: dict[int, LifLayer | ReluLayer] = {}
        for i in range(NODES):
            convolving = [j for j in range(NODES) if cell[i][j] in KERNEL]
            for j in convolving:
                size = KERNEL[cell[i][j]]
                self.weights[i, j] = weights.conv(f"{name}, {i} to {j}", maps.channels, maps.channels, size)
            if convolving:
                self.layers[i] = kind(f"{name}, node {i}", maps, steps, len(convolving))
        self.feedback: list[list[AffineTerm]] = [[] for _ in range(NODES)]

    def __call__(self, given: list[AffineTerm]) -> list[AffineTerm]:
        """What reaches the output node at the next time step, where `given` reaches the input node."""
        reaching = self.feedback
        reaching[0] = given + reaching[0]
        self.feedback = [[] for _ in range(NODES)]
        self.left -= 1
        for i in range(NODES):
            for j, terms in self._leaving(i, reaching[i]):
                (reaching if j > i else self.feedback)[j].extend(terms)
        return reaching[OUTPUT_NODE]

    def _leaving(self, i: int, terms: list[AffineTerm]) -> list[tuple[int, list[AffineTerm]]]:
        pooling = POOL in self.cell[i]
        if pooling and terms:
            whole = self.maps.plain(self.maps.total(terms))
            pooled = [self.maps.plain(self.maps.pooled(whole.x))]
            terms = [whole]
        else:
            pooled = []
        if i in self.layers:
            self.layers[i](terms)
        leaving = []
        for j, operation in enumerate(self.cell[i]):
            if j < i and not self.left:
                continue  # nobody will hear of it
            if operation == SKIP:
                leaving.append((j, terms))
            elif operation == POOL:
                leaving.append((j, pooled))
            elif operation in KERNEL:
                spikes = self.maps.tensor(self.layers[i].s)
                maps = F.conv2d(spikes, self.weights[i, j], padding=KERNEL[operation] // 2)
                leaving.append((j, [self.maps.normalised(self.maps.array(maps))]))
        return leaving


class UntrainedSnasNet:
    """A SNASNet with random weights, both of whose cells have the matrix `cell`, for images (B, P, side, side); `side`
    is divisible by 4.

    `weights` has the weights of stem, cell 1, reduction, cell 2, hidden, readout by name. `pulse` is called twice per
    time step and may raise an exception to cancel.
    """

    def __init__(
        self,
        cell: Cell,
        shape: tuple[int, int, int],
        hidden: int,
        weights: CachedWeights,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        self.cell, self.weights, self.hidden, self.pulse = cell, weights, hidden, pulse
        self.planes, self.side, self.channels = shape

    def layer_spikes(self, images: Tensor, steps: int) -> list[LayerSpikes]:
        """Returns the spikes of every LIF layer over `steps` time steps with constant images."""
        return [layer.layer_spikes for layer in self._run(images, steps, LifLayer)[0] if isinstance(layer, LifLayer)]

    def relu_layers(self, images: Tensor) -> list[ReluLayer]:
        """Returns the layers of the same network with ReLUs in place of neurons, after a single time step."""
        return [layer for layer in self._run(images, 1, ReluLayer)[0] if isinstance(layer, ReluLayer)]

    def vote_logits(self, images: Tensor, steps: int, classes: int, voters: int) -> Tensor:
        """Returns the logits (B, classes): means over time steps and over each class's `voters` outputs."""
        spikes = self._run(images, steps, LifLayer)[1]
        readout = self.weights.linear("readout", classes * voters, self.hidden)
        return F.avg_pool1d(F.linear(spikes.mean(0), readout), voters)

    def _run(
        self, images: Tensor, steps: int, kind: type[LifLayer] | type[ReluLayer]
    ) -> tuple[list[LifLayer | ReluLayer], Tensor]:
        """Also the spikes of the hidden layer, (T, B, hidden)."""
        batch, dtype, weights = len(images), self.weights.dtype, self.weights
        large = FeatureMaps(batch, self.side, self.channels, dtype)
        uncut = FeatureMaps(batch, self.side, 2 * self.channels, dtype)
        small = FeatureMaps(batch, self.side // 2, 2 * self.channels, dtype)
        hidden = FeatureMaps(batch, 1, self.hidden, dtype)
        with torch.inference_mode():
            stem = weights.conv("stem", self.channels, self.planes, 3)
            given = [large.normalised(large.array(F.conv2d(images.to(dtype), stem, padding=1)))]
            one = CellLayers(self.cell, "cell 1", large, steps, weights, kind)
            two = CellLayers(self.cell, "cell 2", small, steps, weights, kind)
            between, last = kind("reduction", large, steps), kind("last", small, steps)
            reduction = weights.conv("reduction", 2 * self.channels, self.channels, 3)
            seen = []
            for _ in range(steps):
                self.pulse()
                spikes = between([large.normalised(large.total(one(given)))])
                self.pulse()
                maps = F.conv2d(large.tensor(spikes), reduction, padding=1)
                term = small.normalised(small.array(F.avg_pool2d(maps, 2)), of=uncut.array(maps))
                spikes = last([small.normalised(small.total(two([term])))])
                seen.append(F.avg_pool2d(small.tensor(spikes), 2).permute(0, 2, 3, 1).flatten(1))
            kept = weights.dropout(*seen[0].shape)
            classifier = weights.linear("hidden", self.hidden, kept.shape[1])
            currents = linear(torch.stack(seen).mul_(kept), classifier, classifier.new_zeros(self.hidden))
            layer = kind("hidden", hidden, steps)
            spoken = torch.stack([torch.from_numpy(layer([hidden.plain(u.numpy())]).copy()) for u in currents])
        return [*one.layers.values(), between, *two.layers.values(), last, layer], spoken
