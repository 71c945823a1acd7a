"""A SNASNet that trains equals the published one, written out literally in modules of torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz import cells
from snnviz.cells import Cell
from snnviz.core.networks import Network
from snnviz.design import Design
from tests.core import slow, snasnet

IDENTITY = "0001 0000 0000 0000"
PAPERS = {"beta": 0.25, "threshold": 4 / 3, "reset": "zero", "surrogate": {"kind": "atan", "slope": 1.5}}
"""The neuron of Kim et al., in our words."""

SOME = [
    "0303 0030 2002 0200",  # published, with backward connections
    "0302 0030 3003 0000",
    "0333 0033 0003 0000",
    "0341 0014 0002 0000",  # sums that a skip and a pool read
    IDENTITY,
    "0220 0003 0400 0000",  # late, but no cycle
    "0003 0003 0100 0040",  # nothing but a backward way to nodes 1 and 2
    "0034 3000 0400 0100",
    "0003 1003 0000 0000",
]
FORWARD = [text for text in SOME if not cells.is_backward(cells.parse(text))]
BACKWARD = [text for text in SOME if text not in FORWARD]


def design(cell: Cell | str, *, steps: int = 4, **network: Any) -> Design:
    text = cell if isinstance(cell, str) else cells.write(cell)
    network = {"kind": "cell", "cell": text, "channels": 4, "hidden": 24, "enlarge": 2, "dropout": 0.5, **network}
    return Design.check({"data": {"steps": steps}, "network": network, "neuron": PAPERS, "init": "kaiming"})


def loud(made: Design, dtype: torch.dtype = torch.float64) -> Network:
    """Biases are not 0, and gains not 1: everything spikes, and nothing is like anything else."""
    network, draw = slow.loud(made, dtype), torch.Generator().manual_seed(8)
    for name, parameter in network.parameters.items():
        if name.endswith(".gain"):
            parameter.data += torch.rand(parameter.shape, generator=draw, dtype=torch.float64).to(dtype)
    network.buffers = {name: buffer.to(dtype) for name, buffer in network.buffers.items()}
    return network


def shown(images: int = 6, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    image = torch.randn((1, images, 1, 8, 8), generator=draw, dtype=torch.float64).to(dtype)
    return image, torch.arange(images)


def literal(network: Network, fire: Any = snasnet.LIF) -> snasnet.SnasNet:
    """The published network with these weights."""
    made = network.design.network
    matrix = cells.useful(made.cell)
    net = snasnet.SnasNet(matrix, made.channels, 16, made.hidden, network.steps, fire=fire).double()
    theirs = snasnet.parameters(net, matrix)
    assert theirs.keys() == network.parameters.keys()
    with torch.no_grad():
        for name, parameter in theirs.items():
            parameter.copy_(network.parameters[name])
    return net


def agrees(network: Network, net: snasnet.SnasNet, *, masked: bool = False) -> None:
    """Logits, the gradient of every parameter, and what a normalisation remembers."""
    image, labels = shown()
    kept = network.kept(len(labels), 0, 0) if masked else None
    net.dropout.mask = torch.ones((), dtype=torch.float64)
    if kept:
        (mask,) = kept.values()
        net.dropout.mask = mask.double().unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2).flatten(1)
    mine = network(image, by="learn", kept=kept) / network.steps
    theirs = net(image[0].repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert mine.detach().std() > 0.01
    torch.testing.assert_close(mine, theirs, rtol=1e-8, atol=1e-8)

    matrix = cells.useful(network.design.network.cell)
    others = snasnet.parameters(net, matrix)
    grown = torch.autograd.grad(F.cross_entropy(mine, labels), list(network.parameters.values()))
    expected = torch.autograd.grad(F.cross_entropy(theirs, labels), [*others.values()], allow_unused=True)
    for name, found, other in zip(network.parameters, grown, map(dict(zip(others, expected, strict=True)).get,
                                                                  network.parameters), strict=True):  # fmt: skip
        other = torch.zeros_like(found) if other is None else other
        scale = max(1e-3, other.abs().max().item())
        torch.testing.assert_close(found, other, rtol=1e-8, atol=1e-8 * scale, msg=lambda m, n=name: f"{n}: {m}")

    for name, remembered in snasnet.buffers(net, matrix).items():
        if name.startswith("C1.out") and matrix == cells.parse(IDENTITY):
            continue  # the same at all time steps, and so remembered once
        torch.testing.assert_close(network.buffers[name], remembered, rtol=1e-9, atol=1e-12, msg=name)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "dropout"])
@pytest.mark.parametrize("cell", SOME)
def test_equals_the_published_network(cell: str, masked: bool) -> None:
    network = loud(design(cell))
    agrees(network, literal(network), masked=masked)
