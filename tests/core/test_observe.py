"""The running sums between two looks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from snnviz.core import observe
from snnviz.core.observe import Window, is_due
from snnviz.core.train import Slope


@pytest.mark.parametrize(("per_epoch", "due"), [(1, [1]), (5, [5]), (40, [40]), (41, [40, 41]), (100, [40, 80, 100])])
def test_it_is_time_to_look_every_40_steps_and_at_the_end_of_an_epoch(per_epoch: int, due: list[int]) -> None:
    assert [step for step in range(1, per_epoch + 1) if is_due(step, per_epoch)] == due
    assert observe.LONGEST_WINDOW == 40


def window() -> Window:
    return Window(["L1.weight", "L1.bias", "readout.weight", "readout.bias"])


def slope(loss: float, logits: Tensor, *weights: Tensor) -> Slope:
    """Between the weights' gradients stand those of the biases, which do not count."""
    return Slope(torch.tensor(loss), logits, tuple(g for weight in weights for g in (weight, torch.full((2,), 9.0))))


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
