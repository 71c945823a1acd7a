"""Training and validation of the candidates of a search."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from snnviz.core import data, observe, train
from snnviz.core.activity import Activity
from snnviz.core.networks import Network
from snnviz.core.randomness import generator
from snnviz.core.shortcuts import BranchObjective, shortcut_branches
from snnviz.core.train import Optimizer
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.graph.twins import ann_twin
from snnviz.studies.skips.compute.shared_weights import SharedWeights
from snnviz.studies.skips.search import Search, widest_design
from snnviz.theory.operations import operations_per_image

Step = Callable[[], None]
"""Callback after each training step; may raise an exception to stop."""

DIVERGED_LOSS = 100.0
"""Loss recorded for a candidate whose loss is not finite."""

STATISTICS_BATCHES = 16
"""Number of batches from which a candidate's statistics of batch normalisation are estimated."""


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """Results of a candidate network on the validation images: accuracy in [0, 1], mean loss and its standard error,
    spikes per neuron and step.

    macs, additions: operations of one image, a sum of m spikes counting as m additions; eff_macs, eff_acs: the same by
    NeuroBench's count. seconds: duration of training and validation.
    """

    accuracy: float
    loss: float
    loss_error: float
    rate: float
    macs: float
    additions: float
    eff_macs: float
    eff_acs: float
    seconds: float


class CandidateTrainer:
    """Trains and validates the candidate networks of a skip search; results depend neither on other candidates nor on
    threads.
    """

    def __init__(self, search: Search) -> None:
        """Reads the data. Raises `DataMissing` or `InputError`."""
        self.search = search
        images, held, _ = data.load_split(search.design)
        if search.validation >= len(images):
            raise InputError("validation", f"be less than the {len(images):,} training images", search.validation)
        self.images, self.held = (images, held) if held else data.hold_out(images, search.validation, search.seed)
        self.shared = SharedWeights(widest_design(search))

    @property
    def steps(self) -> int:
        """Number of training steps per epoch."""
        return math.ceil(len(self.images) / self.search.design.training.batch_size)

    def train_twin(self, step: Step, executor: Executor | None) -> ValidationResult:
        """Trains the ANN twin (the same network with ReLUs) of the search's network as the design says, and returns its
        results on the validation images.

        step: called after each training step. executor: executor for parallel micro-batches, or None.
        """
        network = Network(ann_twin(self.search.design))
        return self._trained(network, step, executor)

    def train_shared_weights(
        self, epoch: int, draw: Callable[[int], Design], step: Step, executor: Executor | None
    ) -> None:
        """Trains the weights that candidate networks share, for one epoch; each training step uses another candidate,
        `draw(batch)`.

        step: called after each training step. executor: executor for parallel micro-batches, or None.
        """
        batches = self._batches(self.search.design, "shared", epoch)
        for batch, chosen in enumerate(batches):
            network, optimizer = self.shared.make_network(draw(batch), states=True)
            self._learn(network, optimizer, chosen, epoch, batch, executor)
            self.shared.update_from(network, optimizer)
            step()

    def evaluate(self, design: Design, step: Step, executor: Executor | None) -> tuple[ValidationResult, Network]:
        """Trains one candidate network as the skip search says, and returns its results on the validation images, and
        its network.

        step: called after each training step. executor: executor for parallel micro-batches, or None.
        """
        search = self.search
        if search.weights == "scratch":
            network = Network(design)
            return self._trained(network, step, executor), network
        own = {"training.learning_rate": search.tuning_rate, "training.schedule": "constant"}
        tuned = change(design, own | {"training.epochs": max(1, search.tuning_epochs)})
        network, _ = self.shared.make_network(tuned)
        return self._trained(network, step, executor, search.tuning_epochs), network

    def _trained(
        self, network: Network, step: Step, executor: Executor | None, epochs: int | None = None
    ) -> ValidationResult:
        """With the design's shortcut branches, which an epoch of the shared weights does without."""
        start, design, beside = time.monotonic(), network.design, shortcut_branches(network)
        optimizer = Optimizer(network, beside.parameters if beside else None)
        for epoch in range(design.training.epochs if epochs is None else epochs):
            optimizer.start_epoch(epoch)
            objective = beside.objective(epoch) if beside else None
            for batch, chosen in enumerate(self._batches(design, "order", epoch)):
                self._learn(network, optimizer, chosen, epoch, batch, executor, objective)
                step()
        if design.network.norm != "none":
            self._estimate(network)
        return self._judged(network, start)

    def _learn(
        self,
        network: Network,
        optimizer: Optimizer,
        chosen: torch.Tensor,
        epoch: int,
        batch: int,
        executor: Executor | None,
        objective: BranchObjective | None = None,
    ) -> None:
        image = data.training_input(self.images, chosen, network.design, epoch, batch)
        found = train.loss_and_gradients(network, image, self.images.labels[chosen], executor, objective=objective)
        optimizer.step(found.gradients)

    def _batches(self, design: Design, *purpose: str | int) -> tuple[torch.Tensor, ...]:
        order = torch.randperm(len(self.images), generator=generator(design.seed, *purpose))
        found: tuple[torch.Tensor, ...] = order.split(design.training.batch_size)
        return found

    @torch.no_grad()
    def _estimate(self, network: Network) -> None:
        """The running statistics of a normalisation, anew: a candidate's are not those of the weights it borrowed."""
        for buffer in network.buffers.values():
            buffer.zero_()
        batches = self._batches(network.design, "statistics")[:STATISTICS_BATCHES]
        for batch, chosen in enumerate(batches):
            image = data.encode(self.images.take(chosen), self.images.white, network.design, "statistics", batch)
            network(image, statistics="learn")
        for buffer in network.buffers.values():  # averages that began at 0 have not forgotten it
            buffer.div_(1 - 0.9 ** len(batches))

    @torch.no_grad()
    def _judged(self, network: Network, start: float) -> ValidationResult:
        losses, hits, design = [], 0, network.design
        fired, neurons = 0.0, sum(layer.neurons for layer in network.architecture.layers if layer.spiking)

        def count(_: int, seen: Activity) -> None:
            nonlocal fired
            fired += float(seen.spikes.sum())

        size = min(train.TEST_BATCH, max(1, network.micro_batch))
        for first in range(0, len(self.held), size):
            part = slice(first, first + size)
            image = data.encode(self.held.take(part), self.held.white, design, "test", first)
            logits, labels = train.logits(network, image, count, "running"), self.held.labels[part]
            losses.append(F.cross_entropy(logits, labels, reduction="none").double())
            hits += int((logits.argmax(1) == labels).sum())
        each = torch.cat(losses)
        each = torch.where(each.isfinite(), each, DIVERGED_LOSS).clamp(max=DIVERGED_LOSS)
        probe, _ = data.encoded_probe(self.held, design)
        cost = operations_per_image(
            design, observe.observe_layers(network, probe, observe.RunningSums(network.parameters), 0, 0.0)
        )
        return ValidationResult(
            accuracy=hits / len(self.held),
            loss=float(each.mean()),
            loss_error=float(each.std()) / math.sqrt(len(each)) if len(each) > 1 else 0.0,
            rate=fired / (len(self.held) * network.steps * neurons) if neurons else 0.0,
            macs=cost.macs,
            additions=cost.additions,
            eff_macs=cost.eff_macs,
            eff_acs=cost.eff_acs,
            seconds=time.monotonic() - start,
        )
