"""Shortcut branches: auxiliary classifiers on hidden layers, used in training only (Guo et al. 2024).

    z_m = W_m mean(o) + b_m          o: output of a hidden layer; the mean is over time and positions
    L = a CE(main) + c sum_m CE(z_m)

The gradient that reaches a layer before a branch passes through fewer surrogate derivatives. Branches do not change the
network's output: without them it computes the same, bit for bit. Schedules of a and c: `snnviz.catalog.shortcuts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.catalog.inits import is_data_dependent
from snnviz.catalog.shortcuts import loss_weights
from snnviz.core.inits import initial_weight
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.graph.architectures import Layer
from snnviz.graph.branches import branch_layers

PREFIX = "shortcut."


class ShortcutBranches:
    """The shortcut branches of a network: linear classifiers on the averaged outputs of hidden layers.

    ``parameters`` maps "shortcut.<layer>.weight" to (classes, C), ".bias" to (classes,). Weights are drawn as the
    readout's are, by the design's initialisation from its seed and the layer's name; if that is data-dependent, by the
    variance-preserving one.
    """

    def __init__(self, network: Network) -> None:
        self.design, built = network.design, network.architecture
        self.layers = branch_layers(network.design)
        self.names = {index: built.layers[index].name for index in self.layers}
        self.parameters: dict[str, Tensor] = {}
        classes = built.layers[-1].out_shape[0] // built.layers[-1].voters
        for index, name in self.names.items():
            shapes = (built.channels(index), 1, 1), (classes, 1, 1)
            weight = initial_weight(Layer(PREFIX + name, "linear", (), *shapes), _drawn(network.design))
            self.parameters[f"{PREFIX}{name}.weight"] = weight.requires_grad_()
            self.parameters[f"{PREFIX}{name}.bias"] = torch.zeros(classes).requires_grad_()

    def objective(self, epoch: int) -> BranchObjective | None:
        """Returns the training loss of an epoch, counted from 0, main loss and branch losses weighted by the schedule;
        None if the branches' weight is 0.
        """
        training = self.design.training
        factors = loss_weights(training.shortcut, epoch, training.epochs, len(self.layers))
        return BranchObjective(self, factors.main, factors.branch) if factors.value > 0 else None


def _drawn(design: Design) -> Design:
    """With an initialisation that measures nothing."""
    return change(design, {"init": "variance-preserving"}) if is_data_dependent(design.init) else design


def shortcut_branches(network: Network) -> ShortcutBranches | None:
    """Returns the shortcut branches of a network, with initial weights (auxiliary classifiers on hidden layers, Guo et
    al. 2024); None if its design has none.
    """
    return ShortcutBranches(network) if branch_layers(network.design) else None


@dataclass(frozen=True, slots=True)
class BranchObjective:
    """A training loss with shortcut branches: `main` times the network's own loss plus `branch` times the loss of each
    branch.
    """

    branches: ShortcutBranches
    main: float
    branch: float

    @property
    def parameters(self) -> Mapping[str, Tensor]:
        """The weights and biases of the branches, by name; the optimizer updates them with the network's."""
        return self.branches.parameters

    def alone(self) -> BranchObjective:
        """Returns the same loss without the network's own loss (weight 0), so that only the branches' losses are
        left.
        """
        return replace(self, main=0.0)

    def make_hook(self) -> BranchHook:
        """Returns a new `BranchHook` for one forward pass."""
        return BranchHook(self)


class BranchHook:
    """Forward hook that computes the logits of shortcut branches from the outputs of hidden layers, and from them the
    training loss.
    """

    def __init__(self, objective: BranchObjective) -> None:
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

    def total_loss(self, main: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Returns the weighted sum of all losses, which training minimises, and each branch's own loss, (M,); the
        images are a part of a batch of `count`.
        """
        found = [F.cross_entropy(self.logits[index], labels, reduction="sum") / count
                 for index in self.objective.branches.layers]  # fmt: skip
        parts = torch.stack(found)
        beside = self.objective.branch * parts.sum()
        whole = beside if self.objective.main == 0 else self.objective.main * main + beside
        return whole, parts.detach()
