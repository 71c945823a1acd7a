"""Shortcut branches: the loss, its gradients, and all that they must leave alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from snnviz.core import gradients, train
from snnviz.core.activity import Activity
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.core.shortcuts import PREFIX, ShortcutBranches, shortcut_branches
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import SHORTCUTS, SURROGATES
from snnviz.events import Branch, Checkpoint, EpochEnd, Event, LayerState, Sample
from snnviz.graph.architectures import build_architecture
from snnviz.graph.branches import branch_layers, branch_parameter_count, hidden_layers
from tests.core import slow
from tests.core.literal import said_by_layers

SIX = {"kind": "mlp", "depth": 6, "width": 24}
NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": SIX,
    "mlp, normalised": {**SIX, "norm": "batch"},
    "cnn": {"kind": "cnn", "depth": 5, "channels": 5},
    "cnn, normalised": {"kind": "cnn", "depth": 3, "channels": 5, "norm": "batch"},
    "block": {"kind": "block", "edges": "0021/0001/0000/0000", "channels": 5},
    "block with a cycle": {"kind": "block", "edges": "00200/00010/00000/00100/00020", "channels": 5},
    "resnet18": {"kind": "resnet18", "width": 0.0625, "depth": 0.5},
    "mobilenetv2": {"kind": "mobilenetv2", "width": 0.0625, "depth": 0.3},
    "densenet121": {"kind": "densenet121", "width": 0.0625, "depth": 0.1},
    "cell": {"kind": "cell", "cell": "0333 0033 0003 0000", "channels": 4, "hidden": 20},
    "cell with a cycle": {"kind": "cell", "cell": "0303 0030 2002 0200", "channels": 4, "hidden": 20},
}


def design(network: dict[str, Any] | None = None, **shortcut: Any) -> Design:
    """A design with branches that trains in a tenth of a second."""
    document = {
        "data": {"train_samples": 300, "test_samples": 80, "steps": 3},
        "network": network or SIX,
        "training": {"epochs": 3, "shortcut": {"schedule": "linear", **shortcut}},
        "neuron": {"threshold": 0.5},
        "init": "kaiming",
    }
    return Design.check(document)


def vanilla(made: Design) -> Design:
    return change(made, {"training.shortcut.schedule": "zero", "training.shortcut.layers": ""})


def precise(network: Network) -> ShortcutBranches:
    """Its branches in double precision."""
    found = shortcut_branches(network)
    assert found is not None
    for name, parameter in found.parameters.items():
        found.parameters[name] = parameter.detach().double().requires_grad_()
    return found


def shown(images: int = 6, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    return torch.randn((1, images, 1, 8, 8), generator=draw, dtype=torch.float64).to(dtype), torch.arange(images)


def expected(
    network: Network, beside: ShortcutBranches, factors: tuple[float, float], image: Tensor, labels: Tensor
) -> Any:
    """The main loss, the branches', and the gradients of the whole, by plain autograd."""
    said = said_by_layers(network, image)
    logits = said[-1].sum(0).flatten(1).unflatten(1, (10, -1)).mean(2) / network.steps
    main, parts = F.cross_entropy(logits, labels), []
    for index in beside.layers:
        weight, bias = (beside.parameters[f"{PREFIX}{beside.names[index]}.{part}"] for part in ("weight", "bias"))
        parts.append(F.cross_entropy(F.linear(said[index].mean((0, 3, 4)), weight, bias), labels))
    whole = factors[0] * main + factors[1] * torch.stack(parts).sum()
    learnt = [*network.parameters.values(), *beside.parameters.values()]
    found = torch.autograd.grad(whole, learnt, allow_unused=True)
    return main, parts, [torch.zeros_like(p) if g is None else g for p, g in zip(learnt, found, strict=True)]


@pytest.mark.parametrize("weighting", ["plain", "normalised"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_the_loss_and_every_gradient_are_those_of_plain_autograd(kind: str, weighting: str) -> None:
    made = design(NETWORKS[kind], weighting=weighting)
    network = slow.loud(made)
    network.buffers = {name: buffer.double() for name, buffer in network.buffers.items()}
    for name, parameter in network.parameters.items():
        if name.endswith("weight"):  # so that spikes reach the readout, but not all neurons spike
            parameter.data *= 2
    beside, (image, labels) = precise(network), shown()
    objective = beside.objective(1)
    assert objective is not None
    value, count = 2 / 3, len(beside.layers)
    factors = (1.0, value) if weighting == "plain" else (1 / (1 + value), value / (1 + value) / count)
    found = train.loss_and_gradients(network, image, labels, objective=objective)
    main, parts, grown = expected(network, beside, factors, image, labels)
    torch.testing.assert_close(found.loss, main.detach(), rtol=1e-8, atol=0)
    assert found.parts is not None
    torch.testing.assert_close(found.parts, torch.stack(parts).detach(), rtol=1e-8, atol=0)
    names = [*network.parameters, *beside.parameters]
    for name, mine, theirs in zip(names, found.gradients, grown, strict=True):
        scale = max(1e-3, theirs.abs().max().item())
        torch.testing.assert_close(mine, theirs, rtol=1e-8, atol=1e-8 * scale, msg=lambda m, n=name: f"{n}: {m}")
    assert sum(gradient.abs().max() > 0 for gradient in found.gradients) > len(found.gradients) // 2


@pytest.mark.parametrize("kind", ["mlp", "cnn", "block with a cycle", "cell"])
def test_so_are_those_of_the_compiled_neurons(kind: str) -> None:
    network = slow.loud(design(NETWORKS[kind], layers=[1, 3]), torch.float32)
    beside, (image, labels) = shortcut_branches(network), shown(dtype=torch.float32)
    assert beside is not None
    found = train.loss_and_gradients(network, image, labels, objective=beside.objective(0))
    _, _, grown = expected(network, beside, (1.0, 1.0), image, labels)
    for mine, theirs in zip(found.gradients, grown, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-4 * max(1e-2, theirs.abs().max().item()))


# What the branches leave alone


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_says_the_same_whether_it_has_branches_or_not(kind: str) -> None:
    made, (image, labels) = design(NETWORKS[kind]), shown(dtype=torch.float32)
    network, plain = Network(made), Network(vanilla(made))
    assert list(network.parameters) == list(plain.parameters)
    assert all(torch.equal(p, plain.parameters[name]) for name, p in network.parameters.items())
    beside = shortcut_branches(network)
    assert beside is not None
    objective = beside.objective(0)
    assert objective is not None
    listener = objective.make_hook()
    attached = train.logits(network, image, forward_hook=listener)
    assert set(listener.logits) == set(beside.layers)
    listener.total_loss(attached.sum(), labels, len(labels))
    assert torch.equal(attached, train.logits(network, image))
    assert torch.equal(attached, train.logits(plain, image))


def checkpoints(events: list[Event]) -> list[Checkpoint]:
    return [event for event in events if isinstance(event, Checkpoint)]


def rows(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Sample | LayerState | Branch | EpochEnd)]


def equal(one: Checkpoint, other: Checkpoint) -> bool:
    return list(one.arrays) == list(other.arrays) and all(
        np.array_equal(array, other.arrays[name]) for name, array in one.arrays.items()
    )


@pytest.mark.parametrize("kind", ["mlp", "cnn, normalised", "block with a cycle", "cell"])
def test_a_weight_of_zero_trains_the_network_as_if_there_were_no_branches(kind: str) -> None:
    made = design(NETWORKS[kind], schedule={"kind": "constant", "weight": 0})
    with_branches, without = list(execute(made)), list(execute(vanilla(made)))
    assert rows(with_branches) == rows(without)
    for mine, theirs in zip(checkpoints(with_branches), checkpoints(without), strict=True):
        assert all(np.array_equal(array, mine.arrays[name]) for name, array in theirs.arrays.items())


def test_without_branches_the_whole_gradient_is_that_of_the_main_loss() -> None:
    network, (image, labels) = slow.loud(vanilla(design()), torch.float32), shown(dtype=torch.float32)
    found = gradients.gradient_norms(network, image, labels, None)
    assert list(found) == [layer.name for layer in network.architecture.weighted]
    for norms in found.values():
        assert norms.main == norms.whole == norms.plain > 0
        assert norms.branches == norms.share == 0


def test_a_loss_with_a_factor_of_zero_adds_nothing_to_any_gradient() -> None:
    made, (image, labels) = design(), shown(dtype=torch.float32)
    network = Network(made)
    beside = shortcut_branches(network)
    assert beside is not None
    objective = beside.objective(0)
    assert objective is not None
    silent = type(objective)(beside, 1.0, 0.0)
    found = train.loss_and_gradients(network, image, labels, objective=silent).gradients
    for gradient, plain in zip(found, train.loss_and_gradients(network, image, labels).gradients, strict=False):
        assert torch.equal(gradient, plain)


@pytest.mark.parametrize(("kind", "layers"), [("mlp", [2, 4]), ("cnn", [1, 3]), ("resnet18", [])])
def test_layers_behind_the_last_branch_get_no_gradient_from_the_branches(kind: str, layers: list[int]) -> None:
    made, (image, labels) = design(NETWORKS[kind], layers=layers), shown(dtype=torch.float32)
    network = slow.loud(made, torch.float32)
    beside = shortcut_branches(network)
    assert beside is not None
    objective = beside.objective(0)
    assert objective is not None
    found = train.loss_and_gradients(network, image, labels, objective=objective.alone()).gradients
    named = dict(zip(network.parameters, found, strict=False))
    places = {layer.name: index for index, layer in enumerate(network.architecture.layers)}
    for name, gradient in named.items():
        behind = places[name.rpartition(".")[0]] > beside.layers[-1]
        assert not behind or gradient.abs().max() == 0, name
    assert any(gradient.abs().max() > 0 for gradient in named.values())
    parts = gradients.branch_shares(network, image, labels, objective)
    assert parts is not None
    assert {name for name, part in parts.items() if part == 0} >= {"readout"}
    assert all(part is None or 0 <= part <= 1 for part in parts.values())


# A run with branches


@pytest.mark.parametrize("kind", ["mlp", "cnn", "cell with a cycle"])
def test_a_resumed_run_goes_on_as_if_it_had_never_stopped(kind: str) -> None:
    made = design(NETWORKS[kind])
    undisturbed = list(execute(made))
    kept = checkpoints(undisturbed)
    for checkpoint in kept:
        resumed = list(execute(made, resume=checkpoint))
        after = undisturbed.index(checkpoint) + 1
        assert rows(resumed) == rows(undisturbed[after:])
        assert all(map(equal, checkpoints(resumed), checkpoints(undisturbed[after:])))


def test_branches_are_in_every_checkpoint_but_the_last() -> None:
    made = design()
    *before, last = checkpoints(list(execute(made)))
    assert all(any(PREFIX in name for name in checkpoint.arrays) for checkpoint in before)
    assert list(last.arrays) == list(checkpoints(list(execute(vanilla(made))))[-1].arrays)


def test_a_second_core_changes_nothing_and_micro_batches_only_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    made, (image, labels) = design(NETWORKS["cnn"]), shown(30, torch.float32)
    labels = labels % 10
    network = slow.loud(made, torch.float32)
    beside = shortcut_branches(network)
    assert beside is not None
    objective = beside.objective(0)
    whole = train.loss_and_gradients(network, image, labels, objective=objective)
    monkeypatch.setattr(Network, "micro_batch", 7)
    alone = train.loss_and_gradients(network, image, labels, objective=objective)
    with train.worker_threads() as crew:
        shared = train.loss_and_gradients(network, image, labels, crew, objective=objective)
    assert whole.parts is not None
    assert alone.parts is not None
    assert shared.parts is not None
    torch.testing.assert_close(alone.parts, whole.parts, rtol=1e-5, atol=0)
    assert torch.equal(alone.parts, shared.parts)
    assert torch.equal(alone.loss, shared.loss)
    for mine, theirs, together in zip(alone.gradients, shared.gradients, whole.gradients, strict=True):
        assert torch.equal(mine, theirs)
        torch.testing.assert_close(mine, together, rtol=1e-3, atol=1e-5)
    first, second = list(execute(made)), list(execute(made, threads=lambda: 2))
    assert rows(first) == rows(second)
    assert all(map(equal, checkpoints(first), checkpoints(second)))


def test_a_run_tells_each_branchs_loss_and_factor_at_each_look() -> None:
    made = design(layers=[2, 5])
    events = list(execute(made))
    told = [event for event in events if isinstance(event, Branch)]
    looks = [event for event in events if isinstance(event, Sample)]
    assert [(b.step, b.layer, b.name) for b in told] == [(s.step, k, f"L{k}") for s in looks for k in (2, 5)]
    assert [b.weight for b in told] == [w for w in (1, pytest.approx(2 / 3), pytest.approx(1 / 3)) for _ in range(2)]
    assert all(1 < b.loss < 4 for b in told)
    states = [event for event in events if isinstance(event, LayerState)]
    assert {s.name for s in states if s.shortcut} >= {"L1", "L2", "L5"}
    assert all(s.shortcut == 0 for s in states if s.name in ("L6", "readout"))
    assert all((s.saturation is None) == (s.name == "readout") for s in states)
    plain = [event for event in execute(vanilla(made)) if isinstance(event, LayerState | Branch)]
    assert all(isinstance(event, LayerState) and event.shortcut is None for event in plain)


@pytest.mark.parametrize("kind", NETWORKS)
def test_branches_stand_where_they_are_said_to_and_are_counted(kind: str) -> None:
    made = design(NETWORKS[kind])
    found = ShortcutBranches(Network(made))
    assert found.layers == branch_layers(made)
    assert sum(p.numel() for p in found.parameters.values()) == branch_parameter_count(made)
    assert found.layers[-1] < len(build_architecture(made).layers) - 1
    assert branch_layers(design(NETWORKS[kind], layers=[1, 2])) == hidden_layers(made)[:2]
    assert branch_layers(vanilla(made)) == ()
    assert shortcut_branches(Network(vanilla(made))) is None


@pytest.mark.parametrize("kind", [kind for kind in SHORTCUTS.kinds if kind != "zero"])
def test_every_schedule_trains(kind: str) -> None:
    events = list(execute(design(schedule=kind)))
    assert next(e.weight for e in events if isinstance(e, Branch)) == 1


# Saturation


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
@pytest.mark.parametrize("kind", SURROGATES.kinds)
def test_saturated_are_the_neurons_whose_surrogate_derivative_is_below_a_hundredth_of_its_peak(
    kind: str, reset: str
) -> None:
    made = change(design(NETWORKS["cnn"]), {"neuron.surrogate": kind, "neuron.reset": reset})
    network, (image, _) = slow.loud(made, torch.float32), shown(dtype=torch.float32)
    seen: dict[int, Activity] = {}
    with torch.no_grad():
        network(image, seen.__setitem__)
    currents: dict[str, list[Tensor]] = {}
    slow.literal_logits(network, image, currents)
    choice = made.neuron.surrogate
    for index, layer in enumerate(network.architecture.layers[:-1]):
        u = torch.stack(currents[layer.name]).detach().double() - made.neuron.threshold
        derivative = SURROGATES[kind].function(u.numpy(), **choice.parameters)
        wanted = (derivative < SURROGATES[kind].function(0.0, **choice.parameters) / 100).mean()
        assert seen[index].saturation == pytest.approx(wanted, abs=2e-3)
        assert seen[index].saturated.shape == (3, 6)
