"""Fine-tuning of a trained network under hardware limits."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import data, ttfs
from snnviz.core.data import Images
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.core.optimizers import STEPS, State
from snnviz.core.randomness import generator
from snnviz.core.train import TEST_BATCH
from snnviz.design.design import Design
from snnviz.design.menus import OPTIMIZERS, SCHEDULES
from snnviz.errors import Diverged
from snnviz.events import Checkpoint, Event, Progress
from snnviz.graph.ttfs import relu_network
from snnviz.studies.ttfs.compute import equivalence
from snnviz.studies.ttfs.compute.limits import LimitedNetwork
from snnviz.studies.ttfs.limits import FineTuning, Tuned

PRECISION = torch.float32
"""Dtype of fine-tuning: windows are as wide as needed, so that limits matter far more than rounding."""

WINDOW_IMAGES = 5000
"""Number of training images between two checks for cancellation."""


def finetune(task: FineTuning, arrays: Mapping[str, Any] | None = None) -> Iterator[Event]:
    """Fine-tunes a network under hardware limits; yields a Progress per training step, and a Tuned row before and after
    each epoch.

    `arrays`: weights of a checkpoint of the trained design; without them it is trained first. Weights and biases are
    learnt, by the design's optimizer, schedule and activity penalty; windows and the ranges of weights are fixed. All
    randomness depends on the seed. Raises `DataMissing` or `Diverged`.
    """
    design, batch_size = task.design, task.design.training.batch_size
    training, held, test = yield from data.load_with_progress(design)
    per_epoch = math.ceil(len(training) / batch_size)
    steps = per_epoch * task.epochs
    if arrays is None:
        arrays = yield from _learnt(design, steps)
    network = equivalence.load_relu_network(relu_network(design), arrays, PRECISION)
    reached = yield from _largest(network, training, steps)
    exact = ttfs.from_relu_network(
        network, reached, *equivalence.input_range(design), design.ttfs.zeta, dtype=PRECISION
    )
    limited = LimitedNetwork(exact, task.limits)
    yield (yield from _tested(limited, test, held, design.seed, 0, 0, steps))
    name, arguments = OPTIMIZERS[design.training.optimizer.kind].function(**design.training.optimizer.parameters)
    schedule, parameters = design.training.schedule, list(limited.parameters.values())
    states: list[State] = [{} for _ in parameters]
    for epoch in range(task.epochs):
        factor = SCHEDULES[schedule.kind].function(epoch, task.epochs, **schedule.parameters)
        order = torch.randperm(len(training), generator=generator(design.seed, "tuning order", epoch))
        for batch, chosen in enumerate(order.split(batch_size)):
            limited.draw = generator(design.seed, "jitter", epoch, batch)
            shown = equivalence.intensities(training.images[chosen], training.white, PRECISION)
            passed = limited.run(shown)
            loss = F.cross_entropy(passed.logits, training.labels[chosen])
            if weight := design.ttfs.penalty:
                loss = loss + weight * _activation(limited, passed)
            if not loss.isfinite():
                raise Diverged(f"The loss became infinite in epoch {epoch + 1}: a smaller learning rate may help.")
            gradients = torch.autograd.grad(loss, parameters)
            now = [value.detach() for value in parameters]
            STEPS[name](now, gradients, states, task.learning_rate * float(factor), **arguments)
            yield Progress(epoch * per_epoch + batch + 1, steps)
        yield (yield from _tested(limited, test, held, design.seed, epoch + 1, (epoch + 1) * per_epoch, steps))


def _activation(network: LimitedNetwork, passed: ttfs.ForwardPass) -> Tensor:
    """The mean over images and hidden neurons, as in training (`core.trainable_ttfs.ActivityPenalty`)."""
    said = [window.end - times for window, times in zip(network.windows, passed.times[1:], strict=True)]
    return sum((x.sum() for x in said), torch.zeros(())) / sum(x.numel() for x in said)


def _learnt(design: Design, steps: int) -> Generator[Progress, None, Mapping[str, Any]]:
    """The last checkpoint of a design that is trained here."""
    arrays: Mapping[str, Any] = {}
    for event in execute(design):
        if isinstance(event, Progress) and event.steps:
            yield Progress(0, steps, f"training the network first: step {event.step:,} of {event.steps:,}")
        if isinstance(event, Checkpoint):
            arrays = event.arrays
    return arrays


def _largest(network: Network, training: Images, steps: int) -> Generator[Progress, None, list[float]]:
    """X of each hidden layer over the training images."""
    found: list[float] = []
    for start in range(0, len(training), WINDOW_IMAGES):
        yield Progress(0, steps, f"measuring windows: {start:,} of {len(training):,} images")
        part = slice(start, start + WINDOW_IMAGES)
        some = Images(training.images[part], training.labels[part], training.white)
        now = equivalence.max_activations(network, some, PRECISION)
        found = [max(pair) for pair in zip(found or now, now, strict=True)]
    return found


def _tested(
    network: LimitedNetwork, test: Images, held: Images | None, seed: int, epoch: int, step: int, steps: int
) -> Generator[Progress, None, Tuned]:
    """After an epoch: on the test images, and on those held out if there are any."""
    accuracy, loss, spikes = yield from _judged(network, test, seed, step, steps)
    chosen_by = (yield from _judged(network, held, seed, step, steps)) if held else (None, None)
    return Tuned(epoch, accuracy, loss, spikes, network.latency, *chosen_by[:2])


def _judged(
    network: LimitedNetwork, images: Images, seed: int, step: int, steps: int
) -> Generator[Progress, None, tuple[float, float, float]]:
    """Accuracy, mean loss and spikes per neuron on some images, which are always jittered alike."""
    hits, loss, spikes = 0, 0.0, 0.0
    for start in range(0, len(images), TEST_BATCH):
        part = slice(start, start + TEST_BATCH)
        network.draw = generator(seed, "jitter", "test", start)
        with torch.no_grad():
            passed = network.run(equivalence.intensities(images.images[part], images.white, PRECISION))
        labels = images.labels[part]
        hits += int((passed.logits.argmax(1) == labels).sum())
        loss += float(F.cross_entropy(passed.logits, labels, reduction="sum"))
        for times, window in zip(passed.times[1:], network.windows, strict=True):
            spikes += float((times < window.end).sum())
        yield Progress(step, steps)
    spikes /= len(images) * sum(layer.neurons for layer in network.hidden)
    return hits / len(images), loss / len(images), spikes
