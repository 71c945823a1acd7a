"""A VGG is torch's own modules and snntorch's neurons, one after the other; its pooling is torch's, ties included."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnviz.core import data, train
from snnviz.core.execute import execute
from snnviz.core.merging import pool
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.design.networks import VggNetwork
from snnviz.events import EpochEnd
from snnviz.graph.architectures import build_architecture, build_architecture_for
from snnviz.graph.twins import ann_twin
from snnviz.studies.ttfs.compute.equivalence import compare_with_twin
from snnviz.theory import operations
from snnviz.theory.variance import forecast_layers
from tests.core import slow
from tests.core.test_forecast import measured


def made(neuron: dict[str, Any] | None = None, steps: int = 4, **network: Any) -> Design:
    parts = {"network": {"kind": "vgg", **network}, "neuron": neuron or {}, "data": {"steps": steps}}
    return Design.check(parts)


def literally(network: Network, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The readout summed over time (B, classes), from modules that hold copies of the parameters; and those by name."""
    part, design, held = network.design.network, network.design, {}
    assert isinstance(part, VggNetwork)

    def module(name: str, kind: type[nn.Conv2d] | type[nn.Linear], x: Tensor, count: int, **options: Any) -> Tensor:
        """On (T B, ...), and normalised over all of it."""
        layer, norm = kind(x.shape[1], count, **options), None
        own = {key: nn.Parameter(network.parameters[f"{name}.{key}"].detach().clone()) for key in ("weight", "bias")}
        layer.weight, layer.bias = own["weight"], own["bias"]
        held.update({f"{name}.{key}": value for key, value in own.items()})
        if f"{name}.gain" in network.parameters:
            norm = (nn.BatchNorm2d if kind is nn.Conv2d else nn.BatchNorm1d)(count, dtype=x.dtype)
            norm.weight, norm.bias, layer.bias = (
                nn.Parameter(network.parameters[f"{name}.gain"].detach().clone()),
                own["bias"],
                None,
            )
            held[f"{name}.gain"] = norm.weight
        y: Tensor = layer(x)
        return norm(y) if norm else y

    def fired(x: Tensor) -> Tensor:
        if design.neuron.kind == "relu":
            return F.relu(x)
        return slow.run(x.unflatten(0, (network.steps, -1)), design.neuron, network.steps)[0].flatten(0, 1)

    x = image.expand(network.steps, *image.shape[1:]).flatten(0, 1)
    pool = nn.MaxPool2d(2) if part.pooling == "max" else nn.AvgPool2d(2)
    for stage, (count, channels) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)][: part.stages], 1):
        for place in range(1, count + 1):
            x = fired(
                module(f"S{stage}.L{place}", nn.Conv2d, x, round(part.width * channels), kernel_size=3, padding=1)
            )
        x = pool(x) if min(x.shape[2:]) > 1 else x
    x = fired(module("hidden", nn.Linear, x.flatten(1), round(part.width * 512)))
    return module("readout", nn.Linear, x, 10).unflatten(0, (network.steps, -1)).sum(0), held


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-3)], ids=["64", "32"])
@pytest.mark.parametrize(
    "design",
    [
        made(width=0.0625, stages=3, norm="none", neuron={"threshold": 0.5}),
        made(width=0.0625, stages=2, norm="batch", pooling="average"),
        made(width=0.0625, stages=4, norm="batch", neuron={"threshold": 0.3, "reset": "zero"}),
        ann_twin(made(width=0.0625, stages=5)),
    ],
    ids=["three stages", "averages", "normalised", "all stages of ReLUs"],
)
def test_logits_and_gradients_are_those_of_torchs_modules(design: Design, dtype: torch.dtype, tolerance: float) -> None:
    network = slow.loud(design, dtype)
    images, _ = data.load(design)
    for name in network.buffers:
        network.buffers[name] = network.buffers[name].to(dtype)
    image = data.encode(images.images[:12], images.white, design, "test").to(dtype)
    ours, (theirs, held) = network(image), literally(network, image)
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)
    assert ours.std() > 0.01
    labels = images.labels[:12]
    mine = torch.autograd.grad(F.cross_entropy(ours / network.steps, labels), list(network.parameters.values()))
    F.cross_entropy(theirs / network.steps, labels).backward()
    assert set(held) == set(network.parameters)
    for name, gradient in zip(network.parameters, mine, strict=True):
        other = held[name].grad
        assert other is not None
        assert other.abs().max() > 1e-9, name
        torch.testing.assert_close(gradient, other, rtol=10 * tolerance, atol=tolerance * other.abs().max().item())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["64", "32"])
@pytest.mark.parametrize(("size", "sides"), [(2, (8, 8)), (2, (7, 5)), (3, (7, 9)), (4, (4, 4))], ids=str)
@pytest.mark.parametrize("kind", ["numbers", "spikes", "no numbers"])
def test_max_pooling_is_torchs_with_its_gradient(
    kind: str, size: int, sides: tuple[int, int], dtype: torch.dtype
) -> None:
    """Of spikes nearly every square has several that are the largest: the first one learns."""
    draw = torch.Generator().manual_seed(2)
    x = torch.randn(3, 2, *sides, 5, generator=draw, dtype=dtype)
    if kind == "spikes":
        x = (x > 0.5).to(dtype)
    elif kind == "no numbers":
        x[torch.rand(x.shape, generator=draw) < 0.05] = torch.nan
        x[0, 0, 0, 0, 0] = -torch.inf
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y = pool(ours, size, "max")
    expected = F.max_pool2d(theirs.flatten(0, 1).permute(0, 3, 1, 2).contiguous(), size).permute(0, 2, 3, 1)
    assert y.shape == (3, 2, *(side // size for side in sides), 5)
    torch.testing.assert_close(y.flatten(0, 1), expected, rtol=0, atol=0, equal_nan=True)
    weights = torch.randn(y.shape, generator=draw, dtype=dtype)
    (y * weights).sum().backward()
    (expected * weights.flatten(0, 1)).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=0, atol=0, equal_nan=True)


def test_at_full_width_it_is_vgg16_of_small_images() -> None:
    """14,714,688 parameters are known of the 13 convolutions of VGG-16 on three colours."""
    whole = build_architecture_for(made(width=1, norm="none"), (3, 32, 32), 10)
    assert [layer.out_shape for layer in whole.layers if layer.name.endswith("L1")] == [
        (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (512, 2, 2)
    ]  # fmt: skip
    assert whole.layers[-2].in_shape == (512, 1, 1)
    convolutions = sum(layer.parameters for layer in whole.layers if layer.kind == "conv")
    assert convolutions == 14_714_688
    assert sum(layer.parameters for layer in whole.layers) == convolutions + 513 * 512 + 513 * 10
    normed = build_architecture_for(made(width=1), (3, 32, 32), 10)
    gains = 2 * 64 + 2 * 128 + 3 * 256 + 6 * 512 + 512
    assert sum(layer.parameters for layer in normed.layers) == convolutions + 513 * 512 + 513 * 10 + gains


def test_maps_of_one_point_are_not_pooled() -> None:
    shapes = {layer.name: layer.out_shape[1:] for layer in build_architecture(made()).layers}
    assert [shapes[f"S{stage}.L1"] for stage in range(1, 6)] == [(8, 8), (4, 4), (2, 2), (1, 1), (1, 1)]


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_its_ttfs_twin_says_the_same(pooling: str, norm: str) -> None:
    found = compare_with_twin(made(width=0.0625, stages=3, pooling=pooling, norm=norm), 100)
    assert found.max_relative_difference < 1e-10
    assert found.argmax_agreement == 1


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("twin", [False, True], ids=["spikes", "ReLUs"])
def test_it_does_what_is_forecast_within_a_third(pooling: str, norm: str, twin: bool) -> None:
    """The hidden layer, behind a few points of maps whose neurons share weights, within 60 %."""
    design = made(width=0.5, stages=2, pooling=pooling, norm=norm, steps=3, neuron={"threshold": 0.7})
    design = ann_twin(design) if twin else design
    for expected, found in zip(
        forecast_layers(design)[:-1], measured(design.document(), 3, images=32)[:-1], strict=True
    ):
        share = 0.6 if expected.name == "hidden" else 1 / 3
        assert found.var_u == pytest.approx(expected.var_u, rel=share), expected.name
        assert expected.rate is None or found.rate == pytest.approx(expected.rate, rel=share), expected.name
        assert not twin or expected.single_step == pytest.approx(expected.var_u, rel=0.1), expected.name


def test_micro_batches_add_up_to_the_batch() -> None:
    design = made(width=0.0625, stages=2, norm="none")
    network = Network(design)
    images, _ = data.load(design)
    image = data.encode(images.images[:16], images.white, design, "test")
    whole = train.loss_and_gradients(network, image, images.labels[:16]).gradients
    parts = [
        train.loss_and_gradients(network, image[:, at], images.labels[at]).gradients
        for at in (slice(0, 8), slice(8, 16))
    ]
    for one, a, b in zip(whole, *parts, strict=True):
        torch.testing.assert_close(one, (a + b) / 2, rtol=1e-4, atol=1e-6)


def test_its_costs_are_estimated_of_spikes() -> None:
    design = made(width=0.0625, stages=2, norm="none")
    layers = build_architecture(design).layers
    assert [operations.reads_spikes(design, layer) for layer in layers] == [False] + [True] * 5
    averaged = made(width=0.0625, stages=2, norm="none", pooling="average")
    assert [operations.reads_spikes(averaged, layer) for layer in build_architecture(averaged).layers] == [
        False, True, False, True, False, True
    ]  # fmt: skip


@pytest.mark.parametrize("network", [{"kind": "vgg", "width": 0.05, "stages": 1}, {"kind": "mlp", "norm": "batch"}])
def test_a_batch_of_one_image_is_normalised_by_what_is_remembered(network: dict[str, Any]) -> None:
    """As the last one of 65 images in batches of 64 is; a hidden layer then has one number a neuron."""
    parts = {"network": network, "data": {"train_samples": 65, "test_samples": 20, "steps": 1}}
    ends = [
        event for event in execute(Design.check({**parts, "training": {"epochs": 1}})) if isinstance(event, EpochEnd)
    ]
    assert math.isfinite(ends[-1].train_loss)
