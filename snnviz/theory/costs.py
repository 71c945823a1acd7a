"""Parameters, multiply-accumulates, memory and time of a design, from its architecture alone."""

from __future__ import annotations

import math

from snnviz.catalog.architectures import architecture
from snnviz.catalog.datasets import card
from snnviz.design import Design


def parameters(design: Design) -> int:
    """Weights and biases.

    >>> parameters(Design())
    12010
    """
    return sum(layer.parameters for layer in architecture(design).layers)


def macs(design: Design) -> int:
    """Multiply-accumulates of one image at one time step, as if every input were dense."""
    return sum(layer.macs for layer in architecture(design).layers)


def samples(design: Design) -> tuple[int, int]:
    """How many training and test images the design uses."""
    about, data = card(design.data.name), design.data
    return (
        min(data.train_samples or about.train, about.train),
        min(data.test_samples or about.test, about.test),
    )


def training_steps(design: Design) -> int:
    """Weight updates in the whole run."""
    return math.ceil(samples(design)[0] / design.training.batch_size) * design.training.epochs


def memory_bytes(design: Design) -> int:
    """An estimate from above of what the run's process needs beyond the loaded libraries (float32).

    A training step keeps, for every layer, its merged input and its potentials over all time steps, and on the way
    back holds about as much again twice; testing holds one layer's spikes for 250 images; each weight has a gradient
    and two moments, and one more copy while a checkpoint is written.
    """
    layers = architecture(design).layers
    steps, batch = design.data.steps, design.training.batch_size
    kept = sum(2 * math.prod(layer.in_shape) + 3 * layer.neurons for layer in layers)
    largest = max(math.prod(layer.in_shape) + 3 * layer.neurons for layer in layers)
    tested = sum(layer.neurons for layer in layers) + 2 * largest
    activations = 4 * steps * max(batch * (kept + largest), min(250, samples(design)[1]) * tested)
    images = sum((card(design.data.name).train, card(design.data.name).test)) * math.prod(card(design.data.name).shape)
    return activations + 4 * 8 * parameters(design) + 4 * images


MACS_PER_SECOND = 2.5e10
"""Of one core on small convolutions, forward and backward: the prior of `training_seconds`."""

SECONDS_PER_LAYER_STEP = 45e-6
"""Of one core, for a layer at one time step in one training step, whatever its size."""


def training_seconds(design: Design, speed: float = 1.0) -> float:
    """An estimate of the run's length on one core; `speed` corrects it by what runs on this machine really took."""
    layers = architecture(design).layers
    train, tested = samples(design)
    steps, direct = design.data.steps, design.data.encoding.kind == "direct"
    work = sum(layer.macs * (1 if direct and index == 0 else steps) for index, layer in enumerate(layers))
    neurons = sum(layer.neurons for layer in layers) * steps
    an_image = (3 * work / MACS_PER_SECOND) + neurons * 1.5e-9
    overhead = training_steps(design) * len(layers) * (steps + 3) * SECONDS_PER_LAYER_STEP
    images = design.training.epochs * (train + tested / 3)
    return speed * (overhead + images * an_image)
