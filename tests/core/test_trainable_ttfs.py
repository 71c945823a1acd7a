"""A TTFS network trained as any other: the ReLU network's steps, windows that come and go, a penalty for activity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from snnviz.core import data, measured_inits, train
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.core.randomness import generator
from snnviz.core.trainable_ttfs import ActivationHook, ActivityPenalty, TtfsNetwork
from snnviz.design.design import Design
from snnviz.events import Checkpoint, EpochEnd, LayerState, Timing
from snnviz.graph.architectures import build_architecture
from snnviz.theory import operations, ttfs
from tests.core import taps
from tests.core.test_execute import checkpoints, rows
from tests.core.test_same_numbers import goes_on
from tests.made_up import rows_of_before

MLP = {"kind": "mlp", "depth": 2, "width": 20, "code": "ttfs"}
CNN = {"kind": "cnn", "depth": 2, "channels": 3, "pool_every": 1, "code": "ttfs"}


def design(network: dict[str, Any] = MLP, **changed: Any) -> Design:
    document: dict[str, Any] = {
        "data": {"train_samples": 300, "test_samples": 60, "steps": 1},
        "network": network,
        "neuron": {"kind": "relu"},
        "init": "kaiming",
        "training": {"epochs": 3, "batch_size": 64},
    }
    return Design.check(document | changed)


def weights(checkpoint: Checkpoint) -> dict[str, Any]:
    return {name: value for name, value in checkpoint.arrays.items() if name.endswith((".weight", ".bias"))}


@pytest.mark.parametrize("network", [MLP, CNN], ids=["mlp", "cnn"])
@pytest.mark.parametrize("init", ["kaiming", "variance-preserving"])
def test_it_learns_what_the_relu_network_learns_in_double_precision(network: dict[str, Any], init: str) -> None:
    made = design(network, init=init)
    relu = made.model_copy(update={"network": made.network.model_copy(update={"code": "rate"})})
    training, _ = data.load(relu)
    learner, (low, high) = Network(relu), data.input_range(relu)
    measured_inits.initialise_from_data(learner, data.encoded_probe(training, relu)[0])
    learner.parameters = {name: p.detach().double().requires_grad_() for name, p in learner.parameters.items()}
    optimizer = train.Optimizer(learner)
    for epoch in range(3):
        optimizer.start_epoch(epoch)
        for chosen in torch.randperm(300, generator=generator(0, "order", epoch)).split(64):
            shown = (low + (high - low) * data.intensities(training.images[chosen], training.white))[None]
            optimizer.step(train.loss_and_gradients(learner, shown, training.labels[chosen]).gradients)
    found = weights(checkpoints(list(execute(made)))[-1])
    assert found
    for name, value in found.items():
        np.testing.assert_allclose(value, learner.parameters[name].detach().numpy(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("network", [MLP, CNN], ids=["mlp", "cnn"])
def test_a_resumed_run_goes_on_with_its_windows(network: dict[str, Any]) -> None:
    goes_on(design(network, ttfs={"penalty": 0.3}))


def test_a_second_core_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TtfsNetwork, "micro_batch", 20)
    made = design(CNN, ttfs={"penalty": 0.3})
    assert rows(list(execute(made))) == rows(list(execute(made, threads=lambda: 2)))


def test_windows_grow_in_training_and_are_what_the_training_images_need_in_the_end() -> None:
    made = design(ttfs={"zeta": 0.2})
    events = list(execute(made))
    timings = [event for event in events if isinstance(event, Timing)]
    during = [event for event in timings if not event.final]
    for layer in range(2):
        widths = [event.end - event.start for event in during if event.layer == layer]
        assert widths[0] == 1200
        assert widths == sorted(widths)
    arrays = checkpoints(events)[-1].arrays
    x, largest = data.load(made)[0].images.flatten(1).double().numpy() / 16, []
    low, high = data.input_range(made)
    x = low + (high - low) * x
    for name in ("L1", "L2"):
        x = np.maximum(x @ arrays[f"{name}.weight"].T + arrays[f"{name}.bias"], 0)
        largest.append(x.max())
    windows = ttfs.windows_from_activations(largest, 0.2)
    np.testing.assert_allclose(arrays["windows"], [1, *(window.end for window in windows)])
    final = [event for event in timings if event.final]
    np.testing.assert_allclose([event.end for event in final], [window.end for window in windows])
    assert all(event.first is not None and event.start <= event.first <= event.end for event in final)


def test_a_wide_activation_moves_the_window_after_the_step() -> None:
    network = TtfsNetwork(design())
    network.parameters["L1.bias"].data.fill_(400.0)
    before = network.windows
    network(torch.rand(1, 5, 1, 8, 8, dtype=torch.float64), statistics="learn")
    network.after_step()
    assert network.windows[0].width > 10 * 399 > before[0].width
    assert network.windows[1].start == network.windows[0].end
    network.after_step()
    assert network.windows[0].width > 10 * 399  # it only grows


@pytest.mark.parametrize("network", [MLP, CNN], ids=["mlp", "cnn"])
def test_spikes_are_counted_as_they_come(network: dict[str, Any]) -> None:
    """Rates, densities and additions against what the ReLU network says: each spike costs once what it reaches."""
    made = design(network, training={"epochs": 1})
    events = list(execute(made))
    states = [event for event in events if isinstance(event, LayerState)][-3:]
    arrays = {name: torch.tensor(value) for name, value in checkpoints(events)[-1].arrays.items()}
    (training, test), (low, high) = data.load(made), data.input_range(made)
    spikes, additions, fired = [], 0, 0

    def pass_through(images: torch.Tensor) -> list[torch.Tensor]:
        shown, said = data.intensities(images, training.white), []
        said.append(shown > 0)
        x = low + (high - low) * shown
        for layer in build_architecture(made).layers:
            w, b, pool = arrays[f"{layer.name}.weight"], arrays[f"{layer.name}.bias"], layer.sources[0].pool
            x = F.avg_pool2d(x, pool) if pool > 1 else x
            x = F.conv2d(x, w, b, padding=1) if layer.kind == "conv" else F.linear(x.flatten(1), w, b)
            x = x.relu()
            said.append(x > 0)
        return said[:-1]

    passed = pass_through(data.probe_images(training, made.seed).images)
    spikes = [int(said.sum()) for said in passed]
    for said, layer in zip(passed, build_architecture(made).layers, strict=True):
        additions += taps.taps(layer, taps.arriving(layer, said.double().numpy())).sum() / 64
    np.testing.assert_allclose([state.rate for state in states[:2]],
                               [count / 64 / layer.neurons for count, layer in
                                zip(spikes[1:], build_architecture(made).layers, strict=False)])  # fmt: skip
    counted = operations.operations_per_image(made, states)
    assert (counted.macs, counted.estimated) == (0, False)
    assert counted.additions == additions
    estimate = operations.operations_per_image(made, rows_of_before(made, [s.rate for s in states]))
    assert estimate.estimated
    np.testing.assert_allclose(estimate.additions, counted.additions, rtol=0.1)
    fired = sum(int(said.sum()) for said in pass_through(test.images)[1:])
    neurons = sum(layer.neurons for layer in build_architecture(made).layers[:-1])
    end = next(event for event in events if isinstance(event, EpochEnd))
    assert end.rate == pytest.approx(fired / neurons / len(test))


def test_the_penalty_is_the_mean_activation_times_its_weight() -> None:
    network = TtfsNetwork(design())
    listener = ActivationHook(ActivityPenalty(network, 0.5))
    x = [torch.rand(1, 4, 20, dtype=torch.float64) for _ in range(2)]
    for index, said in enumerate(x):
        listener(index, said)
    whole, (mean,) = listener.total_loss(torch.tensor(2.0), torch.zeros(4), 8)
    assert float(mean) == pytest.approx(float(torch.cat(x).sum()) / 40 / 8)  # four of a batch of eight
    assert float(whole) == pytest.approx(2 + 0.5 * float(mean))


def test_a_penalty_makes_spikes_few() -> None:
    last = []
    for weight in (0, 0.5):
        made = design(training={"epochs": 6}, data={"steps": 1}, ttfs={"penalty": weight})
        last.append([event for event in execute(made) if isinstance(event, EpochEnd)][-1])
    rates = [end.rate or 0.0 for end in last]
    assert rates[1] < 0.85 * rates[0]
    assert last[1].test_accuracy > last[0].test_accuracy - 0.1


def test_with_alpha_one_it_learns_other_weights() -> None:
    one, other = (checkpoints(list(execute(design(ttfs={"slope": slope}))))[0] for slope in ("one", "alpha-one"))
    assert max(abs(one.arrays[name] - other.arrays[name]).max() for name in weights(one)) > 1e-3
