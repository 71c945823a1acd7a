"""Initialisations equal their papers' rules."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.catalog.inits import spike_probability
from snnviz.design import INITS, Neuron
from snnviz.registry import Entry

FANS = st.integers(1, 100_000)
THRESHOLDS = st.floats(0, 5)


def variance(kind: str, fan_in: int, fan_out: int, threshold: float = 1.0, **parameters: float) -> float:
    found: float = INITS[kind].function(fan_in, fan_out, Neuron(threshold=threshold), **parameters)
    return found


@given(THRESHOLDS, st.floats(0.01, 100))
def test_the_spike_probability_is_the_gaussian_tail(threshold: float, var: float) -> None:
    # 1 - cdf loses digits far out, so compare with the mirrored tail
    assert spike_probability(threshold, var) == pytest.approx(
        NormalDist(0, var**0.5).cdf(-threshold), rel=1e-6, abs=1e-12
    )


def test_a_silent_layer_never_spikes() -> None:
    assert spike_probability(0.5, 0.0) == 0.0


@given(FANS, FANS, THRESHOLDS)
def test_variance_preserving_is_one_over_fan_in_times_spike_probability(n: int, out: int, threshold: float) -> None:
    expected = 1 / (n * NormalDist().cdf(-threshold))
    assert variance("variance-preserving", n, out, threshold) == pytest.approx(expected, rel=1e-6)


@given(FANS, FANS, THRESHOLDS)
def test_variance_preserving_is_at_least_kaiming_and_equal_only_at_threshold_zero(
    n: int, out: int, threshold: float
) -> None:
    ours, kaiming = variance("variance-preserving", n, out, threshold), variance("kaiming", n, out)
    if threshold < 1e-12:
        assert ours == pytest.approx(kaiming)
    else:
        assert ours > kaiming * (1 - 1e-12)


def test_variance_preserving_at_threshold_one_is_6_303_over_n() -> None:
    assert variance("variance-preserving", 1000, 1, 1.0) * 1000 == pytest.approx(6.303, abs=5e-4)


@given(FANS, FANS, THRESHOLDS, st.floats(0.1, 20))
def test_kaiming_is_gain_over_fan_in_whatever_the_threshold(n: int, out: int, threshold: float, gain: float) -> None:
    assert variance("kaiming", n, out, threshold) == 2 / n
    assert variance("kaiming", n, out, threshold, gain=gain) == gain / n


@given(FANS, FANS, THRESHOLDS)
def test_glorot_is_two_over_both_fans(n: int, out: int, threshold: float) -> None:
    assert variance("glorot", n, out, threshold) == 2 / (n + out) == variance("glorot", out, n, threshold)


@pytest.mark.parametrize("entry", list(INITS), ids=lambda entry: entry.kind)
@given(n=FANS, out=FANS, threshold=st.floats(0, 10), beta=st.floats(0, 1), reset=st.sampled_from(["subtract", "zero"]))
def test_every_rule_gives_a_positive_variance_for_every_neuron(
    entry: Entry[Any], n: int, out: int, threshold: float, beta: float, reset: str
) -> None:
    found = entry.function(n, out, Neuron(threshold=threshold, beta=beta, reset=reset))
    assert 0 < found < float("inf")
