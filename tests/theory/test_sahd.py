"""Distances between the spikes of two images, and the score of a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnviz.catalog.cells import Metric, Normalisation
from snnviz.theory.sahd import EPSILON, Kernel, distance, expected, hamming

BATCH, NEURONS = 7, 40
SPIKES = arrays(np.int64, (3, BATCH, NEURONS), elements=st.integers(0, 1))
WAYS: list[tuple[Metric, Normalisation]] = [("hd", "paper"), ("hd", "code"), ("sahd", "paper"), ("sahd", "code")]


def common(spikes: Any) -> Any:
    return spikes @ spikes.swapaxes(-1, -2)


def random(rate: float, seed: int = 0, steps: int = 3, neurons: int = 400) -> Any:
    return (np.random.default_rng(seed).random((steps, BATCH, neurons)) < rate).astype(np.int64)


@given(SPIKES)
def test_hamming_counts_the_neurons_that_differ(spikes: Any) -> None:
    slow = (spikes[:, :, None, :] != spikes[:, None, :, :]).sum(-1)
    np.testing.assert_array_equal(hamming(common(spikes)), slow)
    rate = (spikes == 0).mean(-1)
    p = rate[:, :, None] * (1 - rate[:, None]) + (1 - rate[:, :, None]) * rate[:, None]
    np.testing.assert_allclose(expected(common(spikes), NEURONS), NEURONS * p, atol=1e-12)
    np.testing.assert_allclose(distance(common(spikes), NEURONS, "hd", "paper"), slow)
    for normalisation, alpha in (("paper", NEURONS / 2), ("code", 0.5)):
        found = distance(common(spikes), NEURONS, "sahd", normalisation)  # type: ignore[arg-type]
        np.testing.assert_allclose(found, alpha * slow / (NEURONS * p + EPSILON))


@given(SPIKES, st.sampled_from(WAYS))
def test_a_kernel_is_symmetric_with_all_neurons_on_its_diagonal(spikes: Any, way: tuple[Metric, Normalisation]) -> None:
    kernel = Kernel(*way)
    kernel.add(common(spikes), NEURONS, copies=2)
    kernel.add(common(spikes[:1]), NEURONS)
    total = (2 * 3 + 1) * NEURONS / (7 if way[1] == "code" else 1)
    np.testing.assert_allclose(np.diag(kernel.matrix), total)
    np.testing.assert_array_equal(kernel.matrix, kernel.matrix.T)
    again = Kernel(*way)
    for layer in (spikes, spikes, spikes[:1]):
        again.add(common(layer), NEURONS)
    np.testing.assert_allclose(again.matrix, kernel.matrix)
    assert again.terms == kernel.terms


@given(st.integers(0, 10**6), st.sampled_from(WAYS))
def test_the_order_of_images_and_neurons_does_not_matter(seed: int, way: tuple[Metric, Normalisation]) -> None:
    spikes, draw = random(0.2, seed), np.random.default_rng(seed)
    mixed = spikes[:, draw.permutation(BATCH)][:, :, draw.permutation(spikes.shape[2])]
    scores = []
    for several in (spikes, mixed):
        kernel = Kernel(*way)
        kernel.add(common(several), spikes.shape[2])
        scores.append(kernel.score().value)
    assert scores[0] == pytest.approx(scores[1], rel=1e-9)


@pytest.mark.parametrize("silent", [10, 30])
def test_images_of_equal_rates_have_a_sahd_in_proportion_to_hd(silent: int) -> None:
    draw = np.random.default_rng(0)
    spikes = np.array([draw.permutation([0] * silent + [1] * (NEURONS - silent)) for _ in range(BATCH)])[None]
    r = silent / NEURONS
    ratio = (NEURONS / 2) / (NEURONS * 2 * r * (1 - r))
    assert ratio == pytest.approx(4 / 3)
    found = distance(common(spikes), NEURONS, "sahd", "paper")
    np.testing.assert_allclose(found, ratio * hamming(common(spikes)), rtol=1e-4)


def test_a_silent_image_is_half_of_the_neurons_away_from_any_other() -> None:
    spikes = random(0.3)
    spikes[:, 0] = 0
    found = distance(common(spikes), spikes.shape[2], "sahd", "paper")
    np.testing.assert_allclose(found[:, 0, 1:], spikes.shape[2] / 2, rtol=1e-4)
    spikes[:, 1] = 0
    assert np.all(distance(common(spikes), spikes.shape[2], "sahd", "paper")[:, 0, 1] == 0)


def test_independent_spikes_are_as_far_apart_as_expected() -> None:
    spikes = random(0.1, neurons=200_000)
    off = ~np.eye(BATCH, dtype=bool)
    np.testing.assert_allclose(distance(common(spikes), 200_000, "sahd", "paper")[:, off], 100_000, rtol=0.02)


@pytest.mark.parametrize("way", WAYS)
def test_what_has_no_score_says_why(way: tuple[Metric, Normalisation]) -> None:
    silent, alike, fine = Kernel(*way), Kernel(*way), Kernel(*way)
    silent.add(common(random(0.0)), 400)
    assert (silent.score().value, silent.score().invalid) == (None, "no neuron spikes")
    spikes = random(0.2)
    fine.add(common(spikes), 400)
    assert fine.score().value is not None
    assert fine.score().invalid == ""
    spikes[:, 4] = spikes[:, 1]
    alike.add(common(spikes), 400)
    assert (alike.score().value, alike.score().invalid) == (None, "images 2 and 5 of the batch make the same spikes")


def test_silent_terms_only_add_a_constant() -> None:
    spikes = random(0.2)
    with_silence, without = Kernel(), Kernel()
    for kernel in (with_silence, without):
        kernel.add(common(spikes), 400)
    with_silence.add(common(random(0.0)), 400)
    np.testing.assert_allclose(with_silence.matrix - without.matrix, 3 * 400)
