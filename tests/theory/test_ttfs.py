"""One spike per neuron: firing times against V(t) stepped through time, and both mappings against ReLUs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.errors import InputError
from snnviz.theory import ttfs
from snnviz.theory.ttfs import Floats, Layer, Silent, TtfsNetwork, Window


def he(rng: np.random.Generator, *sizes: int) -> tuple[list[Floats], list[Floats]]:
    """Weights and biases of a ReLU network."""
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.normal(0, np.sqrt(2 / m), (n, m)) for n, m in pairs]
    return weights, [rng.normal(0, 0.2, n) for n, _ in pairs]


def relus(weights: list[Floats], biases: list[Floats], x: Floats) -> list[Floats]:
    """What each hidden layer says, and the logits."""
    said = []
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ w.T + b, 0)
        said.append(x)
    return [*said, x @ weights[-1].T + biases[-1]]


def stepped(layer: Layer, times: Floats, steps: int, silent: str = "clock") -> list[float]:
    """Firing times of gated neurons, one by one, whose V is integrated in small steps of time and event by event.

    Only inputs that spiked, before their t_max, ever send anything. "clock": at t_min the slope becomes B, a number of
    each neuron's own; "nothing": the ramp and what was sent go on.
    """
    start, end = layer.window.start, layer.window.end
    dt = (end - layer.before) / steps
    sent = [(float(t), layer.weights[:, j]) for j, t in enumerate(times) if t < start]
    found = []
    for i in range(len(layer.ramp)):
        b = float(layer.ramp[i]) + sum(float(w) for w in layer.weights[i])
        v, when = 0.0, end
        for k in range(steps):
            t = layer.before + k * dt  # this step is [t, t + dt]
            first = min(max(start - t, 0.0), dt)  # so much of it is in the first phase
            if silent == "nothing":
                first = dt
            v += float(layer.ramp[i]) * first + b * (dt - first)
            v += sum(float(w[i]) * min(max(t + first - at, 0.0), first) for at, w in sent)
            if v >= layer.threshold[i] and t + dt >= start:
                when = min(t + dt, end)
                break
        found.append(when)
    return found


def relative(a: Floats, b: Floats) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


@pytest.mark.parametrize("hidden", [2, 7])
@pytest.mark.parametrize("slopes", ["one", "drawn"])
def test_logits_are_the_relu_networks_whatever_the_slopes(hidden: int, slopes: str) -> None:
    rng = np.random.default_rng(hidden)
    sizes = (64, *[60] * hidden, 10)
    weights, biases = he(rng, *sizes)
    x = rng.uniform(size=(256, 64))
    chosen = [rng.uniform(0.5, 2, 60) for _ in range(hidden)] if slopes == "drawn" else None
    made = ttfs.network_from_inputs(weights, biases, x, slopes=chosen)
    passed, expected = made.run(x), relus(weights, biases, x)
    assert relative(passed.logits, expected[-1]) < 1e-10
    assert (passed.logits.argmax(1) == expected[-1].argmax(1)).all()
    for layer, times, said in zip(made.layers, passed.times[1:], expected, strict=False):
        np.testing.assert_allclose(ttfs.time_to_activation(times, layer.window), said, atol=1e-10)
        assert (times >= layer.window.start).all()
        assert (times <= layer.window.end).all()
        assert (ttfs.has_fired(times, layer.window) == (said > 0)).mean() == 1
    if chosen is None:
        for layer in made.layers[:-1]:
            np.testing.assert_allclose(layer.slope, 1, atol=1e-12)


@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=3),
    zeta=st.floats(-0.5, 3),
    slopes=st.tuples(st.floats(0.3, 1), st.floats(1, 3)),
    silent=st.sampled_from(["clock", "nothing"]),
)
@settings(max_examples=20, deadline=None)
def test_v_stepped_through_time_crosses_the_threshold_at_the_firing_time(
    seed: int, sizes: list[int], zeta: float, slopes: tuple[float, float], silent: Silent
) -> None:
    """Also where an activation does not fit into its window (zeta < 0). A silent neuron sends nothing in both."""
    rng = np.random.default_rng(seed)
    weights, biases = he(rng, *sizes, 2)
    x = rng.uniform(size=(1, sizes[0])) * (rng.uniform(size=sizes[0]) < 0.7)
    drawn = [rng.uniform(*slopes, size) for size in sizes[1:]]
    made = ttfs.network_from_inputs(weights, biases, x, zeta, drawn)
    made = TtfsNetwork(tuple(replace(layer, silent=silent) for layer in made.layers))
    times = made.run(x).times
    for layer, before, after in zip(made.layers[:-1], times[:-1], times[1:], strict=True):
        step = (layer.window.end - layer.before) / 600
        grazes = abs(layer.potential(before[0], np.array([layer.window.end]))[0] - layer.threshold)
        clear = (
            grazes > 3 * step * np.abs(layer.slope_in_window(before)[0]) + 1e-9
        )  # within a step of t_max it may be either
        low = np.array(stepped(layer, before[0], 600, silent))
        np.testing.assert_allclose(after[0][clear], low[clear], atol=2 * step)


def test_neurons_as_printed_compute_something_else_where_silent_ones_send_nothing() -> None:
    """(1) for ever needs an event at t_max of every silent neuron; with it, it is the two phases."""
    rng = np.random.default_rng(9)
    weights, biases = he(rng, 64, 60, 60, 10)
    x = rng.uniform(size=(200, 64)) * (rng.uniform(size=(200, 64)) < 0.5)
    exact = ttfs.network_from_inputs(weights, biases, x)
    printed = TtfsNetwork(tuple(replace(layer, silent="nothing") for layer in exact.layers))
    right, wrong = exact.run(x), printed.run(x)
    assert relative(right.logits, relus(weights, biases, x)[-1]) < 1e-10
    assert (wrong.logits.argmax(1) == right.logits.argmax(1)).mean() < 0.75
    assert np.abs(wrong.times[1] - right.times[1]).mean() > 0.1
    nearly = np.where(x > 0, x, 1e-13)  # each silent pixel sends its event just before t_max
    first = printed.layers[0]
    np.testing.assert_allclose(first.fire(ttfs.intensity_to_time(nearly)), right.times[1], atol=1e-9)


def test_the_potential_is_the_stepped_one_and_is_at_threshold_when_the_neuron_spikes() -> None:
    rng = np.random.default_rng(1)
    weights, biases = he(rng, 5, 4, 3)
    x = rng.uniform(size=(1, 5)) * np.array([1, 0, 1, 1, 1])
    made = ttfs.network_from_inputs(weights, biases, x, zeta=3)
    layer, passed = made.layers[0], made.run(x)
    times = passed.times[1][0]
    spikes = ttfs.has_fired(times, layer.window)
    assert 0 < spikes.sum() < 4
    at = np.diagonal(layer.potential(passed.times[0][0], times))
    np.testing.assert_allclose(at[spikes], layer.threshold[spikes], atol=1e-12)
    assert (at[~spikes] < layer.threshold[~spikes]).all()
    start = layer.window.start
    sent = np.where(passed.times[0][0] < start, 1.0, 0.0)
    for grid, slope in (
        (np.array([start - 1e-3, start - 1e-6]), layer.ramp + layer.weights @ sent),
        (np.array([start, start + 1e-3]), layer.slope),
        (np.array([start + 1, layer.window.end]), layer.slope),
    ):
        v = layer.potential(passed.times[0][0], grid)
        np.testing.assert_allclose((v[1] - v[0]) / (grid[1] - grid[0]), slope, rtol=1e-6)
    assert not np.allclose(layer.ramp + layer.weights @ sent, layer.slope)  # a pixel is black
    np.testing.assert_allclose(layer.potential(passed.times[0][0], np.zeros(1)), 0)


def test_the_gate_keeps_from_spiking_whoever_is_above_threshold_before_the_window() -> None:
    rng = np.random.default_rng(2)
    weights, biases = he(rng, 30, 40, 40, 10)
    x = rng.uniform(size=(20, 30))
    made = ttfs.network_from_inputs(weights, biases, x)
    for layer, before in zip(made.layers[:-1], made.run(x).times, strict=False):
        early = layer.gated(before)
        for image in range(3):
            grid = np.linspace(layer.before, layer.window.start, 2001)[:-1]
            seen = (layer.potential(before[image], grid) >= layer.threshold).any(0)
            assert (early[image] >= seen).all()  # a grid may miss a short excursion
            assert (early[image] == seen).mean() > 0.97


def test_a_wider_window_does_not_do_away_with_the_gate() -> None:
    """A row of large sum makes the threshold negative, however wide the windows: such a neuron starts above it."""
    rng = np.random.default_rng(1)
    weights, biases = he(rng, 30, 40, 40, 10)
    x = rng.uniform(size=(20, 30))
    for zeta in (0.5, 4):
        made = ttfs.network_from_inputs(weights, biases, x, zeta=zeta)
        layer = made.layers[1]
        assert (layer.threshold <= 0).any()
        assert layer.gated(made.run(x).times[1])[:, layer.threshold <= 0].all()


def test_a_short_excursion_above_the_threshold_is_seen() -> None:
    layer = ttfs.layer_from_relu(np.array([[9.0, -9.0], [0.1, 0.1]]), np.zeros(2), Window(1.0, 2.0), 0.0)
    times = np.array([[0.2, 0.6], [0.2, 0.2]])
    assert layer.gated(times).tolist() == [[True, False], [False, False]]


def test_both_mappings_are_inverse() -> None:
    rng = np.random.default_rng(3)
    (w,), (b,) = he(rng, 20, 30)
    layer = ttfs.layer_from_relu(w, b, Window(2.5, 7.0), 1.0, rng.uniform(0.5, 2, 30))
    for found, expected in zip(ttfs.relu_parameters(layer), (w, b), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_logits_do_not_depend_on_windows() -> None:
    rng = np.random.default_rng(4)
    weights, biases = he(rng, 20, 30, 30, 10)
    x = rng.uniform(size=(50, 20))
    expected = relus(weights, biases, x)[-1]
    for zeta in (0.01, 3, 1000):
        assert relative(ttfs.network_from_inputs(weights, biases, x, zeta=zeta).run(x).logits, expected) < 1e-10


def test_windows_follow_each_other_and_only_grow() -> None:
    first = ttfs.windows_from_activations([2.0, 0.0, 1.0])
    assert first[0].start == 1
    assert all(a.end == b.start and a.width > 0 for a, b in pairwise(first))
    wider = ttfs.widen_windows(first, [window.end - x for window, x in zip(first, (2.0, 0.0, 0.1), strict=True)])
    assert [window.width for window in wider] == pytest.approx([20.0, 1.5, 1.5])
    assert all(a.end == b.start for a, b in pairwise(wider))
    assert ttfs.widen_windows(wider, [window.end for window in wider]) == wider


def test_an_input_comes_back_and_a_silent_one_says_nothing() -> None:
    x = np.linspace(0, 1, 7)
    np.testing.assert_allclose(ttfs.intensity_to_time(ttfs.intensity_to_time(x)), x)
    rng = np.random.default_rng(5)
    (w,), (b,) = he(rng, 6, 4)
    window = Window(1.0, 9.0)
    whole = ttfs.layer_from_relu(w, b, window, 0.0).fire(np.array([[0.2, 1.0, 0.5, 1.0, 0.9, 1.0]]))
    fewer = ttfs.layer_from_relu(w[:, ::2], b, window, 0.0).fire(np.array([[0.2, 0.5, 0.9]]))
    np.testing.assert_allclose(whole, fewer, atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1), later=st.floats(0, 0.5))
@settings(max_examples=30, deadline=None)
def test_a_later_spike_through_a_positive_weight_makes_no_neuron_earlier(seed: int, later: float) -> None:
    rng = np.random.default_rng(seed)
    (w,), (b,) = he(rng, 6, 5)
    layer = ttfs.layer_from_relu(w, b, Window(1.0, 3.0), 0.0)
    times = rng.uniform(0, 0.5, 6)
    delayed = times + later * np.eye(6)[0]
    before, after = layer.fire(times[None])[0], layer.fire(delayed[None])[0]
    assert (after[w[:, 0] >= 0] >= before[w[:, 0] >= 0] - 1e-12).all()
    assert (after[w[:, 0] <= 0] <= before[w[:, 0] <= 0] + 1e-12).all()


def test_ties_and_edges() -> None:
    """A neuron that meets the threshold at t_max is silent, one that is above it at t_min spikes there."""
    window = Window(1.0, 3.0)
    times = np.array([[0.5, 0.5]])
    w, b = np.array([[1.0, -1.0], [1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]), np.array([0.0, 0.0, 0.0, 5.0])
    layer = ttfs.layer_from_relu(w, b, window, 0.0)
    found = layer.fire(times)[0]
    assert found.tolist() == [3.0, 2.0, 2.0, 1.0]
    assert ttfs.has_fired(found, window).tolist() == [False, True, True, True]


def test_without_a_rising_slope_a_neuron_spikes_at_once_or_never() -> None:
    layer = Layer(np.array([[-3.0], [-3.0]]), np.ones(2), np.array([-2.0, 2.0]), 0.0, Window(1.0, 2.0))
    assert layer.fire(np.array([[0.5]])).tolist() == [[1.0, 2.0]]


def test_inputs_of_another_range_are_rescaled() -> None:
    rng = np.random.default_rng(6)
    (w,), (b,) = he(rng, 8, 5)
    shown = rng.uniform(size=(9, 8))
    other, shifted = ttfs.rescale_input_range(w, b, -3.0, 3.0)
    np.testing.assert_allclose(shown @ other.T + shifted, (6 * shown - 3) @ w.T + b, atol=1e-12)


def test_the_jacobian_is_that_of_the_firing_times() -> None:
    rng = np.random.default_rng(7)
    (w,), (b,) = he(rng, 6, 6)
    slope = rng.uniform(0.5, 2, 6)
    layer, times = ttfs.layer_from_relu(w, b, Window(1.0, 9.0), 0.0, slope), rng.uniform(0.1, 0.9, (1, 6))
    spiked = ttfs.has_fired(layer.fire(times), layer.window)[0]
    step = 1e-6 * np.eye(6)
    found = (layer.fire(times + step) - layer.fire(times - step)).T / 2e-6
    np.testing.assert_allclose(found, ttfs.jacobian(layer.weights, slope, spiked), atol=1e-7)
    np.testing.assert_allclose(found, spiked[:, None] * w, atol=1e-7)


def test_alpha_one_asks_for_rows_below_one_and_centred_ones_have_slope_one() -> None:
    rng = np.random.default_rng(8)
    (w,), (b,) = he(rng, 50, 60)
    with pytest.raises(InputError, match="weights must have rows that add up to less than 1 where alpha is 1, got"):
        ttfs.slopes_for_unit_ramp(w)
    centred = ttfs.center_rows(w)
    np.testing.assert_allclose(ttfs.slopes_for_unit_ramp(centred), 1, atol=1e-12)
    layer = ttfs.layer_from_relu(w / 9, b, Window(1.0, 3.0), 0.0, ttfs.slopes_for_unit_ramp(w / 9))
    np.testing.assert_allclose(layer.ramp, 1, atol=1e-12)


@pytest.mark.parametrize("slope", [0.0, -1.0, np.nan, np.inf])
def test_a_slope_is_above_zero(slope: float) -> None:
    with pytest.raises(InputError, match="slope must be a number above 0 for every neuron"):
        ttfs.layer_from_relu(np.eye(2), np.zeros(2), Window(1.0, 2.0), 0.0, slope)


def test_a_spectrum_is_of_a_square_layer() -> None:
    with pytest.raises(InputError, match="weights must be square to have eigenvalues, got 2 by 3"):
        ttfs.jacobian_eigenvalues(np.ones((2, 3)), 1.0)
    assert isinstance(ttfs.network_from_inputs([np.eye(2)], [np.zeros(2)], np.ones((1, 2))), TtfsNetwork)
