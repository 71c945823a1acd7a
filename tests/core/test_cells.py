"""SNASNets against the published algorithm in modules of torch, and what must hold of their score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from snnviz import cells
from snnviz.catalog.cells import Scoring
from snnviz.cells import NODES, PLACES, Cell, drawn, parse
from snnviz.core.cells import CellLayers, Layer, Maps, Network, Weights
from snnviz.core.score import Scorer, score
from snnviz.theory.sahd import Kernel
from tests.core.snasnet import LIF, PublishedKernel, SnasNet, watch

SIDE, CHANNELS, HIDDEN, STEPS, BATCH = 8, 4, 24, 4, 6
IDENTITY = parse("0001 0000 0000 0000")

ALL = [drawn(3, number, backward=backward) for backward in (False, True) for number in range(8)]
ALL += [
    *cells.PUBLISHED.values(),
    IDENTITY,
    parse("0303 0000 0300 0000"),  # node 2 gets nothing, and feeds node 1 all the same
    parse("0020 0004 0302 0000"),  # a late connection without a cycle
    parse("0410 0001 0100 1000"),  # no convolution
    parse("0333 0033 0003 0000"),
    parse("0444 0044 0004 0000"),
    parse("0103 0010 1001 0100"),
    parse("0000 2000 3300 3320"),
]


def images(count: int = BATCH, seed: int = 0) -> Tensor:
    return torch.randn((count, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(cell: Cell, seed: int = 0, dtype: torch.dtype = torch.float64) -> Network:
    return Network(cell, (1, SIDE, CHANNELS), HIDDEN, Weights(seed, dtype=dtype))


def literal(cell: Cell, ours: Network, batch: int = BATCH, **options: Any) -> SnasNet:
    """The published network with our weights."""
    weights = ours.weights
    net = SnasNet(cell, CHANNELS, SIDE, HIDDEN, STEPS, **options).to(weights.dtype)
    size = 2 * CHANNELS * (SIDE // 4) ** 2

    def channels_first(columns: Tensor) -> Tensor:
        return columns.unflatten(1, (SIDE // 4, SIDE // 4, -1)).permute(0, 3, 1, 2).flatten(1)

    with torch.no_grad():
        net.stem[0].weight.copy_(weights.conv("stem", CHANNELS, 1, 3))
        net.down[2].weight.copy_(weights.conv("reduction", 2 * CHANNELS, CHANNELS, 3))
        net.hidden.weight.copy_(channels_first(weights.linear("hidden", HIDDEN, size)))
        net.readout.weight.copy_(weights.linear("readout", 100, HIDDEN))
        net.dropout.mask = channels_first(weights.dropout(batch, size))
        for name, module, width in (("cell 1", net.cell1, CHANNELS), ("cell 2", net.cell2, 2 * CHANNELS)):
            for i, j in PLACES:
                if cell[i][j] in (2, 3):
                    sequence: Any = module.op[f"{i}{j}"]
                    weight = weights.conv(f"{name}, {i} to {j}", width, width, {2: 1, 3: 3}[cell[i][j]])
                    sequence[1].weight.copy_(weight)
    return net


def kernel_of(ours: Network, pictures: Tensor, metric: str = "sahd", normalisation: str = "paper") -> Kernel:
    kernel = Kernel(metric, normalisation)  # type: ignore[arg-type]
    for layer in ours.fired(pictures, STEPS):
        kernel.add(layer.both, layer.neurons, layer.copies)
    return kernel


@pytest.mark.parametrize("cell", ALL, ids=cells.write)
def test_it_is_the_published_algorithm(cell: Cell) -> None:
    pictures, ours = images(), network(cell)
    net = literal(cell, ours)
    seen = {(metric, alpha): PublishedKernel(metric, alpha) for metric in ("sahd", "hd") for alpha in ("paper", "code")}
    for hook in seen.values():
        watch(net, hook)
    with torch.no_grad():
        outputs = net(pictures)
    for (metric, alpha), published in seen.items():
        found = kernel_of(ours, pictures, metric, alpha)
        np.testing.assert_allclose(found.matrix, published.K / (published.terms if alpha == "code" else 1), rtol=1e-12)
        assert found.terms == published.terms
        if found.score().value is not None:
            assert found.score().value == pytest.approx(published.score(), rel=1e-8)
        else:
            assert np.linalg.matrix_rank(published.K) < BATCH
    torch.testing.assert_close(ours.votes(pictures, STEPS, 10, 10), outputs, rtol=1e-9, atol=1e-12)
