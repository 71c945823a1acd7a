"""Networks of few neurons are forecast as they are: their rates, Var[u], and how often a layer is silent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnviz.core.untrained import network_by_network
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.graph.architectures import build_architecture
from snnviz.studies.activity.theory.survival import exact_chain
from snnviz.theory.narrow import is_narrow
from snnviz.theory.variance import forecast_layers
from snnviz.theory.verdicts import activity_verdict

MLP: dict[str, Any] = {"network": "mlp", "network.depth": 20, "network.width": 50, "data.steps": 1}


def test_twenty_layers_of_fifty_are_not_called_good() -> None:
    """The forecast of wide layers was "Every layer spikes, 16.0 % to 34.5 %"."""
    tone, sentence = activity_verdict(change(Design(), MLP))
    assert tone == "bad"
    assert "will be silent for up to" in sentence
    assert activity_verdict(change(Design(), {**MLP, "network.depth": 4}))[0] == "good"


@pytest.mark.parametrize(
    "changes", [{}, {"data.steps": 3, "network.depth": 8}, {"init": "lee-2016", "neuron.threshold": 0.3}]
)
def test_it_is_what_real_networks_do(changes: dict[str, Any]) -> None:
    design = change(Design(), {**MLP, **changes})
    real = network_by_network(design, 60)
    for layer in forecast_layers(design):
        if layer.rate is None:
            continue
        seen = real[layer.name]
        error = 2 * np.std(seen.rates) / 60**0.5
        assert layer.rate == pytest.approx(np.mean(seen.rates), abs=0.02 + error)
        assert layer.silent_share == pytest.approx(np.mean(seen.silent), abs=0.05 + 2 * np.std(seen.silent) / 60**0.5)


def test_of_a_single_step_it_is_the_exact_chain() -> None:
    """From its third layer on: the first ones read an image and not u ~ N(0, 1)."""
    design = change(Design(), {**MLP, "network.width": 80, "neuron.threshold": 0.9, "network.depth": 30})
    shares = [layer.silent_share for layer in forecast_layers(design)[:-1]]
    gain = 1 / 0.18406
    exact = exact_chain(80, gain, 0.9, 30).dead
    assert shares[-1] == pytest.approx(exact[-1], abs=3 * (exact[-1] * (1 - exact[-1]) / 50) ** 0.5)
    assert exact[-1] > 0.05


@pytest.mark.parametrize(
    ("changes", "narrow"),
    [
        ({}, True),
        ({"network.width": 300}, False),
        ({"network.norm": "batch"}, False),
        ({"init": "input-preserving"}, False),
        ({"network": "block"}, False),
    ],
)
def test_which_designs_are_drawn_so(changes: dict[str, Any], narrow: bool) -> None:
    design = change(Design(), changes if "network" in changes else {**MLP, **changes})
    assert is_narrow(design, build_architecture(design)) == narrow
    known = [layer.silent_share is not None for layer in forecast_layers(design) if layer.rate is not None]
    assert any(known) == all(known) == narrow
