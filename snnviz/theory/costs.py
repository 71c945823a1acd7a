"""Parameters, memory and time of a design, computed from its architecture. For operations see `theory.operations`."""

from __future__ import annotations

import math

from snnviz.catalog.encodings import is_static
from snnviz.catalog.neurons import learnable_parameters, model
from snnviz.data.datasets import dataset_card, dataset_sizes
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.theory import probe


def parameter_count(design: Design) -> int:
    """Returns the number of trainable parameters: weights, biases, normalisation gains and parameters of neurons.

    >>> parameter_count(Design())
    12010
    """
    layers, numbers = build_architecture(design).layers, learnable_parameters(design.neuron)
    own = sum(layer.neurons if each.each == "neuron" else 1 for each in numbers for layer in layers if not layer.plain)
    return sum(layer.parameters for layer in layers) + own


def macs_per_step(design: Design) -> int:
    """Returns the multiply-accumulates of one image at one time step, with every input counted, zero padding
    included.
    """
    return sum(layer.macs for layer in build_architecture(design).layers)


def sample_counts(design: Design) -> tuple[int, int]:
    """Returns the numbers of training images, without those held out, and of test images that the design uses."""
    train, held, test = split_counts(design)
    return train - held, test


def split_counts(design: Design) -> tuple[int, int, int]:
    """Returns three numbers of images of a design: training images drawn from the data set (held-out ones included),
    held-out ones among them, and test images.
    """
    data, (train, test) = design.data, dataset_sizes(design.data.name)
    used = min(data.train_samples or train, train)
    return used, held_out_count(used, data.validation), min(data.test_samples or test, test)


def held_out_count(images: int, share: float) -> int:
    """Returns how many of `images` training images are held out: the nearest whole number, but at least 1 and not all.

    0 if `share` is 0.

    >>> held_out_count(1437, 0.15), held_out_count(3, 0.1), held_out_count(2, 0.5), held_out_count(1437, 0)
    (216, 1, 1, 0)
    """
    return min(max(1, round(share * images)), images - 1) if share else 0


def training_steps(design: Design) -> int:
    """Returns the number of weight updates in the whole run."""
    return math.ceil(sample_counts(design)[0] / design.training.batch_size) * design.training.epochs


CACHE_BYTES = 16 * 2**20
RETAINED_BYTES = 48 * 2**20


SECONDS_PER_MICRO_BATCH = 100e-6
"""Seconds on one core that one layer takes more when a batch is cut into one more micro-batch."""


STEPPED_FLOATS = 6
"""Numbers per neuron and time step kept for the backward pass, besides potential and spike, without a compiled kernel.
"""


def _beside(design: Design) -> int:
    return STEPPED_FLOATS if model(design.neuron).kernel is None else 0


def micro_batch(design: Design) -> int:
    """Returns how many images go through the network at once, so that a layer's values over all steps fit the cache.

    Larger tensors are slower, not faster: beyond 32 MB every allocation is fetched from the system page by page. The
    memory that all layers keep for the backward pass is bounded too, at the price of a few percent of the time, as many
    visitors share a host. A batch that is large enough is cut in at least two, so that two cores can share it; results
    do not depend on it. With batch normalisation it is the whole batch.
    """
    layers, steps = build_architecture(design).layers, design.data.steps
    if design.network.norm != "none":
        return design.training.batch_size  # its statistics are those of the whole batch
    largest = max(max(layer.neurons, math.prod(layer.in_shape)) for layer in layers)
    kept = sum(math.prod(layer.in_shape) + (2 + _beside(design)) * layer.neurons for layer in layers)
    fitting = min(CACHE_BYTES // (4 * steps * largest), RETAINED_BYTES // (4 * steps * kept))
    most = max(fitting, math.ceil(64 / steps))
    batch = design.training.batch_size
    half = 3 * steps * sum(layer.macs for layer in layers) * batch / 2 / MACS_PER_SECOND
    parts = math.ceil(batch / most)
    if parts > 1 or half > 10 * len(layers) * SECONDS_PER_MICRO_BATCH:
        parts = 2 * math.ceil(parts / 2)  # so that two cores have as much to do
    return math.ceil(batch / parts)


def memory_bytes(design: Design) -> int:
    """Returns an upper estimate, in bytes, of the memory that a run's process needs beyond the loaded libraries
    (float32).

    A micro-batch in training keeps every layer's merged input, potentials and spikes over all time steps until its
    backward pass, and layers in a cycle also currents and gradients (in a cell several); measuring and testing keep
    every layer's spikes, and all work on a few copies of the largest layer. The allocator reuses little between these,
    so they add up. Neurons without a compiled kernel in a cycle store one time step at a time, which leaves holes in
    the heap too small for the next tensor: their storage counts twice, and measuring also stores potentials and
    currents.

    Each weight has a gradient, two moments, and copies of these while a checkpoint is written. Images lie in memory,
    frames of recordings in a file. Tests ensure that the estimate is between 1 and 4 times the measured memory.
    """
    built, about = build_architecture(design), dataset_card(design.data.name)
    layers = built.layers
    train, test = sample_counts(design)
    test = max(test, split_counts(design)[1])
    steps, batch = design.data.steps, min(design.training.batch_size, train)
    part = micro_batch(design)
    together, seen = min(batch, 2 * part), max(min(probe.PROBE_SIZE, train), min(250, test, 2 * part))
    inputs = sum(math.prod(layer.in_shape) for layer in layers)
    neurons = sum(layer.neurons for layer in layers)
    stepping = any(source.delay for layer in layers for source in layer.sources)
    kept = ((8 if design.network.kind == "cell" else 4) if stepping else 2) + _beside(design)
    watched = 1.5
    if stepping and _beside(design):
        kept, watched = kept + _beside(design), watched + 2
    largest = max(math.prod(layer.in_shape) + layer.neurons for layer in layers)
    floats = together * (inputs + kept * neurons + 4 * largest) + seen * (watched * neurons + 2 * largest)
    wide = 4
    if design.network.code == "ttfs":  # double precision by torch's own operations, convolutions by way of columns
        wide, columns = 8, max(layer.kernel**2 * math.prod(layer.in_shape) for layer in layers)
        floats = together * (inputs + 7 * neurons) + max(together, seen) * (5 * neurons + columns + 2 * largest)
    pixels = math.prod(built.input_shape)
    encoded = batch * pixels * (1 if is_static(design) else steps)
    images = 2.5 * (about.train + about.test) * pixels if about.counts is None else 2 * batch * steps * pixels
    return int(wide * (steps * floats + 9 * parameter_count(design)) + encoded * wide + images) + 40_000_000


MACS_PER_SECOND = 4.3e10
"""Multiply-accumulates per second on one core, forward and backward. This and the next are measured by
benchmarks/estimates.py.
"""

SECONDS_PER_NEURON_STEP = 1.1e-8
"""Seconds on one core for one neuron, image and time step, forward and backward."""

STEPPED_SLOWER = 3.0
"""Factor by which a neuron's time step is slower in plain torch than in a compiled kernel."""

SECONDS_PER_LAYER_STEP = 30e-6
"""Seconds on one core for a layer at one time step in one training step, whatever its size."""


TTFS_SLOWDOWN = {"linear": 3.0, "conv": 9.0}
"""Factor by which a MAC is slower in a TTFS network, by kind of layer: float64 has no fast kernel in oneDNN."""


def training_seconds(design: Design) -> float:
    """Returns an estimate of a run's duration on one core, in seconds.

    `jobs.durations` corrects it by how long runs on this machine really took.
    """
    layers = build_architecture(design).layers
    train, tested = _seen_an_epoch(design)
    steps, static = design.data.steps, is_static(design)
    work: float = sum(layer.macs * (1 if static and index == 0 else steps) for index, layer in enumerate(layers))
    neurons: float = sum(layer.neurons for layer in layers) * steps
    if design.network.code == "ttfs":
        work, neurons = sum(TTFS_SLOWDOWN[layer.kind] * layer.macs for layer in layers), 4 * neurons
    if model(design.neuron).kernel is None:
        neurons *= STEPPED_SLOWER
    an_image = 3 * work / MACS_PER_SECOND + neurons * SECONDS_PER_NEURON_STEP
    overhead = training_steps(design) * len(layers) * (steps + 3) * SECONDS_PER_LAYER_STEP
    images = design.training.epochs * (train + tested / 3)
    return overhead + images * an_image


def _seen_an_epoch(design: Design) -> tuple[int, int]:
    """Images that are learnt from, and images that are only looked at: the test set's and those held out."""
    used, held, tested = split_counts(design)
    return used - held, held + tested


def measurement_seconds(design: Design) -> float:
    """Returns an estimate, in seconds on one core, of how long it takes to measure the layers of a trained network."""
    train, tested = _seen_an_epoch(design)
    images = design.training.epochs * (train + tested / 3)
    return 1.0 + training_seconds(design) * min(probe.PROBE_SIZE, train) / 3 / images
