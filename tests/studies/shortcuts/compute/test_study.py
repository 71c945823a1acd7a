"""What branches are for: gradients that reach the first layer, and deep networks that learn (after Guo et al. 2024)."""

from __future__ import annotations

from statistics import mean
from typing import Any

import pytest

from snnviz.core.execute import execute
from snnviz.core.gradients import gradient_profile, gradient_profiles
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.events import EpochEnd

INITS: dict[str, dict[str, Any]] = {
    "variance-preserving": {},
    "kaiming, theta 1": {"init": "kaiming"},
    "kaiming, theta 0.5": {"init": "kaiming", "neuron.threshold": 0.5},
    "kaiming, normalised": {"init": "kaiming", "network.norm": "batch"},
}


def design(init: str, schedule: str = "constant", seed: int = 0) -> Design:
    """12 hidden layers of 128 on digits, four steps, branches after the third, sixth and ninth."""
    named = {
        "network.kind": "mlp", "network.depth": 12, "network.width": 128, "data.steps": 4, "seed": seed,
        "training.epochs": 12, "training.learning_rate": 0.002, "training.schedule": "constant",
        "training.shortcut.schedule": schedule, "training.shortcut.layers": "3,6,9",
    }  # fmt: skip
    return change(Design(), named | INITS[init])


@pytest.mark.parametrize("init", INITS)
def test_branches_enlarge_the_first_layers_gradient_before_training(init: str) -> None:
    first, *others, readout = gradient_profile(design(init)).layers
    assert first.grad_norm is not None
    assert first.with_branches is not None
    assert first.with_branches >= 1.5 * first.grad_norm
    if init == "kaiming, theta 1":
        assert first.with_branches > 1e3 * first.grad_norm
    for layer in (*others[9:], readout):  # behind the last branch nothing changes
        assert layer.with_branches == layer.grad_norm
        assert layer.shortcut in (0, None)


def test_gradients_vanish_with_depth_and_branches_keep_them() -> None:
    found = list(gradient_profiles(change(design("kaiming, theta 0.5"), {"training.shortcut.layers": ""}), [2, 10, 40]))
    plain = [each.layers[0].grad_norm or 0 for each in found]
    kept = [each.layers[0].with_branches or 0 for each in found]
    assert plain[0] > 10 * plain[1] > 100 * plain[2]
    assert kept[2] > 1e3 * plain[2]
    assert kept[2] / plain[2] > kept[1] / plain[1] > kept[0] / plain[0]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("init", [init for init in INITS if init != "kaiming, theta 1"])
def test_a_deep_network_reaches_no_less_with_branches_in_as_many_epochs(init: str) -> None:
    """Three seeds; the gap between constant and falling weights is within their noise. A control of as many operations
    is in `benchmarks/shortcuts.py`: from that these are not told apart.

    With batch normalisation gradients do not vanish at this depth, and branches have nothing to mend.
    """
    reached: dict[str, list[float]] = {}
    for schedule in ("zero", "constant", "linear"):
        for seed in range(3):
            [*_, end] = [event for event in execute(design(init, schedule, seed)) if isinstance(event, EpochEnd)]
            reached.setdefault(schedule, []).append(end.test_accuracy)
    print(init, {schedule: [round(value, 4) for value in values] for schedule, values in reached.items()})
    gain = -0.01 if INITS[init].get("network.norm") else 0.005
    assert mean(reached["constant"]) >= mean(reached["zero"]) + gain
    assert mean(reached["linear"]) >= mean(reached["constant"]) - 0.01
