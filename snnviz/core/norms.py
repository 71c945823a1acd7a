"""Batch normalisation (Ioffe and Szegedy 2015) of maps (T, B, ..., C), over all time steps together or each
separately.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.graph.layers import EPSILON

Statistics = Literal["learn", "batch", "running"]
"""Statistics to normalise with: "learn": the batch's, updating the running ones; "batch": the batch's; "running"."""

MOMENTUM = 0.1
"""Weight of the last batch in the running statistics: torch's, and the papers'."""


class BatchStatistics(NamedTuple):
    """Mean and reciprocal standard deviation of each channel, (C,), as the backward pass needs them."""

    mean: Tensor
    scale: Tensor


@dataclass(frozen=True, slots=True)
class BatchNorm:
    """Batch normalisation of maps: normalises each channel to mean `bias` and standard deviation `gain`.

    All fields are (C,); `mean` and `variance` are running averages. `by_step`: each time step is normalised by its own
    statistics, which update the running ones in turn.
    """

    gain: Tensor
    bias: Tensor
    mean: Tensor
    variance: Tensor
    by_step: bool = False

    def __call__(self, x: Tensor, statistics: Statistics) -> Tensor:
        """(T, B, ..., C)."""
        if self.by_step and len(x) > 1 and statistics != "running":
            y: Tensor = _Stepwise.apply(x, self.gain, self.bias, self, statistics)  # type: ignore[no-untyped-call]
            return y
        rows = x.flatten(0, -2)
        learns = statistics != "running" and len(rows) > 1  # one row, a batch of one image, has no variance
        mean, variance = (None, None) if statistics == "batch" and learns else (self.mean, self.variance)
        found = F.batch_norm(
            rows, mean, variance, self.gain, self.bias, training=learns, momentum=MOMENTUM, eps=EPSILON
        )
        return found.view_as(x)

    def step(self, x: Tensor, out: Tensor, statistics: Statistics) -> BatchStatistics:
        """Normalises one time step x (B, ..., C) into `out`, without autograd, and returns the statistics used."""
        mean, variance = (None, None) if statistics == "batch" else (self.mean, self.variance)
        of = BatchStatistics(self.gain.new_empty(len(self.gain)), self.gain.new_empty(len(self.gain)))
        given = (x.flatten(0, -2), self.gain.detach(), self.bias.detach(), mean, variance)
        torch.native_batch_norm(
            *given, statistics != "running", MOMENTUM, EPSILON, out=(out.view(-1, out.shape[-1]), *of)
        )
        return of

    def backward(
        self, gradient: Tensor, x: Tensor, of: BatchStatistics, statistics: Statistics
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the gradients of one time step's input x, of the gain and of the bias; `of` is what `step` returned,
        `statistics` which statistics it used.
        """
        running = (None, None) if statistics == "batch" else (self.mean, self.variance)
        rows = (gradient.flatten(0, -2), x.flatten(0, -2), self.gain.detach())
        of_x, of_gain, of_bias = torch.ops.aten.native_batch_norm_backward(
            *rows, *running, *of, statistics != "running", EPSILON, [True, True, True]
        )
        return of_x.view_as(x), of_gain, of_bias


class _Stepwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, _gain: Tensor, _bias: Tensor, norm: BatchNorm, statistics: Statistics) -> Tensor:
        x = x.contiguous()
        y = torch.empty_like(x)
        ctx.x, ctx.norm, ctx.statistics = x, norm, statistics
        ctx.of = [norm.step(before, after, statistics) for before, after in zip(x, y, strict=True)]
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        norm: BatchNorm = ctx.norm
        of_x, given = torch.empty_like(ctx.x), gradients[0].contiguous()
        gain, bias = torch.zeros_like(norm.gain), torch.zeros_like(norm.bias)
        for t, of in enumerate(ctx.of):
            of_x[t], of_gain, of_bias = norm.backward(given[t], ctx.x[t], of, ctx.statistics)
            gain += of_gain
            bias += of_bias
        return of_x, gain, bias, None, None
