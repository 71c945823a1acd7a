"""A network of spiking layers, or of ReLUs, built from an Architecture.

Everything works on (T, B, ...) tensors: a layer's linear map or convolution sees time folded into the batch, only the
neurons step through time, and with them the layers of a cycle (`snnviz.core.cycles`). A static input has T = 1 and its
first layer is computed once. Maps are (T, B, H, W, C) in here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor

from snnviz.catalog.neurons import learnable_parameters
from snnviz.core.activity import Activity, activity
from snnviz.core.counting import CountingPlan, counting_plans, merges_to_count
from snnviz.core.cycles import Cycle
from snnviz.core.data import Images
from snnviz.core.inits import initial_weight
from snnviz.core.layers import convolution, linear
from snnviz.core.loops import Loop
from snnviz.core.merging import Merge, apply_source, delay, make_merge
from snnviz.core.norms import BatchNorm, Statistics
from snnviz.core.order import Stage, execution_stages, last_uses, stage_layers
from snnviz.core.randomness import generator
from snnviz.core.stepping import Population, initial_parameters, population
from snnviz.design.design import Design
from snnviz.events import Timing
from snnviz.graph.architectures import INPUT, Architecture, Layer, Source, build_architecture
from snnviz.theory.costs import micro_batch

ActivityHook = Callable[[int, Activity], None]
"""Callable hook(layer index, activity), called once for each layer except merge layers."""

ForwardHook = Callable[[int, Tensor], None]
"""Callable hook(layer index, output), called with each hidden layer's output, (T or 1, B, H, W, C) or (T, B, N), in the
autograd graph.
"""

DropoutMasks = Mapping[int, Tensor]
"""Dropout masks by layer index, (B, in) of 0 and 1 / (1 - share), the inputs in the order of the maps."""


class Outputs:
    """The outputs of all layers computed so far in a forward pass, (T, B, H, W, C) or (T, B, N), by layer index.

    Pooled and delayed versions are cached, as several layers may read them. `many`: for merge layers with averages, how
    many spikes each value sums.
    """

    def __init__(self, outputs: Mapping[int, Tensor], steps: int) -> None:
        self.steps = steps
        self._outputs = dict(outputs)
        self._known: dict[Source, Tensor] = {}
        self.many: dict[int, Tensor] = {}

    def __getitem__(self, index: int) -> Tensor:
        return self._outputs[index]

    def add(self, index: int, spikes: Tensor) -> None:
        """Stores the output of layer `index`, spikes or numbers over time."""
        self._outputs[index] = spikes

    def free(self, indices: Iterable[int]) -> None:
        """Frees the outputs of these layers, which no later layer reads."""
        for source in [source for source in self._known if source.layer in indices]:
            del self._known[source]
        for index in indices:
            self._outputs.pop(index, None)
            self.many.pop(index, None)

    def averaged(self, merge: Merge) -> Tensor:
        """Returns the joined sources of `merge`, averaged over time; computed before joining where that gives the same
        result.
        """
        if not all(source.linear for source in merge.sources):
            return self.read(merge).mean(0, keepdim=True)
        return Outputs({index: x.mean(0, keepdim=True) for index, x in self._outputs.items()}, 1).read(merge)

    def read(self, merge: Merge) -> Tensor:
        """Returns the input of a layer: its sources, joined (summed and concatenated) as `merge` says."""
        return merge(*map(self.source, merge.sources))

    def spikes(self, merge: Merge) -> Tensor:
        """Returns how many spikes are summed in each value of the joined sources of `merge`."""
        return merge(*map(self._spikes, merge.sources))

    def _spikes(self, source: Source) -> Tensor:
        if source.layer in self.many:
            x = apply_source(self.many[source.layer], source)
            x = delay(x, self.steps) if source.delay else x
        else:
            x = self.source(source)
        return x * source.averaged if source.averaged > 1 else x

    def source(self, source: Source) -> Tensor:
        """Returns the output that `source` names, all channels, pooled and delayed as it says."""
        if source == Source(source.layer, source.merge, channels=source.channels):
            return self[source.layer]
        key = replace(source, merge="main", channels=None)
        if key not in self._known:
            if source.delay:
                self._known[key] = delay(self.source(replace(key, delay=0)), self.steps)
            else:
                self._known[key] = apply_source(self[source.layer], source)
        return self._known[key]


class Network:
    """The network of a design in torch: parameters by name, and the forward pass.

    ``parameters`` maps "<layer>.weight" to (out, in, k, k) or (out, in) and "<layer>.bias" to (out,), and where the
    design has them "<layer>.gain" of a normalisation to (out,), and learnt parameters of neurons, such as
    "<layer>.beta", to () or, one a neuron, (C, H, W). Weights of a data-dependent initialisation are zero until
    `measured_inits` sets them. `bounds`: ranges to which some parameters are clamped after an optimizer step.
    ``buffers`` are not learnt by gradients: "<layer>.mean" and "<layer>.variance", (out,), of a normalisation.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.architecture: Architecture = build_architecture(design)
        self.steps, self.half = design.data.steps, design.training.precision == "bfloat16"
        self.parameters: dict[str, Tensor] = {}
        self.buffers: dict[str, Tensor] = {}
        self.bounds: dict[str, tuple[float, float | None]] = {}
        layers = self.architecture.layers
        for layer in self.architecture.watched:
            own = {"weight": initial_weight(layer, design)} if layer.weighted else {}
            if layer.biased:
                own["bias"] = torch.zeros(layer.out_shape[0])
            if layer.normed:
                own["gain"] = torch.ones(layer.out_shape[0])
                self.buffers[f"{layer.name}.mean"] = torch.zeros(layer.out_shape[0])
                self.buffers[f"{layer.name}.variance"] = torch.ones(layer.out_shape[0])
            if not layer.plain:
                own |= initial_parameters(design.neuron, layer.out_shape)
                self.bounds |= {
                    f"{layer.name}.{each.name}": each.bounds
                    for each in learnable_parameters(design.neuron)
                    if each.bounds
                }
            self.parameters |= {f"{layer.name}.{name}": value.requires_grad_() for name, value in own.items()}
        self.merges = [make_merge(self.architecture, layer.sources) for layer in layers]
        self.stages = execution_stages(self.architecture, half=self.half)
        self.done = last_uses(self.architecture, self.stages)

    @property
    def spiking_layers(self) -> tuple[Layer, ...]:
        """The layers whose neurons spike."""
        return tuple(layer for layer in self.architecture.layers if layer.spiking)

    def after_step(self) -> None:
        """Called after each training step; TTFS (time-to-first-spike) networks override it to widen their time windows,
        other networks do nothing.
        """

    def after_training(self, images: Images) -> None:
        """Called after the last epoch with the training images; TTFS (time-to-first-spike) networks override it to set
        their final time windows, other networks do nothing.
        """

    def timings(self, image: Tensor, step: int, epoch: float, *, final: bool) -> Iterator[Timing]:  # noqa: ARG002
        """Yields the spike timing of each hidden layer of a TTFS (time-to-first-spike) network for encoded images;
        nothing for other networks.
        """
        yield from ()

    @property
    def micro_batch(self) -> int:
        """Number of images that go through the network at once in training."""
        return micro_batch(self.design)

    def draw_dropout_masks(self, images: int, *purpose: str | int) -> DropoutMasks:
        """Returns dropout masks for a batch of `images`, the same at all time steps; `purpose` names the random
        stream.
        """
        found = {}
        for index, layer in enumerate(self.architecture.layers):
            if layer.dropout:
                share, draw = 1 - layer.dropout, generator(self.design.seed, "dropout", layer.name, *purpose)
                found[index] = torch.empty(images, layer.fan_in).bernoulli_(share, generator=draw) / share
        return found

    def __call__(
        self,
        image: Tensor,
        activity_hook: ActivityHook | None = None,
        statistics: Statistics = "batch",
        dropout_masks: DropoutMasks | None = None,
        forward_hook: ForwardHook | None = None,
    ) -> Tensor:
        """The readout summed over time, (B, classes), from the encoded input (T or 1, B, C, H, W).

        `statistics`: what batch normalisation normalises with, see `norms.Statistics`. `dropout_masks`: see
        `draw_dropout_masks`; None: no dropout.
        """
        outputs = self.initial_outputs(image)
        for stage, done in zip(self.stages, self.done, strict=True):
            self.run(stage, outputs, activity_hook, statistics, dropout_masks)
            for index in stage_layers(stage) if forward_hook else ():
                if forward_hook and index < len(self.architecture.layers) - 1:
                    forward_hook(index, outputs[index])
            outputs.free(done)
        return self._voted(self._read_out(outputs, activity_hook, statistics))

    def _voted(self, said: Tensor) -> Tensor:
        """The mean over each class's outputs."""
        voters = self.architecture.layers[-1].voters
        return said if voters == 1 else said.unflatten(1, (-1, voters)).mean(2)

    def _read_out(self, outputs: Outputs, activity_hook: ActivityHook | None, statistics: Statistics) -> Tensor:
        layers = self.architecture.layers
        readout, last = layers[-1], len(layers) - 1
        if readout.spiking:
            return outputs[last].sum(0)
        if activity_hook:
            x = outputs.read(self.merges[last])
            current = self._current(readout, x, statistics)
            told = self._counting(activity_hook, last, outputs, x)
            told(last, activity(current.expand(self.steps, *current.shape[1:]), None))
        # A readout is linear: the sum over time of what it says is what it says of the mean, times T.
        return self._current(readout, outputs.averaged(self.merges[last]), statistics)[0] * self.steps

    def initial_outputs(self, image: Tensor) -> Outputs:
        """Returns the `Outputs` with which a forward pass begins: only the network's input is in it.

        image: the images after encoding, (T or 1, B, C, H, W).
        """
        return Outputs({INPUT: image.permute(0, 1, 3, 4, 2)}, self.steps)

    def run(
        self,
        stage: Stage,
        outputs: Outputs,
        activity_hook: ActivityHook | None = None,
        statistics: Statistics = "batch",
        dropout_masks: DropoutMasks | None = None,
    ) -> None:
        """Computes the layers of one execution stage (a layer, or a cycle of layers) and adds their outputs to
        `outputs`; a readout that does not spike adds none.

        `activity_hook`: activity hook. `statistics`: what batch normalisation normalises with, see
        `norms.Statistics`. `dropout_masks`: dropout masks.
        """
        layers = self.architecture.layers
        if not isinstance(stage, int):
            self._step(stage, outputs, activity_hook, statistics)
        elif layers[stage].kind == "merge":
            self._join(stage, outputs, outputs.read(self.merges[stage]), activity_hook)
        elif layers[stage].spiking or stage < len(layers) - 1:
            layer, x = layers[stage], outputs.read(self.merges[stage])
            if dropout_masks and stage in dropout_masks:
                x = x.flatten(2) * dropout_masks[stage].to(x.dtype)
            if layer.kind == "neurons" and layer.normed and statistics == "learn":
                x = x.expand(self.steps, *x.shape[1:])  # what stays the same is remembered at each step, too
            counted = activity_hook and self._counting(activity_hook, stage, outputs, x)
            if layer.plain:
                outputs.add(stage, _say(stage, self._current(layer, x, statistics), counted))
            else:
                overwrite = layer.weighted or layer.normed  # what neurons read may be what others read
                outputs.add(stage, self._fire(stage, self._current(layer, x, statistics), counted, overwrite=overwrite))

    def _step(
        self, stage: Cycle | Loop, outputs: Outputs, activity_hook: ActivityHook | None, statistics: Statistics
    ) -> None:
        indices, layers = stage_layers(stage), self.architecture.layers
        cells = [self.population(layers[index]) for index in indices]
        if isinstance(stage, Cycle):
            us, ss = stage(outputs.read, self.parameters, cells, self.steps)
        else:
            given = [outputs.source(source) for source in stage.outside]
            us, ss = stage(given, self.parameters, self.buffers, cells, self.steps, statistics)
        self._stepped(indices, us)
        for index, s in zip(indices, ss, strict=True):
            self._join(index, outputs, s, activity_hook)
        for index, u, s in zip(indices, us, ss, strict=True):
            layer = layers[index]
            if activity_hook and layer.kind != "merge":
                x = outputs.read(self.merges[index]) if layer.weighted else u
                told = self._counting(activity_hook, index, outputs, x)
                told(index, activity(s, None) if layer.plain else self.population(layer).activity(u, s))

    def _stepped(self, indices: Sequence[int], us: Sequence[Tensor]) -> None:
        """Called with the potentials of layers that stepped through time together."""

    def _join(self, index: int, outputs: Outputs, said: Tensor, activity_hook: ActivityHook | None) -> None:
        """Adds what a layer says; of sums that are counted also how many spikes are in them."""
        outputs.add(index, said)
        if activity_hook and index in self._sums:
            outputs.many[index] = outputs.spikes(self.merges[index])

    def _counting(self, activity_hook: ActivityHook, index: int, outputs: Outputs, x: Tensor) -> ActivityHook:
        """`activity_hook`, told also what operations `x` is for that the layer reads."""
        if (plan := self._plans.get(index)) is None:
            return activity_hook
        many = outputs.spikes(self.merges[index]) if plan.averaged else None
        density, counted = plan(x, many)
        return lambda index, seen: activity_hook(index, replace(seen, density=density, counted=counted))

    @cached_property
    def _plans(self) -> dict[int, CountingPlan]:
        return counting_plans(self.design)

    @cached_property
    def _sums(self) -> set[int]:
        return merges_to_count(self.design, self._plans)

    def _current(self, layer: Layer, x: Tensor, statistics: Statistics) -> Tensor:
        bias, gain = self.parameters.get(f"{layer.name}.bias"), self.parameters.get(f"{layer.name}.gain")
        plain = bias if gain is None or bias is None else torch.zeros_like(bias)
        current = self._product(layer, x, plain) if layer.weighted else x
        if gain is None or bias is None:
            return current
        running = (self.buffers[f"{layer.name}.mean"], self.buffers[f"{layer.name}.variance"])
        return BatchNorm(gain, bias, *running, layer.by_step)(current, statistics)

    def _product(self, layer: Layer, x: Tensor, bias: Tensor | None) -> Tensor:
        weight = self.parameters[f"{layer.name}.weight"]
        half = self.half and layer is not self.architecture.layers[-1]
        if layer.kind == "conv":
            return convolution(x, weight, bias, layer.stride, layer.groups, bfloat16=half)
        if layer.in_shape[0] > 1 and math.prod(layer.in_shape[1:]) > 1:  # columns are (C, H, W), maps (H, W, C)
            weight = weight.view(-1, *layer.in_shape).permute(0, 2, 3, 1).flatten(1)
        return linear(x.flatten(2), weight, bias, bfloat16=half)

    def population(self, layer: Layer) -> Population:
        """Returns the neurons of a layer, with their learnt parameters."""
        named = {each.name: f"{layer.name}.{each.name}" for each in learnable_parameters(self.design.neuron)}
        found = {name: self.parameters[key] for name, key in named.items() if key in self.parameters}
        for name, tensor in found.items():
            if tensor.dim():  # one a neuron: maps are (H, W, C) in here
                found[name] = tensor.flatten() if layer.kind == "linear" else tensor.permute(1, 2, 0)
        return population(self.design.neuron, found)

    def _fire(self, index: int, current: Tensor, activity_hook: ActivityHook | None, *, overwrite: bool) -> Tensor:
        """`overwrite`: nothing else reads the current, its layer's backward pass neither."""
        cell = self.population(self.architecture.layers[index])
        if activity_hook is None:
            return cell.fire(current, self.steps, overwrite=overwrite)
        s, seen = cell.observed(current if overwrite else current.clone(), self.steps)
        activity_hook(index, seen)
        return s


def _say(index: int, current: Tensor, activity_hook: ActivityHook | None) -> Tensor:
    """The current itself, of a layer without neurons."""
    if activity_hook:
        activity_hook(index, activity(current, None))
    return current
