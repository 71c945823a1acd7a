"""Shortcut branches of a network (auxiliary classifiers; Guo et al. 2024): the layers they read and their number of
parameters.
"""

from __future__ import annotations

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture


def branch_layers(design: Design) -> tuple[int, ...]:
    """Returns the indices, in the architecture, of the hidden layers that a shortcut branch (auxiliary classifier)
    reads; () where the schedule is "zero".

    >>> from snnviz.design.networks import MlpNetwork
    >>> from snnviz.design.parts import Shortcut, Training
    >>> branch_layers(Design(network=MlpNetwork(depth=12), training=Training(shortcut=Shortcut(schedule="linear"))))
    (2, 5, 8)
    """
    shortcut = design.training.shortcut
    if shortcut.schedule.kind == "zero":
        return ()
    return tuple(hidden_layers(design)[number - 1] for number in shortcut.layers) or default_branch_layers(design)


def hidden_layers(design: Design) -> tuple[int, ...]:
    """Returns the indices, in the architecture, of the hidden layers with neurons, which a design numbers from 1.

    Merge layers and projections are left out: their number depends on the skips, that of layers with neurons does not.
    """
    layers = build_architecture(design).layers[:-1]
    return tuple(index for index, layer in enumerate(layers) if not layer.plain)


def default_branch_layers(design: Design) -> tuple[int, ...]:
    """Returns the indices of the layers that shortcut branches (auxiliary classifiers) read by default: those at 1/4,
    1/2 and 3/4 of the layers with neurons.

    In a network whose blocks have a matrix each: the last layer of each block but the last.
    """
    if len(design.network.matrices) > 1:
        layers, blocks = build_architecture(design).layers[:-1], range(1, len(design.network.matrices))
        return tuple([i for i, layer in enumerate(layers) if layer.name.startswith(f"B{b}.")][-1] for b in blocks)
    neurons = hidden_layers(design)
    return tuple(sorted({neurons[max(0, len(neurons) * quarter // 4 - 1)] for quarter in (1, 2, 3)}))


def check_branch_layers(design: Design) -> None:
    """Raises `InputError` if the design attaches a shortcut branch to a layer that the network does not have."""
    count, named = len(hidden_layers(design)), design.training.shortcut.layers
    if named and named[-1] > count:
        rule = f"be hidden layers of the network, from 1 to {count}"
        raise InputError("training.shortcut.layers", rule, list(named))


def branch_parameter_count(design: Design) -> int:
    """Returns the number of weights and biases of all shortcut branches (auxiliary classifiers, used in training
    only).
    """
    built = build_architecture(design)
    classes = built.layers[-1].out_shape[0] // built.layers[-1].voters
    return sum(classes * (built.channels(index) + 1) for index in branch_layers(design))
