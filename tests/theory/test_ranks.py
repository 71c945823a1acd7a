"""Kendall's tau beside scipy's, and what promises most beside an enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, norm, spearmanr

from benchmarks import ranks
from snnviz.studies.skips.theory.promising import neighbours, promising_codes
from snnviz.theory.posterior import FittedProcess, posterior
from snnviz.theory.ranks import (
    _tied,
    holm_correction,
    kendall_tau,
    kendall_tau_interval,
    kendall_tau_of_groups,
    rank_correlation,
)

FEW = st.integers(-3, 3)
"""Small numbers, so that there are ties."""


@given(st.lists(st.tuples(FEW, FEW), max_size=12))
def test_tau_is_scipys(pairs: list[tuple[int, int]]) -> None:
    x, y = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = kendall_tau(x, y)
    if len(set(x)) < 2 or len(set(y)) < 2:
        assert found is None
    else:
        assert found == pytest.approx(kendalltau(x, y).statistic)


BELIEF = FittedProcess((0.5, 1.0, 2.0, 1.0), scale=1.0, noise=0.05, mean=0.0, shift=1.0, spread=0.5)


def test_the_most_promising_are_those_of_an_enumeration() -> None:
    sizes, seen, values = (3, 3, 2, 3), [(0, 0, 0, 0), (2, 1, 1, 0), (1, 1, 0, 2)], [1.0, 0.2, 1.4]
    every = [code for code in itertools.product(*map(range, sizes)) if code not in seen]
    mean, sd = posterior(BELIEF, seen, values, every)
    expected = sorted(zip(mean - 1.5 * sd, every, strict=True))
    found = promising_codes(BELIEF, seen, values, sizes, 1.5, 7)
    bounds = {code: bound for bound, code in expected}
    assert [bounds[code] for code in found] == pytest.approx([bound for bound, _ in expected[:7]])
    assert len(set(found)) == 7


def test_of_a_large_space_it_is_neighbours_of_the_best() -> None:
    sizes = (3,) * 12
    belief = FittedProcess((1.0,) * 12, 1.0, 0.05, 0.0, 0.0, 1.0)
    random = np.random.default_rng(0)
    seen = [tuple(map(int, row)) for row in random.integers(0, 3, (9, 12))]
    values = [float(value) for value in range(9)]
    around = {code for best in seen[:5] for code in neighbours(best, sizes)}
    assert math.prod(sizes) > 5000
    assert len(neighbours(seen[0], sizes)) == 24
    assert set(promising_codes(belief, seen, values, sizes, 1.0, 10)) <= around - set(seen)


def test_nothing_is_left_of_a_space_that_was_searched() -> None:
    seen = [(0, 0), (0, 1)]
    belief = FittedProcess((1.0, 1.0), 1.0, 0.1, 0.0, 0.0, 1.0)
    assert promising_codes(belief, seen, [1.0, 2.0], (1, 2), 1.0) == []


def drawn(count: int, strength: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    random = np.random.default_rng(count)
    x = random.normal(size=count)
    return tuple(x), tuple(strength * x + random.normal(size=count))


@pytest.mark.parametrize("tau", [0.0, 0.2, 0.7, 0.95])
def test_who_turns_one_order_round_turns_the_interval_round(tau: float) -> None:
    low, high = kendall_tau_interval(range(20), range(20), tau)
    assert kendall_tau_interval(range(20), range(20), -tau) == (-high, -low)


@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_the_permutation_test_agrees_with_scipys(strength: float) -> None:
    x, y = drawn(30, strength)
    found = rank_correlation(x, y)
    assert found is not None
    expected = kendalltau(x, y)
    assert found.tau == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue, abs=0.025)
    assert found.count == 30


def test_ties_and_few_values_are_taken_as_they_are() -> None:
    assert rank_correlation((1, 1, 1), (1, 2, 3)) is None
    assert rank_correlation((1,), (1,)) is None
    few = rank_correlation((1, 2, 3), (1, 2, 3))
    assert few is not None
    assert few.tau == 1
    assert few.p == pytest.approx(1 / 3, abs=0.05), "two of the six orders are as extreme"


@pytest.mark.parametrize(("count", "tau"), [(6, 0.6), (12, 0.0), (30, 0.3)])
@pytest.mark.parametrize("kinds", [("normal", "normal"), ("counts", "seeds")])
def test_the_interval_holds_what_it_should_as_often_as_it_should(
    count: int, tau: float, kinds: tuple[str, str]
) -> None:
    """Of 500 samples with seeds 0 and up; 2,000, and more kinds: `python -m benchmarks.ranks`."""
    assert 0.92 <= ranks.held(count, tau, kinds, 500) <= 0.985


def test_as_few_null_trials_look_like_agreement_as_p_says() -> None:
    """On 500 samples of 12 pairs in which nothing agrees, with the ties of counts; a share of 0.05 is due."""
    assert 0.03 <= ranks.rejected(12, ("counts", "seeds"), 500) <= 0.07


def test_a_study_of_random_cells_finds_nothing_where_there_is_nothing() -> None:
    """Cells drawn as a study draws them, accuracies that are chance; of 30 draws of before 17 % had p < 0.05."""
    low, held = ranks.of_cells(250, cells=12)
    assert 0.02 <= low <= 0.08
    assert 0.92 <= held <= 0.98


def test_a_few_orders_are_all_gone_through() -> None:
    for y in ((1, 2, 3, 4, 5), (2, 1, 3, 4, 5), (2, 1, 1, 3, 2)):
        x = (1, 2, 3, 4, 5)
        found = rank_correlation(x, y)
        assert found is not None
        strength = [abs(_strength(x, order)) for order in itertools.permutations(y)]
        assert found.p == pytest.approx(np.mean(np.array(strength) >= abs(_strength(x, y)) - 1e-9))


def _strength(x: tuple[int, ...], y: tuple[int, ...]) -> float:
    """Pairs in the same order less the others; where it is the same, Spearman's correlation tells apart."""
    pairs = itertools.combinations(range(len(x)), 2)
    return sum(np.sign((x[i] - x[j]) * (y[i] - y[j])) for i, j in pairs) + float(spearmanr(x, y).statistic) / 2


@given(st.lists(st.tuples(FEW, FEW), min_size=4, max_size=30))
def test_ties_make_tau_vary_as_scipy_has_it(some: list[tuple[int, int]]) -> None:
    """Its asymptotic p is that of a normal law with the variance that ties leave to tau where nothing agrees."""
    x, y = np.array([a for a, _ in some], float), np.array([b for _, b in some], float)
    tau = kendall_tau(x, y)
    if tau is None or tau == 0:
        return
    n = len(x)
    expected = abs(tau) / abs(norm.ppf(kendalltau(x, y, method="asymptotic").pvalue / 2))
    assert math.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1)) * _tied(x, y)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("values", [2, 4])
def test_where_both_have_ties_an_interval_holds_0_for_what_shuffling_gives(values: int) -> None:
    """Its half width there is 1.96 standard deviations of the tau of pairs that were shuffled."""
    x, rng = np.arange(40) % values, np.random.default_rng(values)
    shuffled = [float(kendalltau(x, rng.permutation(x)).statistic) for _ in range(2000)]
    most = max(
        tau for tau in np.linspace(0, 1, 201) if kendall_tau_interval(x.tolist(), x.tolist(), float(tau))[0] <= 0
    )
    assert most == pytest.approx(1.96 * np.std(shuffled), rel=0.06)


def test_many_tests_ask_for_smaller_tails() -> None:
    assert holm_correction([]) == []
    assert holm_correction([0.04, 0.01, 0.02, 0.5]) == pytest.approx([0.08, 0.04, 0.06, 0.5])
    assert holm_correction([0.04, 0.03, 0.02]) == pytest.approx([0.06, 0.06, 0.06]), (
        "never below that of a smaller tail"
    )


def test_the_same_question_has_the_same_answer() -> None:
    x, y = drawn(12, 0.5)
    rank_correlation.cache_clear()
    first = rank_correlation(x, y)
    rank_correlation.cache_clear()
    assert rank_correlation(x, y) == first


@given(st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 9), max_size=12), max_size=5))
def test_groups_have_the_tau_of_their_pairs(groups: dict[int, list[int]]) -> None:
    pairs = [(key, value) for key, values in groups.items() for value in values]
    x, y = [float(key) for key, _ in pairs], [float(value) for _, value in pairs]
    expected = kendall_tau(x, y)
    found = kendall_tau_of_groups({float(key): [float(value) for value in values] for key, values in groups.items()})
    assert found == pytest.approx(expected)
