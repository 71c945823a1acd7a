"""Paired differences: scipy's t, what is open is said to be open, and intervals that hold as often as they say."""

from __future__ import annotations

import math
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks import interval_coverage
from snnviz.theory.comparison import (
    EXACT,
    IMAGES_ALONE,
    NONE,
    PAIRED_T,
    Comparison,
    compare_differences,
    compare_with_one,
    detectable_difference,
    paired_difference,
)
from snnviz.theory.mcnemar import disagreement

A, B = {0: 0.90, 1: 0.92, 2: 0.91, 7: 0.5}, {0: 0.92, 1: 0.935, 2: 0.926, 9: 0.1}

values = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=2, max_size=8)


def test_it_is_scipys_paired_t_of_the_seeds_that_both_have() -> None:
    found, scipys = paired_difference(A, B, better="more"), stats.ttest_rel([0.92, 0.935, 0.926], [0.9, 0.92, 0.91])
    low, high = scipys.confidence_interval(0.95)
    assert (found.low, found.high, found.p) == (pytest.approx(low), pytest.approx(high), pytest.approx(scipys.pvalue))
    assert (found.seeds, found.method, found.verdict) == (3, PAIRED_T, "better")


@given(values, values, st.sampled_from(["more", "less"]))
def test_to_exchange_the_two_turns_everything_round(one: list[float], other: list[float], better: str) -> None:
    a, b = dict(enumerate(one)), dict(enumerate(other))
    there, back = paired_difference(a, b, better=better), paired_difference(b, a, better=better)  # type: ignore[arg-type]
    assert (back.difference, back.low, back.high) == pytest.approx((-there.difference, -there.high, -there.low))
    opposite = {"better": "worse", "worse": "better"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)


@given(values, st.floats(0.5, 100), st.floats(-100, 100))
def test_units_and_a_level_of_both_change_no_verdict(differences: list[float], factor: float, level: float) -> None:
    a = {seed: level + 0.1 * seed for seed in range(len(differences))}
    b = {seed: a[seed] + difference for seed, difference in enumerate(differences)}
    there = compare_differences(differences, better="more")
    scaled = paired_difference(
        {s: factor * x for s, x in a.items()}, {s: factor * x for s, x in b.items()}, better="more"
    )
    if math.isfinite(there.high) and min(abs(there.low), abs(there.high)) > 1e-6:
        assert scaled.verdict == there.verdict
        assert scaled.low == pytest.approx(factor * there.low, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("better", "verdict"), [("more", "worse"), ("less", "better"), ("", "less")])
def test_the_verdict_is_by_what_is_better(better: str, verdict: str) -> None:
    assert compare_differences([-1.0, -1.1, -0.9], better=better).verdict == verdict  # type: ignore[arg-type]


def test_one_seed_or_none_or_what_is_no_number_tells_nothing() -> None:
    for differences in ([], [0.3], [0.1, math.nan], [0.1, math.inf, 0.2], [0.2, 0.2, 0.2]):
        found = compare_differences(differences, better="more")
        assert (found.verdict, found.method, found.p) == ("not told apart", NONE, None)
        assert found.document()["low"] is None
        assert found.sentence().startswith("not told apart: ")


def test_where_all_differences_are_equal_the_images_stand_instead_of_a_width_of_0() -> None:
    right_a = [np.arange(360) < 300] * 3
    right_b = [np.arange(360) < 320] * 3
    images = disagreement(right_a, right_b, same_images=True)
    found = compare_differences([20 / 360] * 3, better="more", test_images=images)
    assert (found.method, found.verdict) == (IMAGES_ALONE, "better")
    assert found.low < 20 / 360 < found.high
    wide = compare_differences(
        [1 / 360] * 3,
        better="more",
        test_images=disagreement(
            right_a, [x ^ y for x, y in zip(right_a, [np.arange(360) == 300] * 3, strict=True)], same_images=True
        ),
    )
    assert wide.verdict == "not told apart"
    assert wide.high > wide.low


def test_what_follows_from_the_designs_is_exact() -> None:
    found = compare_differences([200.0, 200.0], better="less", exact=True)
    assert (found.low, found.high, found.method, found.verdict) == (200, 200, EXACT, "worse")
    assert found.sentence(unit="parameters") == "B is worse by 200 parameters (exactly)"
    assert compare_differences([200.0, 201.0], better="less", exact=True).method == PAIRED_T


def test_sentences() -> None:
    found = compare_differences([0.004, 0.001, -0.001, 0.01, 0.002], better="more")
    low, high = 100 * found.low, 100 * found.high
    assert found.sentence(factor=100, unit="points") == (
        f"not told apart: {low:.2f} to {high:.2f} points; with 5 seeds a difference of "
        f"{100 * found.detectable:.2f} would be found in 8 of 10 cases"  # type: ignore[operator]
    )
    worse = Comparison(-0.014, -0.025, -0.003, 0.95, 5, PAIRED_T, "more")
    assert worse.sentence("Kaiming", factor=100, unit="points") == (
        "Kaiming is worse by 1.4 points (95 %: 0.3 to 2.5; 5 seeds)"
    )
    less = Comparison(-0.014, -0.025, -0.003, 0.95, 5, PAIRED_T, "")
    assert less.sentence() == "B has less: by 0.014 (95 %: 0.003 to 0.025; 5 seeds)"


def test_an_end_close_to_0_is_not_said_to_be_0() -> None:
    found = Comparison(12.8, -0.183, 25.9, 0.95, 3, PAIRED_T, "more", detectable=17.0)
    assert found.sentence(unit="points").startswith("not told apart: -0.2 to 25.9 points; ")


def test_several_against_one_are_corrected() -> None:
    draw = np.random.default_rng(3)
    one = dict(enumerate(draw.normal(0, 1, 6)))
    others = {name: dict(enumerate(draw.normal(shift, 1, 6))) for name, shift in (("b", 0.2), ("c", 2.5), ("d", 3.0))}
    found = compare_with_one(one, others, better="more")
    plain = {name: stats.ttest_rel(list(other.values()), list(one.values())) for name, other in others.items()}
    order = sorted(plain, key=lambda name: plain[name].pvalue)
    held = 0.0
    for place, name in enumerate(order):
        held = max(held, min(1.0, plain[name].pvalue * (3 - place)))
        assert found[name].p == pytest.approx(held)
        interval = plain[name].confidence_interval(1 - 0.05 / 3)
        assert (found[name].low, found[name].high) == (pytest.approx(interval.low), pytest.approx(interval.high))
        assert found[name].level == 0.95


def test_what_is_not_there_yet_counts_among_the_comparisons() -> None:
    one, other = {0: 1.0, 1: 2.0, 2: 3.0}, {"b": {0: 1.5, 1: 2.7, 2: 3.6}}
    alone, early = compare_with_one(one, other)["b"], compare_with_one(one, other, compared=4)["b"]
    assert early.p == pytest.approx(4 * (alone.p or 0))
    assert early.high - early.low > 1.5 * (alone.high - alone.low)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10, 30])
def test_a_detectable_difference_has_a_power_of_8_in_10(seeds: int) -> None:
    effect = detectable_difference(2.0, seeds) / 2.0 * math.sqrt(seeds)
    limit = stats.t.ppf(0.975, seeds - 1)
    assert 1 - stats.nct.cdf(limit, seeds - 1, effect) == pytest.approx(0.8, abs=1e-6)


TRIALS = 600


def outside(share: float, low: float, high: float) -> bool:
    """Whether it is beyond what is promised by more than three standard deviations of so many trials."""
    return share < low - 3 * math.sqrt(low * (1 - low) / TRIALS) or share > high + 3 * math.sqrt(
        high * (1 - high) / TRIALS
    )


@pytest.mark.parametrize("name", interval_coverage.PROMISED)
def test_intervals_hold_the_truth_as_often_as_is_promised(name: str) -> None:
    shares = [interval_coverage.share_held(interval_coverage.PROMISED[name], seeds, TRIALS) for seeds in (3, 5)]
    assert not any(outside(share, 0.94, 0.98) for share in shares), shares


def test_a_bar_of_one_standard_deviation_would_not_pass() -> None:
    """What other pages draw: the check can fail."""
    draw = np.random.default_rng(0)
    held = sum(abs(fmean(row)) <= np.std(row, ddof=1) / math.sqrt(3) for row in draw.normal(0, 1, (TRIALS, 3)).tolist())
    assert outside(held / TRIALS, 0.94, 0.98)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_pooled_intervals_hold_the_truth_as_often_as_is_promised(missing: float) -> None:
    shares = [interval_coverage.pooled_held(seeds, TRIALS, missing=missing) for seeds in (3, 5)]
    assert not any(outside(share, 0.94, 0.98) for share in shares), shares


def test_pairs_that_share_a_seed_are_not_independent() -> None:
    """The check can fail: what a t of all pairs promises is far from true."""
    assert outside(interval_coverage.pooled_held(3, TRIALS, within=False), 0.94, 0.98)
