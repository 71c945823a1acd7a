"""A small ReLU network and its TTFS twin in numpy, on the same images; `compute.equivalence` does the same in torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from snnviz.data import datasets
from snnviz.data.datasets import DatasetCard, Split
from snnviz.design.design import Design
from snnviz.errors import Diverged
from snnviz.graph.architectures import build_architecture
from snnviz.studies.ttfs.study import Slopes
from snnviz.studies.ttfs.theory import relus
from snnviz.studies.ttfs.theory.relus import DenseLayer
from snnviz.theory import probe, ttfs
from snnviz.theory.operations import connections_before_pooling, connections_per_position, effective_operations
from snnviz.theory.ttfs import Floats, ForwardPass, Layer, Silent, TtfsNetwork

MOST_ACTIVATIONS = 2_000_000
"""Largest number of activations, images times neurons, of both networks."""

MOST_PRODUCTS = 2e10
"""Multiply-accumulates spent on finding the largest activations: about a second."""

AT_ONCE = 500
"""Number of images processed at a time."""


@dataclass(frozen=True, eq=False)
class ReluOutputs:
    """A ReLU network in numpy and its outputs for test images. `layers` take intensities in [0, 1]; the input's
    normalisation is in the first.

    `outputs`: of the test images `shown` (B, m), for each hidden layer (B, n), and the logits. `largest`: the largest
    activation of each hidden layer over `sought` training images.
    """

    layers: tuple[DenseLayer, ...]
    shown: Floats
    labels: NDArray[np.int64]
    outputs: tuple[Floats, ...]
    largest: tuple[float, ...]
    sought: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers, the readout last."""
        return tuple(layer.name for layer in self.layers)

    @property
    def neurons(self) -> int:
        """Number of neurons of all hidden layers."""
        return sum(len(layer.bias) for layer in self.layers[:-1])

    @property
    def accuracy(self) -> float:
        """Accuracy of the ReLU network on the images `shown`."""
        return float((self.outputs[-1].argmax(1) == self.labels).mean())


def input_range(card: DatasetCard) -> tuple[float, float]:
    """Returns the normalised values that stand for the intensities 0 and 1 of a data set's images."""
    return -card.mean / card.std, (1 - card.mean) / card.std


def draw_images(split: Split, seed: int, training: int, test: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Returns training and test images as intensities (B, m) in [0, 1], and the labels of the test images, drawn by the
    seed.

    In the order of `probe.draw_balanced`: the first n images are balanced over classes, for every n.
    """
    first = split.train_images[probe.draw_balanced(split.train_labels, training, seed)]
    chosen = probe.draw_balanced(split.test_labels, test, seed)
    shown = split.test_images[chosen].reshape(len(chosen), -1) / split.white
    return first.reshape(len(first), -1) / np.float32(split.white), shown, split.test_labels[chosen]


def image_budget(layers: Sequence[DenseLayer], wanted: int) -> int:
    """Returns how many of `wanted` images can be used so that all activations fit into memory."""
    neurons = sum(len(layer.bias) for layer in layers)
    return max(8, min(wanted, MOST_ACTIVATIONS // neurons))


def relu_outputs(
    design: Design, arrays: relus.Arrays | None, training: Floats, test: Floats, labels: NDArray[np.int64]
) -> ReluOutputs:
    """Returns the ReLU network of a design, with these parameters or random ones, and its outputs for the test
    images.

    Images as `draw_images` returns them, of which not all may be used. Raises `InputError` for a network that is too
    large, and `Diverged`.
    """
    low, high = input_range(datasets.dataset_card(design.data.name))
    arrays = arrays or relus.random_parameters(design, low + (high - low) * training[: probe.PROBE_SIZE])
    first, *others = relus.dense_layers(design, arrays)
    weights, bias = ttfs.rescale_input_range(first.weights, first.bias, low, high)
    layers = (replace(first, weights=weights, bias=bias), *others)
    count = image_budget(layers, len(test))
    shown = test[:count]
    products = sum(layer.weights.size for layer in layers)
    sought = min(len(training), max(AT_ONCE, int(MOST_PRODUCTS / products)))
    largest = np.zeros(len(layers) - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        for begin in range(0, sought, AT_ONCE):
            said = relus.forward(layers, training[begin : min(sought, begin + AT_ONCE)])
            largest = np.maximum(largest, [float(x.max()) for x in said[:-1]])
        said = relus.forward(layers, shown)
        if not all(np.isfinite(each).all() for each in (*said, largest.sum())):
            raise Diverged("Activations became infinite: smaller weights or fewer layers help.")
    return ReluOutputs(layers, shown, labels[:count], tuple(said), tuple(largest.tolist()), sought)


@dataclass(frozen=True, eq=False)
class TwinPair:
    """A ReLU network, its TTFS (time-to-first-spike) twin, and the twin's spike times and logits for the same
    images.
    """

    relu: ReluOutputs
    stack: TtfsNetwork
    passed: ForwardPass

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """The hidden layers of the TTFS (time-to-first-spike) network, whose neurons spike."""
        return self.stack.layers[:-1]

    @property
    def silent(self) -> Silent:
        """How a TTFS (time-to-first-spike) layer treats silent neurons of the layer before: by its clock ("clock"), or
        not at all ("nothing").
        """
        return self.stack.layers[0].silent

    @property
    def latency(self) -> float:
        """Time at which the readout is read, in units of tau_c, counted from the first possible spike of the input."""
        return self.stack.layers[-1].window.end

    @cached_property
    def decoded_activations(self) -> tuple[Floats, ...]:
        """The activations that the twin's spike times encode, t_max - t, for each hidden layer, and the logits; they
        should equal `relu.outputs`.
        """
        pairs = zip(self.passed.times[1:], self.hidden, strict=True)
        return (*(ttfs.time_to_activation(times, layer.window) for times, layer in pairs), self.passed.logits)

    @cached_property
    def differences(self) -> tuple[float, ...]:
        """For each hidden layer and the logits: largest difference from the ReLU network, relative to the image's
        largest value.
        """
        found = []
        for decoded, said in zip(self.decoded_activations, self.relu.outputs, strict=True):
            unit = np.maximum(np.abs(said).max(1), np.finfo(np.float64).tiny)
            found.append(float((np.abs(decoded - said).max(1) / unit).max()))
        return tuple(found)

    @cached_property
    def spike_time_errors(self) -> tuple[float, ...]:
        """For each hidden layer the mean absolute error of spike times, in tau_c (the unit of time), over neurons and
        images; silent neurons count as spiking at t_max.
        """
        pairs = zip(self.decoded_activations, self.relu.outputs, self.hidden, strict=False)
        return tuple(float(np.abs(x - np.minimum(said, layer.window.width)).mean()) for x, said, layer in pairs)

    @cached_property
    def agreement(self) -> float:
        """Share of images for which the ReLU network and its twin predict the same class."""
        return float((self.passed.logits.argmax(1) == self.relu.outputs[-1].argmax(1)).mean())

    @cached_property
    def spikes(self) -> tuple[float, ...]:
        """Spikes per neuron of each hidden layer: the share of neurons that spike."""
        pairs = zip(self.passed.times[1:], self.hidden, strict=True)
        return tuple(float(ttfs.has_fired(times, layer.window).mean()) for times, layer in pairs)

    def additions(self, design: Design) -> float:
        """Returns the additions per image of the TTFS (time-to-first-spike) network `design`: one per spike, also of
        the input, and weight it reaches.
        """
        ends = (ttfs.INPUT_WINDOW.end, *(layer.window.end for layer in self.hidden))
        built, found = build_architecture(design), 0.0
        seen = zip(built.layers, self.stack.layers, self.passed.times, ends, strict=True)
        for index, (layer, own, times, end) in enumerate(seen):
            source, sides = layer.sources[0], relus.source_shape(built, index)[1:]
            meets = (
                connections_before_pooling(layer, source.pool, sides)
                if source.linear
                else connections_per_position(layer)
            )
            found += effective_operations(own.input_times(times) < end, meets)
        return found

    @property
    def missed_events(self) -> float:
        """Number of t_max events per image that silent neurons would have to send for the published equation to equal
        ReLUs: one per silent hidden neuron.
        """
        return (1 - self.spikes_per_neuron) * self.relu.neurons

    def macs(self, design: Design, *, folded: bool = False) -> float:
        """Returns the number of multiply-accumulates with nonzero input per image, in the ReLU network of `design`.

        A normalised image has no zeros; with the normalisation `folded` into the first layer black pixels are 0, as in
        a TTFS network.
        """
        built, (low, high) = (
            build_architecture(design),
            (0.0, 1.0) if folded else input_range(datasets.dataset_card(design.data.name)),
        )
        said = (low + (high - low) * self.relu.shown, *self.relu.outputs[:-1])
        reads = (relus.layer_input(built, index, x) for index, x in enumerate(said))
        return sum(
            effective_operations(x != 0, connections_per_position(layer))
            for layer, x in zip(built.layers, reads, strict=True)
        )

    @property
    def spikes_per_neuron(self) -> float:
        """Spikes per neuron and image, over all hidden neurons of the TTFS (time-to-first-spike) network."""
        sizes = [len(layer.ramp) for layer in self.hidden]
        return sum(rate * size for rate, size in zip(self.spikes, sizes, strict=True)) / sum(sizes)

    @cached_property
    def saturated(self) -> tuple[float, ...]:
        """For each hidden layer: share of neurons that spike at t_min, as their activation exceeds the time window."""
        pairs = zip(self.passed.times[1:], self.hidden, strict=True)
        return tuple(float((times <= layer.window.start).mean()) for times, layer in pairs)

    @property
    def accuracy(self) -> float:
        """Accuracy of the TTFS (time-to-first-spike) network on these images."""
        return float((self.passed.logits.argmax(1) == self.relu.labels).mean())


def make_twin_pair(
    network: ReluOutputs, zeta: float, slopes: Slopes, low: float, high: float, seed: int, silent: Silent = "clock"
) -> TwinPair:
    """Returns the TTFS (time-to-first-spike) twin of a ReLU network, by (6) of `theory.ttfs`, with its outputs for the
    same images.

    `silent`: as in `theory.ttfs.Layer`. Raises `InputError` if no slopes make all ramps 1.
    """
    weights, biases = [layer.weights for layer in network.layers], [layer.bias for layer in network.layers]
    chosen: list[Floats | float] | None = None
    if slopes == "drawn":
        rng = np.random.default_rng(seed)
        chosen = [rng.uniform(low, high, len(bias)) for bias in biases[:-1]]
    elif slopes == "alpha-one":
        chosen = [ttfs.slopes_for_unit_ramp(matrix) for matrix in weights[:-1]]
    squares = [layer.squares for layer in network.layers]
    made = ttfs.network_from_activations(weights, biases, network.largest, zeta, chosen, squares, silent)
    return TwinPair(network, made, made.run(network.shown))
