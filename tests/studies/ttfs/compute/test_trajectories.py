"""ReLU and TTFS networks in step: with B = 1 the ReLU network's weights, with alpha = 1 others."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from snnviz.core import data
from snnviz.core.randomness import generator
from snnviz.core.ttfs import Network
from snnviz.design.links import change
from snnviz.errors import Diverged
from snnviz.events import Progress
from snnviz.studies.ttfs.compute.trajectories import Learner, make_learners, run_trajectories
from snnviz.studies.ttfs.trajectories import MODELS, USUAL, Course, Trajectories

SMALL = {"network.depth": 3, "network.width": 20, "data.train_samples": 200, "training.epochs": 2}
PLAIN = {"training.schedule": "constant"}


def followed(**settings: object) -> dict[str, list[Course]]:
    """The looks at each model; `__` in a name stands for a dot."""
    named = {name.replace("__", "."): value for name, value in settings.items()}
    found: dict[str, list[Course]] = {}
    for event in run_trajectories(Trajectories(design=change(USUAL, named))):
        if isinstance(event, Course):
            found.setdefault(event.model, []).append(event)
    return found


def test_b1_follows_the_relu_network_and_alpha_one_does_not() -> None:
    """Eight layers, 250 steps of Adam: section 4.5's claims, on the path from the same function."""
    found = followed(training__epochs=11, **{"training.schedule": "constant"})
    relu, b1, alpha_one, slower = (found[name][-1] for name in MODELS[:4])
    assert relu.step == 253
    assert all(row.difference < 1e-9 for row in found["b1"])
    assert b1.cosine > 1 - 1e-9
    assert b1.moved is not None
    assert b1.moved > 1 - 1e-9
    assert b1.test_accuracy == relu.test_accuracy
    assert relu.test_accuracy is not None
    assert relu.test_accuracy > 0.93
    for other in (alpha_one, slower):
        assert other.test_accuracy is not None
        assert other.moved is not None
        assert other.moved < 0.95
        assert other.test_accuracy < relu.test_accuracy - 0.02
    first = {name: rows[0] for name, rows in found.items()}
    assert len(found["naive"]) == 1
    assert first["alpha-one"].loss == pytest.approx(first["relu"].loss, rel=1e-9)
    assert first["naive"].loss > 100 * first["relu"].loss
    assert first["naive"].grad_norm > 1000 * first["relu"].grad_norm


@pytest.mark.parametrize(
    "network",
    [{"kind": "mlp", "depth": 3}, {"kind": "cnn", "depth": 3}, {"kind": "vgg", "width": 0.0625}],
    ids=lambda network: network["kind"],
)
def test_all_but_the_naive_one_begin_as_the_same_function(network: dict[str, object]) -> None:
    design = change(USUAL, {f"network.{name}": value for name, value in network.items()})
    relu, *others, naive = make_learners(Trajectories(design=design))
    training, _ = data.load(design)
    shown = data.intensities(training.images[:32], training.white, torch.float64)
    for model in others:
        assert isinstance(model.network, Network)
        torch.testing.assert_close(model.logits(shown), relu.logits(shown), rtol=1e-9, atol=1e-9)
        slope = torch.from_numpy(model.network.spiking_layer(1).slope)
        torch.testing.assert_close(slope, torch.ones_like(slope), rtol=0, atol=1e-9)
    assert (naive.logits(shown) - relu.logits(shown)).abs().max() > 1


def test_alpha_stays_one_and_b_stays_one_while_they_learn() -> None:
    setting = Trajectories(design=change(USUAL, SMALL))
    _, b1, alpha_one, *_ = make_learners(setting)
    training, _ = data.load(setting.design)
    shown, labels = data.intensities(training.images, training.white, torch.float64), training.labels
    for model in (b1, alpha_one):
        for _ in range(3):
            model.train_step(shown, labels, 0.003)
        assert isinstance(model.network, Network)
        layer = model.network.spiking_layer(2)
        kept = layer.slope if model is b1 else layer.ramp
        assert abs(kept - 1).max() < 1e-9
        other = layer.ramp if model is b1 else layer.slope
        assert abs(other - 1).max() > 1e-3


def test_the_relu_network_learns_as_torch_has_it() -> None:
    setting = Trajectories(design=change(USUAL, SMALL | PLAIN), looks=1)
    design = setting.design
    relu: Learner = make_learners(setting)[0]
    weights = {name: value.detach().clone().requires_grad_() for name, value in relu.parameters.items()}
    training, test = data.load(design)
    low, high = data.input_range(design)
    adam = torch.optim.Adam(list(weights.values()), lr=design.training.learning_rate)

    def says(images: torch.Tensor) -> torch.Tensor:
        x = (low + (high - low) * images.double() / training.white).flatten(1)
        for name in ("L1", "L2", "L3"):
            x = F.relu(F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"]))
        return F.linear(x, weights["readout.weight"], weights["readout.bias"])

    losses: list[float] = []
    for epoch in range(2):
        order = torch.randperm(200, generator=generator(design.seed, "order", epoch))
        for chosen in order.split(64):
            loss = F.cross_entropy(says(training.images[chosen]), training.labels[chosen])
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            losses += [loss.item()] * len(chosen)
    events = list(run_trajectories(setting))
    rows = [event for event in events if isinstance(event, Course) and event.model == "relu"]
    assert [row.step for row in rows] == [0, 4, 8]
    assert rows[1].loss == pytest.approx(sum(losses[:200]) / 200, rel=1e-9)
    assert rows[2].loss == pytest.approx(sum(losses[200:]) / 200, rel=1e-9)
    hits = (says(test.images).argmax(1) == test.labels).double().mean().item()
    assert rows[2].test_accuracy == pytest.approx(hits)


def test_it_counts_steps_looks_as_often_as_asked_and_says_the_same_twice() -> None:
    setting = Trajectories(design=change(USUAL, SMALL), looks=2)
    events = list(run_trajectories(setting))
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == list(range(9))
    rows = [event for event in events if isinstance(event, Course)]
    assert [row.step for row in rows if row.model == "slower"] == [0, 2, 4, 6, 8]
    assert [row.test_accuracy is not None for row in rows if row.model == "b1"] == [False, False, True, False, True]
    assert [event for event in run_trajectories(setting) if isinstance(event, Course)] == rows


def test_images_are_augmented_as_in_a_run() -> None:
    plain, moved = (followed(**SMALL | {"data.augment.shift": shift})["relu"] for shift in (0, 2))
    assert plain[0] == moved[0]
    assert plain[-1].loss != moved[-1].loss


def test_a_model_that_becomes_infinite_is_left_alone_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    learn = Learner.train_step

    def spoilt(model: Learner, shown: torch.Tensor, labels: torch.Tensor, rate: float) -> None:
        learn(model, shown, labels, math.inf if model.name == "alpha-one" else rate)

    monkeypatch.setattr(Learner, "train_step", spoilt)
    found = followed(**SMALL)
    assert [row.step for row in found["alpha-one"]] == [0]
    assert {found[name][-1].step for name in ("relu", "b1", "slower")} == {8}


def test_without_the_relu_network_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(Diverged, match="The ReLU network became infinite in epoch"):
        followed(**SMALL | {"training.optimizer": "sgd", "training.learning_rate": 10, "network.depth": 7})
