"""Second moments of encoded pixels. That real encoded images have them is tested in tests/core."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnviz.catalog.encodings import PixelDistribution, pixel_distribution, second_moments
from snnviz.design.design import Design
from snnviz.design.menus import DATASETS, ENCODINGS, EVENTS
from snnviz.design.parts import Neuron
from snnviz.design.registry import Entry

IMAGES = [entry.kind for entry in DATASETS if EVENTS not in entry.traits]


@pytest.mark.parametrize("steps", [1, 2, 5, 100])
@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("entry", list(ENCODINGS), ids=lambda entry: entry.kind)
def test_they_form_a_covariance_matrix(entry: Entry[Any], name: str, steps: int) -> None:
    moments = entry.function(pixel_distribution(name, Neuron(threshold=0.5, beta=0.9), steps), steps)
    assert moments.shape == (steps, steps)
    np.testing.assert_array_equal(moments, moments.T)
    assert np.linalg.eigvalsh(moments).min() > -1e-12
    assert np.all((moments >= 0) & (moments <= 1))


def test_a_pixel_of_latency_spikes_at_most_once() -> None:
    pixels = pixel_distribution("digits", Neuron(), 5)
    moments = ENCODINGS["latency"].function(pixels, 5)
    np.testing.assert_array_equal(moments, np.diag(np.diag(moments)))
    assert np.trace(moments) == pytest.approx(1 - pixels.share[0])  # all but the black ones


def test_two_steps_of_rate_coding_are_independent_given_the_pixel() -> None:
    pixels = PixelDistribution(np.array([0.0, 0.5, 1.0]), np.array([0.5, 0.25, 0.25]), 0.375, 0.415, Neuron())
    moments = ENCODINGS["rate"].function(pixels, 2)
    np.testing.assert_allclose(moments, [[0.375, 0.3125], [0.3125, 0.375]])  # E[p] and E[p^2]


def four(**neuron: Any) -> PixelDistribution:
    """A quarter each of normalised pixels -0.5, 0.5, 1.5 and 2.5."""
    return PixelDistribution(np.arange(4) / 4, np.full(4, 0.25), 1 / 8, 1 / 4, Neuron(**neuron))


def test_a_spiking_encoder_spikes_at_first_where_a_pixel_is_above_the_threshold() -> None:
    np.testing.assert_array_equal(four().normalised, [-0.5, 0.5, 1.5, 2.5])
    for threshold, share in ((0.0, 0.75), (1.0, 0.5), (2.0, 0.25), (2.5, 0.0), (10.0, 0.0)):
        assert ENCODINGS["lif"].function(four(threshold=threshold), 1) == share


def test_without_leak_and_reset_a_pixel_spikes_from_when_its_sum_is_above_the_threshold() -> None:
    """0.5 from the third step on, 1.5 and 2.5 always; -0.5 never."""
    moments = ENCODINGS["lif"].function(four(beta=1.0, reset="none"), 4)
    late = np.minimum.outer(np.arange(4), np.arange(4)) >= 2
    np.testing.assert_allclose(moments, 0.5 + 0.25 * late)


def test_a_reset_to_zero_acts_a_step_late() -> None:
    """u of 1.5 without leak: 1.5, 1.5, ...: each spike sets it back. Of 0.5: 0.5, 1, 1.5 (a spike), 0.5, ..."""
    rates = np.diag(ENCODINGS["lif"].function(four(beta=1.0, reset="zero"), 6))
    np.testing.assert_allclose(rates, [0.5, 0.5, 0.75, 0.5, 0.5, 0.75])


def test_subtracting_the_threshold_lets_a_bright_pixel_spike_more_often() -> None:
    """u of 0.5 at threshold 1 without leak: .5, 1, 1.5 (a spike), 1, 1.5 (a spike), 1, ..."""
    rates = np.diag(ENCODINGS["lif"].function(four(beta=1.0), 6))
    np.testing.assert_allclose(rates, [0.5, 0.5, 0.75, 0.5, 0.75, 0.5])


def test_the_moments_of_a_design_are_those_of_its_data_set_and_neuron() -> None:
    made = Design.check({"data": {"name": "mnist", "encoding": "lif", "steps": 3}, "neuron": {"threshold": 0.4}})
    expected = ENCODINGS["lif"].function(pixel_distribution("mnist", made.neuron, 3), 3)
    np.testing.assert_array_equal(second_moments(made), expected)
    assert not np.array_equal(expected, second_moments(made.model_copy(update={"neuron": Neuron(threshold=3.0)})))
