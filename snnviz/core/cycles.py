"""Cycles of layers connected through delayed (backward) connections, which must step through time together.

Their inputs from outside the cycle are computed for all time steps at once, and so are the weight gradients, after the
backward pass: a step holds one small convolution forward and one backward for each layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from snnviz.core.layers import conv_input_gradient, conv_weight_gradient, convolution
from snnviz.core.merging import Merge, delay, make_merge
from snnviz.core.stepping import Population, Scan
from snnviz.graph.architectures import Architecture

ReadMerged = Callable[[Merge], Tensor]


class CycleLayer:
    """One layer of a cycle: its sources inside and outside the cycle, and the weight columns that read each."""

    def __init__(self, built: Architecture, index: int, cycle: Sequence[int]) -> None:
        layer = built.layers[index]
        if layer.kind != "conv":
            raise ValueError(f"a cycle holds convolutions, and {layer.name} is {layer.kind}")
        self.index, self.stride, self.name, self.shape = index, layer.stride, layer.name, layer.out_shape

        whole = make_merge(built, layer.sources)
        inside = [source for source in layer.sources if source.layer in cycle]
        outside = [source for source in layer.sources if source.layer not in cycle]
        self.inner = make_merge(built, inside)
        self.outer = make_merge(built, outside) if outside else None
        self.inner_columns, self.outer_columns = whole.columns(inside), whole.columns(outside)
        self.places = [(list(cycle).index(source.layer), source.delay) for source in inside]


class Cycle:
    """A cycle of convolution layers with neurons, in an order in which each reads only earlier or delayed outputs.

    Calling it computes the layers' potentials and spikes.
    """

    def __init__(self, built: Architecture, indices: Sequence[int], *, half: bool = False) -> None:
        self.half = half
        self.members = [CycleLayer(built, index, indices) for index in indices]

    def __call__(
        self, read: ReadMerged, parameters: dict[str, Tensor], cells: Sequence[Population], steps: int
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Potentials and spikes of each member, (T, B, H, W, C); gradients flow through the spikes.

        `read` joins the maps from outside, (T or 1, B, H, W, width).
        """
        drives, weights = [], []
        for member in self.members:
            weight, bias = parameters[f"{member.name}.weight"], parameters[f"{member.name}.bias"]
            weights.append(weight[:, member.inner_columns])
            if member.outer is None:
                drives.append(bias.view(1, 1, 1, 1, -1))
            else:
                seen, fed = read(member.outer), weight[:, member.outer_columns]
                drives.append(convolution(seen, fed, bias, member.stride, bfloat16=self.half))
        images = max(drive.shape[1] for drive in drives)
        learnt, scans = [x for cell in cells for x in cell.tensors], [cell.scan() for cell in cells]
        found = _Run.apply(self, scans, (steps, images), *drives, *weights, *learnt)  # type: ignore[no-untyped-call]
        count = len(self.members)
        return list(found[count:]), list(found[:count])

    def run(
        self, drives: Sequence[Tensor], weights: Sequence[Tensor], scans: Sequence[Scan], size: tuple[int, int]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Returns potentials and spikes of each layer, (T, B, H, W, C), computed step by step.

        For each layer: `drives`, currents from outside the cycle, (T or 1, B, H, W, C); `weights` of what it reads from
        within the cycle; `scans`, the steps of its neurons. `size`: (T, B).
        """
        us = [drives[0].new_empty(*size, *member.shape[1:], member.shape[0]) for member in self.members]
        ss = [torch.empty_like(u) for u in us]
        silent = [torch.zeros_like(s[0]) for s in ss]
        for t in range(size[0]):
            for k, member in enumerate(self.members):
                drive = drives[k][t if len(drives[k]) > 1 else 0]
                if t == 0 and all(late for _, late in member.places):
                    us[k][t] = drive
                else:
                    x = member.inner(*(ss[i][t - late] if t >= late else silent[i] for i, late in member.places))
                    y = convolution(x[None], weights[k], None, member.stride, bfloat16=self.half)[0]
                    torch.add(y, drive, out=us[k][t])
                scans[k].forward_step(us[k], ss[k], t)
        return us, ss

    def backward(
        self, us: list[Tensor], ss: list[Tensor], gs: list[Tensor], weights: Sequence[Tensor], scans: Sequence[Scan]
    ) -> list[Tensor]:
        """Computes the backward pass step by step: returns the weight gradients, and replaces the potentials `us` by
        the gradients of the currents `drives`.

        `gs`: gradients of the spikes. Gradients of neuron parameters accumulate in `scans`.
        """
        for t in range(len(us[0]) - 1, -1, -1):
            for k in range(len(self.members) - 1, -1, -1):
                member = self.members[k]
                scans[k].backward_step(us[k], gs[k], t)
                if t == 0 and all(late for _, late in member.places):
                    continue
                of_x = conv_input_gradient(
                    us[k][t], weights[k], member.stride, ss[member.places[0][0]][t], bfloat16=self.half
                )
                for j, (i, late) in enumerate(member.places):
                    if t >= late:
                        member.inner.add_source_gradient(of_x, j, gs[i][t - late])
        found = []
        for k, member in enumerate(self.members):
            x = member.inner(*(delay(ss[i], len(ss[i])) if late else ss[i] for i, late in member.places))
            found.append(conv_weight_gradient(us[k], x, weights[k], member.stride, bfloat16=self.half))
        return found


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, cycle: Cycle, scans: Sequence[Scan], size: tuple[int, int], *given: Tensor) -> Any:
        count = len(cycle.members)
        drives, weights = given[:count], given[count : 2 * count]
        us, ss = cycle.run(drives, weights, scans, size)
        ctx.cycle, ctx.scans, ctx.us, ctx.ss = cycle, scans, us, ss
        ctx.weights, ctx.shapes = weights, [drive.shape for drive in drives]
        ctx.mark_non_differentiable(*us)
        ctx.set_materialize_grads(False)
        return (*ss, *us)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        us, ctx.us = ctx.us, None  # their memory becomes the gradients'
        ss, ctx.ss = ctx.ss, None
        given = gradients[: len(us)]
        gs = [torch.zeros_like(u) if g is None else g.clone(memory_format=torch.contiguous_format)
              for u, g in zip(us, given, strict=True)]  # fmt: skip
        of_weights = ctx.cycle.backward(us, ss, gs, ctx.weights, ctx.scans)
        of_drives = [u.sum_to_size(shape) for u, shape in zip(us, ctx.shapes, strict=True)]
        learnt = [x for scan in ctx.scans for x in scan.gradients]
        return None, None, None, *of_drives, *of_weights, *learnt
