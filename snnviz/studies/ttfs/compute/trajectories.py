"""A ReLU network and TTFS networks that start as the same function and are trained on the same batches, in step.

All of it is float64, so that differences are not due to rounding. Weights are drawn as in the design's run and their
rows centred, so that alpha = 1 means B = 1 at the start.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import data, networks, ttfs
from snnviz.core.data import input_range, intensities
from snnviz.core.optimizers import STEPS, State
from snnviz.core.randomness import generator
from snnviz.core.train import TEST_BATCH
from snnviz.design.design import Design
from snnviz.design.menus import OPTIMIZERS, SCHEDULES
from snnviz.errors import Diverged
from snnviz.events import Event, Progress
from snnviz.graph.ttfs import ttfs_network
from snnviz.studies.ttfs.compute.equivalence import load_relu_network
from snnviz.studies.ttfs.trajectories import Course, Model, Trajectories


class Learner:
    """One of the models that are trained side by side, with sums of its loss, correct predictions and gradient norms
    since the last `clear`.
    """

    def __init__(
        self, name: Model, network: networks.Network | ttfs.Network, design: Design, slower: float = 1
    ) -> None:
        self.name, self.network, self.slower = name, network, slower
        self.parameters: Mapping[str, Tensor] = network.parameters
        self.states: list[State] = [{} for _ in self.parameters]
        optimizer, arguments = OPTIMIZERS[design.training.optimizer.kind].function(
            **design.training.optimizer.parameters
        )
        self._step = partial(STEPS[optimizer], **arguments)
        self._span = input_range(design)
        self.start = self.parameter_vector(".weight")
        self.reset_sums()

    def reset_sums(self) -> None:
        """Sets the sums over training steps (loss, correct predictions, gradient norm) to zero."""
        self.steps, self.images, self.hits, self.loss, self.norm = 0, 0, 0, 0.0, 0.0

    @property
    def has_diverged(self) -> bool:
        """Whether the model's loss or a gradient has become infinite or NaN."""
        return not math.isfinite(self.loss + self.norm)

    def train_step(self, shown: Tensor, labels: Tensor, rate: float) -> None:
        """Makes one training step on images as intensities (B, 1, H, W) and labels (B,), with learning rate `rate`."""
        gradients = self.add_batch(shown, labels)
        self._step([value.detach() for value in self.parameters.values()], gradients, self.states, rate / self.slower)
        if isinstance(self.network, ttfs.Network) and not self.has_diverged:
            self.network.after_step(self._passed)

    def add_batch(self, shown: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """Adds loss, correct predictions and gradient norm of a batch to the sums, and returns the gradients of its
        mean cross-entropy.
        """
        logits = self.logits(shown)
        loss = F.cross_entropy(logits, labels)
        gradients = torch.autograd.grad(loss, list(self.parameters.values()))
        count = len(labels)
        self.steps, self.images = self.steps + 1, self.images + count
        self.hits += int((logits.argmax(1) == labels).sum())
        self.loss += loss.item() * count
        self.norm += math.sqrt(sum(gradient.square().sum().item() for gradient in gradients))
        return gradients

    def logits(self, shown: Tensor) -> Tensor:
        """Returns the logits (B, classes) for intensities `shown`."""
        if isinstance(self.network, ttfs.Network):
            self._passed = self.network.run(shown)
            return self._passed.logits
        low, high = self._span
        return self.network((low + (high - low) * shown)[None], statistics="running")

    @torch.no_grad()
    def test_accuracy(self, images: data.Images) -> float:
        """Returns the accuracy, in [0, 1], of the network on these images."""
        hits = 0
        parts = zip(images.images.split(TEST_BATCH), images.labels.split(TEST_BATCH), strict=True)
        for part, labels in parts:
            hits += int((self.logits(intensities(part, images.white)).argmax(1) == labels).sum())
        return hits / len(images)

    def parameter_vector(self, ending: str = "") -> Tensor:
        """Returns all parameters whose names end with `ending` as one vector."""
        return torch.cat([value.detach().flatten() for name, value in self.parameters.items() if name.endswith(ending)])


def run_trajectories(setting: Trajectories, *_: object) -> Iterator[Event]:
    """Trains a ReLU network and TTFS networks side by side; yields Progress after each step, and a Course row of each
    model at each measurement.

    It starts from the beginning whatever its history, with the same results. A model that becomes infinite yields no
    more rows. Raises `DataMissing`, or `Diverged` if the ReLU network's loss becomes infinite.
    """
    design, timed = setting.design, ttfs_network(setting.design)  # which is shown intensities
    training, held, test = yield from data.load_with_progress(design)
    size, epochs = design.training.batch_size, design.training.epochs
    per_epoch = math.ceil(len(training) / size)
    models = make_learners(setting)
    yield Progress(0, epochs * per_epoch)
    probe = data.probe_images(training, design.seed)
    for model in models:
        model.add_batch(intensities(probe.images, probe.white), probe.labels)
    yield from _look(models, 0, 0.0, None)
    models.pop()  # the naive one
    due = {math.ceil(look * per_epoch / setting.looks) for look in range(1, setting.looks + 1)}
    schedule = design.training.schedule
    for epoch in range(epochs):
        factor = float(SCHEDULES[schedule.kind].function(epoch, epochs, **schedule.parameters))
        order = torch.randperm(len(training), generator=generator(design.seed, "order", epoch))
        for batch in range(per_epoch):
            chosen = order[batch * size : (batch + 1) * size]
            shown = data.training_input(training, chosen, timed, epoch, batch)[0]
            for model in models:
                if not model.has_diverged:
                    model.train_step(shown, training.labels[chosen], factor * design.training.learning_rate)
            if models[0].has_diverged:
                what = f"The ReLU network became infinite in epoch {epoch + 1}"
                raise Diverged(f"{what}: a smaller learning rate may help.")
            models = [model for model in models if not model.has_diverged]
            step = epoch * per_epoch + batch + 1
            if batch + 1 in due:
                whole = batch + 1 == per_epoch
                yield from _look(models, step, step / per_epoch, test if whole else None, held if whole else None)
            yield Progress(step, epochs * per_epoch)


def make_learners(setting: Trajectories) -> list[Learner]:
    """Returns the models that are trained side by side, before the first step, in the order of `MODELS`."""
    design = setting.design
    low, high = input_range(design)
    drawn = load_relu_network(design, None, torch.float64)
    naive = ttfs.from_scratch(drawn, low, high, "alpha-one")
    for layer in drawn.architecture.layers[:-1]:
        weight = drawn.parameters[f"{layer.name}.weight"]
        weight -= weight.flatten(1).mean(1).view(-1, *[1] * (weight.dim() - 1))
    b1, alpha, slower = (ttfs.from_scratch(drawn, low, high, slopes) for slopes in ("one", "alpha-one", "alpha-one"))
    for value in drawn.parameters.values():
        value.requires_grad_()
    return [
        Learner("relu", drawn, design),
        Learner("b1", b1, design),
        Learner("alpha-one", alpha, design),
        Learner("slower", slower, design, setting.slower),
        Learner("naive", naive, design),
    ]


def _look(
    models: list[Learner], step: int, epoch: float, test: data.Images | None, held: data.Images | None = None
) -> Iterator[Course]:
    first, parameters = models[0], models[0].parameter_vector()
    weights = first.parameter_vector(".weight")
    for model in models:
        difference = float((model.parameter_vector() - parameters).abs().max())
        if not math.isfinite(difference):
            continue
        mine = model.parameter_vector(".weight")
        moved = F.cosine_similarity(mine - model.start, weights - first.start, 0).item() if step else None
        yield Course(
            step=step,
            epoch=epoch,
            model=model.name,
            loss=model.loss / model.images,
            accuracy=model.hits / model.images,
            test_accuracy=model.test_accuracy(test) if test else None,
            cosine=F.cosine_similarity(mine, weights, 0).item(),
            moved=moved,
            difference=difference,
            grad_norm=model.norm / model.steps,
            validation_accuracy=model.test_accuracy(held) if held else None,
        )
        model.reset_sums()
