"""Steps, time and memory of a fine-tuning."""

from __future__ import annotations

import math

from snnviz.catalog.architectures import architecture
from snnviz.catalog.ttfslimits import FineTuning
from snnviz.theory import costs

MACS_PER_SECOND = 9e9
"""Of one core, whatever the limits."""

SECONDS_PER_NEURON = 4e-8
"""Of one core, for one neuron and image, forward and backward."""

SECONDS_PER_LAYER = 150e-6
"""Of one core, for a layer in one training step, whatever its size."""


def steps(task: FineTuning) -> int:
    """Weight updates."""
    return math.ceil(costs.samples(task.design)[0] / task.design.training.batch_size) * task.epochs


def seconds(task: FineTuning) -> float:
    """An estimate of its length on one core if the network is trained."""
    layers = architecture(task.design).layers
    train, test = costs.samples(task.design)
    ahead = sum(layer.macs for layer in layers) / MACS_PER_SECOND
    neurons = (math.prod(layers[0].in_shape) + sum(layer.neurons for layer in layers)) * SECONDS_PER_NEURON
    images = train * (3 * task.epochs + 1) + test * (task.epochs + 1)
    return images * ahead + train * task.epochs * neurons + steps(task) * len(layers) * SECONDS_PER_LAYER


def memory_bytes(task: FineTuning) -> int:
    """An estimate from above, as `costs.memory_bytes`: numbers are twice as long, and limits make copies of them."""
    return 3 * costs.memory_bytes(task.design)
