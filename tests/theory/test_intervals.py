"""Means with intervals that hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from snnviz.theory.intervals import (
    confidence_interval,
    confidence_intervals,
    studentized_range_quantile,
    t_quantile,
    wilson_interval,
)


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 29, 10_000])
@pytest.mark.parametrize("share", [0.9, 0.975, 0.999, 1 - 1e-6])
def test_quantiles_are_students(freedom: int, share: float) -> None:
    """Far out, too, where Bonferroni's intervals end, and an expansion was 17 % short for ten comparisons."""
    assert t_quantile(freedom, share) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-9)


@pytest.mark.parametrize("values", [[93.1, 95.0, 96.4, 92.2], [0.91, 0.95, 0.93]])
def test_an_interval_is_scipys(values: list[float]) -> None:
    found = confidence_interval(values)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert (found.mean, found.low, found.high) == (
        pytest.approx(np.mean(values)),
        pytest.approx(low),
        pytest.approx(high),
    )
    assert found.half == pytest.approx((high - low) / 2)


ROUNDED = [100 * (right + 2) / 360 - 100 * right / 360 for right in (251, 259, 272)]
"""Two images of 360 more at each seed, in percentage points."""


@pytest.mark.parametrize("values", [[3.0], [0.5, 0.5], ROUNDED, [value - ROUNDED[0] for value in ROUNDED]])
def test_one_number_or_the_same_twice_tell_nothing_apart(values: list[float]) -> None:
    found = confidence_interval(values)
    assert (found.low, found.high, found.excludes_zero) == (-math.inf, math.inf, False)
    assert found.mean == pytest.approx(values[0], abs=1e-12)
    assert found.half is None


@pytest.mark.parametrize("values", [[math.nan], [1.0, math.inf], [math.inf, -math.inf], [math.nan, 1.0, 2.0]])
def test_what_is_not_finite_has_no_interval(values: list[float]) -> None:
    """As of a network whose loss became infinite."""
    found = confidence_interval(values)
    assert math.isnan(found.mean)
    assert (found.low, found.high, found.excludes_zero, found.half) == (-math.inf, math.inf, False, None)


@pytest.mark.parametrize("count", [3, 4])
def test_in_95_of_100_null_trials_nothing_is_told_apart(count: int) -> None:
    """2,000 trials of so many seeds, drawn with a seed fixed beforehand."""
    draw = np.random.default_rng(16)
    pairs = draw.normal(95, 1.5, (2000, 2, count))
    apart = sum(confidence_interval((one - other).tolist()).excludes_zero for one, other in pairs)
    assert 0.035 <= apart / 2000 <= 0.065


@pytest.mark.parametrize("seeds", [2, 3, 4])
def test_accuracies_of_few_images_that_are_alike_by_chance_are_not_told_apart(seeds: int) -> None:
    """2,000 trials of 60 images that are nearly all classified: differences are often the same at each seed, whose
    interval is no point. With such points chance told 9.8 % of pairs of two seeds apart."""
    draw = np.random.default_rng(16)
    apart = 0
    for _ in range(2000):
        one, other = (draw.binomial(60, 0.97, (2, seeds)) / 60).tolist()
        differences = [a - b for a, b in zip(one, other, strict=True)]
        found, same = confidence_interval(differences), len({round(value, 9) for value in differences}) == 1
        assert (not found.excludes_zero and math.isinf(found.high)) if same else math.isfinite(found.high)
        apart += found.excludes_zero
    assert apart / 2000 <= 0.065


@pytest.mark.parametrize(("count", "freedom"), [(2, 10**6), (3, 8), (20, 10**6), (20, 24), (40, 100), (9, 4)])
def test_quantiles_of_the_range_are_tukeys(count: int, freedom: int) -> None:
    exact = stats.studentized_range.ppf(0.95, count, min(freedom, 10**5)) / math.sqrt(2)
    assert studentized_range_quantile(count, freedom) == pytest.approx(exact, abs=0.01)


def test_many_intervals_at_once_are_those_of_one_by_one() -> None:
    rng = np.random.default_rng(0)
    samples = [rng.normal(size=size).tolist() for size in rng.integers(0, 6, 200)]
    samples += [[0.1 + 0.2, 0.3, 0.3], [1.0, math.inf], [math.nan], [0.0, 1e-14]]
    for sample, (mean, low, high) in zip(samples, confidence_intervals(samples).tolist(), strict=True):
        if not sample:
            assert math.isnan(mean)
            continue
        one = confidence_interval(sample)
        assert (mean, low, high) == pytest.approx((one.mean, one.low, one.high), nan_ok=True)


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize(("hits", "count"), [(0, 1), (0, 20), (20, 20), (3, 7), (360, 400)])
def test_the_interval_of_a_share_is_scipys(hits: int, count: int, level: float) -> None:
    exact = stats.binomtest(hits, count).proportion_ci(level, method="wilson")
    assert wilson_interval(hits, count, level) == pytest.approx((exact.low, exact.high), abs=1e-12)
    assert wilson_interval(0, 0) == (0, 1)
