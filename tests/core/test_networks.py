"""A Network equals a slow, literal network that steps snntorch.Leaky through time."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnviz.core import data
from snnviz.core.activity import Activity
from snnviz.core.networks import Network, Outputs
from snnviz.core.neurons import Cell, respond
from snnviz.core.observe import RunningSums, observe_layers
from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC
from snnviz.design.design import Design
from snnviz.graph.architectures import INPUT
from tests.core import slow

MIXED = "00211/00021/00002/00000/00000"
"""Additions 0-2, 1-3, 2-4; concatenations 0-3, 0-4, 1-4."""


def design(**parts: Any) -> Design:
    """A small design: 3 time steps, 6 channels."""
    parts.setdefault("network", {"kind": "block", "edges": MIXED, "channels": 6})
    parts["data"] = {"steps": 3, **parts.get("data", {})}
    return Design.check(parts)


def batch(made: Design, size: int = 5) -> tuple[Tensor, Tensor]:
    """Encoded images (T or 1, B, 1, H, W) in float64, and labels."""
    train, _ = data.load(made)
    return data.encode(train.images[:size], train.white, made, "test").double(), train.labels[:size]


BLOCKS = {
    "mixed": {},
    "rate coded": {"data": {"encoding": "rate"}},
    "latency coded": {"data": {"encoding": "latency", "steps": 5}},
    "all channels": {"network": {"kind": "block", "edges": MIXED, "channels": 6, "dsc_fraction": 1}},
    "one channel": {"network": {"kind": "block", "edges": MIXED, "channels": 1}},
    "dense": {"network": {"kind": "block", "edges": adjacency.densenet_like(3), "channels": 5, "dsc_fraction": 0.3}},
    "additions only": {"network": {"kind": "block", "edges": adjacency.with_n_skip(4, 3, ASC, 0), "channels": 4}},
    "two blocks": {"network": {"kind": "block", "edges": MIXED, "channels": 4, "blocks": 2}},
    "four blocks, maps too small to halve": {
        "network": {"kind": "block", "edges": "001/000/000", "channels": 3, "blocks": 4}
    },
    "spiking readout": {"training": {"loss": "count"}, "neuron": {"threshold": 0.5}},
    "reset to zero": {"neuron": {"reset": "zero", "beta": 0.9, "surrogate": "fast-sigmoid"}},
    "no reset": {  # a gentle slope: snntorch's sigmoid overflows in single precision
        "neuron": {"reset": "none", "surrogate": {"kind": "sigmoid", "slope": 2}, "threshold": 0.7}
    },
    "triangle": {"neuron": {"surrogate": {"kind": "triangle", "slope": 0.4}}},
    "one step": {"data": {"steps": 1}},
    "learnt beta": {"neuron": {"learn": "beta", "beta": 0.9}, "data": {"steps": 4}},
    "learnt threshold in a cycle": {
        "network": {"kind": "block", "edges": "0000/0001/0100/0120", "channels": 4},
        "neuron": {"learn": "both", "threshold": 0.8},
        "data": {"steps": 4},
    },
    "learnt threshold, reset to zero": {"neuron": {"learn": "both", "reset": "zero"}, "data": {"steps": 4}},
    "one backward DSC": {"network": {"kind": "block", "edges": "00000/00000/00000/00000/00100", "channels": 6}},
    "backward ASC and DSC beside skips": {
        "network": {"kind": "block", "edges": "00211/00021/02002/00000/00120", "channels": 6},
        "data": {"steps": 6},
    },
    "backward in two blocks, rate coded": {
        "network": {"kind": "block", "edges": "0000/0001/0100/0120", "channels": 4, "blocks": 2},
        "data": {"encoding": "rate", "steps": 4},
        "neuron": {"reset": "zero", "beta": 0.9},
    },
    "a layer fed from behind alone beside its predecessor": {
        "network": {"kind": "block", "edges": "000/000/020", "channels": 5},
        "data": {"steps": 4},
        "neuron": {"surrogate": {"kind": "sigmoid", "slope": 2}},
    },
}
CHAINS = {
    "mlp": {"network": {"kind": "mlp", "depth": 3, "width": 30}},
    "mlp, spiking readout": {"network": {"kind": "mlp", "depth": 2, "width": 30}, "training": {"loss": "count"}},
    "mlp, rate coded": {"network": {"kind": "mlp", "depth": 2, "width": 30}, "data": {"encoding": "rate"}},
    "cnn": {"network": {"kind": "cnn", "depth": 3, "channels": 4, "pool_every": 1}},
    "cnn without pooling": {"network": {"kind": "cnn", "depth": 2, "channels": 4, "pool_every": 0}},
    "cnn of odd maps": {
        "network": {"kind": "cnn", "depth": 3, "channels": 3, "pool_every": 1},
        "neuron": {"beta": 0.9},
    },
}
CASES = [pytest.param(parts, slow.block_logits, id=name) for name, parts in BLOCKS.items()]
CASES += [pytest.param(parts, slow.chain_logits, id=name) for name, parts in CHAINS.items()]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)], ids=["64", "32"])
@pytest.mark.parametrize(("parts", "literal"), CASES)
def test_its_output_and_gradients_equal_those_of_the_literal_network(
    parts: dict[str, Any], literal: Any, dtype: torch.dtype, tolerance: float
) -> None:
    """Double precision is computed by torch and compared tightly; single precision by the compiled kernels."""
    made = design(**parts)
    network = slow.loud(made, dtype)
    image, labels = batch(made)
    image = image.to(dtype)

    ours, theirs = network(image), literal(network, image)
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)
    assert ours.abs().max() > 0.01

    def gradients(total: Tensor) -> tuple[Tensor, ...]:
        loss = F.cross_entropy(total / made.data.steps, labels)
        return torch.autograd.grad(loss, list(network.parameters.values()), materialize_grads=True)

    for name, mine, other in zip(network.parameters, gradients(ours), gradients(theirs), strict=True):
        close = {"rtol": 10 * tolerance, "atol": tolerance * max(1e-2, other.abs().max().item())}
        torch.testing.assert_close(mine, other, **close, msg=lambda text, name=name: f"{name}: {text}")
        if made.neuron.surrogate.kind != "triangle":
            assert mine.abs().max() > 1e-9, name


@pytest.mark.parametrize(
    "network", [{"kind": "block", "edges": MIXED, "channels": 16}, {"kind": "mlp", "width": 300}], ids=["block", "mlp"]
)
def test_in_single_precision_every_layer_equals_snntorchs_on_the_same_input(network: dict[str, Any]) -> None:
    """Layer by layer, because a sum in another order may move a spike, and that one others in the layers behind."""
    made = design(network=network, neuron={"threshold": 0.7}, data={"steps": 6})
    ours = Network(made)
    image, _ = batch(made, 64)
    image, seen = image.float(), {}
    with torch.no_grad():
        slow.literal_logits(ours, image, seen)
        said = {INPUT: image.permute(0, 1, 3, 4, 2)}
        for index, layer in enumerate(ours.architecture.layers[:-1]):
            current = ours._current(layer, Outputs(said, 6).read(ours.merges[index]), "batch")
            u, s = respond(current, Cell(made.neuron), 6)
            theirs = torch.stack(seen[layer.name])
            theirs = theirs if layer.kind == "linear" else theirs.permute(0, 1, 3, 4, 2)
            fired = (theirs > 0.7).float()
            same = (s == fired).reshape(6, -1).cumprod(0).reshape(s.shape).bool()  # up to where a spike has moved
            assert same.float().mean() > 0.9999
            torch.testing.assert_close(u[same], theirs[same], rtol=1e-5, atol=1e-5)
            assert ((theirs - 0.7).abs()[s != fired] < 1e-2).all()
            said[index] = fired.contiguous()


def test_a_block_without_skips_equals_a_plain_sequence_of_modules() -> None:
    made = design(network={"kind": "block", "edges": adjacency.sequential(4), "channels": 8})
    network = Network(made)
    image, _ = batch(made)
    image = image.float()

    modules: list[nn.Module] = []
    for layer in network.architecture.layers[:-1]:
        conv = nn.Conv2d(layer.in_shape[0], layer.out_shape[0], 3, padding=1)
        conv.weight, conv.bias = (
            nn.Parameter(network.parameters[f"{layer.name}.{p}"].detach()) for p in ("weight", "bias")
        )
        modules += [conv, slow.leaky(made.neuron, torch.float32)]
    for module in modules[1::2]:
        module.init_hidden = True
    readout = nn.Linear(8 * 4 * 4, 10)
    readout.weight, readout.bias = (
        nn.Parameter(network.parameters[f"readout.{p}"].detach()) for p in ("weight", "bias")
    )
    plain = nn.Sequential(*modules, nn.AvgPool2d(2), nn.Flatten(), readout)
    with torch.no_grad():
        total = torch.stack([plain(image[0]) for _ in range(made.data.steps)]).sum(0)
        # The readout sees the mean over time, once, and maps lie channels last: the same sums in another order.
        torch.testing.assert_close(network(image), total, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["mixed", "mlp", "cnn", "spiking readout", "one backward DSC"])
def test_a_static_image_gives_the_same_as_the_image_at_every_step(name: str) -> None:
    made = design(**{**BLOCKS, **CHAINS}[name])
    network = slow.loud(made)
    image, labels = batch(made)
    assert len(image) == 1
    results = []
    for shown in (image, image.repeat(made.data.steps, 1, 1, 1, 1)):
        total = network(shown)
        loss = F.cross_entropy(total, labels)
        results.append((total.detach(), torch.autograd.grad(loss, list(network.parameters.values()))))
    torch.testing.assert_close(results[0], results[1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "name", ["mixed", "cnn", "spiking readout", "latency coded", "backward ASC and DSC beside skips"]
)
def test_whoever_watches_sees_every_layer_and_changes_nothing(name: str) -> None:
    made = design(**{**BLOCKS, **CHAINS}[name])
    network = slow.loud(made)
    image, _ = batch(made)
    seen: dict[int, Activity] = {}
    with torch.no_grad():
        watched = network(image, lambda index, activity: seen.update({index: activity}))
        assert torch.equal(watched, network(image))
    layers = network.architecture.layers
    assert list(seen) == list(range(len(layers)))
    for index, activity in seen.items():
        assert activity.neurons == layers[index].neurons
        assert activity.spikes.shape == (made.data.steps, 5)
        assert (activity.rate is not None) == layers[index].spiking
        assert activity.var_u > 0
    if layers[-1].spiking:
        assert seen[len(layers) - 1].spikes.sum() == watched.sum()


def test_layers_with_silent_inputs_say_only_their_bias() -> None:
    made = design(network={"kind": "mlp", "depth": 2, "width": 20}, neuron={"threshold": 10}, init="glorot")
    network = Network(made)
    network.parameters["readout.bias"].data.copy_(torch.arange(10.0))
    image, _ = batch(made)
    assert torch.equal(network(image.float()), 3 * torch.arange(10.0).repeat(5, 1))


def weights(made: Design) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in Network(made).parameters.items()}


def test_the_same_design_starts_with_the_same_weights_and_another_seed_does_not() -> None:
    a, b, c = weights(design()), weights(design()), weights(design(seed=1))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not any(torch.equal(a[name], c[name]) for name in a if name.endswith(".weight"))
    assert len({value.flatten()[0].item() for name, value in a.items() if name.endswith(".weight")}) == 6


def test_a_skip_leaves_the_weights_of_the_other_layers_as_they_were() -> None:
    plain = weights(design(network={"kind": "block", "edges": adjacency.sequential(4)}))
    skipped = weights(
        design(network={"kind": "block", "edges": adjacency.edges_from_skips(4, {(0, 3): DSC, (1, 4): ASC})})
    )
    assert [name for name in plain if not torch.equal(plain[name], skipped[name])] == ["L3.weight"]


def test_weights_are_single_precision_need_gradients_and_biases_start_at_zero() -> None:
    for name, parameter in Network(design()).parameters.items():
        assert parameter.dtype == torch.float32
        assert parameter.requires_grad
        assert parameter.is_leaf
        assert not name.endswith(".bias") or not parameter.any()


# Benmeziane et al. 2023: additions raise the firing rate, concatenations hardly do.

SEEDS = range(8)


def rate_of_layers(n_skip: int, edge: int, init: str) -> float:
    """Spikes per neuron and step in the layers of an untrained block, mean over seeds."""
    found = []
    for seed in SEEDS:
        made = design(
            network={
                "kind": "block", "edges": adjacency.with_n_skip(4, n_skip, edge, seed), "channels": 8, "dsc_fraction": 1
            },
            data={"steps": 6}, init=init, seed=seed,
        )  # fmt: skip
        image, _ = batch(made, 32)
        rates = [
            layer.rate
            for layer in observe_layers(Network(made), image.float(), RunningSums(Network(made).parameters), 0, 0.0)
        ]
        found.append(sum(rate for rate in rates[1:] if rate is not None) / 4)
    return sum(found) / len(found)


@pytest.mark.parametrize(
    ("init", "factor"),
    [("kaiming", 2.0), ("variance-preserving", 1.3)],  # measured: 2.8 and 1.56
)
def test_before_training_additions_raise_the_firing_rate_and_concatenations_hardly_do(init: str, factor: float) -> None:
    asc = [rate_of_layers(n, ASC, init) for n in range(4)]
    dsc = rate_of_layers(3, DSC, init)
    assert asc == sorted(asc)
    assert asc[1] > 1.3 * asc[0]
    assert asc[3] > factor * dsc
    assert dsc > asc[0]
