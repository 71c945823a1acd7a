"""Means over combinations at each seed, of the same combinations at every seed."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from snnviz.theory.pooling import Crossing, complete_crossing, pool

present = st.lists(st.sets(st.integers(0, 4)), min_size=1, max_size=5)


@given(present, st.booleans())
def test_every_combination_has_a_value_at_every_seed(there: list[set[int]], whole: bool) -> None:
    found = complete_crossing(there, whole=whole)
    assert all(seed in there[n] for n in found.combinations for seed in found.seeds)
    if whole:
        assert set(found.seeds) == set.intersection(*there)
        assert found.combinations == (tuple(range(len(there))) if found.seeds else ())


@given(present)
def test_it_leaves_as_much_as_one_seed_or_what_all_seeds_have(there: list[set[int]]) -> None:
    """Never fewer values than the fullest seed alone, or than the combinations that have all seeds."""
    found, seeds = complete_crossing(there), set().union(*there)
    fullest = max((sum(seed in one for one in there) for seed in seeds), default=0)
    everywhere = len(seeds) * sum(seeds <= one for one in there)
    best = max(
        (
            len(some) * sum(set(some) <= one for one in there)
            for size in range(1, len(seeds) + 1)
            for some in combinations(sorted(seeds), size)
        ),
        default=0,
    )
    assert max(fullest, everywhere) <= found.pairs <= best


def test_one_failed_run_costs_its_combination_and_not_its_seed() -> None:
    there = [{0, 1, 2, 3, 4}] * 11 + [{0, 1, 2, 3}]
    assert complete_crossing(there) == Crossing(tuple(range(11)), (0, 1, 2, 3, 4))
    assert complete_crossing(there, whole=True) == Crossing(tuple(range(12)), (0, 1, 2, 3))


def test_the_mean_is_within_the_seed() -> None:
    values = [{0: 1.0, 1: 10.0, 2: 7.0}, {0: 3.0, 1: 20.0}]
    assert pool(values, complete_crossing([one.keys() for one in values])) == {0: 2.0, 1: 15.0}
