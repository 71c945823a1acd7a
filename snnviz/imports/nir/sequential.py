"""A row of layers from a graph that somebody else wrote: linear or 3x3 convolutions, with neurons, and a readout."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnviz.data import datasets
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.graph import DT, Array, Graph, Node
from snnviz.exports.nir.interpreter import numeric_padding
from snnviz.graph.architectures import build_architecture


def leak(node: Node, dt: float) -> Array:
    """Returns the share of the potential that neurons keep from one step to the next."""
    if "tau" not in node.fields:
        return np.ones(np.shape(node["r"]))
    found: Array = 1 - dt / np.asarray(node["tau"], np.float64)
    return found


def step_seconds(graph: Graph) -> float:
    """Returns the duration of a time step that the metadata tell, else `DT`. Raises `InputError`."""
    found = np.asarray(graph.metadata.get("dt", DT))
    if found.shape != () or found.dtype.kind not in "iuf" or not 0 < found < 1000:
        raise InputError("dt of the graph", "be a number of seconds above 0", Unquoted("another"))
    return float(found)


@dataclass(frozen=True, slots=True)
class _Neurons:
    beta: float
    threshold: float
    reset: str


@dataclass(slots=True)
class _Layer:
    node: str
    weight: Array
    bias: Array
    pooled: bool
    neurons: _Neurons | None = None

    @property
    def linear(self) -> bool:
        return self.weight.ndim == 2


def read_sequential(graph: Graph, settings: Mapping[str, str]) -> tuple[Design, dict[str, Array], tuple[str, ...]]:
    """Returns design, weights and notes; see `importing.import_graph`."""
    shape, layers = _Walk(graph).layers()
    design = _design(graph, shape, layers, settings)
    architecture = build_architecture(design)
    weights: dict[str, Array] = {}
    told = []
    for layer, found in zip(architecture.layers, layers, strict=True):
        weight, outputs = found.weight, layer.out_shape[0]
        expected = (outputs, layer.fan_in) if found.linear else (outputs, layer.in_shape[0], 3, 3)
        if weight.shape != expected:
            rule = f"have weights of the shape {expected}"
            raise InputError(f"the node {found.node}", rule, Unquoted(str(weight.shape)))
        weights |= {f"{layer.name}.weight": weight, f"{layer.name}.bias": found.bias}
        learnt = getattr(design.neuron, "learn", "none")
        if found.neurons is not None:
            if learnt in ("beta", "both"):
                weights[f"{layer.name}.beta"] = np.array(found.neurons.beta)
            if learnt in ("threshold", "both"):
                weights[f"{layer.name}.threshold"] = np.array(found.neurons.threshold)
        told.append(f"{found.node} is {layer.name}")
    return design, weights, (f"Layers: {', '.join(told)}.",)


class _Walk:
    """Goes through the graph from its input to its output."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.dt = step_seconds(graph)

    def layers(self) -> tuple[tuple[int, ...], list[_Layer]]:
        """The shape of the input, and the layers, of which the last is the readout."""
        starts = self.graph.nodes_of_kind("Input")
        if len(starts) != 1:
            raise InputError("the graph", "have one Input", Unquoted(f"{len(starts)}"))
        found: list[_Layer] = []
        name, back, pooled = self._next(starts[0]), "", False
        while self.graph.nodes[name].kind != "Output":
            node = self.graph.nodes[name]
            if len(found) > 1000:
                raise InputError("the graph", "have at most 1,000 layers", Unquoted("more"))
            if node.kind == "Flatten":
                pass
            elif node.kind == "AvgPool2d":
                if pooled or not all((np.asarray(node[each]) == 2).all() for each in ("kernel_size", "stride")):
                    self._refuse(name, "pool by 2, once")
                pooled = True
            elif node.kind in ("Affine", "Linear", "Conv2d"):
                found.append(self._weighted(name, node, pooled))
                pooled = False
            elif node.kind in ("LIF", "IF", "LI", "I"):
                name, back = self._neurons(name, node, found)
            else:
                self._refuse(name, "be a layer, neurons, average pooling or Flatten", node.kind)
            name, back = self._next(name, but=back), ""
        if not found or any(layer.neurons is None for layer in found[:-1]):
            silent = next((layer.node for layer in found if layer.neurons is None), "input")
            self._refuse(silent, "be followed by neurons in a row of layers")
        return tuple(self.graph.nodes[starts[0]]["shape"].tolist()), found

    def _refuse(self, name: str, rule: str, value: object = Unquoted("another")) -> None:
        raise InputError(f"the node {name[:60]}", rule, value)

    def _next(self, name: str, *, but: str = "") -> str:
        later = [each for each in self.graph.successors[name] if each != but]
        if len(later) != 1:
            self._refuse(name, "be read by one node in a row of layers", Unquoted(f"{len(later)} that read it"))
        before = [each for each in self.graph.predecessors[later[0]] if self.graph.nodes[each].kind != "Scale"]
        if len(before) != 1:
            self._refuse(later[0], "read one node in a row of layers", Unquoted(f"{len(before)} that it reads"))
        return later[0]

    def _weighted(self, name: str, node: Node, pooled: bool) -> _Layer:
        weight = np.asarray(node["weight"], np.float64)
        bias = np.asarray(node.fields.get("bias", np.zeros(len(weight))), np.float64)
        if node.kind == "Conv2d":
            same = weight.shape[2:] == (3, 3) and (np.asarray(numeric_padding(node)) == 1).all()
            ones = all((np.asarray(node[each]) == 1).all() for each in ("stride", "dilation", "groups"))
            if not same or not ones:
                self._refuse(name, "be a 3x3 convolution with stride 1, padding 1 and one group")
        return _Layer(name, weight, bias, pooled)

    def _neurons(self, name: str, node: Node, found: list[_Layer]) -> tuple[str, str]:
        """Puts the neurons behind the last layer; returns the node that spikes and the one that resets, or ""."""
        if not found or found[-1].neurons is not None:
            self._refuse(name, "follow a layer with weights")
        self._check_shape(name, node, found[-1])
        rest = [each for each in ("v_leak", "v_reset") if each in node.fields and np.any(node[each])]
        if rest:
            self._refuse(name, f"have a {rest[0]} of 0")
        share, layer = leak(node, self.dt), found[-1]
        gain = (1 - share if "tau" in node.fields else self.dt) * np.asarray(node["r"], np.float64)
        self._gain(name, layer, gain)
        end, spikes, reset, back = name, node, "zero", ""
        if node.kind in ("LI", "I"):
            end = self._next(name)
            spikes, reset = self.graph.nodes[end], "none"
            if spikes.kind != "Threshold":
                self._refuse(name, "be followed by a Threshold", spikes.kind)
            backs = [each for each in self.graph.predecessors[name] if self.graph.nodes[each].kind == "Scale"]
            if backs:
                self._check_back(backs, name, end, spikes, gain)
                reset, back = "subtract", backs[0]
        layer.neurons = _Neurons(self._one(name, share), self._one(end, spikes.threshold), reset)
        return end, back

    def _check_shape(self, name: str, node: Node, layer: _Layer) -> None:
        shape, outputs = np.shape(node["r"]), len(layer.weight)
        maps = () if layer.linear else tuple(np.broadcast_to(self.graph.nodes[layer.node]["input_shape"], 2).tolist())
        allowed = [(), (1,), (outputs,)] if layer.linear else [(), (1,), (outputs, 1, 1), (outputs, *maps)]
        if shape not in allowed:
            self._refuse(name, f"have the shape {allowed[-1]} of what its layer says", Unquoted(str(shape)))

    def _check_back(self, back: list[str], name: str, end: str, threshold: Node, gain: Array) -> None:
        scale = np.asarray(self.graph.nodes[back[0]]["scale"], np.float64)
        own = self.graph.predecessors[back[0]] == (end,) and self.graph.successors[back[0]] == (name,)
        if len(back) > 1 or not own or not np.allclose(scale * gain, -threshold.threshold):
            self._refuse(back[0], "subtract the threshold of its own neurons")

    def _gain(self, name: str, layer: _Layer, gain: Array) -> None:
        """What neurons make of a current goes into the weights."""
        of_rows = gain.reshape(len(gain), -1) if gain.ndim else gain.reshape(1, 1)
        if np.ptp(of_rows, axis=1).any() or of_rows.shape[0] not in (1, len(layer.weight)):
            self._refuse(name, "have one r and tau for each output of its layer")
        rows = np.broadcast_to(of_rows[:, 0], len(layer.weight))
        if not np.allclose(rows, 1, rtol=1e-12, atol=0):
            layer.weight = layer.weight * rows.reshape(-1, *[1] * (layer.weight.ndim - 1))
            layer.bias = layer.bias * rows

    def _one(self, name: str, value: Array) -> float:
        """One number for the whole layer, as people write it where that is the same float32."""
        if np.ptp(value) > 1e-9 * max(1.0, float(np.abs(value).max())):
            self._refuse(name, "have one leak and threshold for its layer")
        number = float(np.ravel(value)[0])
        short = round(number, 6)
        return short if np.float32(short) == np.float32(number) else number


def _design(graph: Graph, shape: tuple[int, ...], layers: list[_Layer], settings: Mapping[str, str]) -> Design:
    hidden, readout = layers[:-1], layers[-1]
    if not hidden:
        raise InputError("the graph", "have a hidden layer", Unquoted("a readout alone"))
    if not readout.linear:
        raise InputError(f"the node {readout.node}", "be linear, as it is the readout", Unquoted("a convolution"))
    wanted: dict[str, Any] = {**_neuron(layers), "training.loss": "rate" if readout.neurons is None else "count"}
    name = settings.get("data.name") or matching_dataset(shape, len(readout.weight))
    if name is None:
        told = Unquoted(f"inputs of the shape {shape} and {len(readout.weight)} classes")
        raise InputError("the graph", "fit a data set that is here (--set data.name=)", told)
    wanted |= {"data.name": name}
    steps = np.asarray(graph.metadata.get("steps", "none"))
    if steps.shape == () and steps.dtype.kind in "iu":
        wanted["data.steps"] = int(steps)
    wanted |= _network(hidden)
    base = links.change(Design(), {**{key: str(value) for key, value in wanted.items()}, **settings})
    if hidden[0].linear:
        return base
    return _pooled(base, layers)


def _network(hidden: list[_Layer]) -> dict[str, object]:
    widths = [len(layer.weight) for layer in hidden]
    for layer, width in zip(hidden, widths, strict=True):
        if layer.linear != hidden[0].linear:
            rule = "be a linear layer or a convolution as the first one is"
            raise InputError(f"the node {layer.node}", rule, Unquoted("the other"))
        if width != widths[0]:
            rule = f"have {widths[0]} outputs, as the first hidden layer has"
            raise InputError(f"the node {layer.node}", rule, Unquoted(f"{width}"))
    if hidden[0].linear:
        return {"network.kind": "mlp", "network.depth": len(hidden), "network.width": widths[0]}
    return {"network.kind": "cnn", "network.depth": len(hidden), "network.channels": widths[0]}


def _pooled(base: Design, layers: list[_Layer]) -> Design:
    """The design that pools where the graph does."""
    for every in range(len(layers)):
        found = links.change(base, {"network.pool_every": str(every)})
        pools = [layer.sources[0].pool > 1 for layer in build_architecture(found).layers]
        if pools == [layer.pooled for layer in layers]:
            return found
    odd = next((layer.node for layer in layers if layer.pooled), layers[-1].node)
    raise InputError(f"the node {odd}", "read pooled maps after every n-th layer", Unquoted("pooling elsewhere"))


def _neuron(layers: list[_Layer]) -> dict[str, object]:
    known = [layer for layer in layers if layer.neurons is not None]
    found = [layer.neurons for layer in known if layer.neurons is not None]
    for layer, neurons in zip(known, found, strict=True):
        if neurons.reset != found[0].reset:
            raise InputError(f"the neurons of {layer.node}", "reset as those of the first layer", neurons.reset)
    several = ("beta" if len({each.beta for each in found}) > 1 else "") + (
        "threshold" if len({each.threshold for each in found}) > 1 else ""
    )
    return {
        "neuron.kind": "lif",
        "neuron.reset": found[0].reset,
        "neuron.beta": found[0].beta,
        "neuron.threshold": found[0].threshold,
        "neuron.learn": {"": "none", "betathreshold": "both"}.get(several, several),
    }


def matching_dataset(shape: tuple[int, ...], classes: int) -> str | None:
    """Returns the first data set of images whose inputs, or their number, and classes are these; None without one."""
    for name in datasets.dataset_names():
        card = datasets.dataset_card(name)
        fits = tuple(card.shape) == shape or (len(shape) == 1 and math.prod(card.shape) == shape[0])
        if card.counts is None and fits and card.classes == classes:
            return name
    return None
