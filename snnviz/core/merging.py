"""Computes a layer's input: its sources pooled, delayed, summed and concatenated.

Maps are (N, H, W, C), N holding time and images: channels last, where oneDNN's convolutions are fastest and where
torch's own selecting, adding and joining go through memory once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core.kernels import compiled, is_supported
from snnviz.design.networks import Pooling
from snnviz.graph.architectures import Architecture, Source


def pool(x: Tensor, size: int, mode: Pooling = "average") -> Tensor:
    """Returns x (T, B, H, W, C) pooled over windows of `size` by mean or maximum; incomplete windows are dropped."""
    if size == 1:
        return x
    maps = x.flatten(0, 1)
    if is_supported(maps):
        y: Tensor = (_Largest if mode == "max" else _Mean).apply(maps, size)  # type: ignore[no-untyped-call]
    else:
        function = F.max_pool2d if mode == "max" else F.avg_pool2d
        y = function(maps.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)
    return y.reshape(*x.shape[:2], *y.shape[1:])


class _Mean(torch.autograd.Function):
    """torch's own keeps its input for the way back, which is the largest map of many a network."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int) -> Tensor:
        ctx.shape, ctx.size = x.shape, size
        y = x.new_empty(len(x), x.shape[1] // size, x.shape[2] // size, x.shape[3])
        _average(x.detach().contiguous().numpy(), y.numpy(), size, np.float32(1 / size**2))
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        size, g = ctx.size, gradients[0]
        whole = all(n == size * m for n, m in zip(ctx.shape[1:3], g.shape[1:3], strict=True))
        x = g.new_empty(ctx.shape) if whole else g.new_zeros(ctx.shape)
        _spread(g.contiguous().numpy(), x.numpy(), size, np.float32(1 / size**2))
        return x, None


@compiled
def _average(x: Any, y: Any, size: int, share: Any) -> None:
    maps, height, width, channels = y.shape
    for n in range(maps):
        for i in range(height):
            for j in range(width):
                here = y[n, i, j]
                for c in range(channels):
                    here[c] = 0
                for a in range(size):
                    for b in range(size):
                        there = x[n, i * size + a, j * size + b]
                        for c in range(channels):
                            here[c] += there[c] * share


@compiled
def _spread(g: Any, x: Any, size: int, share: Any) -> None:
    maps, height, width, channels = g.shape
    for n in range(maps):
        for i in range(height * size):
            for j in range(width * size):
                here, there = g[n, i // size, j // size], x[n, i, j]
                for c in range(channels):
                    there[c] = here[c] * share


class _Largest(torch.autograd.Function):
    """Keeps for each square which of its values is the largest, the first of equal ones, as torch has it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int) -> Tensor:
        ctx.shape, ctx.size = x.shape, size
        y = x.new_empty(len(x), x.shape[1] // size, x.shape[2] // size, x.shape[3])
        ctx.place = np.empty(y.shape, np.uint16)
        _choose(x.detach().contiguous().numpy(), y.numpy(), ctx.place, size)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        size, g = ctx.size, gradients[0]
        whole = all(n == size * m for n, m in zip(ctx.shape[1:3], g.shape[1:3], strict=True))
        x = g.new_empty(ctx.shape) if whole else g.new_zeros(ctx.shape)
        _return(g.contiguous().numpy(), x.numpy(), ctx.place, size)
        return x, None


@compiled
def _choose(x: Any, y: Any, place: Any, size: int) -> None:
    maps, height, width, channels = y.shape
    for n in range(maps):
        for i in range(height):
            for j in range(width):
                here, kept = y[n, i, j], place[n, i, j]
                for k in range(size * size):
                    there = x[n, i * size + k // size, j * size + k % size]
                    for c in range(channels):
                        value = there[c]
                        larger = k == 0 or value > here[c] or value != value
                        here[c] = value if larger else here[c]
                        kept[c] = k if larger else kept[c]


@compiled
def _return(g: Any, x: Any, place: Any, size: int) -> None:
    maps, height, width, channels = g.shape
    for n in range(maps):
        for i in range(height * size):
            for j in range(width * size):
                here, kept, there = g[n, i // size, j // size], place[n, i // size, j // size], x[n, i, j]
                mine = i % size * size + j % size
                for c in range(channels):
                    there[c] = here[c] if kept[c] == mine else 0


def apply_source(x: Tensor, source: Source) -> Tensor:
    """Returns x (T, B, H, W, C) with the stride, enlargement, pooling and smoothing of `source`, without its delay."""
    if source.stride > 1:
        x = x[:, :, :: source.stride, :: source.stride]
    if source.enlarge > 1:
        x = x.repeat_interleave(source.enlarge, 2).repeat_interleave(source.enlarge, 3)
    x = pool(x, source.pool, source.pooling)
    return average_filter(x, source.smooth) if source.smooth > 1 else x


def average_filter(x: Tensor, side: int) -> Tensor:
    """Returns x (T, B, H, W, C) with each point replaced by the mean of a square around it, zeros beyond the edge
    included.

    The operation is its own backward pass.
    """
    maps = x.flatten(0, 1).permute(0, 3, 1, 2)
    return F.avg_pool2d(maps, side, 1, side // 2).permute(0, 2, 3, 1).reshape(x.shape)


def delay(x: Tensor, steps: int) -> Tensor:
    """Returns `x` (T, ...) delayed by one time step, 0 at the first. A constant (1, ...) is first repeated for all
    `steps`.
    """
    x = x.expand(steps, *x.shape[1:])
    return torch.cat([torch.zeros_like(x[:1]), x[:-1]])


class Merge:
    """Joins the maps of `sources` into a layer's input: "main" and "add" are summed, "concat" appended along the
    channels.

    `channels`: of each source's maps. `places`: the output channels that each source feeds; `width`: their number.
    """

    def __init__(self, sources: Sequence[Source], channels: Sequence[int]) -> None:
        self.sources = tuple(sources)
        self.chosen: list[Tensor | None] = []
        self.places: list[range] = []
        self.width = 0
        self.muted: set[int] = set()
        for source, count in zip(sources, channels, strict=True):
            some = source.channels is not None and source.channels != tuple(range(count))
            self.chosen.append(torch.tensor(source.channels) if some else None)
            adds = source.merge != "concat" and self.width > 0
            start, kept = 0 if adds else self.width, len(source.channels or range(count))
            self.places.append(range(start, start + kept))
            self.width = max(self.width, start + kept)

    def __call__(self, *maps: Tensor) -> Tensor:
        """(..., C) of each source, pooled and delayed already, to (..., width)."""
        total: Tensor | None = None
        beside: list[Tensor] = []
        for place, (source, chosen, x) in enumerate(zip(self.sources, self.chosen, maps, strict=True)):
            part = x if chosen is None else x.index_select(-1, chosen)
            if place in self.muted:
                part = torch.zeros_like(part)
            if source.merge == "concat":
                beside.append(part)
            else:
                total = part if total is None else total + part
        parts = beside if total is None else [total, *beside]
        return torch.cat(parts, -1) if len(parts) > 1 else parts[0]

    def add_source_gradient(self, gradient: Tensor, k: int, to: Tensor) -> None:
        """Adds the gradient of the k-th source's maps to `to`, given the gradient of the joined maps."""
        chosen, place = self.chosen[k], self.places[k]
        part = gradient[..., place.start : place.stop]
        if chosen is None:
            to.add_(part)
        else:
            to.index_add_(-1, chosen, part)

    def columns(self, some: Sequence[Source]) -> Tensor:
        """Returns the indices of the joined map's channels that the given sources feed, sorted."""
        fed = {c for source, place in zip(self.sources, self.places, strict=True) if source in some for c in place}
        return torch.tensor(sorted(fed))


def make_merge(architecture: Architecture, sources: Sequence[Source]) -> Merge:
    """Returns the `Merge` of sources that are layers of an architecture."""
    return Merge(sources, [architecture.channels(source.layer) for source in sources])
