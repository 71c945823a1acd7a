"""The map of the cosine and the gain of gradients are what networks with explicit weights do."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from benchmarks import mean_field
from snnviz.catalog.inits import spike_probability, weight_distribution
from snnviz.catalog.neurons import respond
from snnviz.catalog.surrogates import second_moment_of_derivative
from snnviz.core.untrained import measure_untrained
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import INITS, SURROGATES, Choice
from snnviz.design.parts import Neuron
from snnviz.studies.activity.theory.activity import default_inits
from snnviz.theory.correlation import (
    cosine_by_layer,
    cosine_fixed_point,
    cosine_slope,
    draw_pairs,
    joint_spike_probability,
    next_cosine,
)
from snnviz.theory.gradient_flow import gradient_gain, gradient_keeping_slope, layer_gain


@pytest.mark.parametrize(("theta", "cosine", "slope"), [(1, 0.274, 1.35), (0.5, 0.561, 1.58), (0.3, 0.665, 1.57)])
def test_fixed_points_that_were_computed_twice(theta: float, cosine: float, slope: float) -> None:
    found = cosine_fixed_point(theta)
    assert found.cosine == pytest.approx(cosine, abs=6e-4)
    assert found.depth_scale == pytest.approx(slope, abs=6e-3)
    near = next_cosine([found.cosine - 1e-4, found.cosine + 1e-4], theta)
    assert (near[1] - near[0]) / 2e-4 == pytest.approx(found.slope, rel=1e-4)


@pytest.mark.parametrize("rho", [-0.7, 0.0, 0.3, 0.95])
@pytest.mark.parametrize("h", [0.0, 0.4, 1.7])
def test_joint_spikes_are_the_bivariate_normal_laws(rho: float, h: float) -> None:
    law = multivariate_normal([0, 0], [[2, 2 * rho], [2 * rho, 2]])
    limit = -h * math.sqrt(2)
    assert joint_spike_probability(h * math.sqrt(2), rho, 2.0) == pytest.approx(law.cdf([limit, limit]), abs=1e-5)
    change = (joint_spike_probability(h, rho + 1e-5) - joint_spike_probability(h, rho - 1e-5)) / 2e-5
    assert cosine_slope(rho, h) == pytest.approx(change / norm.sf(h), rel=1e-5)


def test_explicit_weights_agree_in_cosine_and_gradient() -> None:
    """Scores over cases that are in no table, of every initialisation, are standard normal ones: their deviation is
    about 1, and none is far away. A tenth as many as the benchmark has.
    """
    found = [(case, mean_field.score(case)) for case in mean_field.cases(4)]
    scores = [score for _, pair in found for score in pair if score is not None]
    assert len(scores) > 50
    assert 0.85 <= np.std(scores) <= 1.15
    assert np.abs(scores).max() < 4
    for of_one in (0, 1):  # each initialisation has both
        known = {case.init for case, pair in found if pair[of_one] is not None}
        assert known == {init.kind for init in default_inits()} | {"gradient-preserving"}


@pytest.mark.parametrize("entry", list(SURROGATES), ids=lambda entry: entry.kind)
@pytest.mark.parametrize("slope", [0.5, 2.0, 25.0])
def test_the_expectation_of_every_surrogate(entry: object, slope: float) -> None:
    kind = entry.kind  # type: ignore[attr-defined]
    chosen = Choice({"kind": kind, "slope": slope})

    def inside(u: float) -> float:
        return float(SURROGATES[kind].function(u - 0.7, slope=slope) ** 2 * norm.pdf(u, scale=1.3))

    points = sorted({0.7, 0.7 - 1 / slope, 0.7 + 1 / slope})
    parts = [-15.0, *points, 15.0]
    exact = sum(quad(inside, low, high, limit=400)[0] for low, high in pairwise(parts))
    assert second_moment_of_derivative(chosen, 0.7, 1.3**2) == pytest.approx(exact, rel=2e-4)


@pytest.mark.parametrize(("theta", "slope"), [(1.0, 2.628), (0.5, 3.542), (1.5, 1.982)])
def test_the_slope_that_keeps_gradients(theta: float, slope: float) -> None:
    atan, gain = Choice({"kind": "atan", "slope": 2.0}), 1 / spike_probability(theta)
    found = gradient_keeping_slope(atan, theta, gain)
    assert found == pytest.approx(slope, abs=2e-3)
    assert gradient_gain(Choice({"kind": "atan", "slope": found}), theta, gain) == pytest.approx(1, abs=1e-6)


def test_drawn_pairs_of_one_step_are_the_closed_form() -> None:
    init = Choice(INITS.choose("init", "variance-preserving"))
    drawn = draw_pairs(0.9, Neuron(threshold=0.6, beta=0.5), init, width=1000, layers=8, steps=1)
    exact = cosine_by_layer(0.9, 0.6, np.ones(8))
    assert np.abs(drawn.cosine - exact).max() < 0.03
    assert np.abs(drawn.count_cosine - drawn.cosine).max() < 1e-12


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_the_way_back_through_time_is_autograds(reset: str) -> None:
    """Against the code that trains, on explicit weights: five layers of 400, three steps."""
    design = change(
        Design(),
        {"network": "mlp", "network.depth": 7, "network.width": 400, "data.steps": 3, "neuron.reset": reset,
         "neuron.beta": 0.8},
    )  # fmt: skip
    measured = measure_untrained(design, 0.0, most=6)
    sizes = [layer.gradient for layer in measured.layers[:-1]]
    assert all(sizes)
    drawn, rng = np.ones((3, 3)), np.random.default_rng(0)
    init = Choice(INITS.choose("init", "variance-preserving"))
    # potentials of a layer deep inside, drawn as `draw_pairs` draws them
    moments = np.ones((3, 3))
    potentials = []
    for _ in range(7):
        factor = np.linalg.cholesky(moments + 1e-9 * np.eye(3))
        u, spikes = respond(factor @ rng.standard_normal((3, 20000)), design.neuron)
        potentials.append(u)
        law = weight_distribution(init, 400, 400, design.neuron)
        moments = spikes @ spikes.T / 20000 * law.variance * 400
    gains = []
    for u in reversed(potentials):
        gain, drawn = layer_gain(u, design.neuron, 1 / spike_probability(1.0), drawn)
        gains.append(gain)
    ratios = [one / other for one, other in pairwise(sizes[1:6])]  # type: ignore[operator]
    expected = gains[::-1][2:6]
    assert np.mean(ratios) == pytest.approx(np.mean(expected), rel=0.06)
