"""Architectures that no design draws yet: strides, projections, cycles across them. Equal to the literal network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
import torch
import torch.nn.functional as F

from snnviz.core import networks
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.graph import architectures
from snnviz.graph.architectures import INPUT, Architecture, Layer, Source
from snnviz.theory import costs
from tests.core import slow

READOUT = (10, 1, 1)


def residual() -> Architecture:
    """Two residual blocks, the second of half the size and twice the channels, with a 1x1 projection that spikes."""
    layers = (
        Layer("stem", "conv", (Source(INPUT),), (1, 8, 8), (4, 8, 8), kernel=3),
        Layer("a", "conv", (Source(0),), (4, 8, 8), (4, 8, 8), kernel=3),
        Layer("b", "conv", (Source(1), Source(0, "add")), (4, 8, 8), (8, 4, 4), kernel=3, stride=2),
        Layer("c", "conv", (Source(2),), (8, 4, 4), (8, 4, 4), kernel=3),
        Layer("skip", "conv", (Source(1), Source(0, "add")), (4, 8, 8), (8, 4, 4), kernel=1, stride=2),
        Layer("readout", "linear", (Source(3, pool=2), Source(4, "add", pool=2)), (8, 2, 2), READOUT, spiking=False),
    )
    return Architecture((1, 8, 8), layers)


def odd() -> Architecture:
    """Maps of odd sizes, strides that do not divide them, and pooled sources of several readers."""
    layers = (
        Layer("stem", "conv", (Source(INPUT),), (1, 8, 8), (3, 8, 8), kernel=3),
        Layer("a", "conv", (Source(0),), (3, 8, 8), (5, 3, 3), kernel=1, stride=3),
        Layer("b", "conv", (Source(0, pool=2),), (3, 4, 4), (5, 4, 4), kernel=3),
        Layer("c", "conv", (Source(2), Source(0, "concat", 2, (0, 2))), (7, 4, 4), (5, 2, 2), kernel=3, stride=2),
        Layer("d", "conv", (Source(1),), (5, 3, 3), (5, 2, 2), kernel=3, stride=2),
        Layer("readout", "linear", (Source(3), Source(4, "add")), (5, 2, 2), READOUT, spiking=False),
    )
    return Architecture((1, 8, 8), layers)


def largest() -> Architecture:
    """Max pooling before a sum, beside an average of the same maps, and before a readout that does not spike."""
    first = Source(0, pool=2, pooling="max")
    layers = (
        Layer("stem", "conv", (Source(INPUT),), (1, 8, 8), (3, 8, 8), kernel=3),
        Layer("a", "conv", (first,), (3, 4, 4), (3, 4, 4), kernel=3),
        Layer("b", "conv", (Source(1), replace(first, merge="add"), Source(0, "concat", 2, (0, 2))), (5, 4, 4),
              (4, 4, 4), kernel=3),
        Layer("readout", "linear", (Source(2, pool=3, pooling="max"),), (4, 1, 1), READOUT, spiking=False),
    )  # fmt: skip
    return Architecture((1, 8, 8), layers)


def crossed() -> Architecture:
    """Two cycles, one inside a layer and one around three, and a late source that closes none."""

    def late(layer: int, merge: Literal["add", "concat"] = "add", channels: tuple[int, ...] | None = None) -> Source:
        return Source(layer, merge, 1, channels, 1)

    layers = (
        Layer("stem", "conv", (Source(INPUT),), (1, 8, 8), (4, 8, 8), kernel=3),
        Layer("self", "conv", (Source(0), late(1, "concat", (1, 3))), (6, 8, 8), (4, 8, 8), kernel=3),
        Layer("a", "conv", (Source(1), late(4)), (4, 8, 8), (4, 8, 8), kernel=3),
        Layer("b", "conv", (Source(2), Source(0, "add"), late(3)), (4, 8, 8), (4, 8, 8), kernel=1),
        Layer("c", "conv", (late(0), Source(3, "concat", 1, (0, 1, 2))), (7, 8, 8), (4, 8, 8), kernel=3),
        Layer("readout", "linear", (Source(4, pool=2),), (4, 4, 4), READOUT, spiking=False),
    )
    return Architecture((1, 8, 8), layers)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)], ids=["64", "32"])
@pytest.mark.parametrize("build", [residual, odd, largest, crossed])
def test_any_architecture_equals_the_literal_network(
    build: Callable[[], Architecture], dtype: torch.dtype, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (architectures, networks, costs):
        monkeypatch.setattr(module, "build_architecture", lambda _: build())
    made = Design.check({"data": {"steps": 4}, "neuron": {"beta": 0.8}})
    network = slow.loud(made, dtype)
    draw = torch.Generator().manual_seed(3)
    image, labels = torch.randn(1, 6, 1, 8, 8, generator=draw, dtype=torch.float64).to(dtype), torch.arange(6)
    ours, theirs = network(image), slow.literal_logits(network, image)
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)
    names, parameters = list(network.parameters), list(network.parameters.values())
    mine = torch.autograd.grad(F.cross_entropy(ours, labels), parameters)
    others = torch.autograd.grad(F.cross_entropy(theirs, labels), parameters)
    for name, one, other in zip(names, mine, others, strict=True):
        assert other.abs().max() > 1e-9, name
        torch.testing.assert_close(one, other, rtol=10 * tolerance, atol=tolerance * other.abs().max().item())


def test_cycles_are_found_and_everything_else_runs_over_time_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (architectures, networks, costs):
        monkeypatch.setattr(module, "build_architecture", lambda _: crossed())
    stages = Network(Design()).stages
    assert [stage if isinstance(stage, int) else [m.index for m in stage.members] for stage in stages] == [
        0, [1], [2, 3, 4], 5
    ]  # fmt: skip
