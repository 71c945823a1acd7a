"""Branches that learn beside the network, in training alone (Guo et al. 2024): see `snnviz.catalog.shortcuts`.

    z_m = W_m mean(o) + b_m          o: what a hidden layer says; the mean is over time and positions
    L = a CE(main) + c sum_m CE(z_m)

The gradient that reaches a layer before a branch passes through fewer surrogate derivatives. A branch adds nothing to
the network's output: without the branches a network computes the same, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.catalog.shortcuts import branching, weights
from snnviz.core.networks import Network
from snnviz.core.randomness import generator

PREFIX = "shortcut."


class Branches:
    """The branches of a network: ``parameters`` maps "shortcut.<layer>.weight" to (classes, C), ".bias" to (classes,).

    They are drawn from the design's seed and the layer's name, as torch.nn.Linear draws, whatever initialises the rest.
    """

    def __init__(self, network: Network) -> None:
        self.design, built = network.design, network.architecture
        self.layers = branching(network.design)
        self.names = {index: built.layers[index].name for index in self.layers}
        self.parameters: dict[str, Tensor] = {}
        classes = built.layers[-1].out_shape[0] // built.layers[-1].voters
        for index, name in self.names.items():
            draw, limit = generator(network.design.seed, "shortcut", name), 1 / math.sqrt(built.channels(index))
            for part, shape in (("weight", (classes, built.channels(index))), ("bias", (classes,))):
                value = (2 * torch.rand(shape, generator=draw) - 1) * limit
                self.parameters[f"{PREFIX}{name}.{part}"] = value.requires_grad_()

    def objective(self, epoch: int) -> Objective | None:
        """What an epoch, counted from 0, minimises; None where the branches have no weight."""
        training = self.design.training
        factors = weights(training.shortcut, epoch, training.epochs, len(self.layers))
        return Objective(self, factors.main, factors.branch) if factors.value > 0 else None


def branches(network: Network) -> Branches | None:
    """Those that the network's design asks for."""
    return Branches(network) if branching(network.design) else None


@dataclass(frozen=True, slots=True)
class Objective:
    """A loss that a training step minimises: `main` times the network's own, and `branch` times each branch's."""

    branches: Branches
    main: float
    branch: float

    @property
    def parameters(self) -> Mapping[str, Tensor]:
        return self.branches.parameters

    def alone(self) -> Objective:
        """Without the main loss."""
        return replace(self, main=0.0)

    def listen(self) -> Listener:
        """For one way through the network."""
        return Listener(self)


class Listener:
    """Called with what each layer says; then it can tell the loss of the images that went through."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.logits: dict[int, Tensor] = {}

    def __call__(self, index: int, said: Tensor) -> None:
        branches = self.objective.branches
        if index not in branches.names:
            return
        # Sums, not means: the gradient of a sum is a view of one number for all, that of a mean a tensor of its own.
        total = said.sum(0) if said.dim() == 3 else said.sum(0).sum((1, 2))
        mean = total * (total.numel() / said.numel())
        name = PREFIX + branches.names[index]
        self.logits[index] = F.linear(mean, branches.parameters[f"{name}.weight"], branches.parameters[f"{name}.bias"])

    def loss(self, main: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """The whole loss, and each branch's (M,), of these images as a part of a batch of `count`."""
        found = [F.cross_entropy(self.logits[index], labels, reduction="sum") / count
                 for index in self.objective.branches.layers]  # fmt: skip
        parts = torch.stack(found)
        beside = self.objective.branch * parts.sum()
        whole = beside if self.objective.main == 0 else self.objective.main * main + beside
        return whole, parts.detach()
