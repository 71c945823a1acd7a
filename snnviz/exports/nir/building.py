"""The NIR graph of a design and its weights, from the architecture: nothing is traced.

Sums are edges that meet, concatenations a convolution split by its input channels, backward connections a Delay of one
step, batch normalisation is folded into weights and biases, in float64.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from snnviz.catalog.neurons import learnable_parameters
from snnviz.design.design import Design
from snnviz.design.links import to_query
from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.folding import fold_resistance
from snnviz.exports.nir.graph import CONVENTION, DT, Array, Edge, Graph, Node
from snnviz.exports.nir.neurons import population
from snnviz.graph.layers import EPSILON, INPUT, Architecture, Layer, Source

Profile = Literal["portable", "exact"]

PORTABLE = ("Input", "Output", "Affine", "Linear", "Conv2d", "Flatten", "AvgPool2d", "LIF", "IF")
"""What the portable profile holds: what norse and snntorch read, and most other readers."""


@dataclass(frozen=True, slots=True)
class WeightNode:
    """A node that holds weights of a layer; `input_channels`: of each channel that it reads, its place in the layer's
    input, or -1 where the layer reads none of it.
    """

    node: str
    input_channels: Array


@dataclass(frozen=True, slots=True)
class ExportedGraph:
    """A graph, and what it takes to compare it with the network: of each spiking layer the node that spikes,
    and the thresholds of its neurons.

    weight_nodes: of each layer with weights the nodes that hold them. enlarge: how often each point of the image is
    repeated before it is given to the graph. reasons: why it is not portable, a sentence each. notes: what NIR does
    not say.
    """

    graph: Graph
    spiking_nodes: Mapping[str, str]
    thresholds: Mapping[str, Array]
    weight_nodes: Mapping[str, tuple[WeightNode, ...]]
    profile: Profile
    enlarge: int = 1
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def build_graph(
    design: Design, architecture: Architecture, weights: Mapping[str, Array], profile: Profile | None = None
) -> ExportedGraph:
    """Returns the graph of a network with these weights ("<layer>.weight", ..., as in checkpoints).

    profile: None is portable where the network allows it, else exact. Raises `InputError`, in one sentence, where NIR,
    or the profile that was asked for, cannot say the network.
    """
    if design.network.code != "rate":
        raise InputError("network.code", "be rate for NIR, whose neurons have no time to first spike", "ttfs")
    if design.training.precision != "float32":
        raise InputError("training.precision", "be float32 for NIR, which knows no other", design.training.precision)
    writer = _Writer(design, architecture, weights)
    found = writer.write()
    if profile == "portable" and found.reasons:
        raise InputError("profile", f"be exact for this network: {found.reasons[0]}", "portable")
    found = replace(found, profile=profile or found.profile)
    return replace(found, graph=fold_resistance(found.graph)) if found.profile == "portable" else found


class _Writer:
    def __init__(self, design: Design, architecture: Architecture, weights: Mapping[str, Array]) -> None:
        self.design, self.layers, self.weights = design, architecture.layers, weights
        self.architecture = architecture
        self.nodes: dict[str, Node] = {}
        self.edges: dict[Edge, None] = {}
        self.outputs: dict[int, tuple[str, ...]] = {}
        self.known: dict[Source, tuple[str, ...]] = {}
        self.late: list[tuple[Source, str]] = []
        self.spiking_nodes: dict[str, str] = {}
        self.thresholds: dict[str, Array] = {}
        self.weight_nodes: dict[str, tuple[WeightNode, ...]] = {}
        self.reasons: dict[str, None] = {}
        self.notes: dict[str, None] = {}
        self.enlarge = self._enlarged()

    def _enlarged(self) -> int:
        """An image that is enlarged before the network sees it is given to the graph as it then is."""
        found = {s.enlarge for layer in self.layers for s in layer.sources if s.layer == INPUT}
        inner = {s.enlarge for layer in self.layers for s in layer.sources if s.layer != INPUT}
        if len(found) > 1 or inner - {1}:
            raise InputError("network", "enlarge nothing but its image for NIR", self.design.network.kind)
        return found.pop()

    def write(self) -> ExportedGraph:
        """Returns the graph of the whole network."""
        channels, height, width = self.architecture.input_shape
        shape = (channels, height * self.enlarge, width * self.enlarge)
        self.outputs[INPUT] = (self._add("input", "Input", {"shape": np.array(shape)}),)
        for index, layer in enumerate(self.layers):
            self.outputs[index] = self._layer(layer)
        for source, name in self.late:
            self._join(self._transformed(replace(source, delay=0)), name)
        self._output()
        self._note()
        portable = not self.reasons
        graph = Graph(self.nodes, tuple(self.edges), self._metadata("portable" if portable else "exact"))
        return ExportedGraph(
            graph, self.spiking_nodes, self.thresholds, self.weight_nodes, "portable" if portable else "exact",
            self.enlarge, tuple(self.reasons), tuple(self.notes),
        )  # fmt: skip

    def _metadata(self, profile: str) -> dict[str, Any]:
        return {
            "convention": CONVENTION,
            "dt": np.float64(DT),
            "steps": np.int64(self.design.data.steps),
            "encoding": self.design.data.encoding.kind,
            "design": to_query(self.design),
            "profile": profile,
            "written_by": "snnviz",
        }

    def _output(self) -> None:
        readout = self.layers[-1]
        ends, neurons = self.outputs[len(self.layers) - 1], readout.neurons
        if readout.voters > 1:
            classes = neurons // readout.voters
            mean = np.kron(np.eye(classes), np.full((1, readout.voters), 1 / readout.voters))
            ends = (self._join(ends, self._add("votes", "Linear", {"weight": mean}, "votes")),)
            neurons = classes
        self._join(ends, self._add("output", "Output", {"shape": np.array([neurons])}))

    def _note(self) -> None:
        data, kind = self.design.data, self.design.data.encoding.kind
        self._say("The logits are the sum of the output over time, which NIR has no node for.")
        given = {"direct": "the normalised image, the same at each step"}.get(kind, f"the spikes of encoding {kind}")
        if self.enlarge > 1:
            given += f", each point repeated {self.enlarge} times in both directions"
        self._say(f"The input is {given}; encoding is outside of NIR, and so is the number of steps, {data.steps}.")
        self._say("Surrogate gradients, initialisation and training are not in NIR.")
        if any(layer.dropout for layer in self.layers):
            self._say("Dropout acts in training alone, and is left out.")
        if any(layer.normed for layer in self.layers):
            self._say("Batch normalisation is folded into weights and biases, by its running statistics.")
        if any(layer.groups > 1 for layer in self.layers):
            self._say("Grouped convolutions are written out with zeros, as nir 1.0.8 refuses groups when it reads.")

    def _say(self, sentence: str) -> None:
        self.notes[sentence] = None

    def _add(self, name: str, kind: str, fields: Mapping[str, Any], layer: str = "") -> str:
        """Adds a node, under a name that HDF5 and Python's identifiers allow, and returns the name."""
        name = base = re.sub(r"\W", "_", name.replace(">", "to"))
        count = 1
        while name in self.nodes:
            count += 1
            name = f"{base}_{count}"
        self.nodes[name] = Node(kind, fields, {"layer": layer} if layer else {})
        if kind not in PORTABLE:
            self.reasons.setdefault(_WHY.get(kind, f"it needs {kind}"), None)
        return name

    def _join(self, sources: tuple[str, ...], target: str) -> str:
        """Adds edges from all sources, and returns `target`."""
        self.edges |= dict.fromkeys((source, target) for source in sources)
        return target

    def _once(self, sources: list[str], shape: tuple[int, ...]) -> tuple[str, ...]:
        """The same sum without repetitions, as an edge is there once: what is read n times goes through a Scale."""
        found = []
        for source, count in Counter(sources).items():
            scale = {"scale": np.full(shape, float(count))}
            found.append(self._join((source,), self._add(f"{source}_twice", "Scale", scale)) if count > 1 else source)
        return tuple(found)

    def _shape(self, source: Source) -> tuple[int, int, int]:
        """The shape of what a source says, once transformed."""
        at = self.architecture.input_shape if source.layer == INPUT else self.layers[source.layer].out_shape
        by = self.enlarge if source.layer == INPUT else 1
        height, width = (math.ceil(side * by / source.stride) // source.pool for side in at[1:])
        return at[0], height, width

    def _transformed(self, source: Source) -> tuple[str, ...]:
        """The nodes whose sum is what a source says: strided, pooled, smoothed and delayed as it asks for."""
        source = replace(source, merge="main", channels=None, enlarge=1)
        if source in self.known:
            return self.known[source]
        if source.delay:
            name = self._add(f"{self._name(source)}_late", "Delay", {"delay": np.full(self._shape(source), DT)})
            self.late.append((source, name))
            found: tuple[str, ...] = (name,)
        else:
            found = self.outputs[source.layer]
            if source.stride > 1:
                found = (self._pooled(source, "strided", "AvgPool2d", 1, source.stride, found),)
            if source.pool > 1:
                found = self._pool(source, found)
            if source.smooth > 1:
                side = source.smooth
                found = (self._pooled(source, "smooth", "AvgPool2d", side, 1, found, side // 2),)
        self.known[source] = found
        return found

    def _name(self, source: Source) -> str:
        return "input" if source.layer == INPUT else self.layers[source.layer].name

    def _pooled(
        self, source: Source, ending: str, kind: str, size: int, stride: int, given: tuple[str, ...], padding: int = 0
    ) -> str:
        fields = {"kernel_size": _pair(size), "stride": _pair(stride), "padding": _pair(padding)}
        return self._join(given, self._add(f"{self._name(source)}_{ending}", kind, fields))

    def _pool(self, source: Source, given: tuple[str, ...]) -> tuple[str, ...]:
        """The largest of spikes is whether there is any: their sum above one half."""
        if source.pooling == "average":
            return (self._pooled(source, "pool", "AvgPool2d", source.pool, source.pool, given),)
        if source.layer == INPUT or not self.layers[source.layer].spiking:
            raise InputError("network.pooling", "be average for NIR where what is pooled are no spikes", "max")
        total = self._pooled(source, "pool", "SumPool2d", source.pool, source.pool, given)
        shape = self._shape(replace(source, smooth=1))
        found = self._add(f"{self._name(source)}_max", "Threshold", {"threshold": np.full(shape, 0.5)})
        return (self._join((total,), found),)

    def _layer(self, layer: Layer) -> tuple[str, ...]:
        """Adds a layer; the nodes whose sum is what it says."""
        scale, bias = self._affine(layer)
        current = (self._weighted if layer.weighted else self._sum)(layer, scale, bias)
        if layer.plain:
            return current
        return (self._neurons(layer, current),)

    def _affine(self, layer: Layer) -> tuple[Array | None, Array | None]:
        """By what each channel's weights are multiplied (None: by 1), and the bias, (C,), None without one."""
        bias = self._array(layer, "bias") if layer.biased and layer.kind != "merge" else None
        if not layer.normed or bias is None:
            return None, bias
        variance = self._array(layer, "variance").astype(np.float64)
        scale = self._array(layer, "gain").astype(np.float64) / np.sqrt(variance + EPSILON)
        return scale, bias.astype(np.float64) - scale * self._array(layer, "mean")

    def _array(self, layer: Layer, kind: str) -> Array:
        try:
            return np.asarray(self.weights[f"{layer.name}.{kind}"])
        except KeyError:
            raise InputError("weights", "be of this network", Unquoted(f"some without {layer.name}.{kind}")) from None

    def _groups(self, layer: Layer) -> list[tuple[tuple[Source, ...], Array]]:
        """The sources that are summed, with the places in the layer's input of their channels; -1: of none."""
        found: list[tuple[tuple[Source, ...], Array]] = []
        summed: list[Source] = []
        width = 0
        for source in layer.sources:
            count = self.architecture.channels(source.layer)
            if source.merge == "concat":
                places = np.full(count, -1)
                kept = list(range(count) if source.channels is None else source.channels)
                places[kept] = width + np.arange(len(kept))
                width += len(kept)
                found.append(((source,), places))
                if len(kept) < count:
                    self._say("DSC skips that carry part of the channels have weights of 0 for the others.")
            else:
                summed.append(source)
                width = max(width, count)
        if summed:
            count = self.architecture.channels(summed[0].layer)
            found.insert(0, (tuple(summed), np.arange(count)))
        return found

    def _weighted(self, layer: Layer, scale: Array | None, bias: Array | None) -> tuple[str, ...]:
        weight = self._array(layer, "weight")
        if layer.kind == "linear":
            weight = weight.reshape(len(weight), *layer.in_shape)
        elif layer.groups > 1:
            weight = _ungrouped(weight, layer.groups)
        if scale is not None:
            weight = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        found = []
        groups = self._groups(layer)
        for place, (sources, places) in enumerate(groups):
            part = np.where((places >= 0).reshape(1, -1, 1, 1), weight[:, np.maximum(places, 0)], 0).astype(
                weight.dtype
            )
            ending = "" if place == 0 else f"_of_{self._name(sources[0])}" + "_late" * sources[0].delay
            make = self._linear if layer.kind == "linear" else self._conv
            given = self._given(layer, sources)
            found.append(self._join(given, make(layer, part, bias if place == 0 else None, sources[0], ending)))
        self.weight_nodes[layer.name] = tuple(
            WeightNode(name, places) for name, (_, places) in zip(found, groups, strict=True)
        )
        return tuple(found)

    def _given(self, layer: Layer, sources: tuple[Source, ...]) -> tuple[str, ...]:
        """What a layer reads of sources that are summed, as a row of numbers where it is linear and reads maps."""
        shape = self._shape(sources[0])
        at = None if sources[0].layer == INPUT else self.layers[sources[0].layer]
        row = at is not None and at.kind == "linear"
        given = self._once([name for each in sources for name in self._transformed(each)], shape[:1] if row else shape)
        if layer.kind != "linear" or row:
            return given
        fields = {"input_type": np.array(shape), "start_dim": np.int64(0), "end_dim": np.int64(-1)}
        return (self._join(given, self._add(f"{layer.name}_flat", "Flatten", fields)),)

    def _linear(self, layer: Layer, weight: Array, bias: Array | None, _: Source, ending: str) -> str:
        fields: dict[str, Any] = {"weight": weight.reshape(len(weight), -1)}
        if bias is None:
            return self._add(f"{layer.name}_linear{ending}", "Linear", fields, layer.name)
        return self._add(f"{layer.name}_linear{ending}", "Affine", {**fields, "bias": bias}, layer.name)

    def _conv(self, layer: Layer, weight: Array, bias: Array | None, source: Source, ending: str) -> str:
        padding, bias = layer.kernel // 2, np.zeros(len(weight), weight.dtype) if bias is None else bias
        fields = _conv2d(weight, bias, self._shape(source)[1:], layer.stride, padding)
        return self._add(f"{layer.name}_conv{ending}", "Conv2d", fields, layer.name)

    def _sum(self, layer: Layer, scale: Array | None, bias: Array | None) -> tuple[str, ...]:
        """What a layer without weights sums; a 1x1 convolution normalises it, or puts its channels side by side."""
        groups = self._groups(layer)
        found: list[str] = []
        channels, height, width = layer.in_shape
        for place, (sources, places) in enumerate(groups):
            named = [name for source in sources for name in self._transformed(source)]
            given = self._once(named, self._shape(sources[0]))
            if len(groups) == 1 and scale is None and bias is None:
                found += given
                continue
            weight = np.zeros((channels, len(places)))
            weight[places[places >= 0], np.flatnonzero(places >= 0)] = 1
            weight = weight if scale is None else weight * scale[:, None]
            own = np.zeros(channels) if bias is None or place else bias
            fields = _conv2d(weight[:, :, None, None], own, (height, width), 1, 0)
            ending = "" if place == 0 else f"_of_{self._name(sources[0])}"
            found.append(self._join(given, self._add(f"{layer.name}_conv{ending}", "Conv2d", fields, layer.name)))
        return tuple(found)

    def _neurons(self, layer: Layer, current: tuple[str, ...]) -> str:
        shape = layer.out_shape[:1] if layer.kind == "linear" else layer.out_shape
        names = (f"{layer.name}.{each.name}" for each in learnable_parameters(self.design.neuron))
        learnt = {name.rpartition(".")[2]: self.weights[name] for name in names if name in self.weights}
        made = population(self.design.neuron, learnt, shape)
        known = {
            ending: self._add(f"{layer.name}_{ending}", node.kind, node.fields, layer.name)
            for ending, node in made.nodes.items()
        }
        self._join(current, known[made.input_node])
        for a, b in made.edges:
            self._join((known[a],), known[b])
        self.spiking_nodes[layer.name], self.thresholds[layer.name] = known[made.spike_node], made.threshold
        return known[made.spike_node]


_WHY = {
    "LI": "a nir.LIF resets the potential to a value, and these neurons subtract their threshold or reset nothing",
    "I": "a nir.IF resets the potential to a value, and these neurons subtract their threshold or reset nothing",
    "Threshold": "spikes come of a nir.Threshold, which few readers know",
    "Scale": "a subtracting reset is a nir.Scale in a loop of one step",
    "Delay": "backward connections are a nir.Delay of one step, which few readers know",
    "SumPool2d": "the largest of spikes is a sum and a threshold, as NIR has no max pooling",
}


def _pair(number: int) -> Array:
    return np.array([number, number])


def _conv2d(weight: Array, bias: Array, shape: tuple[int, int], stride: int, padding: int) -> dict[str, Any]:
    return {
        "input_shape": np.array(shape), "weight": weight, "stride": _pair(stride), "padding": _pair(padding),
        "dilation": _pair(1), "groups": np.int64(1), "bias": bias,
    }  # fmt: skip


def _ungrouped(weight: Array, groups: int) -> Array:
    """Weights (O, C / groups, k, k) as (O, C, k, k), 0 between groups."""
    out, each = len(weight) // groups, weight.shape[1]
    found = np.zeros((len(weight), each * groups, *weight.shape[2:]), weight.dtype)
    for g in range(groups):
        found[g * out : (g + 1) * out, g * each : (g + 1) * each] = weight[g * out : (g + 1) * out]
    return found
