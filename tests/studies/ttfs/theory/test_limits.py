"""Limits of hardware in numpy: grids, windows and noise, and the network that they leave."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnviz.studies.ttfs.limits import HardwareLimits
from snnviz.studies.ttfs.theory.limits import (
    TtfsWeights,
    limited_arrival_times,
    quantise,
    quantise_weights,
    shorten_windows,
    weight_range,
)
from snnviz.theory.ttfs import Window, has_fired, network_from_inputs, windows_from_activations

BITS = st.integers(1, 16)
VALUES = arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e3, 1e3))
RANGES = st.tuples(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(VALUES, RANGES, BITS)
def test_a_quantised_number_is_one_of_few_the_nearest_and_stays(
    values: Any, span: tuple[float, float], bits: int
) -> None:
    low, high = span
    found = quantise(values, low, high, bits)
    assert ((low <= found) & (found <= high + 1e-9 * abs(high))).all()
    assert (quantise(found, low, high, bits) == found).all()
    step = (high - low) / (2**bits - 1)
    assert (
        np.abs(found - np.clip(values, low, high)) <= step / 2 * (1 + 1e-6) + 1e-12 * max(abs(low), abs(high))
    ).all()
    grid = quantise(np.linspace(low, high, 5000), low, high, bits)
    assert len(np.unique(grid)) <= 2**bits
    assert quantise(np.array([low, high]), low, high, bits).tolist() == [low, high]  # to the bit: t_max is no spike


def test_all_levels_are_used_and_an_empty_range_has_one() -> None:
    assert len(np.unique(quantise(np.linspace(-1, 1, 999), -1, 1, 3))) == 8
    assert quantise(np.array([-0.1, 0.2]), -1, 1, 1).tolist() == [-1, 1]
    assert quantise(np.zeros(3), 0.0, 0.0, 4).tolist() == [0, 0, 0]


@given(VALUES, st.floats(1e-3, 1e3), st.integers(2, 7))
def test_levels_with_a_zero_are_odd_symmetric_and_the_nearest(values: Any, reach: float, bits: int) -> None:
    found = quantise_weights(values, reach, bits, "with-zero")
    step = reach / (2 ** (bits - 1) - 1)
    grid = [k * step for k in range(-(2 ** (bits - 1)) + 1, 2 ** (bits - 1))]
    assert len(grid) == 2**bits - 1
    for value, level in list(zip(values, found, strict=True))[:6]:
        nearest = min(abs(value.clip(-reach, reach) - one) for one in grid)
        assert abs(level - value.clip(-reach, reach)) <= nearest + 1e-9 * reach
        assert min(abs(level - one) for one in grid) <= 1e-9 * reach
    assert (quantise_weights(-values, reach, bits, "with-zero") == -found).all()
    assert quantise_weights(np.array([0.0, reach, -reach]), reach, bits, "with-zero").tolist() == [0, reach, -reach]
    assert np.abs(quantise_weights(np.zeros(1), reach, bits, "without-zero"))[0] > 0.4 * 2 * reach / (2**bits - 1)


def test_outliers_are_left_out_of_the_range() -> None:
    weights = np.concatenate([np.linspace(-1, 1, 999), [50.0]])
    assert weight_range(weights, 0.0) == 50
    assert weight_range(weights, 0.002) < 1.01


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=5), st.floats(1, 100))
def test_windows_are_shorter_and_follow_each_other(largest: list[float], factor: float) -> None:
    before = windows_from_activations(largest)
    after = shorten_windows(before, factor)
    assert after[0].start == 1
    assert [b.end for b in after[:-1]] == [b.start for b in after[1:]]
    assert np.allclose([w.width * factor for w in after], [w.width for w in before])


def test_jitter_moves_spikes_within_their_window_and_wakes_nobody() -> None:
    window, noise = Window(2.0, 5.0), np.random.default_rng(0).standard_normal(4000)
    times = np.concatenate([np.full(2000, 3.5), np.full(2000, window.end)])
    found = limited_arrival_times(times, window, HardwareLimits(jitter=0.3), noise)
    assert abs(found[:2000].std() - 0.3) < 0.02
    assert abs(found[:2000].mean() - 3.5) < 0.03
    assert (found[2000:] == window.end).all()
    wide = limited_arrival_times(times, window, HardwareLimits(jitter=2), 3 * noise)
    assert (wide.min(), wide.max()) == (window.start, window.end)


def test_times_are_quantised_in_the_layers_own_window() -> None:
    window = Window(7.0, 10.0)
    found = limited_arrival_times(np.linspace(7, 10, 400), window, HardwareLimits(time_bits=2), None)
    assert np.unique(found).tolist() == [7, 8, 9, 10]


def network() -> tuple[TtfsWeights, Any]:
    draw = np.random.default_rng(1)
    sizes = (12, 20, 20, 5)
    weights = tuple(draw.normal(0, np.sqrt(2 / m), (n, m)) for m, n in pairwise(sizes))
    biases = tuple(draw.normal(0, 0.1, n) for n in sizes[1:])
    shown = draw.uniform(0, 1, (50, 12))
    exact = network_from_inputs(weights, biases, shown)
    return TtfsWeights(weights, biases, tuple(layer.window for layer in exact.layers[:-1]), 0.0, 1.0), (exact, shown)


def test_without_limits_it_is_the_exact_network() -> None:
    trained, (exact, shown) = network()
    passed = exact.run(shown)
    logits, spikes = trained.limited(HardwareLimits()).logits(shown, HardwareLimits())
    assert np.allclose(logits, passed.logits, rtol=1e-10, atol=1e-12)
    told = [has_fired(t, layer.window).mean() for t, layer in zip(passed.times[1:], exact.layers[:-1], strict=True)]
    assert spikes == pytest.approx(np.mean(told))


def test_windows_as_long_as_before_lose_nothing_and_shorter_ones_saturate() -> None:
    trained, (exact, shown) = network()
    free = exact.run(shown).logits
    little, much = (
        HardwareLimits(latency=1.4),
        HardwareLimits(latency=8),
    )  # windows are 1.5 times as wide as activations need
    assert np.allclose(trained.limited(little).logits(shown, little)[0], free)
    assert not np.allclose(trained.limited(much).logits(shown, much)[0], free, rtol=0.01)


def test_the_same_seed_jitters_alike() -> None:
    trained, (_, shown) = network()
    limits = HardwareLimits(jitter=0.1)
    one, same, other = (trained.logits(shown, limits, seed)[0] for seed in (1, 1, 2))
    assert (one == same).all()
    assert not (one == other).all()
