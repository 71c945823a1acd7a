"""Studies: the claims of the papers that take training to see. Run by `make study`."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.catalog.examples import get_example
from snnviz.catalog.inits import COMPARED
from snnviz.core.execute import execute
from snnviz.design.design import Design
from snnviz.design.menus import INITS
from snnviz.events import EpochEnd

pytestmark = pytest.mark.slow


def trained(**parts: Any) -> EpochEnd:
    """The last epoch of a run."""
    return [event for event in execute(Design.check(parts)) if isinstance(event, EpochEnd)][-1]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_design_learns_digits_to_95_percent(seed: int) -> None:
    assert trained(seed=seed).test_accuracy >= 0.95


@pytest.mark.parametrize("init", [entry.kind for entry in INITS if COMPARED in entry.traits])
def test_ten_layers_learn_from_two_of_the_eight_initialisations(init: str) -> None:
    """Micheli et al. 2024, Fig. 8, on digits: 300 neurons a layer, spiking encoder and readout, three steps, 12 epochs.

    Measured with seeds 0 and 1: .936 and .945 variance-preserving, .898 and .912 fluctuation-driven; .0995 and .0967,
    which is chance, with each of the other six.
    """
    design = get_example("activity").document()
    accuracies = [trained(**{**design, "init": init, "seed": seed}).train_accuracy for seed in (0, 1)]
    learns = init in ("variance-preserving", "fluctuation-driven")
    assert all(accuracy > 0.7 if learns else accuracy < 0.4 for accuracy in accuracies), accuracies
