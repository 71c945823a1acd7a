"""From a NIR graph to a design and its weights: of a graph that snnviz wrote, and of a row of layers from anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from snnviz.catalog.neurons import learnable_parameters
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.building import ExportedGraph, build_graph
from snnviz.exports.nir.graph import Array, Graph, Node
from snnviz.exports.nir.interpreter import compute
from snnviz.graph.architectures import build_architecture
from snnviz.graph.layers import EPSILON, Layer
from snnviz.imports.imported import Imported, placeholder_weights
from snnviz.imports.nir.sequential import leak, read_sequential, step_seconds


def import_graph(graph: Graph, settings: Mapping[str, str]) -> Imported:
    """Returns the design that says the same as a graph, and weights for it: on random input, in float64, both say the
    same at each step.

    settings: fields of the design that a graph cannot tell, such as ``data.name``. Raises `InputError`, which names
    the node, for what no design says.
    """
    link = graph.metadata.get("design")
    if isinstance(link, str):
        design = links.from_query(link)
        found = _of_snnviz(graph, links.change(design, dict(settings)) if settings else design)
    else:
        graph = _flat(graph)
        found = Imported(*read_sequential(graph, settings))
    _check_outputs(graph, found)
    return replace(found, weights={name: np.asarray(each, np.float32) for name, each in found.weights.items()})


def _flat(graph: Graph) -> Graph:
    """The graph with maps flattened whole: some programs count the axis of samples among a Flatten's."""
    whole = {"start_dim": np.int64(0), "end_dim": np.int64(-1)}
    nodes = {
        name: Node(node.kind, {**node.fields, **whole}) if node.kind == "Flatten" else node
        for name, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)


SAMPLES, STEPS = 4, 20
"""Random inputs, and steps, on which a graph and its design are compared."""


def _check_outputs(graph: Graph, found: Imported) -> None:
    architecture = build_architecture(found.design)
    ours = build_graph(found.design, architecture, found.weights).graph
    shape = ours.nodes[ours.nodes_of_kind("Input")[0]]["shape"]
    given = np.random.default_rng(0).uniform(-1, 2, (STEPS, SAMPLES, *shape))
    try:
        theirs = given.reshape(STEPS, SAMPLES, *graph.nodes[graph.nodes_of_kind("Input")[0]]["shape"])
        one, other = compute(graph, theirs, dt=step_seconds(graph)).output, compute(ours, given).output
        one = one.reshape(other.shape)
    except ValueError:  # of numpy, for shapes that do not go together
        raise InputError("the graph", "have nodes whose shapes go together", Unquoted("others")) from None
    if not np.allclose(one, other, rtol=1e-6, atol=1e-6):
        raise InputError(
            "the graph", "say what a design says", Unquoted("one that says something else on random input")
        )


def _of_snnviz(graph: Graph, design: Design) -> Imported:
    """A graph that names its design must be that of the design, but for what is learnt."""
    architecture = build_architecture(design)
    held = sum(np.size(value) for node in graph.nodes.values() for value in node.fields.values())
    needed = sum(layer.out_shape[0] * layer.fan_in for layer in architecture.layers)
    if needed > held:
        raise InputError("the graph", f"hold the {needed:,} weights of its design", Unquoted(f"{held:,} numbers"))
    expected = build_graph(design, architecture, placeholder_weights(design, architecture))
    _check_alike(graph, expected.graph)
    weights: dict[str, Array] = {}
    for layer in architecture.layers:
        if layer.weighted:
            weights |= _weights(layer, graph, expected)
        elif layer.normed and layer.kind == "neurons":
            weights |= _normed_sums(layer, graph)
        if layer.name in expected.spiking_nodes:
            weights |= _learnt(design, layer, graph, expected)
    notes = ["The file names its design, and its graph is that design's."]
    if any(layer.normed for layer in architecture.layers):
        notes.append("Batch normalisation was folded: gains are 1, means 0, and variances 1, and learn on from there.")
    return Imported(design, weights, tuple(notes))


def _check_alike(graph: Graph, expected: Graph) -> None:
    """Raises `InputError` naming the first node whose kind, edges, or numbers that are not learnt, are others."""
    for name in (*expected.nodes, *graph.nodes):
        if name not in expected.nodes:
            raise InputError(f"the node {name[:60]}", "be one of the design that the file names", Unquoted("another"))
        if name not in graph.nodes:
            raise InputError("the graph", f"have the node {name} of its design", Unquoted("none"))
    wrong = set(graph.edges) ^ set(expected.edges)
    for a, b in sorted(wrong):
        raise InputError(f"the node {b}", "read what the design that the file names has it read", Unquoted(a))
    for name, node in expected.nodes.items():
        _check_node(name, graph.nodes[name], node)


LEARNT = ("weight", "bias", "tau", "r", "v_threshold", "threshold", "scale")


def _check_node(name: str, node: Node, expected: Node) -> None:
    where = f"the node {name}"
    if node.kind != expected.kind and {node.kind, expected.kind} not in ({"LI", "I"}, {"LIF", "IF"}):
        raise InputError(where, f"be a {expected.kind}, as its design has it", node.kind)
    for field, value in expected.fields.items():
        if field not in node.fields:
            continue  # an integrator that leaks, or not
        given = node[field]
        if np.shape(given) != np.shape(value):
            raise InputError(
                f"{field} of {where}", f"be of the shape {np.shape(value)}", Unquoted(str(np.shape(given)))
            )
        if field not in LEARNT and not np.array_equal(np.asarray(given), np.asarray(value)):
            raise InputError(f"{field} of {where}", "be as the design has it", Unquoted("another"))


def _weights(layer: Layer, graph: Graph, expected: ExportedGraph) -> dict[str, Array]:
    channels = layer.in_shape[0]
    first = graph.nodes[expected.weight_nodes[layer.name][0].node]
    whole = np.zeros((layer.out_shape[0], channels, *_rest(layer)))
    gain = _gain(layer, graph, expected)
    for part in expected.weight_nodes[layer.name]:
        weight = graph.nodes[part.node]["weight"].reshape(len(whole), len(part.input_channels), *_rest(layer))
        read = part.input_channels >= 0
        if weight[:, ~read].any():
            where = f"the node {part.node}"
            raise InputError(where, "read no channels but those that its skip carries", Unquoted("others"))
        whole[:, part.input_channels[read]] = weight[:, read] * gain.reshape(-1, 1, 1, 1)
    if layer.groups > 1:
        whole = _grouped(layer, whole, expected.weight_nodes[layer.name][0].node)
    found = {"weight": whole.reshape(len(whole), -1) if layer.kind == "linear" else whole}
    if layer.biased:
        found["bias"] = first["bias"] * gain
    return {f"{layer.name}.{kind}": value for kind, value in (found | _unnormed(layer)).items()}


def _gain(layer: Layer, graph: Graph, expected: ExportedGraph) -> Array:
    """What the neurons of each output of a layer make of its current, (C,): 1 but where r was folded into weights."""
    node = graph.nodes.get(expected.spiking_nodes.get(layer.name, ""))
    if node is None or node.kind != "LIF":
        return np.ones(layer.out_shape[0])
    gain = (1 - leak(node, step_seconds(graph))) * np.asarray(node["r"], np.float64)
    return gain.reshape(layer.out_shape[0], -1)[:, 0]


def _rest(layer: Layer) -> tuple[int, ...]:
    return layer.in_shape[1:] if layer.kind == "linear" else (layer.kernel, layer.kernel)


def _unnormed(layer: Layer) -> dict[str, Array]:
    """Statistics by which normalisation leaves everything as it is."""
    if not layer.normed:
        return {}
    ones = np.ones(layer.out_shape[0])
    return {"gain": ones, "mean": 0 * ones, "variance": ones - EPSILON}


def _grouped(layer: Layer, whole: Array, node: str) -> Array:
    out, each = layer.out_shape[0] // layer.groups, layer.in_shape[0] // layer.groups
    found = np.zeros((layer.out_shape[0], each, layer.kernel, layer.kernel))
    rest = whole.copy()
    for g in range(layer.groups):
        place = (slice(g * out, (g + 1) * out), slice(g * each, (g + 1) * each))
        found[place[0]] = whole[place]
        rest[place] = 0
    if rest.any():
        raise InputError(f"the node {node}", "hold nothing between its groups", Unquoted("weights there"))
    return found


def _normed_sums(layer: Layer, graph: Graph) -> dict[str, Array]:
    """Of neurons whose sum is normalised: a 1x1 convolution of each channel alone."""
    name = next(name for name, node in graph.nodes.items() if node.layer == layer.name and node.kind == "Conv2d")
    node = graph.nodes[name]
    weight = node["weight"][:, :, 0, 0]
    if np.count_nonzero(weight - np.diag(np.diag(weight))):
        raise InputError(f"the node {name}", "normalise each channel alone", Unquoted("weights between channels"))
    found = {**_unnormed(layer), "gain": np.diag(weight), "bias": node["bias"]}
    return {f"{layer.name}.{kind}": value for kind, value in found.items()}


def _learnt(design: Design, layer: Layer, graph: Graph, expected: ExportedGraph) -> dict[str, Array]:
    """What a layer's neurons learn, and a check of what they do not."""
    nodes = {name: node for name, node in graph.nodes.items() if node.layer == layer.name}
    found: dict[str, Array] = {}
    held = next((node for name, node in nodes.items() if name.endswith("_lif")), None)
    given = {"threshold": (held or nodes[expected.spiking_nodes[layer.name]]).threshold}
    for ending, field in (("_lif", "beta"), ("_li", "beta"), ("_current", "alpha")):
        for name, node in nodes.items():
            if name.endswith(ending):
                given[field] = leak(node, step_seconds(graph))
    for each in learnable_parameters(design.neuron):
        value = each.inverse(given["beta" if each.field == "tau" else each.field])
        low, high = each.bounds or (-math.inf, None)
        value = np.clip(value, low, high)
        if each.each == "layer":
            _check_one(f"{each.name} of {layer.name}", value)
            value = value.flat[0]
        found[f"{layer.name}.{each.name}"] = np.reshape(value, layer.out_shape if each.each == "neuron" else ())
    learns = {"beta" if each.field == "tau" else each.field for each in learnable_parameters(design.neuron)}
    for field, value in given.items():
        own = getattr(design.neuron, field, None)
        if field not in learns and own is not None and not np.allclose(value, own, rtol=1e-6, atol=1e-6):
            raise InputError(f"{field} of {layer.name}", f"be {own:g}, as its design has it", float(value.flat[0]))
    return found


def _check_one(field: str, value: Array) -> None:
    if np.ptp(value) > 1e-6:
        raise InputError(field, "be one for all its neurons", Unquoted("several"))
