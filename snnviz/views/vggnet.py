"""The boxes of a drawing of a VGG: its stages with their pooling, and its hidden layer."""

from __future__ import annotations

from typing import Literal

from snnviz.catalog.neurons import model
from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.graph.layers import Layer
from snnviz.views.boxes import Box


def vgg_boxes(design: Design) -> tuple[Box, ...]:
    """Returns the boxes of the drawing of a VGG: image, stages, hidden layer, readout.

    >>> from snnviz.catalog.examples import get_example
    >>> [(part.inside, part.shape) for part in vgg_boxes(get_example("vgg-digits"))][1:3]
    [('2 × conv 3×3, LIF, max pool 2', '16 × 4×4'), ('2 × conv 3×3, LIF, max pool 2', '32 × 2×2')]
    """
    built, ttfs = build_architecture(design), design.network.code == "ttfs"
    entry = model(design.neuron)
    neurons = "one spike" if ttfs else entry.label
    role: Literal["plain", "spiking"] = "spiking" if ttfs or entry.spiking else "plain"
    *convolutions, hidden, readout = built.layers
    stages: dict[str, list[Layer]] = {}
    for layer in convolutions:
        stages.setdefault(layer.name.partition(".")[0], []).append(layer)
    first = "times" if ttfs else "at every t" if design.data.steps > 1 else "once"
    found = [Box("image", first, _shape(built.input_shape, 1))]
    for number, layers in enumerate(stages.values(), 1):
        after = built.layers[built.layers.index(layers[-1]) + 1].sources[0]
        pooled = f", {after.pooling} pool {after.pool}" if after.pool > 1 else ""
        inside = f"{len(layers)} × conv 3×3, {neurons}{pooled}"
        found.append(Box(f"stage {number}", inside, _shape(layers[-1].out_shape, after.pool), role))
    found.append(Box("hidden", f"linear, {neurons}", f"{hidden.out_shape[0]:,}", role))
    said = (
        f"{entry.label}, counted" if readout.spiking else "linear, mean over t" if design.data.steps > 1 else "linear"
    )
    return (*found, Box("readout", said, str(readout.out_shape[0])))


def _shape(shape: tuple[int, int, int], pool: int) -> str:
    channels, height, width = shape
    return f"{channels} × {height // pool}×{width // pool}"
