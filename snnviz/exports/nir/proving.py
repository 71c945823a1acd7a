"""The proof of a NIR graph: our interpreter says at every layer what the run's network says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnviz.design.design import Design
from snnviz.design.menus import LOSSES
from snnviz.exports.nir.building import ExportedGraph
from snnviz.exports.nir.graph import Array, Graph
from snnviz.exports.nir.interpreter import Computation, compute
from snnviz.exports.report import LayerProof, Proof, compare_layer, require_equal

if TYPE_CHECKING:  # which loads torch
    from snnviz.exports.compute.reference import Reference


def graph_input(exported: ExportedGraph, design: Design, given: Array) -> Array:
    """Returns the input of the graph at all steps, (T, B, C, H, W), from that of the network, (T or 1, B, C, H, W)."""
    steps, by = design.data.steps, exported.enlarge
    return np.broadcast_to(given, (steps, *given.shape[1:])).repeat(by, 3).repeat(by, 4)


def graph_logits(design: Design, output: Array) -> Array:
    """Returns the logits (B, classes) from what the graph says at all steps, (T, B, classes)."""
    loss = design.training.loss
    found: Array = LOSSES[loss.kind].function(output.sum(0), design.data.steps, **loss.parameters)
    return found


def prove(design: Design, exported: ExportedGraph, graph: Graph, single: Reference, double: Reference) -> Proof:
    """Returns the proof of `graph`, which is `exported` as it was read back from its file.

    single, double: what the run's network says in float32 and in float64. In float32 each layer is given the
    outputs of the network's layers before it; in float64 the graph is left to itself. Raises `ProofFailed` with a
    layer's name.
    """
    recorded = tuple(exported.spiking_nodes.values())
    true_outputs = {node: single.outputs[layer] for layer, node in exported.spiking_nodes.items()}
    given = graph_input(exported, design, single.input)
    each = compute(graph, given, dtype=np.float32, recorded=recorded, true_outputs=true_outputs)
    layers = compare_layers(exported, each, single)
    whole = compute(graph, given, dtype=np.float64, recorded=recorded)
    require_equal(
        {layer: (double.outputs[layer], whole.node_outputs[node]) for layer, node in exported.spiking_nodes.items()}
    )
    return Proof(
        equal=True,
        layers=layers,
        logits_difference=float(np.abs(graph_logits(design, each.output) - single.logits).max()),
        accuracy=float((graph_logits(design, whole.output).argmax(1) == single.labels).mean()),
        images=len(single.labels),
    )


def compare_layers(exported: ExportedGraph, computed: Computation, single: Reference) -> tuple[LayerProof, ...]:
    """Returns the proof of each layer for itself. Where a spike differs that near the threshold, the neuron's potential
    is another from there on: it counts once.
    """
    found = []
    for layer, node in exported.spiking_nodes.items():
        ours, theirs = single.outputs[layer], computed.node_outputs[node]
        differ = ours != theirs
        later = np.cumsum(differ, 0) - differ > 0
        threshold = exported.thresholds[layer]
        found.append(compare_layer(layer, single.potentials[layer], threshold, ours, np.where(later, ours, theirs)))
    return tuple(found)
