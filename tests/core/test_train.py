"""One training step equals torch's own optimizers and schedules."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from snnviz.core import train
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.design.menus import OPTIMIZERS
from snnviz.places import ROOT


def design(**training: Any) -> Design:
    return Design.check(
        {"network": {"kind": "mlp", "depth": 1, "width": 12}, "data": {"steps": 2}, "training": training}
    )


IMAGES = torch.randn(1, 30, 1, 8, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(30) % 10

REFERENCES: dict[str, Any] = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), fused=False),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.3, fused=False),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.7, weight_decay=0.1, fused=False),
}
PARAMETERS: dict[str, dict[str, float]] = {
    "adam": {"beta1": 0.8, "beta2": 0.99},
    "adamw": {"weight_decay": 0.3},
    "sgd": {"momentum": 0.7, "weight_decay": 0.1},
}


CONVOLUTIONS = {"kind": "cnn", "depth": 2, "channels": 4}


@pytest.mark.parametrize("network", [None, CONVOLUTIONS], ids=["mlp", "cnn"])
@pytest.mark.parametrize("kind", OPTIMIZERS.kinds)
def test_five_steps_equal_those_of_torchs_plain_optimizer(kind: str, network: dict[str, Any] | None) -> None:
    made = design(optimizer={"kind": kind, **PARAMETERS[kind]}, learning_rate=0.01)
    if network is not None:
        made = Design.check({**made.document(), "network": network})
    ours, theirs = Network(made), Network(made)
    optimizer, reference = train.Optimizer(ours), REFERENCES[kind](list(theirs.parameters.values()))
    for _ in range(5):
        found = train.loss_and_gradients(ours, IMAGES, LABELS)
        optimizer.step(found.gradients)
        reference.zero_grad()
        F.cross_entropy(train.logits(theirs, IMAGES), LABELS).backward()
        reference.step()
        for gradient, name in zip(found.gradients, ours.parameters, strict=True):
            torch.testing.assert_close(gradient, theirs.parameters[name].grad, rtol=1e-4, atol=1e-6)
    for name, parameter in ours.parameters.items():
        torch.testing.assert_close(parameter, theirs.parameters[name], rtol=1e-4, atol=1e-6)


def test_cosine_and_step_are_torchs_schedules() -> None:
    made = {
        "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=20),
        "step": lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=10, gamma=0.5),
        "constant": lambda o: torch.optim.lr_scheduler.ConstantLR(o, factor=1.0),
    }
    for kind, schedule in made.items():
        optimizer = train.Optimizer(Network(design(schedule=kind, learning_rate=0.1, epochs=20)))
        reference = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        scheduler = schedule(reference)
        for epoch in range(20):
            assert optimizer.start_epoch(epoch) == pytest.approx(reference.param_groups[0]["lr"])
            assert optimizer.rate == pytest.approx(reference.param_groups[0]["lr"])
            reference.step()
            scheduler.step()


@pytest.mark.parametrize("kind", OPTIMIZERS.kinds)
def test_weights_and_state_come_and_go_as_copies(kind: str) -> None:
    made = design(optimizer=kind)
    first = train.Optimizer(Network(made))
    first.step(train.loss_and_gradients(first.network, IMAGES, LABELS).gradients)
    kept = first.arrays()
    assert {name for name in kept if not name.startswith("optimizer/")} == set(first.network.parameters)
    before = {name: array.copy() for name, array in kept.items()}

    second = train.Optimizer(Network(made))
    second.restore(kept)
    for optimizer in (first, second):
        optimizer.step(train.loss_and_gradients(optimizer.network, IMAGES, LABELS).gradients)
    a, b = first.arrays(), second.arrays()
    assert list(a) == list(b)
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert all(np.array_equal(kept[name], before[name]) for name in kept)
    assert not all(np.array_equal(kept[name], a[name]) for name in kept)


def test_micro_batches_change_rounding_only(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(design())
    whole = train.loss_and_gradients(network, IMAGES, LABELS)
    monkeypatch.setattr(Network, "micro_batch", 7)  # the last one is smaller
    parts = train.loss_and_gradients(network, IMAGES, LABELS)
    torch.testing.assert_close(parts.loss, whole.loss, rtol=1e-6, atol=0)
    torch.testing.assert_close(parts.logits, whole.logits, rtol=1e-5, atol=1e-6)
    for part, all_at_once in zip(parts.gradients, whole.gradients, strict=True):
        torch.testing.assert_close(part, all_at_once, rtol=1e-4, atol=1e-7)


def test_training_loads_no_compiler() -> None:
    """torch's optimizer classes import torch._dynamo, which every first run would wait for."""
    script = """
import sys
from snnviz.jobs.worker import warm_up
warm_up()
print("torch" in sys.modules, "torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"], done.stderr
