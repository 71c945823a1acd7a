"""Kendall's tau beside scipy's, and what promises most beside an enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from snnviz.theory.posterior import Belief, posterior
from snnviz.theory.promising import neighbours, promising
from snnviz.theory.ranks import agreement, kendall, kendall_of_groups

FEW = st.integers(-3, 3)
"""Small numbers, so that there are ties."""


@given(st.lists(st.tuples(FEW, FEW), max_size=12))
def test_tau_is_scipys(pairs: list[tuple[int, int]]) -> None:
    x, y = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = kendall(x, y)
    if len(set(x)) < 2 or len(set(y)) < 2:
        assert found is None
    else:
        assert found == pytest.approx(kendalltau(x, y).statistic)


BELIEF = Belief((0.5, 1.0, 2.0, 1.0), scale=1.0, noise=0.05, mean=0.0, shift=1.0, spread=0.5)


def test_the_most_promising_are_those_of_an_enumeration() -> None:
    sizes, seen, values = (3, 3, 2, 3), [(0, 0, 0, 0), (2, 1, 1, 0), (1, 1, 0, 2)], [1.0, 0.2, 1.4]
    every = [code for code in itertools.product(*map(range, sizes)) if code not in seen]
    mean, sd = posterior(BELIEF, seen, values, every)
    expected = sorted(zip(mean - 1.5 * sd, every, strict=True))
    found = promising(BELIEF, seen, values, sizes, 1.5, 7)
    bounds = {code: bound for bound, code in expected}
    assert [bounds[code] for code in found] == pytest.approx([bound for bound, _ in expected[:7]])
    assert len(set(found)) == 7


def test_of_a_large_space_it_is_neighbours_of_the_best() -> None:
    sizes = (3,) * 12
    belief = Belief((1.0,) * 12, 1.0, 0.05, 0.0, 0.0, 1.0)
    random = np.random.default_rng(0)
    seen = [tuple(map(int, row)) for row in random.integers(0, 3, (9, 12))]
    values = [float(value) for value in range(9)]
    around = {code for best in seen[:5] for code in neighbours(best, sizes)}
    assert math.prod(sizes) > 5000
    assert len(neighbours(seen[0], sizes)) == 24
    assert set(promising(belief, seen, values, sizes, 1.0, 10)) <= around - set(seen)


def test_nothing_is_left_of_a_space_that_was_searched() -> None:
    seen = [(0, 0), (0, 1)]
    belief = Belief((1.0, 1.0), 1.0, 0.1, 0.0, 0.0, 1.0)
    assert promising(belief, seen, [1.0, 2.0], (1, 2), 1.0) == []


def drawn(count: int, strength: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    random = np.random.default_rng(count)
    x = random.normal(size=count)
    return tuple(x), tuple(strength * x + random.normal(size=count))


@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_the_permutation_test_agrees_with_scipys(strength: float) -> None:
    x, y = drawn(30, strength)
    found = agreement(x, y)
    assert found is not None
    expected = kendalltau(x, y)
    assert found.tau == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue, abs=0.025)
    assert found.count == 30


def test_ties_and_few_values_are_taken_as_they_are() -> None:
    assert agreement((1, 1, 1), (1, 2, 3)) is None
    assert agreement((1,), (1,)) is None
    few = agreement((1, 2, 3), (1, 2, 3))
    assert few is not None
    assert few.tau == 1
    assert few.p == pytest.approx(1 / 3, abs=0.05), "two of the six orders are as extreme"


def test_the_interval_holds_what_it_should_as_often_as_it_should() -> None:
    """Over samples of a normal pair of correlation r, tau of which is 2/pi arcsin r."""
    r, held, times = 0.6, 0, 60
    truth = 2 / math.pi * math.asin(r)
    for sample in range(times):
        random = np.random.default_rng(sample)
        x = random.normal(size=40)
        y = r * x + math.sqrt(1 - r * r) * random.normal(size=40)
        found = agreement(tuple(x), tuple(y), draws=300)
        assert found is not None
        held += found.low <= truth <= found.high
    assert 0.85 <= held / times <= 1


def test_the_same_question_has_the_same_answer() -> None:
    x, y = drawn(12, 0.5)
    agreement.cache_clear()
    first = agreement(x, y)
    agreement.cache_clear()
    assert agreement(x, y) == first


@given(st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 9), max_size=12), max_size=5))
def test_groups_have_the_tau_of_their_pairs(groups: dict[int, list[int]]) -> None:
    pairs = [(key, value) for key, values in groups.items() for value in values]
    x, y = [float(key) for key, _ in pairs], [float(value) for _, value in pairs]
    expected = kendall(x, y)
    found = kendall_of_groups({float(key): [float(value) for value in values] for key, values in groups.items()})
    assert found == pytest.approx(expected)
