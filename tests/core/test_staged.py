"""ResNet-18, DenseNet-121 and MobileNetV2 equal literal ones of torch's modules, with any matrices."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_args

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnviz.core import train
from snnviz.core.activity import Activity
from snnviz.core.networks import Network
from snnviz.design import adjacency
from snnviz.design.design import Design
from snnviz.design.staged import StagedKind
from snnviz.graph.architectures import build_architecture
from snnviz.graph.rewiring import with_block_matrices
from snnviz.graph.twins import ann_twin
from snnviz.places import ROOT
from tests.core import papers, slow

KINDS = get_args(StagedKind)


def design(kind: str, *, data: str = "digits", depth: float = 0.5, **parts: Any) -> Design:
    """A 32nd of the channels, spiking well in every layer."""
    network = {"kind": kind, "width": 0.03125, "depth": depth, **parts.pop("network", {})}
    neuron = {"threshold": 0.6, **parts.pop("neuron", {})}
    return Design.check({"data": {"name": data, "steps": 2}, "network": network, "neuron": neuron, **parts})


def any_matrices(made: Design, seed: int) -> Design:
    """Each place for a skip in each block is empty, DSC or ASC."""
    draw = random.Random(seed)
    blocks = [
        adjacency.edges_from_skips(
            len(edges) - 1, {slot: draw.choice((0, 1, 2)) for slot in adjacency.skip_positions(len(edges) - 1)}
        )
        for edges in made.network.matrices
    ]
    return with_block_matrices(made, tuple(blocks))


def loud(made: Design, dtype: torch.dtype = torch.float64) -> Network:
    """Biases are not 0, and gains not 1."""
    network, draw = slow.loud(made, dtype), torch.Generator().manual_seed(8)
    for name, parameter in network.parameters.items():
        if name.endswith(".gain"):
            parameter.data += torch.rand(parameter.shape, generator=draw, dtype=torch.float64).to(dtype) / 2
    network.buffers = {name: buffer.to(dtype) for name, buffer in network.buffers.items()}
    return network


def shown(made: Design, images: int = 3, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Noise of the data set's shape, (1, B, C, H, W), and labels."""
    draw = torch.Generator().manual_seed(1)
    shape = build_architecture(made).input_shape
    image = torch.randn((1, images, *shape), generator=draw, dtype=torch.float64).to(dtype)
    return image, torch.arange(images)


def agrees(made: Design, body: Callable[..., Tensor], dtype: torch.dtype = torch.float64, close: float = 1e-9) -> None:
    """Logits, and the gradient of every parameter."""
    network = loud(made, dtype)
    image, labels = shown(made, dtype=dtype)
    literal = papers.Literal(network)
    mine, theirs = network(image), literal(image, body)
    assert mine.detach().std() > 0.01
    torch.testing.assert_close(mine, theirs, rtol=close, atol=close)
    other = literal.gradients(F.cross_entropy(theirs / made.data.steps, labels))
    assert other.keys() == network.parameters.keys()
    found = torch.autograd.grad(F.cross_entropy(mine / made.data.steps, labels), list(network.parameters.values()))
    for name, gradient in zip(network.parameters, found, strict=True):
        scale = max(1e-2, other[name].abs().max().item())
        torch.testing.assert_close(
            gradient, other[name], rtol=close, atol=close * scale, msg=lambda m, name=name: f"{name}: {m}"
        )


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("data", ["digits", "mnist"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_original_equals_the_papers(kind: str, data: str, norm: str) -> None:
    """Digits are 8, 4, 2 and 2 points wide in turn, MNIST 28, 14, 7 and 4 or, pooled, 3."""
    made = design(kind, data=data, network={"norm": norm})
    agrees(made, papers.original)
    agrees(made, papers.drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_at_its_full_depth_too(kind: str) -> None:
    agrees(design(kind, depth=1), papers.original)


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize(("data", "fraction"), [("digits", 1), ("digits", 0.5), ("mnist", 0.5), ("nmnist", 0.5)])
@pytest.mark.parametrize("kind", KINDS)
def test_any_matrices_equal_the_equation(kind: str, data: str, fraction: float, norm: str) -> None:
    network = {"norm": norm, "dsc_fraction": fraction}
    seed = len(kind) + len(data) + int(2 * fraction)
    depth = 0.25 if kind == "densenet121" else 1
    agrees(any_matrices(design(kind, data=data, depth=depth, network=network, seed=seed), seed), papers.drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_so_does_the_twin_of_relus(kind: str) -> None:
    agrees(
        ann_twin(any_matrices(design(kind, data="mnist", depth=0.25, network={"dsc_fraction": 0.5}), 3)), papers.drawn
    )


@pytest.mark.parametrize("kind", KINDS)
def test_so_do_a_spiking_readout_and_learning_in_single_precision(kind: str) -> None:
    parts = {"training": {"loss": "count"}, "neuron": {"threshold": 0.4, "beta": 0.9}}
    agrees(any_matrices(design(kind, depth=0.25, **parts), 4), papers.drawn)
    agrees(any_matrices(design(kind, depth=0.25), 5), papers.drawn, torch.float32, 2e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_matrices_of_zeros_are_a_plain_sequence_of_modules(kind: str) -> None:
    """torch.nn.Sequential, one time step: convolution, normalisation, neurons, again and again."""
    made = design(kind, data="mnist", depth=0.25)
    made = Design.check({**made.document(), "data": {**made.document()["data"], "steps": 1}})
    network = loud(
        with_block_matrices(made, tuple(adjacency.sequential(len(edges) - 1) for edges in made.network.matrices))
    )
    modules: list[nn.Module] = []
    for layer in network.architecture.weighted[:-1]:
        weight = network.parameters[f"{layer.name}.weight"].detach()
        conv = nn.Conv2d(
            weight.shape[1] * layer.groups, len(weight), layer.kernel, layer.stride, layer.kernel // 2, 1, layer.groups,
            bias=False, dtype=torch.float64,
        )  # fmt: skip
        norm = nn.BatchNorm2d(len(weight), dtype=torch.float64)
        conv.weight.data = weight
        norm.weight.data, norm.bias.data = (network.parameters[f"{layer.name}.{p}"].detach() for p in ("gain", "bias"))
        modules += [conv, norm]
        if not (kind == "mobilenetv2" and layer.name.endswith("b" if layer.name.startswith("B1.") else "c")):
            modules.append(slow.leaky(made.neuron, torch.float64))
        if layer.name.startswith("T"):
            modules.append(nn.AvgPool2d(2))
    readout = nn.Linear(layer.out_shape[0], 10, dtype=torch.float64)
    readout.weight.data, readout.bias.data = (network.parameters[f"readout.{p}"].detach() for p in ("weight", "bias"))
    for neurons in modules:
        neurons.init_hidden = True
    plain = nn.Sequential(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), readout)
    image, _ = shown(made)
    torch.testing.assert_close(network(image), plain(image[0]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_an_addition_leaves_every_weight_as_it_was(kind: str) -> None:
    """Bit for bit; a projection comes with weights of its own."""
    made = design(kind)
    blocks = [len(edges) - 1 for edges in made.network.matrices]
    plain = Network(with_block_matrices(made, tuple(map(adjacency.sequential, blocks)))).parameters
    added = Network(
        with_block_matrices(
            made, tuple(adjacency.edges_from_skips(d, dict.fromkeys(adjacency.skip_positions(d), 2)) for d in blocks)
        )
    ).parameters
    assert all(torch.equal(added[name], value) for name, value in plain.items())
    assert {name.partition(".")[2].partition(".")[0] for name in added.keys() - plain.keys()} == {"P0"}


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_watches_sees_every_layer_that_computes_and_changes_nothing(kind: str) -> None:
    made = any_matrices(design(kind), 6)
    network = loud(made, torch.float32)
    image, _ = shown(made, dtype=torch.float32)
    seen: dict[int, Activity] = {}
    with torch.no_grad():
        watched = network(image, lambda index, activity: seen.update({index: activity}))
        assert torch.equal(watched, network(image))
    layers = network.architecture.layers
    assert [layers[index] for index in seen] == list(network.architecture.weighted)
    for index, activity in seen.items():
        assert activity.neurons == layers[index].neurons
        assert (activity.rate is not None) == layers[index].spiking


@pytest.mark.parametrize("kind", KINDS)
def test_running_statistics_are_those_of_torch(kind: str) -> None:
    made = any_matrices(design(kind, depth=0.25), 7)
    network = loud(made)
    image, _ = shown(made)
    image = image.repeat(made.data.steps, 1, 1, 1, 1)  # a static stem is computed once: n - 1 is another
    literal = papers.Literal(network)
    literal(image, papers.drawn)
    train.logits(network, image, statistics="learn")
    for name, (_, *norms) in literal.modules.items():
        for norm in norms:
            torch.testing.assert_close(network.buffers[f"{name}.mean"], norm.running_mean, rtol=1e-9, atol=1e-12)
            torch.testing.assert_close(network.buffers[f"{name}.variance"], norm.running_var, rtol=1e-9, atol=1e-12)


LEARN = """
import resource, sys, torch
from snnviz.graph.architectures import build_architecture_for
from snnviz.core import networks, train
from snnviz.design.design import Design

torch.set_num_threads(1)
networks.build_architecture = lambda design: build_architecture_for(design, (3, 32, 32), 10)
network = networks.Network(Design.check({"data": {"steps": 4}, "network": {"kind": sys.argv[1]}}))
found = train.loss_and_gradients(network, torch.randn(1, 2, 3, 32, 32), torch.arange(2))
assert found.loss.isfinite()
assert all(gradient.isfinite().all() for gradient in found.gradients)
assert len(found.gradients) == len(network.parameters)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the peak has another unit")
@pytest.mark.parametrize(
    "kind", ["resnet18", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("densenet121", "mobilenetv2"))]
)
def test_at_full_size_images_of_cifars_shape_are_learnt_within_six_gigabytes(kind: str) -> None:
    command = [sys.executable, "-c", LEARN, kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(done.stdout) < 6 * 2**30
