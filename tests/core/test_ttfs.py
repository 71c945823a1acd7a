"""TTFS networks say, and learn, what ReLU networks do: logits, gradients, times and whole trajectories of weights."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import data, ttfs
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.graph.ttfs import relu_network
from snnviz.studies.ttfs.compute.equivalence import compare_with_twin, input_range, intensities, max_activations
from snnviz.studies.ttfs.theory import relus
from snnviz.theory import ttfs as theory
from snnviz.theory.ttfs import Window, center_rows, has_fired
from tests.core import slow

NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"kind": "mlp", "depth": 3, "width": 30},
    "cnn": {"kind": "cnn", "depth": 3, "channels": 6, "pool_every": 1},
    "cnn without pooling": {"kind": "cnn", "depth": 2, "channels": 5, "pool_every": 0},
    "vgg": {"kind": "vgg", "width": 0.0625, "stages": 2, "norm": "none"},
    "vgg of averages": {"kind": "vgg", "width": 0.05, "stages": 2, "norm": "none", "pooling": "average"},
    "two blocks without skips": {"kind": "block", "edges": "000/000/000", "channels": 4, "blocks": 2},
}
KINDS = pytest.mark.parametrize("parts", NETWORKS.values(), ids=NETWORKS)


def made(**network: Any) -> Design:
    """The ReLU network of a small design."""
    return relu_network(Design.check({"network": network}))


DEEP = made(kind="mlp", depth=7, width=100)


def pair(design: Design, dtype: torch.dtype = torch.float64, slopes: bool = False) -> tuple[Network, ttfs.Network]:
    """A ReLU network whose biases are not 0, and its twin; with `slopes` those are drawn from [0.5, 2]."""
    network = slow.loud(design, dtype)
    training, _ = data.load(design)
    draw = torch.Generator().manual_seed(3)
    shapes = [layer.out_shape[0] for layer in network.architecture.layers[:-1]]
    chosen = [0.5 + 1.5 * torch.rand(count, generator=draw, dtype=torch.float64).to(dtype) for count in shapes]
    given = max_activations(network, training, dtype)
    return network, ttfs.from_relu_network(
        network, given, *input_range(design), slopes=chosen if slopes else "one", dtype=dtype
    )


def images(design: Design, count: int = 256, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Intensities (B, 1, H, W), and what the ReLU network is shown, (1, B, 1, H, W)."""
    training, _ = data.load(design)
    shown = intensities(training.images[:count], training.white, dtype)
    low, high = input_range(design)
    return shown, (low + (high - low) * shown)[None]


def relative(a: Tensor, b: Tensor) -> float:
    return float((a - b).detach().abs().max() / b.detach().abs().max())


@KINDS
@pytest.mark.parametrize("slopes", [False, True], ids=["one", "drawn"])
def test_neurons_that_miss_silent_ones_do_so_in_torch_as_in_numpy(parts: dict[str, Any], slopes: bool) -> None:
    design = made(**parts)
    network, twin = pair(design, slopes=slopes)
    twin.silent = "nothing"
    shown, _ = images(design, 20)
    first, *others = relus.dense_layers(design, {name: kept.detach() for name, kept in network.parameters.items()})
    weights, bias = theory.rescale_input_range(first.weights, first.bias, *input_range(design))
    layers = (replace(first, weights=weights, bias=bias), *others)
    given = [
        1.0 if (slope := twin.slope(index)) is None else np.repeat(slope.numpy(), layer.neurons // len(slope))
        for index, layer in enumerate(twin.hidden)
    ]
    zeta, reached = theory.ZETA, max_activations(network, data.load(design)[0], torch.float64)
    squares = [layer.squares for layer in layers]
    low = theory.network_from_activations(
        [x.weights for x in layers], [x.bias for x in layers], reached, zeta, given, squares, "nothing"
    )
    passed, expected = twin.run(shown), low.run(shown.flatten(1).numpy())
    for found, times in zip(passed.times, expected.times, strict=True):
        np.testing.assert_allclose(found.flatten(1).numpy(), times, atol=1e-8)
    np.testing.assert_allclose(passed.logits.numpy(), expected.logits, atol=1e-7)
    twin.silent = "clock"
    assert (twin.run(shown).times[1] - passed.times[1]).abs().max() > 0.01


@KINDS
@pytest.mark.parametrize("slopes", [False, True], ids=["one", "drawn"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)], ids=["64", "32"])
def test_logits_are_the_relu_networks(
    parts: dict[str, Any], slopes: bool, dtype: torch.dtype, tolerance: float
) -> None:
    design = made(**parts)
    network, twin = pair(design, dtype, slopes)
    shown, input = images(design, dtype=dtype)
    with torch.no_grad():
        ours, theirs = twin(shown), network(input)
    assert ours.dtype == dtype
    assert relative(ours, theirs) < tolerance
    assert (ours.argmax(1) == theirs.argmax(1)).all()


@KINDS
@pytest.mark.parametrize("slopes", [False, True], ids=["one", "drawn"])
def test_gradients_of_logits_are_the_relu_networks(parts: dict[str, Any], slopes: bool) -> None:
    """Of W, times B: w = W / B."""
    design = made(**parts)
    network, twin = pair(design, slopes=slopes)
    for value in twin.parameters.values():
        value.requires_grad_()
    shown, input = images(design, 16)
    weights = torch.randn(16, 10, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    ours = torch.autograd.grad((twin(shown) * weights).sum(), list(twin.parameters.values()))
    theirs = torch.autograd.grad((network(input) * weights).sum(), list(network.parameters.values()))
    names = [layer.name for layer in twin.hidden]
    for name, mine, other in zip(network.parameters, ours, theirs, strict=True):
        layer, _, kind = name.rpartition(".")
        if slopes and kind == "weight" and layer in names:
            mine = mine * twin.slopes[names.index(layer)].view(-1, *[1] * (mine.dim() - 1))
        assert relative(mine, other) < 1e-10, name
        assert mine.abs().max() > 1e-6, name


@KINDS
@pytest.mark.parametrize("slopes", [False, True], ids=["one", "drawn"])
def test_times_are_those_of_weights_ramps_and_thresholds(parts: dict[str, Any], slopes: bool) -> None:
    """And so are spikes, windows and what each layer says; padding spikes at the time of the value 0."""
    design = made(**parts)
    network, twin = pair(design, slopes=slopes)
    said: list[Tensor] = []
    shown, input = images(design, 5)
    with torch.no_grad():
        passed = twin.run(shown)
        network(input, forward_hook=lambda _, x: said.append(x[0].permute(0, 3, 1, 2) if x.dim() == 5 else x[0]))
    low, high = input_range(design)
    for index, layer in enumerate(twin.architecture.layers):
        before, physical = ttfs.pool_times(passed.times[index], layer.sources[0]), twin.spiking_layer(index)
        zero = 1 + low / (high - low) if index == 0 else twin.windows[index - 1].end
        field = before.flatten(1)[:, :, None]
        if layer.kind == "conv":
            side = layer.kernel // 2
            field = F.unfold(F.pad(before, [side] * 4, value=zero), layer.kernel)  # (B, C k k, H W)
        columns = field.transpose(1, 2).flatten(0, 1).numpy()
        if layer is twin.architecture.layers[-1]:
            np.testing.assert_allclose(physical.potential_at_start(columns), passed.logits.numpy(), atol=1e-10)
            break
        times = passed.times[index + 1]
        found = torch.from_numpy(physical.fire(columns)).view(5, -1, layer.out_shape[0])  # (B, H W, C)
        torch.testing.assert_close(found, times.view(5, layer.out_shape[0], -1).transpose(1, 2), rtol=0, atol=1e-10)
        np.testing.assert_allclose(physical.slope, twin.slopes[index].numpy() if slopes else 1, atol=1e-12)
        window = twin.windows[index]
        assert window.start <= times.min() < times.max() <= window.end
        torch.testing.assert_close(window.end - times, said[index], rtol=0, atol=1e-10)
        assert (has_fired(times.numpy(), window) == (said[index] > 0).numpy()).all()
    assert all(a.end == b.start for a, b in pairwise(twin.windows))
    assert twin.latency == pytest.approx(1 + sum(window.width for window in twin.windows))


def test_normalisation_before_the_relus_is_in_weights_and_biases() -> None:
    design = made(kind="cnn", depth=3, channels=6, norm="batch")
    network = slow.loud(design)
    draw = torch.Generator().manual_seed(5)
    for name, value in network.buffers.items():
        network.buffers[name] = torch.rand(value.shape, generator=draw, dtype=torch.float64) + 0.2
    for name, value in network.parameters.items():
        if name.endswith(".gain"):
            sign = torch.where(torch.rand(value.shape, generator=draw) < 0.3, -1.0, 1.0)
            network.parameters[name] = value.detach() * sign
    training, _ = data.load(design)
    twin = ttfs.from_relu_network(network, max_activations(network, training, torch.float64), *input_range(design))
    shown, input = images(design)
    with torch.no_grad():
        assert relative(twin(shown), network(input, statistics="running")) < 1e-10
    assert set(twin.parameters) == {
        f"{layer.name}.{kind}" for layer in twin.architecture.layers for kind in ("weight", "bias")
    }


def test_the_earliest_spike_of_a_square_is_max_pooling() -> None:
    design = made(kind="vgg", width=0.05, stages=2, norm="none")
    twin = ttfs.from_scratch(slow.loud(design))
    shown, _ = images(design, 32)
    x = shown
    for layer in twin.hidden:
        weight, bias = (twin.parameters[f"{layer.name}.{kind}"] for kind in ("weight", "bias"))
        if layer.kind == "conv":
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
            x = F.max_pool2d(x, 2) if layer.name.endswith("L2") else x
        else:
            x = F.relu(F.linear(x.flatten(1), weight, bias))
    expected = F.linear(x, twin.parameters["readout.weight"], twin.parameters["readout.bias"])
    assert relative(twin(shown), expected) < 1e-10


def test_windows_adapt_and_logits_stay() -> None:
    design = made(kind="mlp", depth=4, width=30)
    network = slow.loud(design)
    twin = ttfs.Network(
        network.architecture, ttfs.fold_batch_norm(network), [Window(float(n), n + 1.0) for n in range(1, 5)]
    )
    shown, _ = images(design, 64)
    for _ in range(6):  # a window of 1 cuts activations, and those behind it are larger once it does not
        twin.after_step(twin.run(shown))
    passed, widths = twin.run(shown), [window.width for window in twin.windows]
    for times, window in zip(passed.times[1:], twin.windows, strict=True):
        assert window.width >= 10 * float(window.end - times.min()) * (1 - 1e-9)
    twin.after_step(passed)
    assert [window.width for window in twin.windows] == pytest.approx(widths)
    assert relative(ttfs.from_scratch(network)(shown), passed.logits) < 1e-10


def test_an_activation_that_does_not_fit_into_the_window_spikes_at_its_start() -> None:
    network, twin = pair(made(kind="mlp", depth=1, width=20))
    shown, input = images(network.design, 16)
    narrow = ttfs.Network(network.architecture, twin.parameters, [Window(1.0, 1.5)], low=twin.low, high=twin.high)
    times = narrow.run(shown).times[1]
    said: list[Tensor] = []
    network(input, forward_hook=lambda _, x: said.append(x[0]))
    torch.testing.assert_close(1.5 - times, said[0].detach().clamp(max=0.5), rtol=0, atol=1e-12)


def test_alpha_one_has_no_mapping_where_weights_of_a_neuron_are_large() -> None:
    design = made(kind="mlp", depth=2, width=60)
    network = slow.loud(design)
    with pytest.raises(InputError, match="weights must have rows that add up to less than 1 where alpha is 1"):
        ttfs.from_relu_network(network, [1.0, 1.0], *input_range(design), slopes="alpha-one")
    for name, value in network.parameters.items():
        if name.endswith(".weight"):
            network.parameters[name] = torch.from_numpy(center_rows(value.detach().numpy())) + 0.001
    training, _ = data.load(design)
    found = max_activations(network, training, torch.float64)
    twin = ttfs.from_relu_network(network, found, *input_range(design), slopes="alpha-one")
    shown, input = images(design)
    with torch.no_grad():
        assert relative(twin(shown), network(input)) < 1e-10
    np.testing.assert_allclose(twin.spiking_layer(1).ramp, 1, atol=1e-9)


def test_what_is_told_of_an_agreement() -> None:
    design = Design.check({"network": {"kind": "cnn", "depth": 3, "channels": 4}, "neuron": {"threshold": 0.5}})
    found = compare_with_twin(design, 100, slopes=(0.5, 2.0))
    assert found.images == 100
    assert found.max_relative_difference < 1e-10
    assert found.argmax_agreement == 1
    assert [layer.name for layer in found.layers] == [each.name for each in build_architecture(design).layers[:-1]]
    total = sum(layer.neurons for layer in found.layers)
    spikes = sum(layer.neurons * layer.spikes_per_neuron for layer in found.layers)
    assert found.spikes_per_neuron == pytest.approx(spikes / total)
    assert found.latency == found.layers[-1].end
    assert all(layer.saturated == 0 for layer in found.layers)
    cut = compare_with_twin(design, 100, zeta=-0.9)
    assert cut.layers[0].saturated > 0.1
    assert cut.max_relative_difference > 0.01
