"""Looks after each seed: what is spent is 5 % in all, and who stops when it looks good is not fooled."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks import interval_coverage
from snnviz.theory.sequential import (
    FIRST_LOOK,
    LAST_LOOK,
    anytime_quantile,
    compare_at_look,
    comparisons_by_look,
    until_decided,
)


def test_the_first_look_is_a_t_test_at_a_third_of_five_percent() -> None:
    assert anytime_quantile(3) == pytest.approx(stats.t.ppf(1 - 0.05 / 6, 2), rel=1e-3)


def test_each_look_spends_its_part() -> None:
    """By 200,000 paths: the share that is decided by look n is 5 % (1 - 2/n)."""
    draw = np.random.default_rng(20).normal(0, 1, (200_000, 12))
    count = np.arange(1, 13)
    total, squares = np.cumsum(draw, 1), np.cumsum(draw**2, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = total / count / np.sqrt((squares - total**2 / count) / (count - 1) / count)
    beyond = np.abs(t[:, 2:]) > [anytime_quantile(seeds) for seeds in range(3, 13)]
    spent = np.maximum.accumulate(beyond, axis=1).mean(0)
    assert spent == pytest.approx([0.05 * (1 - 2 / seeds) for seeds in range(3, 13)], abs=0.0015)


def test_a_look_is_wider_than_one_that_is_the_only_one() -> None:
    for seeds in range(3, 33):
        assert anytime_quantile(seeds) > stats.t.ppf(0.975, seeds - 1)


@pytest.mark.parametrize("seeds", [FIRST_LOOK - 1, LAST_LOOK + 1])
def test_there_are_no_other_looks(seeds: int) -> None:
    with pytest.raises(ValueError, match="looks are at 3 to 100 seeds"):
        anytime_quantile(seeds)


def test_at_no_effect_few_are_told_apart_and_with_the_usual_interval_many() -> None:
    trials = 400
    better, worse, _ = interval_coverage.decided(0.0, trials=trials)
    assert better + worse <= 0.06 + 3 * math.sqrt(0.06 * 0.94 / trials)
    assert interval_coverage.peeked(trials=100) > 0.12


def test_an_effect_of_one_and_a_half_sd_is_decided_rightly() -> None:
    better, worse, seeds = interval_coverage.decided(1.5, trials=200)
    assert better >= 0.95
    assert worse <= 0.02
    assert 5 <= seeds <= 9


def test_who_is_decided_stays_decided() -> None:
    found = until_decided([1.0, 1.1, 0.9, -9.0, 3.0], better="more")
    assert (found.seeds, found.verdict, found.method) == (3, "better", "anytime t")
    open_ended = until_decided([1.0, -1.1, 0.9, -0.8], better="more")
    assert (open_ended.seeds, open_ended.verdict) == (4, "not told apart")
    assert len(list(comparisons_by_look([1.0, -1.1, 0.9, -0.8]))) == 2


def test_below_three_seeds_and_of_equal_differences_there_are_no_ends() -> None:
    for differences in ([], [1.0], [1.0, 1.2], [1.0, 1.0, 1.0], [1.0, math.nan, 1.0]):
        found = compare_at_look(differences, better="more")
        assert (found.low, found.high, found.verdict) == (-math.inf, math.inf, "not told apart")


def test_several_comparisons_share_the_error() -> None:
    alone, shared = (compare_at_look([1.0, 1.4, 0.7, 1.1], compared=count) for count in (1, 4))
    assert shared.high - shared.low > 1.2 * (alone.high - alone.low)
