"""The travel of variance through untrained networks: mean-field theory (Micheli et al. 2024) and the forecast.

That real networks do what the forecast says is tested in tests/core.
"""

from __future__ import annotations

import math
import time
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.studies.activity.theory.survival import survival_threshold
from snnviz.theory import roughness, variance
from snnviz.theory.variance import forecast_layers, weight_variance
from tests.designs import DESIGNS

NORMAL = NormalDist()


def tail(z: float) -> float:
    return NORMAL.cdf(-z)


def mlp(depth: int, threshold: float, init: Any = "variance-preserving", **parts: Any) -> Design:
    neuron = {"threshold": threshold, **parts.pop("neuron", {})}
    network = {"kind": "mlp", "depth": depth, "width": 1000}
    return Design.check({"network": network, "neuron": neuron, "init": init, **parts})


def single(design: Design) -> list[float]:
    return [layer.single_step for layer in forecast_layers(design)]


def gain(design: Design) -> float:
    """n Var[w] of a hidden layer."""
    layer = build_architecture(design).layers[1]
    return layer.fan_in * weight_variance(layer, design)


# One time step: Var[u_l] = n Var[w] P(u_(l-1) > theta)


@pytest.mark.parametrize("threshold", [0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("init", ["variance-preserving", "kaiming", "glorot"])
def test_single_step_variances_follow_the_mean_field_map(init: str, threshold: float) -> None:
    design = mlp(8, threshold, init)
    found = single(design)
    layers = build_architecture(design).layers
    expected = layers[0].fan_in * weight_variance(layers[0], design)  # the normalised image has E[x^2] = 1
    for layer, value in zip(layers, found, strict=True):
        assert value == pytest.approx(expected, rel=1e-9)
        following = layers[min(layers.index(layer) + 1, len(layers) - 1)]
        n_var = following.fan_in * weight_variance(following, design)
        expected = n_var * tail(threshold / math.sqrt(expected)) if expected > 0 else 0.0


def test_the_kaiming_trajectory_of_the_paper_at_threshold_1_dies_within_four_layers() -> None:
    """From v = 1: .317, .076, .0003. A gain of 1 / Q(1) in front of it makes the first layer's input that of v = 1."""
    v, found = 1.0, []
    for _ in range(3):
        v = 2 * tail(1 / math.sqrt(v))
        found.append(v)
    assert found == pytest.approx([0.317, 0.076, 0.0003], abs=6e-4)
    ours = single(mlp(4, 1.0, "kaiming"))
    assert ours[0] == 2
    assert ours[1:3] == pytest.approx([2 * tail(1 / math.sqrt(2)), 2 * tail(1 / math.sqrt(2 * tail(1 / math.sqrt(2))))])
    assert ours[4] < 0.02


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_variance_preserving_weights_have_their_fixed_point_at_1(threshold: float) -> None:
    found = single(mlp(200, threshold))
    assert found[-2] == pytest.approx(1, abs=1e-3)
    assert tail(threshold) * gain(mlp(3, threshold)) == pytest.approx(1)


def test_near_the_fixed_point_deviations_shrink_by_the_slope_of_the_map() -> None:
    """theta phi(theta) / (2 Q(theta)) = .7626 at theta = 1; stable only below theta = 1.1906."""
    slope = NORMAL.pdf(1) / (2 * tail(1))
    assert slope == pytest.approx(0.7626, abs=5e-5)
    found = np.array(single(mlp(60, 1.0)))
    ratios = (found[31:40] - 1) / (found[30:39] - 1)
    assert ratios == pytest.approx(slope, abs=0.002)
    assert 1.1906 * NORMAL.pdf(1.1906) / (2 * tail(1.1906)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("threshold", "level"), [(0.25, 0.777), (0.5, 0.462)])
def test_kaiming_survives_small_thresholds_at_a_lower_level(threshold: float, level: float) -> None:
    assert single(mlp(200, threshold, "kaiming"))[-2] == pytest.approx(level, abs=1e-3)


@pytest.mark.parametrize(
    ("n_var", "threshold"), [(2, 0.5757), (1, 0.4071), (1 / 3, 0.2350), (6.303, 0.40708 * math.sqrt(6.303))]
)
def test_the_survival_threshold_has_the_numbers_of_the_theory(n_var: float, threshold: float) -> None:
    assert survival_threshold(n_var) == pytest.approx(threshold, abs=2e-4)


@pytest.mark.parametrize("n_var", [0.5, 1.0, 2.0, 6.0])
def test_activity_dies_just_above_the_survival_threshold_and_lives_just_below(n_var: float) -> None:
    at = survival_threshold(n_var)
    below, above = (single(mlp(200, at * factor, {"kind": "kaiming", "gain": n_var}))[-2] for factor in (0.995, 1.005))
    assert below > 0.1 * n_var
    assert above < 1e-6


@given(st.floats(0.1, 20))
def test_the_survival_threshold_grows_with_the_root_of_the_gain(n_var: float) -> None:
    assert survival_threshold(n_var) == pytest.approx(survival_threshold(1.0) * math.sqrt(n_var), rel=1e-9)


# Initialisations that are measured, and the uniform ones


@pytest.mark.parametrize("encoding", ["direct", "lif", "rate"])
@pytest.mark.parametrize("threshold", [0.5, 1.0])
def test_input_preserving_weights_have_a_single_step_variance_of_1_in_every_layer(
    threshold: float, encoding: str
) -> None:
    shown = {"steps": 1, "encoding": encoding}
    assert single(mlp(8, threshold, "input-preserving", data=shown)) == pytest.approx([1] * 9, rel=0.02)


@pytest.mark.parametrize("xi", [1.0, 2.0])
def test_fluctuation_driven_currents_have_the_variance_that_the_rule_asks_for(xi: float) -> None:
    """Without a reset or memory Var[u] is (theta / xi)^2 at every step and layer, whatever reaches it."""
    parts = {"neuron": {"beta": 0, "reset": "none"}, "data": {"steps": 6, "encoding": "lif"}}
    found = forecast_layers(mlp(5, 0.8, {"kind": "fluctuation-driven", "xi": xi}, **parts))
    assert [layer.var_u for layer in found[:-1]] == pytest.approx([(0.8 / xi) ** 2] * 5, rel=0.02)


def test_only_the_variance_of_uniform_weights_counts() -> None:
    flat, gaussian = (forecast_layers(mlp(3, 0.4, init)) for init in ("lee-2016", {"kind": "kaiming", "gain": 1}))
    assert flat == gaussian


def test_weights_are_measured_before_later_layers_speak() -> None:
    """What comes back a step late makes a layer livelier than its weights were meant for, and those stay."""

    def block(edges: str) -> tuple[variance.LayerForecast, ...]:
        network = {"kind": "block", "edges": edges}
        return forecast_layers(Design.check({"network": network, "init": "input-preserving", "data": {"steps": 6}}))

    plain, back = block("0000/0000/0000/0000"), block("0000/0000/0000/0200")
    assert back[0] == plain[0]
    assert back[1].single_step == plain[1].single_step  # late sources are silent in the first step
    assert back[1].var_u > 1.2 * plain[1].var_u


# The forecast


@pytest.mark.parametrize("threshold", [0.25, 0.5, 1.0])
def test_drawn_populations_of_one_step_equal_the_formula(threshold: float) -> None:
    for layer in forecast_layers(mlp(6, threshold, data={"steps": 1}))[:-1]:
        assert layer.var_u == pytest.approx(layer.single_step, rel=0.03)
        assert layer.rate == pytest.approx(tail(threshold / math.sqrt(layer.single_step)), abs=0.005)


def test_the_first_layers_variance_grows_as_its_neurons_integrate() -> None:
    """Without reset, u[t] = (1 + beta + ... + beta^t) I for a constant input current I."""
    design = mlp(1, 10, "kaiming", neuron={"beta": 0.75, "reset": "none"}, data={"steps": 4})
    sums = np.cumsum(0.75 ** np.arange(4))
    expected = 2 * np.mean(sums**2) * (1 - 1 / 1000)
    assert forecast_layers(design)[0].var_u == pytest.approx(expected, rel=0.01)


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=10)
def test_the_seed_of_a_design_does_not_change_its_forecast(seed: int) -> None:
    assert forecast_layers(Design(seed=seed)) == forecast_layers(Design())


@given(DESIGNS.filter(lambda design: getattr(design.network, "depth", 0) < 20 and design.data.steps < 30))
@settings(max_examples=40)
def test_every_design_has_a_finite_forecast_of_every_layer(design: Design) -> None:
    found = forecast_layers(design)
    assert [layer.name for layer in found] == [layer.name for layer in build_architecture(design).watched]
    for layer, built in zip(found, build_architecture(design).watched, strict=True):
        assert math.isfinite(layer.var_u)
        assert layer.var_u >= 0
        assert math.isfinite(layer.single_step)
        assert (layer.rate is not None) == built.spiking
        assert layer.rate is None or 0 <= layer.rate <= 1


def test_the_forecast_of_the_default_design_takes_less_than_100_ms() -> None:
    forecast_layers(mlp(1, 1.0))  # imports and tables
    forecast_layers.cache_clear()
    begin = time.thread_time()
    forecast_layers(Design())
    assert time.thread_time() - begin < 0.1


def test_a_convolution_at_the_rim_sees_zeros() -> None:
    """On 8x8 maps a 3x3 kernel finds 22^2 of its 24^2 taps inside."""
    stem = forecast_layers(Design.check({"init": "kaiming"}))[0]
    inside = sum(0 <= x + dx < 8 and 0 <= y + dy < 8
                 for x in range(8) for y in range(8) for dx in (-1, 0, 1) for dy in (-1, 0, 1)) / (9 * 64)  # fmt: skip
    assert inside == pytest.approx((22 / 24) ** 2)
    assert stem.single_step == pytest.approx(2 * inside)


def block(edges: str) -> list[variance.LayerForecast]:
    return list(forecast_layers(Design.check({"network": {"kind": "block", "edges": edges}, "init": "kaiming"})))


def test_additions_are_forecast_to_raise_activity_and_concatenations_hardly_to() -> None:
    plain, added, joined = (block(f"00{kind}/000/000") for kind in (0, 2, 1))
    assert plain[1] == added[1] == joined[1]
    rates = [layers[2].rate or 0 for layers in (plain, joined, added)]
    assert rates[0] < rates[1] < rates[2]
    assert rates[2] > 1.5 * rates[1]


@pytest.mark.parametrize(
    ("kind", "encoding", "rough"),
    [
        ("mlp", "rate", False),
        ("block", "direct", False),
        ("block", "latency", True),
        ("cnn", "rate", True),
        ("block", "lif", True),
        ("mlp", "lif", False),
    ],
)
def test_a_forecast_for_convolutions_on_spike_coded_images_is_called_rough(
    kind: str, encoding: str, rough: bool
) -> None:
    design = Design.check({"network": {"kind": kind}, "data": {"encoding": encoding}})
    assert roughness.is_approximate(design) is rough
