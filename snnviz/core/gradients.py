"""The gradient of each layer's weights on one batch, with and without shortcut branches: also before training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from snnviz.core import data, inits, observe, train
from snnviz.core.networks import Network
from snnviz.core.shortcuts import Objective, branches
from snnviz.design import Choice, Design
from snnviz.links import change

IMAGES = 32
"""Of the probe batch, for gradients: two ways there and back, which every look at a run with branches takes."""


def norms(network: Network, image: Tensor, labels: Tensor, objective: Objective | None = None) -> dict[str, float]:
    """The L2 norm of the gradient of each layer's weights, by layer; nothing of the network is changed."""
    found = train.slope(network, image, labels, objective=objective, by="batch").gradients
    named = dict(zip(network.parameters, found, strict=False))
    layers = [layer.name for layer in network.architecture.weighted]
    values = torch.stack(torch._foreach_norm([named[f"{name}.weight"] for name in layers])).tolist()
    return dict(zip(layers, values, strict=True))


def shares(
    network: Network, image: Tensor, labels: Tensor, objective: Objective | None
) -> dict[str, float | None] | None:
    """By layer, |g_b| / (|g| + |g_b|): g the gradient of the main loss, g_b that of the branches, both as weighted.

    None for a layer that neither reaches, and as a whole without branches.
    """
    if objective is None:
        return None
    main = {name: objective.main * norm for name, norm in norms(network, image, labels).items()}
    beside = norms(network, image, labels, objective.alone())
    return {name: share(main[name], beside[name]) for name in main}


def share(main: float, beside: float) -> float | None:
    """The part of the branches in two norms."""
    return beside / (main + beside) if main + beside > 0 else None


@dataclass(frozen=True, slots=True)
class LayerGradient:
    """A hidden layer or the readout, at initialisation, on one batch.

    grad_norm: without branches; with_branches: of the whole loss of the first epoch; both None without weights.
    shortcut, saturation, rate, var_u: as in `snnviz.events.LayerState`.
    """

    layer: int
    name: str
    grad_norm: float | None
    with_branches: float | None
    shortcut: float | None
    saturation: float | None
    rate: float | None
    var_u: float


@dataclass(frozen=True, slots=True)
class Profile:
    """The gradients of a design before training, and the layers that have a branch."""

    design: Design
    branches: tuple[str, ...]
    layers: tuple[LayerGradient, ...]


def profile(design: Design) -> Profile:
    """Of the probe batch at initialisation. A design without branches gets constant ones. Raises `DataMissing`."""
    images, _ = data.load(design)
    shown = images.images[: observe.PROBE_IMAGES]
    probe = data.encode(shown, images.white, design, "probe")
    return _profile(design, probe, images.labels[: observe.PROBE_IMAGES])


def profiles(design: Design, depths: Sequence[int] = (), choices: Sequence[Choice] = ()) -> Iterator[Profile]:
    """For each initialisation and depth, one after the other; whoever stops asking has cancelled.

    Without depths or initialisations: the design's own. Branches are where they usually are if the depth changes.
    Raises `DataMissing`, and `InputError` for a network whose depth is no number of layers.
    """
    images, _ = data.load(design)
    shown, labels = images.images[: observe.PROBE_IMAGES], images.labels[: observe.PROBE_IMAGES]
    for init in choices or [design.init]:
        for settings in [{"network.depth": depth, "training.shortcut.layers": ""} for depth in depths] or [{}]:
            changed = change(design, {"init": dict(init), **settings})
            probe = data.encode(shown, images.white, changed, "probe")
            yield _profile(changed, probe, labels)


def _profile(design: Design, probe: Tensor, labels: Tensor) -> Profile:
    if design.training.shortcut.schedule.kind == "zero":
        design = change(design, {"training.shortcut.schedule": "constant"})
    with train.gathered():
        network = Network(design)
        inits.measure(network, probe)
        found = branches(network)
        objective = found.objective(0) if found else None
        plain = norms(network, probe, labels)
        whole = norms(network, probe, labels, objective)
        part = shares(network, probe, labels, objective) or {}
        window = observe.Window(network.parameters)
        states = list(observe.look(network, probe, window, 0, 0.0, part))
    layers = tuple(
        LayerGradient(
            state.layer, state.name, plain.get(state.name), whole.get(state.name), state.shortcut, state.saturation,
            state.rate, state.var_u,
        )
        for state in states
    )  # fmt: skip
    return Profile(design, tuple(found.names.values()) if found else (), layers)
