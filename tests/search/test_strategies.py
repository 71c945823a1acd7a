"""What every strategy promises: nothing twice, everything once, and the same again after a kill."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.errors import InputError
from snnviz.search import KERNELS, UCB, RandomSearch
from snnviz.search.strategies import StatefulStrategy
from snnviz.theory.posterior import Code

Make = Callable[[Sequence[int], int], StatefulStrategy]
STRATEGIES: dict[str, Make] = {
    "random": RandomSearch,
    **{kernel: functools.partial(UCB, kernel=kernel) for kernel in KERNELS},
}
every = pytest.mark.parametrize("make", STRATEGIES.values(), ids=STRATEGIES)
HUGE = (3,) * 40


def value(code: Code) -> float:
    """A number that a code's place gives, with something of a slope in it."""
    return sum(code) + math.sin(100 * sum(place * option for place, option in enumerate(code, 1)))


@every
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    seed=st.integers(0, 2**40),
    counts=st.lists(st.integers(1, 5), min_size=1, max_size=5),
    answered=st.randoms(use_true_random=False),
)
@settings(max_examples=15, deadline=None)
def test_nothing_that_is_told_or_pending_is_asked_for(
    make: Make, sizes: list[int], seed: int, counts: list[int], answered: np.random.Generator
) -> None:
    strategy, seen = make(sizes, seed), set[Code]()
    for count in counts:
        asked = strategy.ask(count)
        assert len(asked) == len(set(asked)) == min(count, math.prod(sizes) - len(seen))
        assert not seen & set(asked)
        assert all(0 <= option < size for code in asked for option, size in zip(code, sizes, strict=True))
        seen |= set(asked)
        for code in asked:
            if answered.random() < 0.7:
                strategy.tell(code, value(code))


@every
@pytest.mark.parametrize("count", [1, 4])
def test_a_rebuilt_strategy_that_is_told_the_same_goes_on_the_same(make: Make, count: int) -> None:
    sizes = (3, 2, 4, 3)
    undisturbed, told = make(sizes, 7), list[tuple[Code, float]]()
    for _ in range(12 // count):
        rebuilt = make(sizes, 7)
        for code, found in told:
            rebuilt.tell(code, found)
        asked = undisturbed.ask(count)
        assert rebuilt.ask(count) == asked
        told += [(code, value(code)) for code in asked]
        for code in asked:
            undisturbed.tell(code, value(code))


@every
def test_a_small_space_is_exhausted_exactly(make: Make) -> None:
    sizes = (3, 1, 2, 2)
    strategy, found = make(sizes, 3), list[Code]()
    while asked := strategy.ask(5):
        found += asked
        for code in asked:
            strategy.tell(code, value(code))
    assert sorted(found) == list(itertools.product(*map(range, sizes)))
    assert strategy.ask(1) == []


@every
@pytest.mark.parametrize("count", [1, 3])
def test_a_space_without_an_enumeration(make: Make, count: int) -> None:
    strategy, seen = make(HUGE, 0), set[Code]()
    for _ in range(3):
        asked = strategy.ask(6 if not seen else count)
        assert not seen & set(asked)
        seen |= set(asked)
        for code in asked:
            strategy.tell(code, value(code))
    assert len(seen) == 6 + 2 * count


def test_a_space_that_is_too_large_to_enumerate_still_ends() -> None:
    sizes = (6, 6, 6, 6, 6)
    everything = RandomSearch(sizes, 1).ask(10_000)
    assert len(set(everything)) == len(everything) == 6**5
    nearly = UCB(sizes, 1, initial=1)
    for code in everything[:30]:
        nearly.tell(code, value(code))
    nearly.pending += everything[30:-3]
    nearly.fit = pytest.fail  # type: ignore[method-assign]
    assert sorted(nearly._candidates(5)) == sorted(everything[-3:])


@every
def test_a_seed_is_another_order(make: Make) -> None:
    assert make((3,) * 6, 0).ask(4) != make((3,) * 6, 1).ask(4)


def test_random_codes_are_uniform() -> None:
    """First codes of 3,000 seeds: chi-squared of each slot below its 1e-6 quantile."""
    first = np.array([RandomSearch((3, 2), seed).ask(1)[0] for seed in range(3000)])
    for slot, (size, limit) in enumerate([(3, 27.6), (2, 23.9)]):
        counts, expected = np.bincount(first[:, slot], minlength=size), 3000 / size
        assert ((counts - expected) ** 2 / expected).sum() < limit


@every
def test_what_is_told_need_not_have_been_asked_for(make: Make) -> None:
    strategy = make((2, 2), 0)
    for code in [(0, 1), (1, 1), (0, 1)]:
        strategy.tell(code, value(code))
    assert sorted(strategy.ask(4)) == [(0, 0), (1, 0)]


@every
@pytest.mark.parametrize(
    ("code", "found", "sentence"),
    [
        ((0,), 1.0, "code must have an option for each of 2 slots, got (0,)"),
        ((0, 3), 1.0, "code must have an option for each of 2 slots, got (0, 3)"),
        ((-1, 0), 1.0, "code must have an option for each of 2 slots, got (-1, 0)"),
        ((0, 0), math.nan, "value must be a finite number, got nan"),
        ((0, 0), -math.inf, "value must be a finite number, got -inf"),
    ],
)
def test_what_cannot_be_told(make: Make, code: Code, found: float, sentence: str) -> None:
    strategy = make((2, 3), 0)
    with pytest.raises(InputError) as error:
        strategy.tell(code, found)
    assert str(error.value) == sentence
    assert strategy.codes == []


@pytest.mark.parametrize(
    ("arguments", "named", "field"),
    [
        (((), 0), {}, "sizes"),
        (((2, 0), 0), {}, "sizes"),
        (((2, 2), -1), {}, "seed"),
        (((2, 2), 0), {"kernel": "matern"}, "kernel"),
        (((2, 2), 0), {"initial": 0}, "initial"),
        (((2, 2), 0), {"kappa": math.nan}, "kappa"),
        (((2, 2), 0), {"decay": 0.0}, "decay"),
    ],
)
def test_what_cannot_be_searched(arguments: tuple[Sequence[int], int], named: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as error:
        UCB(*arguments, **named)  # type: ignore[arg-type]
    assert error.value.field == field


@every
def test_nothing_cannot_be_asked_for(make: Make) -> None:
    with pytest.raises(InputError, match="count must be 1 or more, got 0"):
        make((2, 2), 0).ask(0)
