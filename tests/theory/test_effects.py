"""Marginal effects, interactions and the best tenth: of made-up experiments whose truth is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from snnviz.theory.effects import best_distribution, interaction, levels_of, marginal_effect, varying_settings
from snnviz.theory.importance import ABSENT

THRESHOLDS, INITS = (0.5, 1.0, 2.0), ("fixed", "he", "lsuv", "zero")


def _factorial(noise: float = 0.0, seeds: int = 3) -> tuple[dict[str, list[object]], list[dict[int, float]]]:
    """Accuracy is additive but for one cell: 0.1 less of he at a threshold of 2."""
    rng = np.random.default_rng(0)
    rows = list(product(THRESHOLDS, INITS))
    columns: dict[str, list[object]] = {"threshold": [t for t, _ in rows], "init": [k for _, k in rows]}
    values = [
        {
            seed: 0.5 + 0.1 * THRESHOLDS.index(t) + 0.05 * INITS.index(k) - 0.1 * (t == 2 and k == "he")
            + noise * float(rng.normal())
            for seed in range(seeds)
        }
        for t, k in rows
    ]  # fmt: skip
    return columns, values


def test_effects_take_out_what_other_fields_do() -> None:
    """Over four initialisations: each block is one number, the effects sum to 0, the interval is that of the blocks."""
    columns, values = _factorial()
    found = marginal_effect("threshold", columns, values)
    assert [one.level for one in found.levels] == [0.5, 1.0, 2.0]
    assert (found.blocks, found.paired) == (4, True)
    effects = [one.effect for one in found.levels]
    assert [one.mean for one in effects if one] == pytest.approx([-0.1 + 0.1 / 12, 0.1 / 12, 0.1 - 0.2 / 12])
    assert sum(one.mean for one in effects if one) == pytest.approx(0)
    # Means of levels scatter as initialisations do, effects of levels do not.
    assert all(one.mean.half > 2 * one.effect.half for one in found.levels if one.effect and one.effect.half)  # type: ignore[operator]


def test_one_axis_is_paired_by_seed() -> None:
    """Where nothing else varies there is one block, so that seeds are blocks."""
    values = [{seed: 0.1 * seed + 0.01 * level + 0.001 * (seed == level) for seed in range(4)} for level in range(3)]
    found = marginal_effect("x", {"x": [0, 1, 2]}, values)
    assert found.blocks == 4
    assert found.levels[2].effect is not None
    assert found.levels[2].effect.low > 0  # though a seed moves the value ten times as far as a level


def test_levels_that_no_block_has_together_have_no_effect_but_means() -> None:
    """Other fields could be the reason; a seed that is missing leaves a block out."""
    found = marginal_effect("x", {"x": [0, 1], "y": ["a", "b"]}, [{0: 1.0, 1: 2.0}, {0: 5.0}])
    assert not found.paired
    assert [one.effect for one in found.levels] == [None, None]
    assert [one.mean.mean for one in found.levels] == [1.5, 5.0]


def test_a_field_that_comes_with_a_level_is_no_other_setting() -> None:
    """`init.gain` exists where init is he: rows of he and fixed are one block all the same."""
    columns = {"init": ["he", "he", "fixed"], "gain": [1.0, 2.0, ABSENT]}
    found = marginal_effect("init", columns, [{0: 0.8, 1: 0.81}, {0: 0.9, 1: 0.92}, {0: 0.5, 1: 0.5}])
    assert found.paired
    assert [one.level for one in marginal_effect("gain", columns, [{0: 0.8}, {0: 0.9}, {0: 0.5}]).levels] == [1.0, 2.0]


def test_the_interaction_is_what_both_alone_do_not_say() -> None:
    """One cell is 0.1 less than additive: 0.1 times (1 - 1/3)(1 - 1/4) there, and 0 on average everywhere."""
    columns, values = _factorial()
    found = interaction("threshold", "init", columns, [float(np.mean(list(told.values()))) for told in values])
    assert found is not None
    assert found.mean.shape == (4, 3)
    assert found.beyond[1, 2] == pytest.approx(-0.1 * (2 / 3) * (3 / 4))
    assert found.beyond.sum(axis=0) == pytest.approx(np.zeros(3))
    lacking = interaction("threshold", "init", columns, [None, *[1.0] * 11])
    assert lacking is not None
    assert (lacking.rows[0, 0], np.isnan(lacking.beyond).all()) == (0, True)
    assert interaction("threshold", "init", columns, [None] * 12) is None


def test_a_pair_of_levels_is_the_mean_of_its_rows() -> None:
    """And not a number where there is none."""
    found = interaction("x", "y", {"x": [0, 0, 1, 0], "y": ["a", "a", "b", "a"]}, [1.0, 2.0, 5.0, 6.0])
    assert found is not None
    np.testing.assert_array_equal(found.mean, [[3.0, np.nan], [np.nan, 5.0]])
    assert found.rows.tolist() == [[3, 0], [0, 1]]


def test_how_the_best_tenth_is_spread() -> None:
    """Beside all rows; those without the field or a number are not asked."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 4, 400)
    objective = (x == 3) + 0.01 * rng.normal(size=400)
    found = best_distribution("x", [*x.tolist(), ABSENT], [*objective, 9.0], "more")
    assert found.best == (0, 0, 0, 1)
    assert found.count == 40
    assert sum(found.every) == pytest.approx(1)
    assert best_distribution("x", [*x.tolist()], [*objective], "less").best[3] == 0


def test_many_numbers_are_ranges_of_equal_size_and_ties_stay_together() -> None:
    """No row falls between ranges, and none is in two."""
    rng = np.random.default_rng(2)
    numbers = np.round(rng.exponential(size=300), 1).tolist()
    found = levels_of(numbers)
    assert found.ranges
    for value, at in zip(numbers, found.at, strict=True):
        low, high = found.names[at]
        assert low <= value <= high
    assert all(a[1] < b[0] for a, b in zip(found.names, found.names[1:], strict=False))
    assert min(np.bincount(found.at)) >= 30


def test_only_what_differs_is_a_field() -> None:
    """Lists are compared as they are; True is not 1."""
    assert varying_settings([{"a": [1], "b": True}, {"a": [1], "b": 1}]) == {"b": [True, 1]}
    assert varying_settings([]) == {}
