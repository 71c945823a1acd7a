"""What a layer reads: its sources pooled, added up and put side by side.

Maps are (N, H, W, C), N holding time and images: channels last, where oneDNN's convolutions are fastest and where
torch's own pooling, selecting and joining go through memory once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.catalog.architectures import Source


class Merge:
    """Joins the maps of `sources`: "main" and "add" are summed, "concat" follow. `channels`: of each source's maps.

    `starts` says at which channel of the result each source begins, `width` how many there are.
    """

    def __init__(self, sources: Sequence[Source], channels: Sequence[int]) -> None:
        self.sources = tuple(sources)
        self.chosen: list[Tensor | None] = []
        self.starts: list[int] = []
        self.width = 0
        for source, count in zip(sources, channels, strict=True):
            some = source.channels is not None and source.channels != tuple(range(count))
            self.chosen.append(torch.tensor(source.channels) if some else None)
            adds = source.merge != "concat" and self.width > 0
            self.starts.append(0 if adds else self.width)
            self.width += 0 if adds else len(source.channels or range(count))

    def __call__(self, *maps: Tensor) -> Tensor:
        """(N, H, W, C) of each source, to (N, H, W, width)."""
        total: Tensor | None = None
        beside: list[Tensor] = []
        for source, chosen, x in zip(self.sources, self.chosen, maps, strict=True):
            part = x if chosen is None else x.index_select(-1, chosen)
            if source.pool > 1:
                part = F.avg_pool2d(part.permute(0, 3, 1, 2), source.pool).permute(0, 2, 3, 1)
            if source.merge == "concat":
                beside.append(part)
            else:
                total = part if total is None else total + part
        parts = beside if total is None else [total, *beside]
        return torch.cat(parts, -1) if len(parts) > 1 else parts[0]

    def give_back(self, gradient: Tensor, k: int, to: Tensor) -> None:
        """Adds to `to` the gradient of the k-th source's maps, not pooled, from that of the joined ones."""
        chosen, start = self.chosen[k], self.starts[k]
        if chosen is None:
            to.add_(gradient[..., start : start + to.shape[-1]])
        else:
            to.index_add_(-1, chosen, gradient[..., start : start + len(chosen)])
