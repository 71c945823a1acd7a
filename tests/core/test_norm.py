"""Batch normalisation over time, images and positions; products in bfloat16."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnviz.core import data, train
from snnviz.core.execute import execute
from snnviz.core.layers import linear
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.events import Checkpoint, EpochEnd
from tests.core import slow

NETWORKS: dict[str, dict[str, Any]] = {
    "cnn": {"kind": "cnn", "depth": 3, "channels": 5, "pool_every": 0, "norm": "batch"},
    "mlp": {"kind": "mlp", "depth": 3, "width": 30, "norm": "batch"},
}


def design(network: dict[str, Any], **parts: Any) -> Design:
    return Design.check({"network": network, "data": {"steps": 3, "train_samples": 300}, **parts})


def batch(made: Design, size: int = 40) -> tuple[Tensor, Tensor]:
    images, _ = data.load(made)
    return data.encode(images.images[:size], images.white, made, "test"), images.labels[:size]


def literally(network: Network, image: Tensor, norms: dict[str, nn.Module]) -> Tensor:
    """Layer after layer, with torch's own modules on all time steps at once, and snntorch's neuron."""
    made, x = network.design, image
    for layer in network.architecture.layers:
        weight, bias = network.parameters[f"{layer.name}.weight"], network.parameters[f"{layer.name}.bias"]
        if layer.kind == "linear":
            x = F.linear(x.flatten(2), weight)
        else:
            x = F.conv2d(x.flatten(0, 1), weight, padding=1).unflatten(0, x.shape[:2])
        if layer.name not in norms:
            return (x + bias).sum(0) * (made.data.steps / len(x))
        x = norms[layer.name](x.flatten(0, 1)).unflatten(0, x.shape[:2])
        x, _ = slow.run(x, made.neuron, made.data.steps)
    raise AssertionError("no readout")


def torchs_norms(network: Network) -> dict[str, nn.Module]:
    kinds: dict[str, Any] = {"conv": nn.BatchNorm2d, "linear": nn.BatchNorm1d}
    norms: dict[str, nn.Module] = {}
    for layer in network.architecture.layers[:-1]:
        norm = kinds[layer.kind](layer.out_shape[0]).double()
        norm.weight, norm.bias = (
            nn.Parameter(network.parameters[f"{layer.name}.{p}"].detach()) for p in ("gain", "bias")
        )
        norms[layer.name] = norm
    return norms


@pytest.mark.parametrize("kind", NETWORKS)
def test_it_equals_torchs_over_time_and_batch_and_remembers_the_same_averages(kind: str) -> None:
    network = slow.loud(design(NETWORKS[kind]))
    network.buffers = {name: buffer.double() for name, buffer in network.buffers.items()}
    norms = torchs_norms(network)
    image, labels = batch(network.design)
    ours = train.logits(network, image.double(), statistics="learn")
    theirs = literally(network, image.double(), norms) / 3
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    mine = torch.autograd.grad(F.cross_entropy(ours, labels), [network.parameters["L2.gain"]])
    other = torch.autograd.grad(F.cross_entropy(theirs, labels), [norms["L2"].weight])
    torch.testing.assert_close(mine, other, rtol=1e-8, atol=1e-10)
    for name, norm in norms.items():
        torch.testing.assert_close(network.buffers[f"{name}.mean"], norm.running_mean, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(network.buffers[f"{name}.variance"], norm.running_var, rtol=1e-10, atol=1e-12)
        norm.eval()
    before = {name: buffer.clone() for name, buffer in network.buffers.items()}
    ours = train.logits(network, image.double(), statistics="running")
    torch.testing.assert_close(ours, literally(network, image.double(), norms) / 3, rtol=1e-10, atol=1e-10)
    train.logits(network, image.double(), statistics="batch")
    assert all(torch.equal(buffer, before[name]) for name, buffer in network.buffers.items())


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_batch_is_normalised_as_a_whole_and_not_in_parts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Micro-batches would change what is learnt, so there are none."""
    made = design(NETWORKS[kind], training={"batch_size": 200})
    image, labels = batch(made, 200)
    assert Network(made).micro_batch == 200
    whole = train.loss_and_gradients(Network(made), image, labels)
    monkeypatch.setattr(Network, "micro_batch", 50)
    parts = train.loss_and_gradients(Network(made), image, labels)
    assert not torch.allclose(whole.loss, parts.loss, rtol=1e-4)


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_normalised_network_learns_resumes_and_is_tested_by_its_running_averages(kind: str) -> None:
    made = design(NETWORKS[kind], training={"epochs": 6, "learning_rate": 0.01})
    events = list(execute(made))
    ends = [event for event in events if isinstance(event, EpochEnd)]
    checkpoints = [event for event in events if isinstance(event, Checkpoint)]
    assert ends[-1].train_loss < ends[0].train_loss
    assert ends[-1].test_accuracy > 0.6
    resumed = [event for event in execute(made, resume=checkpoints[0]) if isinstance(event, EpochEnd)]
    assert resumed == ends[1:]
    assert not np.array_equal(checkpoints[-1].arrays["L1.mean"], checkpoints[0].arrays["L1.mean"])


@pytest.mark.parametrize("kind", [*NETWORKS, "backward"])
def test_bfloat16_products_are_near_those_of_float32(kind: str) -> None:
    plain = {**NETWORKS.get(kind, {}), "norm": "none"}
    network = plain if kind != "backward" else {"kind": "block", "edges": "000/000/010", "channels": 8}
    found = {}
    for precision in ("float32", "bfloat16"):
        made = design(network, training={"precision": precision})
        image, labels = batch(made)
        found[precision] = train.loss_and_gradients(Network(made), image, labels)
        assert all(gradient.dtype == torch.float32 for gradient in found[precision].gradients)
    exact, rough = found["float32"], found["bfloat16"]
    assert not torch.equal(rough.logits, exact.logits)
    assert rough.loss == pytest.approx(exact.loss.item(), rel=0.05)
    for a, b in zip(rough.gradients[::2], exact.gradients[::2], strict=True):
        assert F.cosine_similarity(a.flatten(), b.flatten(), dim=0) > 0.9


def test_the_largest_rounding_of_a_bfloat16_product_is_that_of_its_8_bits() -> None:
    made = design(NETWORKS["mlp"] | {"norm": "none"}, training={"precision": "bfloat16"})
    image, _ = batch(made)
    weight = Network(made).parameters["L1.weight"].detach()
    exact = F.linear(image.flatten(2).double(), weight.double())
    found = linear(image.flatten(2), weight, torch.zeros(30), bfloat16=True)
    assert found.dtype == torch.float32
    assert 1e-5 < (found - exact).abs().max() < 2**-8 * 4 * exact.abs().max()
