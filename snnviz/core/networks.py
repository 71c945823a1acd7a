"""A network of spiking layers, or of ReLUs, built from an Architecture.

Everything runs on (T, B, ...) tensors: a layer's linear or convolution sees time folded into the batch, only the
neurons step through time, and with them the layers of a cycle (`snnviz.core.cycles`). A static input has T = 1 and its
first layer is computed once. Maps are (T, B, H, W, C) in here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.catalog.architectures import INPUT, Architecture, Layer, Source, architecture
from snnviz.core.cycles import Cycle
from snnviz.core.inits import initial_weight
from snnviz.core.layers import Norm, Statistics, convolution, linear
from snnviz.core.merging import Merge, delayed, merge_of, pooled
from snnviz.core.neurons import Activity, Cell, activity, lif, observed
from snnviz.design import Design
from snnviz.theory.costs import micro_batch

Watch = Callable[[int, Activity], None]
"""Called as watch(layer, activity), once for each layer that computes something, in their order."""

AS_SAID = (1, 1, 0)
"""Neither pooled, nor strided, nor delayed."""


class Outputs:
    """What the layers have said, (T, B, H, W, C) or (T, B, N); pooled and delayed once for all who read it."""

    def __init__(self, said: Mapping[int, Tensor], steps: int) -> None:
        self.steps = steps
        self._known: dict[tuple[int, ...], Tensor] = {(index, *AS_SAID): x for index, x in said.items()}

    def __getitem__(self, index: int) -> Tensor:
        return self._known[index, *AS_SAID]

    def add(self, index: int, spikes: Tensor) -> None:
        self._known[index, *AS_SAID] = spikes

    def forget(self, indices: Iterable[int]) -> None:
        """Nobody reads these any more; what the way back needs is kept by those who need it."""
        for key in [key for key in self._known if key[0] in indices]:
            del self._known[key]

    def averaged(self) -> Outputs:
        """The mean over time of each."""
        return Outputs({key[0]: x.mean(0, keepdim=True) for key, x in self._known.items() if key[1:] == AS_SAID}, 1)

    def read(self, merge: Merge) -> Tensor:
        """What the sources of `merge` say, joined."""
        return merge(*(self._source(source) for source in merge.sources))

    def _source(self, source: Source) -> Tensor:
        key = (source.layer, source.pool, source.stride, source.delay)
        if key not in self._known:
            if source.delay:
                self._known[key] = delayed(self._source(replace(source, delay=0)), self.steps)
            else:
                self._known[key] = pooled(self[source.layer], source.pool, source.stride)
        return self._known[key]


class Network:
    """Weights by name, and the forward pass. Those of a measured initialisation are zero until `inits.measure`.

    ``parameters`` maps "<layer>.weight" to (out, in, k, k) or (out, in) and "<layer>.bias" to (out,), and where the
    design has them "<layer>.gain" of a normalisation to (out,), "<layer>.beta" and "<layer>.threshold" to ().
    ``buffers`` are not learnt by gradients: "<layer>.mean" and "<layer>.variance", (out,), of a normalisation.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.architecture: Architecture = architecture(design)
        self.steps, self.half = design.data.steps, design.training.precision == "bfloat16"
        self.parameters: dict[str, Tensor] = {}
        self.buffers: dict[str, Tensor] = {}
        layers = self.architecture.layers
        for layer in self.architecture.weighted:
            own = {"weight": initial_weight(layer, design), "bias": torch.zeros(layer.out_shape[0])}
            if layer.normed:
                own["gain"] = torch.ones(layer.out_shape[0])
                self.buffers[f"{layer.name}.mean"] = torch.zeros(layer.out_shape[0])
                self.buffers[f"{layer.name}.variance"] = torch.ones(layer.out_shape[0])
            if layer.spiking and design.neuron.learns_beta:
                own["beta"] = torch.tensor(float(design.neuron.beta))
            if layer.spiking and design.neuron.learns_threshold:
                own["threshold"] = torch.tensor(float(design.neuron.threshold))
            self.parameters |= {f"{layer.name}.{name}": value.requires_grad_() for name, value in own.items()}
        self.merges = [merge_of(self.architecture, layer.sources) for layer in layers]
        self.stages = stages(self.architecture, half=self.half)
        self.done = last_read(self.architecture, self.stages)

    @property
    def micro_batch(self) -> int:
        """Images that go through at once."""
        return micro_batch(self.design)

    def __call__(self, image: Tensor, watch: Watch | None = None, by: Statistics = "batch") -> Tensor:
        """The readout summed over time, (B, classes), from the encoded input (T or 1, B, C, H, W).

        `by`: which statistics a normalisation goes by.
        """
        outputs = self.opened(image)
        layers = self.architecture.layers
        for stage, done in zip(self.stages, self.done, strict=True):
            self.run(stage, outputs, watch, by)
            outputs.forget(done)
        readout, last = layers[-1], len(layers) - 1
        if readout.spiking:
            return outputs[last].sum(0)
        if watch:
            x = outputs.read(self.merges[last])
            current = self._current(readout, x, by)
            counting(watch, x)(last, activity(current.expand(self.steps, *current.shape[1:]), None))
        # A readout is linear: the sum over time of what it says is what it says of the mean, times T.
        return self._current(readout, outputs.averaged().read(self.merges[last]), by)[0] * self.steps

    def opened(self, image: Tensor) -> Outputs:
        """Nothing said yet but the encoded input, (T or 1, B, C, H, W)."""
        return Outputs({INPUT: image.permute(0, 1, 3, 4, 2)}, self.steps)

    def run(self, stage: int | Cycle, outputs: Outputs, watch: Watch | None = None, by: Statistics = "batch") -> None:
        """Adds to `outputs` what the layers of a stage say; a readout that does not spike says nothing."""
        layers = self.architecture.layers
        if isinstance(stage, Cycle):
            self._step(stage, outputs, watch)
        elif layers[stage].kind == "merge":
            outputs.add(stage, outputs.read(self.merges[stage]))
        elif layers[stage].spiking or stage < len(layers) - 1:
            x = outputs.read(self.merges[stage])
            current = self._current(layers[stage], x, by)
            fire = self._fire if layers[stage].spiking else _say if layers[stage].plain else _rectify
            outputs.add(stage, fire(stage, current, watch and counting(watch, x)))

    def _step(self, cycle: Cycle, outputs: Outputs, watch: Watch | None) -> None:
        cells = [self._cell(member.index) for member in cycle.members]
        us, ss = cycle(outputs.read, self.parameters, cells, self.steps)
        for member, s in zip(cycle.members, ss, strict=True):
            outputs.add(member.index, s)
        if watch:
            for member, u, s in zip(cycle.members, us, ss, strict=True):
                counting(watch, outputs.read(self.merges[member.index]))(member.index, activity(u, s))

    def _current(self, layer: Layer, x: Tensor, by: Statistics) -> Tensor:
        weight, bias = self.parameters[f"{layer.name}.weight"], self.parameters[f"{layer.name}.bias"]
        gain = self.parameters.get(f"{layer.name}.gain")
        half = self.half and layer is not self.architecture.layers[-1]
        plain = torch.zeros_like(bias) if gain is not None else bias
        if layer.kind == "conv":
            current = convolution(x, weight, plain, layer.stride, layer.groups, half=half)
        else:
            if layer.in_shape[0] > 1 and math.prod(layer.in_shape[1:]) > 1:  # columns are (C, H, W), maps (H, W, C)
                weight = weight.view(-1, *layer.in_shape).permute(0, 2, 3, 1).flatten(1)
            current = linear(x.flatten(2), weight, plain, half=half)
        if gain is None:
            return current
        norm = Norm(gain, self.buffers[f"{layer.name}.mean"], self.buffers[f"{layer.name}.variance"])
        return norm(current, bias, by)

    def _cell(self, index: int) -> Cell:
        name = self.architecture.layers[index].name
        return Cell(self.design.neuron, self.parameters.get(f"{name}.beta"), self.parameters.get(f"{name}.threshold"))

    def _fire(self, index: int, current: Tensor, watch: Watch | None) -> Tensor:
        cell = self._cell(index)
        if watch is None:  # nothing else reads the current, its layer's backward pass neither
            return lif(current, cell, self.steps, overwrite=True)
        s, seen = observed(current, cell, self.steps)
        watch(index, seen)
        return s


def counting(watch: Watch, x: Tensor) -> Watch:
    """`watch`, told also how much of what a layer reads, `x`, is not 0."""
    given = x.detach().numpy()
    density = np.count_nonzero(given != 0) / given.size  # numpy: ten times as fast as torch's own
    return lambda index, seen: watch(index, replace(seen, density=density))


def _rectify(index: int, current: Tensor, watch: Watch | None) -> Tensor:
    """max(0, u) of a layer of ReLUs, u being its current."""
    if watch:
        watch(index, activity(current, None))
    return F.relu(current)


def _say(index: int, current: Tensor, watch: Watch | None) -> Tensor:
    """The current itself, of a layer without neurons."""
    if watch:
        watch(index, activity(current, None))
    return current


def stages(built: Architecture, *, half: bool) -> list[int | Cycle]:
    """Layers and cycles of layers in an order in which each reads only earlier ones."""
    if not any(source.delay for layer in built.layers for source in layer.sources):
        return list(range(len(built.layers)))
    import networkx  # takes a fifth of a second, and most networks have no cycle

    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(built.layers)))
    graph.add_edges_from(
        (s.layer, j) for j, layer in enumerate(built.layers) for s in layer.sources if s.layer != INPUT
    )
    found: list[int | Cycle] = []
    condensed = networkx.condensation(graph)
    for node in networkx.lexicographical_topological_sort(condensed, key=lambda n: min(condensed.nodes[n]["members"])):
        members = sorted(condensed.nodes[node]["members"])
        loops = len(members) > 1 or graph.has_edge(members[0], members[0])
        found.append(Cycle(built, members, half=half) if loops else members[0])
    return found


def last_read(built: Architecture, order: Sequence[int | Cycle]) -> list[set[int]]:
    """For each stage, the layers that no later one reads; the readout's sources stay."""
    later: set[int] = {source.layer for source in built.layers[-1].sources} | {len(built.layers) - 1}
    found = []
    for stage in reversed(order):
        members = [member.index for member in stage.members] if isinstance(stage, Cycle) else [stage]
        read = {source.layer for index in members for source in built.layers[index].sources} - set(members)
        found.append(read - later)
        later |= read
    return found[::-1]
