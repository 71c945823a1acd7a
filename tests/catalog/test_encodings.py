"""Second moments of encoded pixels. That real encoded images have them is tested in tests/core."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnviz.catalog.datasets import card
from snnviz.design import DATASETS, ENCODINGS
from snnviz.registry import Entry


@pytest.mark.parametrize("steps", [1, 2, 5, 100])
@pytest.mark.parametrize("name", DATASETS.kinds)
@pytest.mark.parametrize("entry", list(ENCODINGS), ids=lambda entry: entry.kind)
def test_they_form_a_covariance_matrix(entry: Entry[Any], name: str, steps: int) -> None:
    share = np.array(card(name).histogram)
    moments = entry.function(np.linspace(0, 1, len(share)), share, steps)
    assert moments.shape == (steps, steps)
    np.testing.assert_array_equal(moments, moments.T)
    assert np.linalg.eigvalsh(moments).min() > -1e-12
    assert np.all((moments >= 0) & (moments <= 1))


def test_a_pixel_of_latency_spikes_at_most_once() -> None:
    share = np.array(card("digits").histogram)
    moments = ENCODINGS["latency"].function(np.linspace(0, 1, 17), share, 5)
    np.testing.assert_array_equal(moments, np.diag(np.diag(moments)))
    assert np.trace(moments) == pytest.approx(1 - share[0])  # all but the black ones


def test_two_steps_of_rate_coding_are_independent_given_the_pixel() -> None:
    levels, share = np.array([0.0, 0.5, 1.0]), np.array([0.5, 0.25, 0.25])
    moments = ENCODINGS["rate"].function(levels, share, 2)
    np.testing.assert_allclose(moments, [[0.375, 0.3125], [0.3125, 0.375]])  # E[p] and E[p^2]
