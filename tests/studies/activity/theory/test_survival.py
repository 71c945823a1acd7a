"""Mean field, fixed points and the exact chain: the map's own equations, published values, a chain multiplied out."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snnviz.catalog.inits import spike_probability
from snnviz.studies.activity.theory.survival import (
    exact_chain,
    extinction_probability,
    fixed_points,
    mean_field,
    next_variance,
    survival_threshold,
)

GAINS, THRESHOLDS = st.floats(0.05, 30), st.floats(0.01, 3)


def preserving(threshold: float) -> float:
    return 1 / spike_probability(threshold)


@given(GAINS, THRESHOLDS)
def test_fixed_points_are_kept_by_the_map_and_their_slopes_are_its_derivative(gain: float, threshold: float) -> None:
    for point in fixed_points(gain, threshold):
        assert next_variance(point.variance, gain, threshold) == pytest.approx(point.variance, rel=1e-6)
        h = point.variance * 1e-4
        rise = next_variance(point.variance + h, gain, threshold) - next_variance(point.variance - h, gain, threshold)
        assert rise / (2 * h) == pytest.approx(point.slope, rel=1e-4, abs=1e-9)


@given(GAINS, THRESHOLDS)
def test_activity_survives_the_wide_limit_exactly_below_the_survival_threshold(gain: float, threshold: float) -> None:
    critical = survival_threshold(gain)
    assume(abs(threshold / critical - 1) > 0.02)
    points = fixed_points(gain, threshold)
    if threshold > critical:
        assert points == ()
        assert mean_field(gain, threshold, 2000)[-1] < 1e-6
    else:
        low, high = points
        assert low.slope > 1 > high.slope >= 0
        if low.variance < 1:
            assert mean_field(gain, threshold, 2000)[-1] == pytest.approx(high.variance, rel=1e-3)


def test_the_survival_threshold_is_0_40708_roots_of_the_gain() -> None:
    assert survival_threshold(1) == pytest.approx(0.40708, abs=5e-6)
    assert [round(survival_threshold(c), 4) for c in (2, 1 / 3)] == [0.5757, 0.2350]
    assert (1 / survival_threshold(1)) ** 2 == pytest.approx(6.034, abs=5e-4), "n Var[w] that threshold 1 needs"


@pytest.mark.parametrize(
    ("threshold", "unstable"), [(0.5, 0.056), (0.75, 0.192), (0.85, 0.291), (0.9, 0.354), (1, 0.514)]
)
def test_the_variance_preserving_rule_has_its_stable_point_at_one(threshold: float, unstable: float) -> None:
    low, high = fixed_points(preserving(threshold), threshold)
    assert high.variance == pytest.approx(1, abs=1e-9)
    assert low.variance == pytest.approx(unstable, abs=6e-4)
    normal = NormalDist()
    assert high.slope == pytest.approx(threshold * normal.pdf(threshold) / (2 * normal.cdf(-threshold)))


def test_the_variance_preserving_rule_loses_its_stability_at_1_1906() -> None:
    def slope_at_one(threshold: float) -> float:
        return next(p.slope for p in fixed_points(preserving(threshold), threshold) if abs(p.variance - 1) < 1e-6)

    assert slope_at_one(1.1905) < 1 < slope_at_one(1.1908)
    assert slope_at_one(1.0) == pytest.approx(0.7626, abs=5e-5)


@pytest.mark.parametrize(("threshold", "variance"), [(0.25, 0.777), (0.5, 0.462)])
def test_kaiming_survives_low_thresholds(threshold: float, variance: float) -> None:
    assert mean_field(2, threshold, 200)[-1] == pytest.approx(variance, abs=6e-4)


@pytest.mark.parametrize(("threshold", "layer"), [(0.75, 6), (0.85, 5), (1.0, 4)])
def test_kaiming_dies_within_a_few_layers(threshold: float, layer: int) -> None:
    assert int(np.argmax(mean_field(2, threshold, 20) < 1e-6)) == layer


@pytest.mark.parametrize(
    ("width", "threshold", "dead"),
    [
        *((100, 0.7, 0.00256), (100, 0.85, 0.413), (100, 0.9, 0.740), (100, 1.0, 0.983)),
        *((600, 0.85, 2e-7), (600, 0.9, 1.5e-4), (600, 0.95, 0.0131), (600, 1.0, 0.188)),
        *((1000, 0.95, 2.2e-4), (1000, 1.0, 0.0277)),
    ],
)
def test_the_chance_of_silence_at_layer_99(width: int, threshold: float, dead: float) -> None:
    found = exact_chain(width, preserving(threshold), threshold, 100).dead[99]
    assert found == pytest.approx(dead, rel=0.02, abs=0.5 * 10 ** math.floor(math.log10(dead)) / 10)


@settings(max_examples=30)
@given(st.integers(1, 40), GAINS, st.floats(0, 3))
def test_the_chain_is_the_binomial_one_multiplied_out(width: int, gain: float, threshold: float) -> None:
    def row(p: float) -> list[float]:
        return [math.comb(width, m) * p**m * (1 - p) ** (width - m) for m in range(width + 1)]

    steps = np.array([row(spike_probability(threshold, gain * k / width)) for k in range(width + 1)])
    now = np.array(row(spike_probability(threshold)))
    chain = exact_chain(width, gain, threshold, 6)
    for layer in range(6):
        assert chain.dead[layer] == pytest.approx(now[0], abs=1e-9)
        if layer < 5:
            assert chain.var_u[layer + 1] == pytest.approx(gain / width * (now @ np.arange(width + 1)), abs=1e-8)
        now = now @ steps


@pytest.mark.parametrize("width", [10, 300, 4000])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 3.0])
def test_the_second_layers_mean_variance_is_the_first_layers_mean_count(width: int, threshold: float) -> None:
    """Whatever the chain leaves out of a wide layer's counts."""
    found = exact_chain(width, 2.0, threshold, 2).var_u[1]
    assert found == pytest.approx(2.0 * spike_probability(threshold), rel=1e-9)


@settings(max_examples=30)
@given(st.sampled_from([30, 100, 400]), st.floats(0.05, 2), st.floats(0.05, 0.9), st.integers(1, 60))
def test_the_extinction_map_is_the_chain(width: int, threshold: float, ratio: float, layer: int) -> None:
    gain = (threshold / ratio) ** 2
    assume(0.01 < gain < 100)
    exact = exact_chain(width, gain, threshold, layer + 1).dead[-1]
    assert extinction_probability(width, layer, [threshold], [gain])[0, 0] == pytest.approx(exact, abs=0.05)


def test_wide_layers_die_where_the_mean_field_does() -> None:
    gains = [0.85 * (1 / 0.40708) ** 2, 1.2 * (1 / 0.40708) ** 2]
    dead = extinction_probability(1000, 99, [1.0], gains)[0]
    assert dead[0] > 0.99
    assert dead[1] < 0.01
