"""qLogNEHVI: its improvement against a literal one, its front against random codes', and what it promises."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

from snnviz.errors import InputError
from snnviz.places import ROOT
from snnviz.search import NEHVI, RandomSearch, Scale, categories, fronts, ordered_scale
from snnviz.search.strategies import StatefulStrategy
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.pareto import hypervolume
from snnviz.theory.posterior import Code

SCALES = (
    ordered_scale(9),
    ordered_scale(9),
    categories(3),
    Scale(tuple(itertools.product((0.0, 1.0), repeat=3)), False),
)
SIZES = tuple(len(scale.rows) for scale in SCALES)
LESS = ("less", "less")


def landscape(seed: int) -> Callable[[Code], tuple[float, float]]:
    """An error that falls with one number up to a best place of the other, by category, and a cost that rises."""
    random = np.random.default_rng([seed, 3])
    best, good, parts = random.uniform(0.2, 0.8), random.permutation(3), random.normal(size=3)

    def values(code: Code) -> tuple[float, float]:
        x, y, matrix = code[0] / 8, code[1] / 8, SCALES[3].rows[code[3]]
        ones = sum(matrix)
        error = (
            (1 - x) ** 2 + 2 * (y - best) ** 2 + 0.15 * good[code[2]] + 0.05 * float(parts @ matrix) + 0.3 / (1 + ones)
        )
        return error, x + 0.25 * ones + 0.1 * good[code[2]]

    return values


def run(strategy: StatefulStrategy[tuple[float, ...]], seed: int, trials: int, noise: float = 0.02) -> float:
    """The hypervolume of what was tried, by its true values, told with noise."""
    values, random, found = landscape(seed), np.random.default_rng([seed, 4]), []
    while len(found) < trials:
        for code in strategy.ask(2):
            true = values(code)
            strategy.tell(code, tuple(value + noise * random.normal() for value in true))
            found.append(true)
    return hypervolume(found, (2.0, 2.0), LESS)


def lead(trials: int, seeds: int) -> list[float]:
    """By how much qLogNEHVI's hypervolume is above random codes', seed by seed, after as many trials."""
    return [
        run(NEHVI(SCALES, seed), seed, trials) - run(RandomSearch(SIZES, seed), seed, trials) for seed in range(seeds)
    ]


def test_it_covers_more_than_random_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 1,944 codes 16 each, five seeds, with few candidates an ask. More: the slow test, and this as a script."""
    monkeypatch.setitem(fronts.POOL, 2, 64)
    found = confidence_interval(lead(16, 5))
    assert found.low > 0, found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_covers_more_than_random_codes_by_far() -> None:
    found = confidence_interval(lead(30, 12))
    assert found.low > 0.02, found


@pytest.mark.parametrize("count", [1, 3])
def test_a_rebuilt_strategy_that_is_told_the_same_goes_on_the_same(count: int) -> None:
    values, undisturbed = landscape(1), NEHVI(SCALES, 7, initial=4)
    told: list[tuple[Code, tuple[float, float] | None]] = []
    for place in range(8 // count):
        rebuilt = NEHVI(SCALES, 7, initial=4)
        for code, found in told:
            rebuilt.exclude(code) if found is None else rebuilt.tell(code, found)
        asked = undisturbed.ask(count)
        assert rebuilt.ask(count) == asked
        for code in asked:
            found = None if place == 2 else values(code)  # one comes to nothing
            undisturbed.exclude(code) if found is None else undisturbed.tell(code, found)
            told.append((code, found))


def test_what_is_told_twice_is_the_same_noisy_code_and_torchs_generator_is_left_alone() -> None:
    strategy, values = NEHVI(SCALES, 0, initial=3), landscape(0)
    for code in strategy.ask(3):
        strategy.tell(code, values(code))
        strategy.tell(code, values(code))
    before = torch.random.get_rng_state()
    strategy.ask(1)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_choice_compiles_nothing() -> None:
    """BoTorch has a C++ kernel that takes a minute to compile, and gives other last digits than without a compiler."""
    from snnviz.search.gaussian_process import choose_for_front, logei

    several = [ordered_scale(3), ordered_scale(3)]
    known, left = [(0, 0), (1, 1), (2, 2)], [(0, 1), (1, 2), (2, 0)]
    assert len(choose_for_front(several, known, [(0.3, 1.0), (0.2, 2.0), (0.1, 3.0)], left, [], count=1)) == 1
    assert logei._load_attempted
    assert logei._C is None


def test_nothing_is_asked_for_that_is_known_lost_pending_or_not_allowed() -> None:
    def allowed(code: Code) -> bool:
        return (code[0] + code[1]) % 2 == 0

    strategy, seen = NEHVI(SCALES, 5, initial=2, allowed=allowed), set[Code]()
    for turn in range(5):
        asked = strategy.ask(3)
        assert len({*asked}) == 3
        assert not seen & {*asked}
        assert all(map(allowed, asked))
        seen |= {*asked}
        strategy.tell(asked[0], landscape(5)(asked[0]))
        if turn % 2:
            strategy.exclude(asked[1])


@pytest.mark.parametrize("make", [NEHVI, lambda scales, seed: RandomSearch([len(s.rows) for s in scales], seed)])
def test_a_small_space_is_exhausted_exactly(make: Callable[..., StatefulStrategy[tuple[float, ...]]]) -> None:
    scales = (ordered_scale(3), categories(2), ordered_scale(1))
    strategy, found = make(scales, 3), list[Code]()
    while asked := strategy.ask(4):
        found += asked
        for code in asked:
            strategy.tell(code, (float(code[0]), float(code[1] - code[0])))
    assert sorted(found) == list(itertools.product(range(3), range(2), range(1)))


def test_a_space_without_an_enumeration_and_three_objectives() -> None:
    strategy = NEHVI([ordered_scale(20)] * 12, 0, objectives=3, initial=4)
    for code in strategy.ask(4):
        strategy.tell(code, (code[0] / 20, code[1] / 20, -code[0] * code[1] / 400))
    asked = strategy.ask(2)
    assert len({*asked}) == 2


def test_what_lies_behind_the_front_is_not_asked_for_where_all_is_known_but_two() -> None:
    """One number, no noise: a code between two of the front improves it, one where both objectives rise does not."""
    values = {place: (abs(place - 4) / 4 if place > 4 else 0.02 * (4 - place), place / 4) for place in range(9)}
    strategy = NEHVI([ordered_scale(9)], 0, initial=1)
    for place in (0, 1, 3, 4, 5, 6, 7):
        for _ in range(2):
            strategy.tell((place,), values[place])
    assert strategy.ask(1) == [(2,)]  # the other is 8


def test_what_is_dearer_than_an_early_front_is_still_asked_for() -> None:
    """The only dear code that is known was unlucky: its neighbours are better than all of the front but its cost."""
    strategy = NEHVI([ordered_scale(17)], 0, initial=1)
    for place, error in ((0, 0.9), (1, 0.8), (2, 0.7), (3, 0.6), (4, 0.5), (16, 0.52)):
        strategy.tell((place,), (error, place / 16))
    assert strategy.ask(1)[0][0] > 5


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: NEHVI(SCALES, 0, objectives=4), "objectives must be 1 to 3, got 4"),
        (lambda: NEHVI(SCALES, 0, initial=0), "initial must be 1 or more, got 0"),
        (lambda: NEHVI(SCALES, 0).tell((0, 0, 0, 0), (1.0,)), r"value must be 2 numbers, got \(1\.0,\)"),
        (lambda: NEHVI(SCALES, 0).tell((0, 0, 0, 0), (1.0, math.nan)), "value must be a finite number"),
        (lambda: NEHVI(SCALES, 0).tell((9, 0, 0, 0), (1.0, 2.0)), "code must have an option for each of 4 slots"),
    ],
)
def test_what_cannot_be_searched_or_told(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        call()


def test_it_is_light_until_it_is_fitted() -> None:
    script = (
        "import sys; from snnviz.search import NEHVI, ordered_scale; NEHVI([ordered_scale(9)], 0).ask(3); "
        "assert not {'torch', 'botorch', 'scipy.optimize', 'sklearn'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


if __name__ == "__main__":
    print(confidence_interval(lead(int(sys.argv[1]), int(sys.argv[2]))))
