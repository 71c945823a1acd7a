"""Operations counted while a network is looked at: which inputs of a layer are not 0, and how many spikes are in them.

What counts as what is settled by the architecture (`theory.operations`); here whole numbers are added up, over time
steps and images, by the place of an input on the map, since at the edge it meets fewer weights.
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

from snnviz.catalog.architectures import INPUT, architecture
from snnviz.core.kernels import compiled, fits
from snnviz.core.neurons import Counted
from snnviz.design import Design
from snnviz.theory.operations import reads_spikes, real_numbers, sums_spikes, taps

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the inputs of a layer are counted.

    taps: (H W,) weights that an input at each place meets. real: (C,) which channels hold real numbers. summed: some
    hold sums or averages of spikes. averaged: a value there is not how many spikes it is made of.
    """

    taps: Indices
    real: NDArray[np.bool_]
    summed: bool
    averaged: bool

    def __call__(self, x: Tensor, many: Tensor | None) -> tuple[float, Counted]:
        """The share of `x`, what the layer reads (T, B, ...), that is not 0, and the operations of all images.

        `many`: how many spikes each value of it is made of, None where it is that number itself.
        """
        present = _tally(x, _count, self.taps.size)
        synops = self.taps @ present
        macs, additions = int(synops @ self.real), int(synops @ ~self.real)
        if self.summed:
            additions = int(self.taps @ _tally(x if many is None else many, _sum, self.taps.size) @ ~self.real)
        return int(present.sum()) / max(1, x.numel()), Counted(int(synops.sum()), macs, additions)


def plans(design: Design) -> dict[int, Plan]:
    """Of the layers with weights, by their place in the architecture."""
    if design.network.code == "ttfs":
        return {}
    found = {}
    for index, layer in enumerate(architecture(design).layers):
        if layer.weighted:
            real, single = real_numbers(design, layer), reads_spikes(design, layer)
            averaged = not real.all() and sums_spikes(design, layer)
            found[index] = Plan(taps(layer).ravel(), real, not (single or real.all()), averaged)
    return found


def made_of_spikes(design: Design, plans: dict[int, Plan]) -> set[int]:
    """The layers that only join, and of whose sums it is to be known how many spikes they are made of."""
    layers, found = architecture(design).layers, set[int]()
    asked = [index for index, plan in plans.items() if plan.averaged]
    while asked:
        for source in layers[asked.pop()].sources:
            at = source.layer
            if at != INPUT and at not in found and layers[at].kind == "merge" and sums_spikes(design, layers[at]):
                found.add(at)
                asked.append(at)
    return found


def _tally(x: Tensor, kernel: Callable[..., Any], places: int) -> Indices:
    """(places, C) sums over time steps and images of what the kernel says of each number."""
    flat = x.detach().reshape(math.prod(x.shape[:2]), -1).contiguous()
    if fits(flat):
        found = np.zeros(flat.shape[1], np.int32)
        kernel(flat.numpy(), found)
    else:
        one = flat != 0 if kernel is _count else flat.round()
        found = one.sum(0, dtype=torch.int64).numpy()
    return found.astype(np.int64).reshape(places, -1)


@compiled
def _count(x: Any, found: Any) -> None:
    for n in range(x.shape[0]):
        here = x[n]
        for k in range(x.shape[1]):
            found[k] += here[k] != 0


@compiled
def _sum(x: Any, found: Any) -> None:
    half = np.float32(0.5)
    for n in range(x.shape[0]):
        here = x[n]
        for k in range(x.shape[1]):
            found[k] += np.int32(here[k] + half)  # rounded: thirds and ninths of a float32 add up nearly
