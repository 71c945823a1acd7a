"""The running sums between two looks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from snnviz.core import observe
from snnviz.core.execute import execute
from snnviz.core.observe import RunningSums, is_observation_step
from snnviz.core.train import LossAndGradients
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.events import Checkpoint, LayerState


@pytest.mark.parametrize(("per_epoch", "due"), [(1, [1]), (5, [5]), (40, [40]), (41, [40, 41]), (100, [40, 80, 100])])
def test_it_is_time_to_look_every_40_steps_and_at_the_end_of_an_epoch(per_epoch: int, due: list[int]) -> None:
    assert [step for step in range(1, per_epoch + 1) if is_observation_step(step, per_epoch)] == due
    assert observe.OBSERVE_EVERY == 40


def window() -> RunningSums:
    return RunningSums(["L1.weight", "L1.bias", "readout.weight", "readout.bias"])


def slope(loss: float, logits: Tensor, *weights: Tensor) -> LossAndGradients:
    """Between the weights' gradients stand those of the biases, which do not count."""
    return LossAndGradients(
        torch.tensor(loss), logits, tuple(g for weight in weights for g in (weight, torch.full((2,), 9.0)))
    )


def test_losses_are_weighted_by_images_and_gradient_norms_by_steps() -> None:
    seen = window()
    logits = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    seen.add(slope(2.0, logits, torch.tensor([[3.0, 4.0]]), torch.zeros(2, 2)), torch.tensor([1, 1, 1]))
    seen.add(slope(6.0, logits[:1], torch.tensor([[0.0, 1.0]]), torch.ones(2, 2)), torch.tensor([0]))
    sample = seen.sample(7, 0.5)
    assert (sample.step, sample.epoch) == (7, 0.5)
    assert sample.loss == (3 * 2 + 1 * 6) / 4
    assert sample.accuracy == 2 / 4
    assert seen.gradient_norms() == [(5 + 1) / 2, (0 + 2) / 2]


def test_a_cleared_window_is_a_new_one() -> None:
    seen = window()
    seen.add(slope(2.0, torch.eye(2), torch.ones(2, 2), torch.ones(2, 2)), torch.tensor([0, 1]))
    seen.clear()
    assert seen.gradient_norms() is None
    seen.add(slope(1.0, torch.eye(2), torch.ones(2, 2), torch.ones(2, 2)), torch.tensor([0, 0]))
    assert (seen.sample(1, 1.0).loss, seen.sample(1, 1.0).accuracy) == (1.0, 0.5)


def test_a_window_adds_up_in_double_precision() -> None:
    seen = window()
    for loss in (1e8, 1.0, -1e8):
        seen.add(slope(loss, torch.eye(1), torch.ones(1), torch.ones(1)), torch.tensor([0]))
    assert seen.sample(3, 1.0).loss == pytest.approx(1 / 3)


def test_gradients_that_are_not_watched_are_not_told_and_change_nothing() -> None:
    document = {
        "data": {"train_samples": 200, "test_samples": 80, "steps": 2},
        "network": {"kind": "mlp", "depth": 4, "width": 16},
        "neuron": {"threshold": 0.5},
        "training": {"epochs": 2, "shortcut": {"schedule": "linear"}},
    }
    seen = Design.check(document)
    unseen = change(seen, {"training.gradients": "unwatched"})
    with_them, without = list(execute(seen)), list(execute(unseen))
    states = [event for event in with_them if isinstance(event, LayerState)]
    assert any(state.grad_norm for state in states)
    assert any(state.shortcut for state in states)
    rows = [event for event in with_them if not isinstance(event, Checkpoint)]
    bare = [replace(row, grad_norm=None, shortcut=None) if isinstance(row, LayerState) else row for row in rows]
    assert [event for event in without if not isinstance(event, Checkpoint)] == bare
    ends = [event.arrays for event in (*with_them, *without) if isinstance(event, Checkpoint) and event.epoch == 2]
    assert ends[0].keys() == ends[1].keys()
    assert all((ends[0][name] == ends[1][name]).all() for name in ends[0])
