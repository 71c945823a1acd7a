"""Gradients by theory are those of the code that trains, for convolutions, skips, branches and normalisation."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from snnviz.core.untrained import measure_untrained
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.graph.architectures import build_architecture
from snnviz.theory.backward import backward_connections, expected_gradients
from snnviz.theory.gradient_flow import gradient_gain
from snnviz.theory.variance import forecast_layers

MLP = {"network": "mlp", "network.depth": 5, "network.width": 300}

DESIGNS: dict[str, dict[str, Any]] = {
    "mlp": {**MLP, "data.steps": 1},
    "mlp of three steps, reset to zero": {**MLP, "data.steps": 3, "neuron.reset": "zero"},
    "batch normalisation": {**MLP, "data.steps": 3, "network.norm": "batch"},
    "convolutions, pooled": {"network": "cnn", "network.depth": 3, "network.channels": 24, "data.steps": 1},
    "blocks": {"network.blocks": 2, "data.steps": 1},
    "every skip added": {"network.edges": "0011/0001/0000/0000", "data.steps": 1},
    "every skip appended": {"network.edges": "0022/0002/0000/0000", "data.steps": 2},
}
"""With as many neurons as theory of wide layers needs to be right to 15 %."""


@pytest.mark.parametrize("name", list(DESIGNS))
def test_gradients_by_theory_are_autograds(name: str) -> None:
    design = change(Design(), DESIGNS[name])
    theory = expected_gradients(design)
    assert theory is not None
    measured = {layer.name: layer.gradient for layer in measure_untrained(design, 1.0, most=16).layers}
    last = measured[list(theory.sizes)[-1]]
    assert last
    for layer, size in theory.sizes.items():
        assert size == pytest.approx((measured[layer] or 0) / last, rel=0.15), layer


def test_a_single_step_of_plain_layers_is_the_product_of_gains() -> None:
    design = change(Design(), {**MLP, "data.steps": 1, "network.width": 1000})
    theory = expected_gradients(design)
    assert theory is not None
    variances = [layer.var_u for layer in forecast_layers(design)][1:-1]
    gains = [gradient_gain(design.neuron.surrogate, 1.0, 6.303, v) for v in variances]  # type: ignore[attr-defined]
    assert [one / other for one, other in pairwise(theory.sizes.values())] == pytest.approx(gains, rel=2e-3)


def test_an_input_of_a_convolution_reaches_its_fan_out_times_the_share_of_positions() -> None:
    """Counted, tap by tap."""
    design = change(Design(), {"network": "cnn", "network.depth": 4, "network.channels": 5})
    seen = 0
    for layer in build_architecture(design).layers:
        if layer.kind != "conv":
            continue
        height, width = layer.in_shape[1:]
        reach = layer.kernel // 2
        taps = sum(
            0 <= y + dy < height and 0 <= x + dx < width
            for y in range(0, height, layer.stride)
            for x in range(0, width, layer.stride)
            for dy in range(-reach, reach + 1)
            for dx in range(-reach, reach + 1)
        )
        assert backward_connections(layer) == pytest.approx(layer.out_shape[0] * taps / (height * width))
        seen += 1
    assert seen > 1


@pytest.mark.parametrize(
    "changes",
    [{"network.edges": "0012/0001/0100/0000"}, {"neuron": "synaptic"}, {"neuron": "relu", "data.steps": 1}],
)
def test_there_is_none_for_cycles_and_other_neurons(changes: dict[str, Any]) -> None:
    assert expected_gradients(change(Design(), changes)) is None


def test_it_says_how_it_is_known() -> None:
    theories = [expected_gradients(change(Design(), {**MLP, "data.steps": steps})) for steps in (1, 4)]
    assert all(theory is not None and math.isclose(list(theory.sizes.values())[-1], 1) for theory in theories)
    assert [theory.how.split(", ", 1)[1] for theory in theories if theory] == [
        "in closed form",
        "over 4 time steps, potentials drawn",
    ]
