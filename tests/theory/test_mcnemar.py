"""What the images on which two networks disagree say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from snnviz.theory.mcnemar import disagreement, mcnemar_p


@given(st.integers(0, 60), st.integers(0, 60))
def test_p_is_the_binomial_tests(only_a: int, only_b: int) -> None:
    expected = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert mcnemar_p(only_a, only_b) == pytest.approx(expected)


def test_one_seed_has_agresti_and_mins_interval() -> None:
    right_a, right_b = np.arange(200) < 150, np.arange(200)[::-1] < 160
    found = disagreement([right_a], [right_b])
    b, c, count = found.only_a + 0.5, found.only_b + 0.5, 202
    mean = (c - b) / count
    half = 1.959964 * ((b + c) - (c - b) ** 2 / count) ** 0.5 / count
    assert found.interval() == pytest.approx((mean - half, mean + half), rel=1e-6)
    assert (found.only_a, found.only_b, found.images) == (40, 50, 200)


def test_it_is_not_that_of_two_binomials() -> None:
    """Two that agree on nearly all images are told apart far better than two accuracies of 90 % would be."""
    right_a = np.arange(1000) < 900
    right_b = right_a | (np.arange(1000) >= 980)
    low, high = disagreement([right_a], [right_b]).interval()
    binomials = 1.96 * (0.9 * 0.1 / 1000 + 0.92 * 0.08 / 1000) ** 0.5
    assert low > 0.005
    assert (high - low) / 2 < 0.5 * binomials
    assert binomials > 0.02


def test_networks_that_agree_everywhere_still_leave_something_open() -> None:
    low, high = disagreement([np.ones(100, bool)], [np.ones(100, bool)]).interval()
    assert low < 0 < high
    assert high == pytest.approx(1.96 / 102, rel=1e-3)


def test_seeds_on_the_same_images_do_not_multiply_them() -> None:
    """The same images at nine seeds tell as much as one, where the networks do the same; other images nine times."""
    right_a, right_b = np.arange(400) < 300, np.arange(400) < 320
    one = disagreement([right_a], [right_b])
    same = disagreement([right_a] * 9, [right_b] * 9, same_images=True)
    fresh = disagreement([right_a] * 9, [right_b] * 9)
    assert same.sd == pytest.approx(one.sd)
    assert fresh.sd == pytest.approx(one.sd / 3)
    assert same.p == pytest.approx(2 * stats.norm.sf(same.difference / same.sd))


def test_intervals_of_few_images_hold_the_truth() -> None:
    draw, held = np.random.default_rng(1), 0
    for _ in range(1000):
        kind = draw.choice(4, 60, p=[0.8, 0.08, 0.05, 0.07])  # both, A alone, B alone, neither
        low, high = disagreement([kind <= 1], [(kind == 0) | (kind == 2)]).interval()
        held += low <= -0.03 <= high
    assert 0.93 <= held / 1000 <= 0.99


def test_pairs_of_one_test_set_are_averaged_image_by_image_and_test_sets_are_independent() -> None:
    draw = np.random.default_rng(0)
    a, b = draw.random((2, 4, 300)) < np.array([0.8, 0.9])[:, None, None]
    whole = disagreement([*a], [*b], test_sets=["x", "x", "y", "y"])
    halves = [disagreement([*a[part]], [*b[part]], same_images=True) for part in (slice(2), slice(2, 4))]
    assert whole.difference == pytest.approx(sum(half.difference for half in halves) / 2)
    assert whole.sd == pytest.approx(sum(half.sd**2 for half in halves) ** 0.5 / 2)
    assert disagreement([*a], [*b], test_sets=["x"] * 4).sd == disagreement([*a], [*b], same_images=True).sd
