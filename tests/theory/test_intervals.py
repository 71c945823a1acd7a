"""Means with intervals that hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from snnviz.theory.intervals import interval, paired, t_quantile


def test_quantiles_are_students() -> None:
    for freedom in range(1, 60):
        assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=2e-4)


def test_an_interval_is_scipys() -> None:
    values = [93.1, 95.0, 96.4, 92.2]
    found = interval(values)
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert found is not None
    assert (found.mean, found.low, found.high) == (
        pytest.approx(np.mean(values)),
        pytest.approx(low),
        pytest.approx(high),
    )
    assert interval([]) is None
    one = interval([3.0])
    assert one is not None
    assert (one.mean, one.low, one.high, one.apart) == (3.0, -math.inf, math.inf, False)


def test_in_95_of_100_null_trials_nothing_is_told_apart() -> None:
    """2,000 trials of four seeds, drawn with a seed fixed beforehand."""
    draw = np.random.default_rng(16)
    apart = 0
    for _ in range(2000):
        one, other = draw.normal(95, 1.5, (2, 4)).tolist()
        found = paired(one, other)
        apart += found is not None and found.apart
    assert 0.035 <= apart / 2000 <= 0.065
