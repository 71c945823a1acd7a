"""TTFS networks under limits: forward what `ttfs.theory.limits` says, backward as if there were none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from statistics import fmean
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import data, ttfs
from snnviz.core.execute import execute
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import Diverged
from snnviz.events import Checkpoint, EpochEnd, Event, Progress
from snnviz.studies.ttfs.compute import finetune
from snnviz.studies.ttfs.compute.equivalence import input_range, intensities, max_activations
from snnviz.studies.ttfs.compute.limits import LimitedNetwork, quantise, quantise_weights, straight_through
from snnviz.studies.ttfs.curves import LimitStudy, default_design, finetuning_task
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits, Tuned
from snnviz.studies.ttfs.theory import limits as ttfslimits
from tests.core import slow

MLP = change(default_design(), {"network.width": 30, "network.depth": 2})
CNN = change(
    default_design(),
    {"network.kind": "cnn", "network.depth": 3, "network.channels": 6, "network.pool_every": 1, "init": "kaiming"},
)
EVERY = {
    "none": HardwareLimits(),
    "weights": HardwareLimits(weight_bits=3, outliers=0.01),
    "weights with a zero": HardwareLimits(weight_bits=3, levels="with-zero"),
    "times": HardwareLimits(time_bits=4),
    "jitter": HardwareLimits(jitter=0.2),
    "latency": HardwareLimits(latency=6),
    "all": HardwareLimits(weight_bits=4, time_bits=5, jitter=0.1, latency=3),
}
LIMITS = pytest.mark.parametrize("limits", EVERY.values(), ids=EVERY)


def exact(design: Design) -> ttfs.Network:
    """The twin of an untrained network whose biases are not 0, in float64."""
    network = slow.loud(design, torch.float64)
    return ttfs.from_relu_network(
        network, max_activations(network, data.load(design)[0], torch.float64), *input_range(design)
    )


def images(design: Design, count: int = 40) -> tuple[Tensor, Tensor]:
    _, test = data.load(design)
    return intensities(test.images[:count], test.white, torch.float64), test.labels[:count]


def test_without_limits_it_is_the_exact_network_to_the_bit() -> None:
    made, (shown, _) = exact(CNN), images(CNN)
    free, limited = made.run(shown), LimitedNetwork(made, HardwareLimits()).run(shown)
    assert torch.equal(free.logits, limited.logits)
    assert all(map(torch.equal, free.times, limited.times))


@LIMITS
def test_it_says_what_the_formulas_say(limits: HardwareLimits) -> None:
    if limits.jitter:
        limits = limits.model_copy(update={"jitter": 0.0})  # its noise is of another stream
    made, (shown, _) = exact(MLP), images(MLP)
    layers = made.architecture.layers
    weights, biases = (
        tuple(made.parameters[f"{layer.name}.{kind}"].numpy() for layer in layers) for kind in ("weight", "bias")
    )
    trained = ttfslimits.TtfsWeights(weights, biases, made.windows, made.low, made.high).limited(limits)
    logits, spikes = trained.logits(shown.flatten(1).numpy(), limits)
    limited = LimitedNetwork(made, limits)
    passed = limited.run(shown)
    assert np.allclose(passed.logits.detach().numpy(), logits, rtol=1e-9, atol=1e-9)
    fired = [(t < w.end).double().mean() for t, w in zip(passed.times[1:], limited.windows, strict=True)]
    assert float(sum(fired)) / len(fired) == pytest.approx(spikes)


def test_both_quantise_alike() -> None:
    values = torch.linspace(-2, 2, 1001, dtype=torch.float64)
    for bits in range(1, 9):
        assert (quantise(values, -1.3, 1.7, bits).numpy() == ttfslimits.quantise(values.numpy(), -1.3, 1.7, bits)).all()
    assert quantise(values, 0.0, 0.0, 3).unique().tolist() == [0]
    for bits in range(2, 9):
        found = quantise_weights(values, 1.3, bits, "with-zero")
        assert (found.numpy() == ttfslimits.quantise_weights(values.numpy(), 1.3, bits, "with-zero")).all()
        assert len(found.unique()) == 2**bits - 1
    assert quantise_weights(values, 0.0, 3, "with-zero").unique().tolist() == [0]


def test_times_lie_on_the_grid_of_their_own_window_and_jitter_wakes_nobody() -> None:
    made, (shown, _) = exact(MLP), images(MLP)
    coarse = LimitedNetwork(made, HardwareLimits(time_bits=2)).run(shown)
    for times, window in zip(coarse.times[1:], made.windows, strict=True):
        steps = (times - window.start) / (window.width / 3)
        assert torch.allclose(steps, steps.round(), atol=1e-9)
        assert len(times.unique()) <= 4
    noisy = LimitedNetwork(made, HardwareLimits(jitter=0.5))
    noisy.draw = torch.Generator().manual_seed(0)
    free, moved = made.run(shown), noisy.run(shown)
    assert (moved.times[0][free.times[0] == 1] == 1).all()
    assert ((moved.times[0] >= 0) & (moved.times[0] <= 1)).all()
    assert not torch.equal(moved.times[0], free.times[0])


@LIMITS
@pytest.mark.parametrize("design", [MLP, CNN], ids=["mlp", "cnn"])
def test_the_gradient_is_that_of_limits_taken_for_constants(design: Design, limits: HardwareLimits) -> None:
    """The surrogate written down: W + c and t + c, where c is what a limit added, and autograd of that."""
    made, (shown, labels) = exact(design), images(design, 12)
    limited = LimitedNetwork(made, limits)
    limited.draw = torch.Generator().manual_seed(5)
    passed = limited.run(shown)
    names = list(limited.parameters)
    found = torch.autograd.grad(F.cross_entropy(passed.logits, labels), list(limited.parameters.values()))

    own = {name: value.detach().clone().requires_grad_() for name, value in limited.parameters.items()}
    added = {}
    for index, layer in enumerate(limited.architecture.layers):
        name, reach = f"{layer.name}.weight", limited.ranges[index]
        bits, levels = limits.weight_bits, limits.levels
        few = quantise_weights(own[name], reach, bits, levels) if bits else own[name].detach()
        added[name] = own[name] + (few - own[name].detach())
    plain = ttfs.Network(made.architecture, own | added, limited.windows, low=made.low, high=made.high)
    times = [passed.times[0].detach()]
    for index, window in enumerate(plain.windows):
        t = (window.end - torch.relu(plain.decoded_values(index, times[-1]))).clamp(min=window.start)
        times.append(t + (passed.times[index + 1] - t).detach())
    logits = plain.decoded_values(len(plain.windows), times[-1])
    assert torch.allclose(logits, passed.logits)
    expected = torch.autograd.grad(F.cross_entropy(logits, labels), list(own.values()))
    for name, mine, its in zip(names, found, expected, strict=True):
        assert torch.allclose(mine, its, rtol=1e-7, atol=1e-10), name
        assert mine.abs().max() > 0


def test_straight_through_is_the_limit_to_the_bit() -> None:
    value = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64, requires_grad=True)
    limited = torch.tensor([0.3, 1 / 3, 1.0], dtype=torch.float64)
    found = straight_through(value, limited)
    assert torch.equal(found, limited)
    (gradient,) = torch.autograd.grad(found.square().sum(), value)
    assert torch.equal(gradient, 2 * limited)


@cache
def trained(seed: int = 0) -> tuple[Mapping[str, Any], float]:
    """The arrays of the network on digits, and its test accuracy."""
    events = list(execute(change(default_design(), {"seed": seed})))
    (last,) = [event for event in events if isinstance(event, Checkpoint)][-1:]
    return last.arrays, [event for event in events if isinstance(event, EpochEnd)][-1].test_accuracy


def tuned(study: LimitStudy, seed: int = 0, **limits: Any) -> list[Tuned]:
    task = finetuning_task(change(default_design(), {"seed": seed}), HardwareLimits(**limits), study)
    return [event for event in finetune.finetune(task, trained(seed)[0]) if isinstance(event, Tuned)]


CURVES: dict[str, tuple[float, ...]] = {
    "weight_bits": (8, 4, 3, 2),
    "time_bits": (8, 4, 3, 2),
    "jitter": (0.1, 0.2, 0.4, 0.8),
    "latency": (1, 4, 10),
}


@pytest.mark.parametrize("axis", CURVES)
def test_training_on_through_a_limit_loses_nothing(axis: str) -> None:
    """On digits, 64-128x3-10."""
    _, free = trained()
    for value in CURVES[axis]:
        before, *_, after = tuned(LimitStudy(), **{axis: value})
        if axis != "jitter" or value <= 0.4:
            assert after.accuracy >= before.accuracy - 0.01, (axis, value)
        if value in (8, 1):
            assert abs(before.accuracy - free) <= 0.01, (axis, value)
    assert before.accuracy < free - 0.02  # the last of each axis is felt


@pytest.mark.parametrize("limit", [{"weight_bits": 2}, {"latency": 13}], ids=["2 bits", "read ten times sooner"])
def test_training_on_wins_much_back(limit: dict[str, float]) -> None:
    """On digits, 64-128x3-10, of three seeds."""
    gains = []
    for seed in range(3):
        before, *_, after = tuned(LimitStudy(), seed, **limit)
        gains.append(after.accuracy - before.accuracy)
        free = tuned(LimitStudy(epochs=1), seed)[0]
        if "latency" in limit:
            assert 9 < free.latency / after.latency < 11
    assert fmean(gains) > 0.1


def test_it_computes_the_same_again_and_before_does_not_depend_on_how_it_is_trained() -> None:
    one = tuned(LimitStudy(epochs=2), jitter=0.2, weight_bits=4)
    assert one == tuned(LimitStudy(epochs=2), jitter=0.2, weight_bits=4)
    assert [row.epoch for row in one] == [0, 1, 2]
    assert one[0] == tuned(LimitStudy(epochs=1, learning_rate=0.01), jitter=0.2, weight_bits=4)[0]


def test_a_network_that_is_not_there_is_trained_first() -> None:
    task = finetuning_task(default_design(), HardwareLimits(weight_bits=4), LimitStudy(epochs=1))
    events: list[Event] = list(finetune.finetune(task))
    told = [event for event in events if isinstance(event, Tuned)]
    assert told == [event for event in finetune.finetune(task, trained()[0]) if isinstance(event, Tuned)]
    doing = [event.doing for event in events if isinstance(event, Progress) and event.doing]
    assert doing[0].startswith("training the network first: step 0 of ")
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == sorted(steps)
    assert not any(isinstance(event, EpochEnd | Checkpoint) for event in events)


def test_a_step_that_is_too_large_is_a_sentence() -> None:
    big = change(default_design(), {"training.optimizer": "sgd"})
    task = FineTuning(design=big, epochs=5, learning_rate=1)
    arrays = {name: 1e18 * value for name, value in trained()[0].items()}
    with pytest.raises(Diverged, match="a smaller learning rate may help"):
        list(finetune.finetune(task, arrays))


@pytest.mark.parametrize("penalty", [0, 5])
def test_a_step_of_it_is_one_on_the_relu_networks_loss_and_mean_activation(penalty: float) -> None:
    """One batch, one step of plain gradient descent, no limits: the network after it is the one that autograd finds."""
    plain = {"training.batch_size": 200, "training.optimizer": "sgd", "training.optimizer.momentum": 0}
    small = {"data.train_samples": 200, "data.test_samples": 50}
    made = change(default_design(), plain | small | {"network.code": "ttfs", "ttfs.penalty": penalty})
    arrays, rate = trained()[0], 0.05
    parameters = {name: torch.tensor(value).double().requires_grad_() for name, value in arrays.items() if "." in name}
    weights, biases = ([p for name, p in parameters.items() if name.endswith(end)] for end in (".weight", ".bias"))
    assert len(weights) == len(biases) == 4

    def passed(images: data.Images) -> tuple[Tensor, Tensor, Tensor]:
        """Cross-entropy, mean activation of the hidden neurons, share of them that are not 0."""
        low, high = input_range(made)
        x = (low + (high - low) * intensities(images.images, images.white, torch.float64)).flatten(1)
        hidden = []
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            x = (x @ weight.T + bias).relu()
            hidden.append(x)
        logits, activations = x @ weights[-1].T + biases[-1], torch.cat(hidden, 1)
        return F.cross_entropy(logits, images.labels), activations.mean(), (activations > 0).double().mean()

    training, test = data.load(made)
    loss, mean, _ = passed(training)
    gradients = torch.autograd.grad(loss + penalty * mean, [*weights, *biases])
    before = passed(test)
    with torch.no_grad():
        for value, gradient in zip([*weights, *biases], gradients, strict=True):
            value -= rate * gradient
    after = passed(test)
    events = finetune.finetune(FineTuning(design=made, epochs=1, learning_rate=rate), arrays)
    rows = [event for event in events if isinstance(event, Tuned)]
    for row, (loss, _, spikes) in zip(rows, (before, after), strict=True):
        assert row.loss == pytest.approx(float(loss.detach()), rel=1e-5)
        assert row.spikes == pytest.approx(float(spikes), abs=2e-4)
