"""Counts operations during a forward pass: which inputs of a layer are nonzero, and how many spikes they sum.

Which inputs count as what follows from the architecture (`theory.operations`); here integers are summed over time steps
and images for each position of the map, since inputs at the edge have fewer weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core.activity import Counted
from snnviz.core.kernels import compiled, is_supported
from snnviz.design.design import Design
from snnviz.graph.architectures import INPUT, build_architecture
from snnviz.theory.operations import connections_per_position, reads_spikes, real_valued_channels, sums_spikes

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CountingPlan:
    """Which inputs of one layer count as which kind of operation; calling it with the layer's input counts them.

    taps: (H W,) number of weights that read an input at each position. real: (C,) which channels hold real numbers.
    summed: whether some channels hold sums or averages of spikes: then a value stands for `times` as many spikes, or,
    if `averaged`, for a number of spikes that must be passed in.
    """

    taps: Indices
    real: NDArray[np.bool_]
    summed: bool
    averaged: bool
    times: int

    def __call__(self, x: Tensor, many: Tensor | None) -> tuple[float, Counted]:
        """The share of `x`, what the layer reads (T, B, ...), that is not 0, and the operations of all images.

        `many`: how many spikes each value of it is made of, where that has to be told.
        """
        present = self._tally(x, _count, 1)
        synops = self.taps @ present
        macs, additions = int(synops @ self.real), int(synops @ ~self.real)
        if self.summed:
            spikes = self._tally(x, _sum, self.times) if many is None else self._tally(many, _sum, 1)
            additions = int(self.taps @ spikes @ ~self.real)
        return int(present.sum()) / max(1, x.numel()), Counted(int(synops.sum()), macs, additions)

    def _tally(self, x: Tensor, kernel: Callable[..., None], times: int) -> Indices:
        """(H W, C) sums over time steps and images of what the kernel says of each number."""
        flat = x.detach().reshape(math.prod(x.shape[:2]), -1).contiguous()
        if is_supported(flat):
            found = np.zeros(flat.shape[1], np.int32)
            kernel(flat.numpy(), found, np.float32(times))
        else:
            one = flat != 0 if kernel is _count else (flat * times).round()
            found = one.sum(0, dtype=torch.int64).numpy()
        return found.astype(np.int64).reshape(self.taps.size, -1)


def counting_plans(design: Design) -> dict[int, CountingPlan]:
    """Returns for each layer with weights, by its index in the architecture, how its synaptic operations are counted;
    {} for TTFS (time-to-first-spike) networks.
    """
    if design.network.code == "ttfs":
        return {}
    found = {}
    for index, layer in enumerate(build_architecture(design).layers):
        if layer.weighted:
            real, single = real_valued_channels(design, layer), reads_spikes(design, layer)
            sizes = {source.averaged for source in layer.sources}
            within = any(_joins(design, source.layer) for source in layer.sources)
            alike = len(sizes) == 1 and not within
            summed = not (single or real.all())
            found[index] = CountingPlan(
                connections_per_position(layer).ravel(), real, summed, summed and not alike, sizes.pop() if alike else 1
            )
    return found


def merges_to_count(design: Design, plans: dict[int, CountingPlan]) -> set[int]:
    """Returns the indices of the merge layers for which the number of spikes summed in each value must be known, to
    count the operations of layers behind them.
    """
    layers, found = build_architecture(design).layers, set[int]()
    asked = [index for index, plan in plans.items() if plan.averaged]
    while asked:
        for source in layers[asked.pop()].sources:
            if source.layer not in found and _joins(design, source.layer):
                found.add(source.layer)
                asked.append(source.layer)
    return found


def _joins(design: Design, index: int) -> bool:
    """Whether a layer only joins, averages among it."""
    if index == INPUT or build_architecture(design).layers[index].kind != "merge":
        return False
    return sums_spikes(design, build_architecture(design).layers[index])


@compiled
def _count(x: Any, found: Any, _: Any) -> None:
    for n in range(x.shape[0]):
        here = x[n]
        for k in range(x.shape[1]):
            found[k] += here[k] != 0


@compiled
def _sum(x: Any, found: Any, times: Any) -> None:
    half = np.float32(0.5)
    for n in range(x.shape[0]):
        here = x[n]
        for k in range(x.shape[1]):
            found[k] += np.int32(here[k] * times + half)  # rounded: thirds and ninths of a float32 add up nearly
