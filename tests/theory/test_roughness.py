"""What is said of the forecast painted first: how rough it is, and that it is not green where it should not be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnviz.core.untrained import network_by_network
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.theory.roughness import first_verdict, overshoot, roughness, roughness_sentence
from snnviz.theory.variance import forecast_layers
from snnviz.theory.verdicts import activity_verdict

CNN: dict[str, Any] = {"network": "cnn", "network.depth": 4, "network.channels": 16, "data.steps": 2}


def of(**changes: Any) -> Design:
    return change(Design(), {key.replace("__", "."): value for key, value in changes.items()})


@pytest.mark.parametrize("changes", [{}, {"data.encoding": "rate"}, {"network.norm": "batch"}])
def test_real_networks_are_within_what_is_said(changes: dict[str, Any]) -> None:
    """All designs of the benchmark are checked there."""
    design = change(Design(), {**CNN, **changes})
    rough, real = roughness(design), network_by_network(design, 12)
    assert rough is not None
    for layer in forecast_layers(design):
        seen = real[layer.name]
        if layer.rate is not None:
            off = abs(layer.rate - float(np.mean(seen.rates)))
            assert 100 * off < rough.points + 200 * np.std(seen.rates) / 12**0.5
        ratio, error = np.mean(seen.variances) / layer.var_u, 2 * np.std(seen.variances) / layer.var_u / 12**0.5
        assert rough.low - error < ratio < rough.high + error


def test_it_is_said_in_numbers_and_not_of_fully_connected_networks() -> None:
    assert roughness_sentence(change(Design(), CNN)).startswith(
        "Rough: firing rates of real networks are up to 5 points"
    )
    assert roughness_sentence(of(network="mlp")) == ""
    few = roughness(change(Design(), {**CNN, "network.channels": 4}))
    assert few is not None
    assert few.low == 0
    coded = roughness_sentence(change(Design(), {**CNN, "data.encoding": "rate"}))
    assert "on spike-coded images often spike less" in coded
    assert "5 points off" in coded


def test_a_layer_that_may_be_silent_within_what_is_rough_is_no_good_verdict() -> None:
    design = change(Design(), {"network": "cnn", "network.depth": 4, "network.channels": 8, "data.encoding": "lif"})
    assert activity_verdict(design)[0] == "good"
    tone, sentence = first_verdict(design)
    assert tone == "warning"
    assert "may hardly spike" in sentence


def test_the_variance_preserving_rule_overshoots_behind_what_is_no_spikes() -> None:
    """Pixels: 1 / P(u > 1) = 6.3 in a single step; the input-preserving rule keeps 1."""
    design = of(network="mlp")
    found = overshoot(design)
    assert found is not None
    assert found[0] == "L1"
    assert found[1] == pytest.approx(6.303, abs=1e-3)
    assert first_verdict(design)[0] == "good"  # of the layer that reads the image it is only offered
    assert overshoot(of(network="mlp", init="input-preserving")) is None
    projections = change(Design(), {"network": "mobilenetv2", "network.norm": "none", "neuron.threshold": 0.5})
    tone, sentence = first_verdict(projections)
    assert tone == "warning"
    assert "Choose the input-preserving initialisation" in sentence
    mended = change(projections, {"init": "input-preserving"})
    assert max(layer.single_step for layer in forecast_layers(mended)) < 1.5
