"""A drawing of a network with shortcut branches (auxiliary classifiers): a row of boxes, one for all layers between two
branches.
"""

from __future__ import annotations

from collections.abc import Sequence

from snnviz.catalog.neurons import model
from snnviz.data.datasets import dataset_card
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.graph.branches import branch_layers
from snnviz.graph.layers import Layer
from snnviz.views.boxes import Box


def network_boxes(design: Design) -> tuple[Box, ...]:
    """Returns the boxes of the drawing: the image, layers up to each shortcut branch, the other layers, and the
    readout.

    >>> from snnviz.studies.shortcuts.study import STARTS
    >>> [(part.name, part.branch) for part in network_boxes(STARTS["deep mlp"])][:3]
    [('image', ''), ('L1 – L3', 'linear 128 → 10'), ('L4 – L6', 'linear 128 → 10')]
    """
    built, branches = build_architecture(design), branch_layers(design)
    *hidden, readout = built.layers
    classes, neurons = dataset_card(design.data.name).classes, model(design.neuron).label
    shape = " × ".join(map(str, built.input_shape))
    found = [Box("image", design.data.name, shape)]
    group: list[Layer] = []
    for index, layer in enumerate(hidden):
        group.append(layer)
        if index in branches or layer is hidden[-1]:
            branch = f"linear {built.channels(index)} → {classes}" if index in branches else ""
            found.append(Box(_named(group), _inside(group, neurons), _shape(layer), "spiking", branch))
            group = []
    said = f"{neurons}, counted" if readout.spiking else "linear, mean over t"
    return (*found, Box("readout", said, f"{classes}"))


def _named(group: Sequence[Layer]) -> str:
    return group[0].name if len(group) == 1 else f"{group[0].name} – {group[-1].name}"


def _inside(group: Sequence[Layer], neurons: str) -> str:
    """What is in the box: so many layers of a kind, and their neurons."""
    kinds = dict.fromkeys("conv" if layer.kind == "conv" else "linear" for layer in group if layer.weighted)
    many = sum(layer.weighted for layer in group)
    behind = "" if all(layer.plain for layer in group) else f", {neurons}"
    return f"{many} × {' / '.join(kinds)}{behind}" if many else "joined"


def _shape(layer: Layer) -> str:
    channels, height, width = layer.out_shape
    return f"{channels:,}" if layer.kind == "linear" else f"{channels} × {height}×{width}"
