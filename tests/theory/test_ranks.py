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
from snnviz.theory.ranks import kendall

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
