"""Comparison of a ReLU network with its TTFS twin on the same images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from snnviz.core import data, measured_inits, ttfs
from snnviz.core.data import input_range as input_range
from snnviz.core.data import intensities as intensities
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.core.randomness import generator
from snnviz.core.train import TEST_BATCH
from snnviz.design.design import Design
from snnviz.errors import Diverged
from snnviz.events import Event
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.theory.operations import additions_if_all_spike
from snnviz.theory.ttfs import ZETA, Silent


@dataclass(frozen=True, slots=True)
class LayerTimes:
    """Timing of a hidden layer. `start`, `end`: its time window, in tau_c (the unit of time).

    `spikes_per_neuron`: share of neurons that spike. `saturated`: share that spike at t_min, as their activation
    exceeds the window. `lateness`: mean difference, in tau_c, between spike times (t_max for silent neurons) and those
    that the ReLU activations imply.
    """

    name: str
    neurons: int
    start: float
    end: float
    spikes_per_neuron: float
    saturated: float
    lateness: float


@dataclass(frozen=True, slots=True)
class TwinAgreement:
    """Agreement of a TTFS (time-to-first-spike) twin with its ReLU network.

    `max_relative_difference`: over images, the largest difference of two logits relative to the image's largest logit.
    `argmax_agreement`: share of images for which both predict the same class. `accuracy`: of the twin, and
    `relu_accuracy` of the ReLU network, on these images. `spikes_per_neuron`: over all hidden neurons. `additions`: per
    image, one for each spike (pixels too) and outgoing weight; `additions_with_events`: the same if silent neurons sent
    an event at t_max. `silent`: how a layer treats silent neurons before it. `latency`: when the readout is read, in
    tau_c.
    """

    images: int
    max_relative_difference: float
    argmax_agreement: float
    accuracy: float
    relu_accuracy: float
    silent: Silent
    spikes_per_neuron: float
    additions: float
    additions_with_events: int
    latency: float
    layers: tuple[LayerTimes, ...]


def load_relu_network(design: Design, arrays: Mapping[str, Any] | None, dtype: torch.dtype) -> Network:
    """Returns the ReLU network of a design in this precision, untrained or with the weights of a checkpoint."""
    network = Network(design)
    if arrays is None:
        training, _ = data.load(design)
        measured_inits.initialise_from_data(network, data.encoded_probe(training, design)[0])
    for kept in (network.parameters, network.buffers):
        for name, value in kept.items():
            given = value.detach() if arrays is None else torch.tensor(arrays[name])
            kept[name] = given.to(dtype)
    return network


def train_relu_network(design: Design) -> Iterator[Event]:
    """Trains the ReLU network of a design and yields its events; the last checkpoint has the weights."""
    torch.set_num_threads(1)
    yield from execute(relu_network(design))


@torch.no_grad()
def max_activations(network: Network, images: data.Images, dtype: torch.dtype) -> list[float]:
    """Returns the largest activation X of each hidden layer of a ReLU network over `images`."""
    low, high = input_range(network.design)
    found = [0.0] * (len(network.architecture.layers) - 1)

    def hear(index: int, said: Tensor) -> None:
        found[index] = max(found[index], float(said.max()))

    for part in images.images.split(TEST_BATCH):
        network(
            (low + (high - low) * intensities(part, images.white, dtype))[None], statistics="running", forward_hook=hear
        )
    return found


@torch.no_grad()
def compare_with_twin(
    design: Design,
    images: int = 256,
    slopes: tuple[float, float] = (1.0, 1.0),
    zeta: float = ZETA,
    precision: Literal["float64", "float32"] = "float64",
    arrays: Mapping[str, Any] | None = None,
    silent: Silent = "clock",
) -> TwinAgreement:
    """Returns how well a design's ReLU network and its TTFS (time-to-first-spike) twin agree on test images.

    `slopes`: range from which the slopes B at threshold are drawn. `arrays`: weights of a checkpoint; by default the
    network is untrained. `silent`: as in `theory.ttfs.Layer`. The windows follow from the training images. Raises
    `InputError`, `DataMissing` or `Diverged`.
    """
    dtype: torch.dtype = getattr(torch, precision)
    design = relu_network(design)
    training, test = data.load(design)
    network, (low, high) = load_relu_network(design, arrays, dtype), input_range(design)
    reached, drawn = max_activations(network, training, dtype), _drawn(network, slopes, dtype)
    made = ttfs.from_relu_network(network, reached, low, high, zeta, drawn, dtype, silent)
    difference, same, seen = 0.0, 0, torch.zeros(len(made.hidden), 3, dtype=torch.float64)
    additions, right, some = 0, torch.zeros(2, dtype=torch.float64), data.probe_images(test, design.seed, images)
    for part, labels in zip(some.images.split(TEST_BATCH), some.labels.split(TEST_BATCH), strict=True):
        shown, said = intensities(part, test.white, dtype), dict[int, Tensor]()
        expected = network((low + (high - low) * shown)[None], statistics="running", forward_hook=said.__setitem__)
        passed = made.run(shown)
        if not (passed.logits.isfinite() & expected.isfinite()).all():
            raise Diverged(f"Logits became infinite in {precision}: smaller weights or fewer layers help.")
        unit = expected.abs().amax(1).clamp(min=torch.finfo(dtype).tiny)
        difference = max(difference, float(((passed.logits - expected).abs().amax(1) / unit).max()))
        same += int((passed.logits.argmax(1) == expected.argmax(1)).sum())
        right += torch.tensor([int((each.argmax(1) == labels).sum()) for each in (passed.logits, expected)])
        seen += _spikes(passed, made, said)
        additions += sum(made.spikes_and_operations(index, times)[1] for index, times in enumerate(passed.times))
    count = min(images, len(test))
    layers = tuple(
        LayerTimes(layer.name, layer.neurons, window.start, window.end, *(spikes / count / layer.neurons).tolist())
        for layer, window, spikes in zip(made.hidden, made.windows, seen, strict=True)
    )
    per_neuron = float(seen[:, 0].sum()) / count / sum(layer.neurons for layer in layers)
    events = additions_if_all_spike(ttfs_network(design))
    accuracy, of_relus = (right / count).tolist()
    return TwinAgreement(
        count,
        difference,
        same / count,
        accuracy,
        of_relus,
        silent,
        per_neuron,
        additions / count,
        events,
        made.latency,
        layers,
    )


def _spikes(passed: ttfs.ForwardPass, made: ttfs.Network, said: Mapping[int, Tensor]) -> Tensor:
    """(hidden layers, 3): how many neurons spike, how many do so at t_min, and the sum of |t - t_max + x|."""
    found = []
    for index, (t, window) in enumerate(zip(passed.times[1:], made.windows, strict=True)):
        x = said[index][0].movedim(-1, 1)  # channels come last there
        late = (t - window.end + x.clamp(max=window.width)).abs()
        found.append([float((t < window.end).sum()), float((t <= window.start).sum()), float(late.sum())])
    return torch.tensor(found, dtype=torch.float64)


def _drawn(network: Network, slopes: tuple[float, float], dtype: torch.dtype) -> ttfs.Slopes:
    if slopes == (1.0, 1.0):
        return "one"
    low, high = slopes
    found = []
    for layer in network.architecture.layers[:-1]:
        draw = generator(network.design.seed, "slope", layer.name)
        found.append(low + (high - low) * torch.rand(layer.out_shape[0], generator=draw, dtype=dtype))
    return found
