"""The diagnosis on networks that were trained: quiet while they are healthy, and it finds what is planted in them.

Two small networks and a few faults of each kind; 40 networks and 20 faults of each kind: `benchmarks/diagnosing.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from benchmarks.diagnosing import HEALTHY, PLANTS, Trained
from snnviz.core import data
from snnviz.core.execute import execute
from snnviz.design.design import Design
from snnviz.events import Checkpoint, EpochEnd
from snnviz.studies.inside.theory.diagnosis import Kind

NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"kind": "mlp", "depth": 2, "width": 60},
    "cnn": {"kind": "cnn", "depth": 2, "channels": 8, "norm": "batch"},
}


@pytest.fixture(scope="module")
def trained() -> Callable[[str], Trained]:
    known: dict[str, Trained] = {}

    def network(name: str) -> Trained:
        if name not in known:
            design = Design.check(
                {
                    "network": NETWORKS[name],
                    "neuron": {"threshold": 0.7, "beta": 0.7},
                    "data": {"name": "digits", "steps": 6, "train_samples": 1000, "test_samples": 200},
                    "training": {"epochs": 4, "learning_rate": 0.004, "batch_size": 32},
                    "seed": 1,
                }
            )
            events = list(execute(design))
            accuracy = [event for event in events if isinstance(event, EpochEnd)][-1].test_accuracy
            arrays = [event for event in events if isinstance(event, Checkpoint)][-1].arrays
            known[name] = Trained(design, arrays, data.load(design)[1], accuracy)
        return known[name]

    return network


@pytest.mark.parametrize("name", NETWORKS)
def test_a_healthy_trained_network_gets_no_sentence(name: str, trained: Callable[[str], Trained]) -> None:
    one = trained(name)
    assert one.accuracy >= HEALTHY
    assert one.findings(one.network()) == []


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_what_is_planted_in_a_trained_network_is_found(
    kind: Kind, name: str, trained: Callable[[str], Trained]
) -> None:
    one, rng = trained(name), np.random.default_rng(7)
    found = [seen for _ in range(4) if (seen := PLANTS[kind](one, rng)) is not None]
    assert found, "some fault could be planted"
    told = [{finding.kind for finding in seen} for seen in found]
    assert sum(kind in kinds for kinds in told) >= len(told) - 1, told  # a weak one may leave some spikes
