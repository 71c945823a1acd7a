"""Cycles of layers of any kind, connected through delayed connections, with forward and backward pass by hand.

`snnviz.core.cycles` is for convolutions with neurons only, as in a block, and computes inputs from outside the cycle
for all time steps at once. Here a layer may merge, convolve, normalise and spike, or some of these, as in the cell of a
SNASNet. The weight gradients are computed for all time steps at once after the backward pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from snnviz.core.layers import conv_input_gradient, conv_weight_gradient, convolution
from snnviz.core.merging import average_filter, make_merge
from snnviz.core.norms import BatchNorm, BatchStatistics, Statistics
from snnviz.core.stepping import Population, Scan
from snnviz.graph.architectures import Architecture, Shape, Source

PARAMETERS = ("weight", "bias", "gain")


class LoopLayer:
    """One layer of a loop, with its sources as triples (index, delay, smoothing).

    An index below the number of layers in the loop is that of a layer of the loop; larger ones are of sources outside
    it.
    """

    def __init__(self, built: Architecture, index: int, loop: Sequence[int], outside: list[Source]) -> None:
        layer = built.layers[index]
        if layer.kind == "linear" or layer.groups > 1:
            raise ValueError(f"a loop holds no linear layers and no groups, and {layer.name} is one")
        self.index, self.layer = index, layer
        self.merge = make_merge(built, layer.sources)
        self.heard: list[tuple[int, int, int]] = []
        for source in layer.sources:
            if source.layer in loop:
                if (source.pool, source.stride, source.enlarge) != (1, 1, 1):
                    raise ValueError(f"maps in a loop keep their size, and {layer.name} reads others")
                self.heard.append((loop.index(source.layer), source.delay, source.smooth))
            else:
                whole = replace(source, merge="main", channels=None)
                if whole not in outside:
                    outside.append(whole)
                self.heard.append((len(loop) + outside.index(whole), 0, 1))
        place, delay, smooth = self.heard[0]
        self.as_said = len(self.heard) == 1 and place < len(loop) and (delay, smooth) == (0, 1)
        self.as_said = self.as_said and self.merge.chosen[0] is None
        self.convolves = layer.kind == "conv"


@dataclass
class _Tape:
    """For the way back, by member: what it said, what a convolution read, what was normalised at each step and by what,
    and u, which is what it said of those without neurons.
    """

    said: list[Tensor] = field(default_factory=list)
    read: list[Tensor] = field(default_factory=list)
    raw: list[list[Tensor]] = field(default_factory=list)
    u: list[Tensor] = field(default_factory=list)
    of: list[list[BatchStatistics]] = field(default_factory=list)


class Loop:
    """A cycle of layers of any kind, in an order in which each reads only earlier or delayed outputs.

    Calling it computes the layers' potentials (or currents) and outputs.
    """

    def __init__(self, built: Architecture, indices: Sequence[int], *, half: bool = False) -> None:
        self.half = half
        self.outside: list[Source] = []
        self.members = [LoopLayer(built, index, indices, self.outside) for index in indices]

    def __call__(
        self,
        given: Sequence[Tensor],
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        cells: Sequence[Population],
        steps: int,
        statistics: Statistics,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What each member's neurons were driven to, or its current, and what it said, (T, B, H, W, C).

        `given`: what the sources from `outside` say, (T or 1, B, H, W, C). Gradients flow through what is said.
        """
        names = [member.layer.name for member in self.members]
        own = [parameters.get(f"{name}.{kind}") for name in names for kind in PARAMETERS]
        norms = [
            BatchNorm(parameters[f"{name}.gain"], parameters[f"{name}.bias"],
                 buffers[f"{name}.mean"], buffers[f"{name}.variance"], by_step=True)
            if member.layer.normed else None
            for name, member in zip(names, self.members, strict=True)
        ]  # fmt: skip
        learnt, scans = [x for cell in cells for x in cell.tensors], [cell.scan() for cell in cells]
        run = _Run(self, norms, scans, steps, statistics)
        found = _Function.apply(run, len(given), *given, *own, *learnt)  # type: ignore[no-untyped-call]
        count = len(self.members)
        return list(found[count:]), list(found[:count])


@dataclass
class _Run:
    """A loop's way through time, forward and back."""

    loop: Loop
    norms: Sequence[BatchNorm | None]
    scans: Sequence[Scan]
    steps: int
    statistics: Statistics

    def forward(self, given: Sequence[Tensor], own: Sequence[Mapping[str, Tensor]]) -> _Tape:
        members, tape = self.loop.members, self._blank(given[0])
        for t in range(self.steps):
            for k, member in enumerate(members):
                x = member.merge(*self._heard(member, tape.said, given, t))
                if member.convolves:
                    if not member.as_said:
                        tape.read[k][t] = x
                    bias = own[k]["bias"] if self.norms[k] is None else None
                    x = convolution(x[None], own[k]["weight"], bias, member.layer.stride, bfloat16=self.loop.half)[0]
                norm = self.norms[k]
                if norm is None:
                    tape.u[k][t] = x
                else:
                    tape.raw[k].append(x)
                    tape.of[k].append(norm.step(x, tape.u[k][t], self.statistics))
                if not member.layer.plain:
                    self.scans[k].forward_step(tape.u[k], tape.said[k], t)
        return tape

    def _blank(self, like: Tensor) -> _Tape:
        def room(shape: Shape) -> Tensor:
            return like.new_empty(self.steps, like.shape[1], *shape[1:], shape[0])

        tape = _Tape()
        for member in self.loop.members:
            layer = member.layer
            tape.said.append(room(layer.out_shape))
            tape.u.append(tape.said[-1] if layer.plain else room(layer.out_shape))
            tape.raw.append([])
            tape.of.append([])
        for member in self.loop.members:
            read = tape.said[member.heard[0][0]] if member.as_said else room(member.layer.in_shape)
            tape.read.append(read if member.convolves else like.new_empty(0))
        return tape

    def _heard(self, member: LoopLayer, said: list[Tensor], given: Sequence[Tensor], t: int) -> Iterator[Tensor]:
        for place, delay, smooth in member.heard:
            if place >= len(said):
                outer = given[place - len(said)]
                yield outer[t if len(outer) > 1 else 0]
            elif t < delay:
                yield torch.zeros_like(said[place][0])
            else:
                x = said[place][t - delay]
                yield average_filter(x[None], smooth)[0] if smooth > 1 else x

    def backward(
        self, tape: _Tape, gs: list[Tensor], given: Sequence[Tensor], own: Sequence[Mapping[str, Tensor]]
    ) -> tuple[list[Tensor], list[dict[str, Tensor | None]]]:
        """The gradients of `given` and of each member's parameters; `gs` are those of what each said.

        Turns the potentials into the gradients of the currents.
        """
        members, count = self.loop.members, len(self.loop.members)
        to = [*gs, *map(torch.zeros_like, given)]
        found: list[dict[str, Tensor | None]] = [dict.fromkeys(mine) for mine in own]
        for t in range(self.steps - 1, -1, -1):
            for k in range(count - 1, -1, -1):
                member, norm = members[k], self.norms[k]
                d = gs[k][t]
                if not member.layer.plain:
                    self.scans[k].backward_step(tape.u[k], gs[k], t)
                    d = tape.u[k][t]
                if norm is not None:
                    d, of_gain, of_bias = norm.backward(d, tape.raw[k][t], tape.of[k][t], self.statistics)
                    _add(found[k], "gain", of_gain)
                    _add(found[k], "bias", of_bias)
                if member.convolves:
                    gs[k][t] = d  # for the weights' gradients
                    d = conv_input_gradient(
                        d, own[k]["weight"], member.layer.stride, tape.read[k][t], bfloat16=self.loop.half
                    )
                for j, (place, delay, smooth) in enumerate(member.heard):
                    if t < delay:
                        continue
                    where = to[place][t - delay if len(to[place]) > 1 else 0]
                    if smooth > 1:
                        blurred = torch.zeros_like(where)
                        member.merge.add_source_gradient(d, j, blurred)
                        where += average_filter(blurred[None], smooth)[0]
                    else:
                        member.merge.add_source_gradient(d, j, where)
        for k, member in enumerate(members):
            if member.convolves:
                d, weight = gs[k], own[k]["weight"]
                found[k]["weight"] = conv_weight_gradient(
                    d, tape.read[k], weight, member.layer.stride, bfloat16=self.loop.half
                )
                if self.norms[k] is None:
                    found[k]["bias"] = d.flatten(0, -2).sum(0)
        return to[count:], found


def _add(found: dict[str, Tensor | None], name: str, more: Tensor) -> None:
    before = found[name]
    found[name] = more if before is None else before + more


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, run: _Run, outside: int, *tensors: Tensor | None) -> Any:
        given = [x for x in tensors[:outside] if x is not None]
        own = [
            {name: p for name, p in zip(PARAMETERS, tensors[start:], strict=False) if p is not None}
            for start in range(outside, outside + len(run.scans) * len(PARAMETERS), len(PARAMETERS))
        ]
        ctx.tape = run.forward(given, own)
        ctx.run, ctx.given, ctx.own = run, given, own
        seen = [u.view_as(u) if u is not s else s.new_empty(0) for u, s in zip(ctx.tape.u, ctx.tape.said, strict=True)]
        ctx.mark_non_differentiable(*seen)
        ctx.set_materialize_grads(False)
        return (*ctx.tape.said, *seen)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        run, tape = ctx.run, ctx.tape
        ctx.tape = None  # its memory becomes the gradients'
        gs = [torch.zeros_like(s) if g is None else g.clone(memory_format=torch.contiguous_format)
              for s, g in zip(tape.said, gradients, strict=False)]  # fmt: skip
        of_given, found = run.backward(tape, gs, ctx.given, ctx.own)
        own = (mine.get(name) for mine in found for name in PARAMETERS)
        return None, None, *of_given, *own, *(x for scan in run.scans for x in scan.gradients)
