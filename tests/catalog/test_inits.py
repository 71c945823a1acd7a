"""Initialisations equal their papers' rules."""

from __future__ import annotations

import math
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.catalog.inits import (
    COMPARED,
    InputStatistics,
    WeightDistribution,
    gradient_preserving_variance,
    group_equivalent,
    spike_probability,
    weight_distribution,
)
from snnviz.design.menus import INITS, SURROGATES, Choice
from snnviz.design.parts import Neuron
from snnviz.design.registry import Entry

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
@given(
    n=FANS,
    out=FANS,
    threshold=st.floats(0, 10),
    beta=st.floats(0, 1),
    reset=st.sampled_from(["subtract", "zero", "none"]),
    drive=st.builds(InputStatistics, st.floats(0, 100), st.integers(1, 100)),
)
def test_every_rule_gives_a_finite_variance_for_every_neuron(
    entry: Entry[Any], n: int, out: int, threshold: float, beta: float, reset: Any, drive: InputStatistics
) -> None:
    neuron = Neuron(threshold=threshold, beta=beta, reset=reset)
    law = weight_distribution(Choice({"kind": entry.kind}), n, out, neuron, drive)
    assert 0 <= law.variance < float("inf")
    assert law.variance > 0 or threshold < 1e-3 or entry.kind == "reset-aware"


def test_the_eight_of_the_paper_are_marked() -> None:
    assert [entry.kind for entry in INITS if COMPARED in entry.traits] == [
        *("variance-preserving", "kaiming", "glorot", "lee-2016", "bellec-2018", "zenke-2021", "ding-2022"),
        "fluctuation-driven",
    ]


@pytest.mark.parametrize(
    ("kind", "gain"),
    [
        ("variance-preserving", 6.303),
        ("kaiming", 2),
        ("glorot", 1),
        ("lee-2016", 1),
        ("bellec-2018", 1),
        ("zenke-2021", 1 / 3),
        ("ding-2022", 2),
        ("reset-aware", 5.411),
    ],
)
def test_n_var_w_at_threshold_one_and_leak_a_half(kind: str, gain: float) -> None:
    law = weight_distribution(Choice({"kind": kind}), 1000, 1000, Neuron(threshold=1.0, beta=0.5))
    assert law.variance * 1000 == pytest.approx(gain, abs=5e-4)
    assert law.uniform == (kind in ("lee-2016", "zenke-2021"))


def test_bellecs_native_threshold_and_leak_rescaled_give_2_64() -> None:
    native = (1 - math.exp(-1 / 20)) / 0.03  # of the current, over the threshold
    assert weight_distribution(
        Choice({"kind": "bellec-2018", "scale": native}), 1, 1, Neuron()
    ).variance == pytest.approx(2.64, abs=5e-3)


def test_the_slope_of_a_neuron_that_resets_to_zero() -> None:
    hard = Neuron(threshold=1.0, beta=0.5, reset="zero")
    assert weight_distribution(Choice({"kind": "ding-2022"}), 1, 1, hard).variance == pytest.approx(
        2 / (2 * math.log(2)) ** 2
    )
    assert weight_distribution(Choice({"kind": "ding-2022"}), 1, 1, Neuron(beta=1.0, reset="zero")).variance == 2


@given(FANS, st.floats(0.001, 1), st.floats(0, 0.99), st.floats(0.5, 5))
def test_fluctuations_reach_the_threshold_at_xi_standard_deviations(n: int, nu: float, beta: float, xi: float) -> None:
    """Rossbroich et al. 2022: n nu (sum of beta^2k) Var[w] = (theta / xi)^2, whether nu is told or measured."""
    neuron = Neuron(threshold=0.8, beta=beta)
    for nu_told, moment in ((0.0, nu), (nu, 0.5)):
        init = Choice({"kind": "fluctuation-driven", "xi": xi, "nu": nu_told})
        law = weight_distribution(init, n, 1, neuron, InputStatistics(moment, 400))
        assert n * nu / (1 - beta**2) * law.variance == pytest.approx((0.8 / xi) ** 2, rel=1e-3)


@pytest.mark.parametrize("entry", list(SURROGATES), ids=lambda entry: entry.kind)
@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0, 1.5])
def test_gradient_preserving_keeps_the_variance_and_the_gradient(entry: Entry[Any], threshold: float) -> None:
    """Where Var[u] is within its bounds: n Var[w] P(u > theta) = Var[u], and the gain of gradients is 1, by integration
    of another kind than that of the rule.
    """
    for slope in (0.5, 1.0, 2.0, 5.0, 20.0):
        neuron = Neuron(threshold=threshold, surrogate=Choice({"kind": entry.kind, "slope": slope}))
        v = gradient_preserving_variance(neuron)
        gain = 1000 * weight_distribution(Choice({"kind": "gradient-preserving"}), 1000, 1000, neuron).variance
        assert gain * NormalDist(0, v**0.5).cdf(-threshold) == pytest.approx(v)
        u = np.linspace(-9, 9, 2_000_001) * v**0.5
        derivative = np.array(entry.function(u - threshold, slope=slope))
        of_gradient = gain * np.trapezoid(derivative**2 * np.exp(-(u**2) / (2 * v)), u) / math.sqrt(2 * math.pi * v)
        least, most = max(threshold, 0.01) ** 2, 16 * max(1.0, threshold) ** 2
        if least * 1.001 < v < most / 1.001:
            assert of_gradient == pytest.approx(1, rel=1e-3)
        else:  # it would grow at the least that comes back, or fade at the most
            assert (of_gradient > 1) == (v < 1.001 * least)


def test_at_the_slope_that_keeps_gradients_it_is_the_variance_preserving_rule() -> None:
    neuron = Neuron(threshold=1.0, surrogate=Choice({"kind": "atan", "slope": 2.6278}))
    laws = [
        weight_distribution(Choice({"kind": kind}), 500, 1, neuron).variance
        for kind in ("gradient-preserving", "variance-preserving")
    ]
    assert laws[0] == pytest.approx(laws[1], rel=1e-3)


@given(st.floats(1e-6, 10))
def test_uniform_weights_within_the_limit_have_the_variance(variance: float) -> None:
    assert (2 * WeightDistribution(variance, uniform=True).limit) ** 2 / 12 == pytest.approx(variance)


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_initialisations_are_called_alike_where_their_laws_are_and_only_there(threshold: float, reset: str) -> None:
    """Against all pairs of laws, also at other drives; uniform and Gaussian ones are apart."""
    neuron = Neuron(threshold=threshold, reset=reset)
    every = [Choice(INITS.choose("init", entry.kind)) for entry in INITS]
    for shapes in ([(100, 100)], [(100, 100), (100, 10)]):
        groups = group_equivalent(every, shapes, neuron, 4)
        together = {frozenset((a.kind, b.kind)) for group in groups for a in group for b in group if a != b}
        for a, b in combinations(every, 2):
            laws = [
                [weight_distribution(init, *shape, neuron, InputStatistics(moment, 4)) for init in (a, b)]
                for shape in shapes
                for moment in (0.01, 0.2, 0.9)
            ]
            same = all(x.uniform == y.uniform and x.variance == pytest.approx(y.variance, rel=1e-9) for x, y in laws)
            assert (frozenset((a.kind, b.kind)) in together) == same, (a.kind, b.kind)
        assert (frozenset(("kaiming", "ding-2022")) in together) == (threshold == 1 and reset != "zero")
        assert (frozenset(("kaiming", "variance-preserving")) in together) == (threshold == 0)
        assert (frozenset(("glorot", "bellec-2018")) in together) == (len(shapes) == 1)


def test_equations_that_could_not_be_checked_are_not_numbered() -> None:
    """Rossbroich et al. 2022 was "Eq. 8", Bellec et al. 2018 "Eq. 3"; what was read is their code, and that is said."""
    entries = [entry for entry in (*INITS, *SURROGATES) if entry.kind in ("fluctuation-driven", "triangle")]
    assert len(entries) == 2
    for entry in entries:
        assert "Eq." not in entry.source
        assert entry.source.endswith("published code")
        assert "could not be checked" in " ".join(entry.notes.split())
