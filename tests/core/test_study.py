"""Studies: the claims of the papers that take training to see. Run by `make study`."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz import adjacency
from snnviz.adjacency import ASC, DSC
from snnviz.core.execute import execute
from snnviz.design import Design
from snnviz.events import EpochEnd

pytestmark = pytest.mark.slow


def trained(**parts: Any) -> EpochEnd:
    """The last epoch of a run."""
    return [event for event in execute(Design.check(parts)) if isinstance(event, EpochEnd)][-1]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_design_learns_digits_to_95_percent(seed: int) -> None:
    assert trained(seed=seed).test_accuracy >= 0.95


@pytest.mark.parametrize(
    ("init", "low", "high"), [("variance-preserving", 0.7, 1), ("kaiming", 0, 0.4), ("glorot", 0, 0.4)]
)
def test_only_variance_preserving_weights_let_ten_layers_learn(init: str, low: float, high: float) -> None:
    """Micheli et al. 2024, Fig. 8, on digits: 10 layers of 300 neurons, three steps, threshold 1."""
    network = {"kind": "mlp", "depth": 10, "width": 300}
    training = {"epochs": 12, "learning_rate": 0.001, "loss": "count"}
    accuracies = [
        trained(network=network, data={"steps": 3}, init=init, training=training, seed=seed).train_accuracy
        for seed in (0, 1)
    ]
    assert all(low <= accuracy <= high for accuracy in accuracies), accuracies


def test_skips_raise_the_accuracy_of_weakly_initialised_blocks() -> None:
    """Benmeziane et al. 2023, Fig. 1, on digits: 8 channels, 4 layers, 6 steps, 6 epochs, four seeds.

    n Var[w] = 1/3 is what torch draws by default. Measured: .84 without, .91 with additions, .94 with concatenations.
    With Kaiming weights, additions gain nothing (.91 both ways): there is no lack of spikes to make up for.
    """

    def accuracy(n_skip: int, edge: int) -> float:
        found = [
            trained(
                network={
                    "kind": "block", "channels": 8, "dsc_fraction": 1,
                    "edges": adjacency.with_n_skip(4, n_skip, edge, seed),
                },
                data={"steps": 6, "train_samples": 1000}, neuron={"beta": 0.9}, init={"kind": "kaiming", "gain": 1 / 3},
                training={"epochs": 6, "schedule": "constant"}, seed=seed,
            ).test_accuracy
            for seed in range(4)
        ]  # fmt: skip
        return sum(found) / 4

    plain, added, joined = accuracy(0, ASC), accuracy(3, ASC), accuracy(3, DSC)
    assert added >= plain + 0.03, (plain, added)
    assert joined >= plain + 0.03, (plain, joined)
