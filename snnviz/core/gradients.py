"""Gradient norms of each layer's weights on one batch, with and without shortcut branches (auxiliary classifiers)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from snnviz.core import data, measured_inits, observe, train
from snnviz.core.networks import Network
from snnviz.core.shortcuts import BranchObjective, shortcut_branches
from snnviz.core.trainable_ttfs import build_network
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import Choice

LAYER_IMAGES = 16
"""Number of probe images for gradients during a run with branches; each takes two forward and backward passes."""

PROFILE_IMAGES = 32
"""Number of probe images for a gradient profile before training."""


@dataclass(frozen=True, slots=True)
class GradientNorms:
    """L2 norms of the gradients of one layer's weights, for the parts of a loss with shortcut branches (auxiliary
    classifiers).

    `plain`: of the main loss (the network's own), without weighting, as in training without branches. `main`: of the
    weighted main loss. `branches`: of the branches' weighted losses. `whole`: of the total loss.
    """

    plain: float
    main: float
    branches: float
    whole: float

    @property
    def share(self) -> float | None:
        """Share of the branches in the gradient, |g_b| / (|g| + |g_b|), with g of the main loss and g_b of the
        branches' losses; None if both are 0.
        """
        both = self.main + self.branches
        return self.branches / both if both > 0 else None


def gradient_norms(
    network: Network, image: Tensor, labels: Tensor, objective: BranchObjective | None
) -> dict[str, GradientNorms]:
    """Returns the gradient norms of each layer with weights, by name, on a batch; the network is not changed."""
    main = _gradients(network, image, labels, None)
    beside = _gradients(network, image, labels, objective.alone()) if objective else list(map(torch.zeros_like, main))
    factor = objective.main if objective else 1.0
    whole = [factor * g + other for g, other in zip(main, beside, strict=True)]
    names = [layer.name for layer in network.architecture.weighted]
    columns = [torch.stack(torch._foreach_norm(part)).tolist() for part in (main, beside, whole)]
    return {
        name: GradientNorms(plain, factor * plain, other, both)
        for name, plain, other, both in zip(names, *columns, strict=True)
    }


def _gradients(network: Network, image: Tensor, labels: Tensor, objective: BranchObjective | None) -> list[Tensor]:
    """Of each layer's weights."""
    found = train.loss_and_gradients(network, image, labels, objective=objective, statistics="batch").gradients
    named = dict(zip(network.parameters, found, strict=False))
    return [named[f"{layer.name}.weight"] for layer in network.architecture.weighted]


def branch_shares(
    network: Network, image: Tensor, labels: Tensor, objective: BranchObjective | None
) -> dict[str, float | None] | None:
    """Returns for each layer, by its name, the share of its gradient's norm that comes from the shortcut branches
    (auxiliary classifiers, Guo et al. 2024) instead of the readout; None without branches (no `objective`).
    """
    if objective is None:
        return None
    return {name: found.share for name, found in gradient_norms(network, image, labels, objective).items()}


@dataclass(frozen=True, slots=True)
class LayerGradient:
    """Gradients and activity of one layer at initialisation, on the probe batch (fixed training images).

    grad_norm: gradient norm without branches; with_branches: of the total loss in the first epoch; None without
    weights. shortcut, saturation, rate, var_u, probe: as in `snnviz.events.LayerState`. Gradients are of the first
    `PROFILE_IMAGES` probe images.
    """

    layer: int
    name: str
    grad_norm: float | None
    with_branches: float | None
    shortcut: float | None
    saturation: float | None
    rate: float | None
    var_u: float
    probe: int | None


@dataclass(frozen=True, slots=True)
class GradientProfile:
    """Gradients and activity of all layers of a design before training, and the names of the layers with a shortcut
    branch (auxiliary classifier).
    """

    design: Design
    branches: tuple[str, ...]
    layers: tuple[LayerGradient, ...]


def gradient_profile(design: Design) -> GradientProfile:
    """Returns the gradients of a design at initialisation, with and without shortcut branches, on the probe batch
    (fixed training images). Raises `DataMissing`.

    A design without branches is given branches with a constant weight.
    """
    images, _ = data.load(design)
    return _profile(design, *data.encoded_probe(images, design))


def gradient_profiles(
    design: Design, depths: Sequence[int] = (), choices: Sequence[Choice] = ()
) -> Iterator[GradientProfile]:
    """Yields the gradient profile of the design for each initialisation and depth; to cancel, stop iterating.

    Without `depths` or `choices`: the design's own. If the depth changes, branches are at their default places. Raises
    `DataMissing`, and `InputError` for a network whose depth is not a number of layers.
    """
    images, _ = data.load(design)
    for init in choices or [design.init]:
        for settings in [{"network.depth": depth, "training.shortcut.layers": ""} for depth in depths] or [{}]:
            changed = change(design, {"init": dict(init), **settings})
            yield _profile(changed, *data.encoded_probe(images, changed))


def _profile(design: Design, probe: Tensor, labels: Tensor) -> GradientProfile:
    if design.training.shortcut.schedule.kind == "zero":
        design = change(design, {"training.shortcut.schedule": "constant"})
    with train.worker_threads():
        network = build_network(design)
        measured_inits.initialise_from_data(network, probe)
        found = shortcut_branches(network)
        objective = found.objective(0) if found else None
        by_layer = gradient_norms(network, probe[:, :PROFILE_IMAGES], labels[:PROFILE_IMAGES], objective)
        states = list(observe.observe_layers(network, probe, observe.RunningSums(network.parameters), 0, 0.0))
    layers = []
    for state in states:
        own = by_layer.get(state.name)
        plain, whole, share = (own.plain, own.whole, own.share) if own else (None, None, None)
        seen = (state.saturation, state.rate, state.var_u, state.probe)
        layers.append(LayerGradient(state.layer, state.name, plain, whole, share, *seen))
    return GradientProfile(design, tuple(found.names.values()) if found else (), tuple(layers))
