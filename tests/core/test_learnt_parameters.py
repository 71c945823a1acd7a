"""A learnt leak and a learnt threshold stay between their ends, can come back from them, and are told as they act."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from snnviz.core import train
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.events import Checkpoint, LayerState
from tests.core import slow

IMAGES = torch.randn(1, 40, 1, 8, 8, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(40) % 10

ENDS = {"beta": (0.0, 1.0), "threshold": (0.0, torch.inf)}


def design(learn: str, rate: float, kind: str = "adam", **neuron: Any) -> Design:
    return Design.check(
        {
            "network": {"kind": "mlp", "depth": 2, "width": 12},
            "data": {"steps": 6, "train_samples": 200, "test_samples": 20},
            "neuron": {"learn": learn, **neuron},
            "init": "kaiming",
            "training": {
                "optimizer": {"kind": "sgd", "momentum": 0.0} if kind == "sgd" else kind,
                "learning_rate": rate,
                "epochs": 3,
                "batch_size": 20,
            },
        }
    )


def learnt(network: Network) -> dict[str, float]:
    return {name: p.item() for name, p in network.parameters.items() if name.rpartition(".")[2] in ENDS}


@pytest.mark.parametrize(
    ("kind", "learn", "neuron"),
    [
        ("adam", "beta", {"beta": 0.97}),
        ("adam", "both", {"threshold": 0.0, "beta": 1.0}),
        ("sgd", "beta", {"beta": 0.97}),
        ("sgd", "beta", {"beta": 0.0}),
        ("sgd", "both", {"threshold": 0.0, "beta": 1.0}),
    ],
)
def test_steps_equal_those_of_snntorch_with_parameters_put_back_to_their_ends(
    kind: str, learn: str, neuron: dict[str, float]
) -> None:
    """A literal loop: snntorch's neurons, torch's optimizer, and after each step a clamp of the parameters."""
    made = design(learn, 0.05 if kind == "adam" else 5.0, kind, **neuron)
    ours, theirs = Network(made), Network(made)
    theirs.parameters = {name: p.detach().double().requires_grad_() for name, p in ours.parameters.items()}
    maker: Any = torch.optim.Adam if kind == "adam" else torch.optim.SGD
    optimizer = train.Optimizer(ours)
    reference = maker(list(theirs.parameters.values()), lr=made.training.learning_rate)
    met = set()
    for _ in range(12):
        for name, p in ours.parameters.items():  # rounding alone would soon have other neurons spike
            theirs.parameters[name].data.copy_(p.data.double())
        optimizer.step(train.loss_and_gradients(ours, IMAGES, LABELS).gradients)
        reference.zero_grad()
        F.cross_entropy(slow.chain_logits(theirs, IMAGES.double()) / made.data.steps, LABELS).backward()
        reference.step()
        for name, p in theirs.parameters.items():
            ends = ENDS.get(name.rpartition(".")[2])
            if ends:
                p.data.clamp_(*ends)
        for name, value in learnt(ours).items():
            low, high = ENDS[name.rpartition(".")[2]]
            assert low <= value <= high
            met |= {name} if value in (low, high) else set()
            assert value == pytest.approx(theirs.parameters[name].item(), abs=1e-4)
    assert met  # at least one was put back, or this says nothing


@pytest.mark.parametrize(
    ("name", "end", "inwards"), [("beta", 1.0, 1.0), ("beta", 0.0, -1.0), ("threshold", 0.0, -1.0)]
)
def test_what_is_at_an_end_comes_back_as_soon_as_its_gradient_points_inwards(
    name: str, end: float, inwards: float
) -> None:
    network = Network(design("both", 0.1, "sgd", beta=0.5, threshold=0.5))
    optimizer = train.Optimizer(network)
    gradients = {key: torch.zeros_like(p) for key, p in network.parameters.items()}
    mine = gradients[f"L1.{name}"]
    for _ in range(50):
        optimizer.step([*{**gradients, f"L1.{name}": torch.full_like(mine, -inwards)}.values()])
    assert network.parameters[f"L1.{name}"].item() == end
    optimizer.step([*{**gradients, f"L1.{name}": torch.full_like(mine, inwards)}.values()])
    assert network.parameters[f"L1.{name}"].item() == pytest.approx(end - 0.1 * inwards)
    assert network.parameters[f"L2.{name}"].item() == 0.5


def test_a_checkpoint_of_before_acts_as_it_did_and_is_put_back_when_its_training_goes_on() -> None:
    optimizer = train.Optimizer(Network(design("both", 0.01)))
    arrays = optimizer.arrays() | {"L1.beta": np.float32(1.2), "L1.threshold": np.float32(-0.3)}
    optimizer.restore(arrays)
    network = optimizer.network
    assert network.population(network.architecture.layers[0]).learnt == (1.0, pytest.approx(-0.3))
    optimizer.step(train.loss_and_gradients(network, IMAGES, LABELS).gradients)
    assert network.parameters["L1.beta"].item() <= 1.0
    assert network.parameters["L1.threshold"].item() >= 0.0


def test_a_run_tells_what_each_layer_has_learnt_and_its_checkpoint_holds_the_same() -> None:
    rows: dict[tuple[int, str], LayerState] = {}
    last: Checkpoint | None = None
    for event in execute(design("both", 0.1, beta=0.95, threshold=0.1)):
        if isinstance(event, LayerState):
            rows[event.step, event.name] = event
        if isinstance(event, Checkpoint):
            last = event
    assert last is not None
    told = {name: row for (_, name), row in sorted(rows.items())}
    assert (rows[0, "L1"].beta, rows[0, "L1"].threshold) == (pytest.approx(0.95), pytest.approx(0.1))
    assert (told["readout"].beta, told["readout"].threshold) == (None, None)
    for name in ("L1", "L2"):
        assert told[name].beta == last.arrays[f"{name}.beta"]
        assert told[name].threshold == last.arrays[f"{name}.threshold"]
    assert {0.0, 1.0} & {row.beta for row in rows.values()} | {0.0} & {row.threshold for row in rows.values()}
    assert all(0 <= row.beta <= 1 and row.threshold is not None for row in rows.values() if row.beta is not None)


def test_where_nothing_is_learnt_nothing_is_told() -> None:
    first = next(event for event in execute(design("none", 0.1)) if isinstance(event, LayerState))
    assert (first.beta, first.threshold) == (None, None)
