"""What an import gives, and what it needs to know of a design's weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnviz.catalog.neurons import learnable_parameters
from snnviz.design.design import Design
from snnviz.exports.nir.graph import Array
from snnviz.graph.layers import Architecture


@dataclass(frozen=True, slots=True)
class Imported:
    """A design and weights for it by the names of its layers, float32, and what a person has to know."""

    design: Design
    weights: Mapping[str, Array]
    notes: tuple[str, ...]


def placeholder_weights(design: Design, architecture: Architecture) -> dict[str, Array]:
    """Returns weights of the right shapes for a network, as a checkpoint names them: zeros, gains and variances 1."""
    found: dict[str, Array] = {}
    for layer in architecture.layers:
        outputs = layer.out_shape[0]
        if layer.kind == "conv":
            inputs = layer.in_shape[0] // layer.groups
            found[f"{layer.name}.weight"] = np.zeros((outputs, inputs, layer.kernel, layer.kernel), np.float32)
        elif layer.kind == "linear":
            found[f"{layer.name}.weight"] = np.zeros((outputs, math.prod(layer.in_shape)), np.float32)
        if layer.kind != "merge" and layer.biased:
            found[f"{layer.name}.bias"] = np.zeros(outputs, np.float32)
        if layer.normed and layer.kind != "merge":
            found |= {f"{layer.name}.{kind}": np.ones(outputs, np.float32) for kind in ("gain", "variance")}
            found[f"{layer.name}.mean"] = np.zeros(outputs, np.float32)
        if layer.kind != "merge" and not layer.plain:
            for each in learnable_parameters(design.neuron):
                shape = layer.out_shape if each.each == "neuron" else ()
                found[f"{layer.name}.{each.name}"] = np.full(shape, each.initial, np.float32)
    return found
