"""Means of few numbers beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from snnviz.theory.means import mean, student


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 9, 10, 12, 30, 100, 10_000])
def test_students_quantiles_are_scipys(freedom: int) -> None:
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-4)


def test_an_interval_of_seeds_is_scipys() -> None:
    values = [0.91, 0.95, 0.93]
    found = mean(values)
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == (pytest.approx(low, rel=1e-4), pytest.approx(high, rel=1e-4))
    assert mean([0.5]).low is mean([0.5]).high is None
    assert mean([0.5, 0.5]).half is None, "by chance alike, and no reason to be sure"


def test_the_mean_of_three_seeds_is_held_as_often_as_it_should_be() -> None:
    random = np.random.default_rng(0)
    found = [mean(random.normal(size=3).tolist()) for _ in range(1000)]
    assert 0.93 <= np.mean([abs(one.value) <= (one.half or 0) for one in found]) <= 0.97
