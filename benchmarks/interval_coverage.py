"""How often the intervals of a comparison hold the truth, and how often *until decided* is right, on made-up pairs.

    python -m benchmarks.interval_coverage            # 4,000 trials of each: half a minute
    python -m benchmarks.interval_coverage --trials 500

Each trial makes up values of two designs at 3, 5 or 10 seeds whose true difference is known. docs/tradeoffs.md has the
numbers, and what of them is promised; exits with 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from snnviz.theory.comparison import compare_differences, detectable_difference
from snnviz.theory.mcnemar import Disagreement, disagreement
from snnviz.theory.pooling import complete_crossing, pool
from snnviz.theory.sequential import until_decided

TRIALS, SEEDS = 4000, (3, 5, 10)

IMAGES = 360
"""Test images of the binomial laws, as many as those of the digits."""

Draw = Callable[[np.random.Generator, int], tuple[NDArray[np.float64], Disagreement | None]]
"""Differences at so many seeds less their true mean, and what the test images say of them."""


def normal(draw: np.random.Generator, seeds: int) -> tuple[NDArray[np.float64], None]:
    """Normal differences."""
    return draw.normal(0, 1, seeds), None


def binomial(a: float, b: float, alike: float) -> Draw:
    """Accuracies on the same images, as new ones at each seed: A tells a share `a` right, B a share `b`, and of
    `alike` of the images both do the same."""

    def drawn(draw: np.random.Generator, seeds: int) -> tuple[NDArray[np.float64], Disagreement]:
        same = draw.random((seeds, IMAGES)) < alike
        one, other = draw.random((2, seeds, IMAGES))
        right_a, right_b = one < a, np.where(same, one, other) < b
        found = disagreement(list(right_a), list(right_b))
        shifted = right_b.mean(1) - right_a.mean(1) - (b - a)
        moved = Disagreement(found.difference - (b - a), found.sd, found.only_a, found.only_b, found.images, found.p)
        return shifted, moved

    return drawn


def arms(law: Callable[[np.random.Generator, int], NDArray[np.float64]]) -> Draw:
    """Differences of two designs whose values follow one skewed law, and are independent."""
    return lambda draw, seeds: (law(draw, seeds) - law(draw, seeds), None)


def skewed(law: Callable[[np.random.Generator, int], NDArray[np.float64]], mean: float) -> Draw:
    """Differences that are skewed in themselves."""
    return lambda draw, seeds: (law(draw, seeds) - mean, None)


PROMISED: dict[str, Draw] = {
    "normal": normal,
    "binomial, 90 % and 93 %": binomial(0.90, 0.93, 0.7),
    "binomial, 97 % and 97 %": binomial(0.97, 0.97, 0.7),
    "two arms of an exponential law": arms(lambda draw, seeds: draw.exponential(1, seeds)),
    "two arms of a beta law (9, 1)": arms(lambda draw, seeds: draw.beta(9, 1, seeds)),
}

DOCUMENTED: dict[str, Draw] = {
    "exponential differences": skewed(lambda draw, seeds: draw.exponential(1, seeds), 1),
    "lognormal differences": skewed(lambda draw, seeds: draw.lognormal(0, 1, seeds), math.exp(0.5)),
    "one seed in ten fails": skewed(lambda draw, seeds: draw.normal(0, 1, seeds) - 20 * (draw.random(seeds) < 0.1), -2),
    "binomial, 99.7 % and 99.7 %": binomial(0.997, 0.997, 0.7),
}


def share_held(law: Draw, seeds: int, trials: int = TRIALS, seed: int = 0) -> float:
    """The share of trials whose interval holds the truth."""
    draw, held = np.random.default_rng((seed, seeds)), 0
    for _ in range(trials):
        differences, images = law(draw, seeds)
        found = compare_differences(differences.tolist(), better="more", test_images=images)
        held += found.low <= 0 <= found.high
    return held / trials


def found(seeds: int, trials: int = TRIALS, seed: int = 0) -> float:
    """The share of trials in which the difference that is called detectable is found; said to be 0.8."""
    draw, effect = np.random.default_rng((seed, seeds)), detectable_difference(1.0, seeds)
    drawn = draw.normal(effect, 1, (trials, seeds)).tolist()
    return sum(compare_differences(each, better="more").verdict == "better" for each in drawn) / trials


def decided(effect: float, most: int = 20, trials: int = TRIALS, seed: int = 0) -> tuple[float, float, float]:
    """Of looks after each seed from 3 to `most` at a true effect in sd of the differences: the shares of trials in
    which B is called better, and worse, and the mean number of seeds at the end."""
    draw = np.random.default_rng((seed, most))
    ends = [until_decided(row, better="more") for row in draw.normal(effect, 1, (trials, most)).tolist()]
    better, worse = (sum(end.verdict == verdict for end in ends) / trials for verdict in ("better", "worse"))
    return better, worse, sum(end.seeds for end in ends) / trials


def peeked(most: int = 20, trials: int = TRIALS, seed: int = 0) -> float:
    """The same at no effect by the interval that is not made for it: the share of trials told apart."""
    draw, wrong = np.random.default_rng((seed, most)), 0
    for row in draw.normal(0, 1, (trials, most)).tolist():
        seen = (compare_differences(row[:seeds], better="more") for seeds in range(3, most + 1))
        wrong += any(one.verdict != "not told apart" for one in seen)
    return wrong / trials


COMBINATIONS = 6
"""Of other settings, over which two levels are compared."""


def pooled_held(seeds: int, trials: int = TRIALS, seed: int = 0, *, missing: float = 0.0, within: bool = True) -> float:
    """The share of trials whose interval of two levels' difference, pooled over `COMBINATIONS`, holds the truth.

    A difference is its combination's own, which is fixed, and what its seed does to all combinations, and noise of the
    two runs, all normal. missing: the share of pairs that are not there. within: averaged within each seed, as the
    dashboard does; False: as if all pairs were independent.
    """
    draw, held, usable = np.random.default_rng((seed, seeds)), 0, 0
    for _ in range(trials):
        own, shared = draw.normal(0, 0.5, COMBINATIONS), draw.normal(0, 1, seeds)
        found = own[:, None] + shared + draw.normal(0, 1, (COMBINATIONS, seeds))
        there = draw.random((COMBINATIONS, seeds)) >= missing
        used = complete_crossing([set(np.flatnonzero(row).tolist()) for row in there])
        if len(used.seeds) < 2:
            continue
        usable += 1
        by_seed = pool([dict(enumerate(row.tolist())) for row in found], used)
        every = found[np.ix_(used.combinations, used.seeds)].ravel().tolist()
        result = compare_differences([*by_seed.values()] if within else every, better="more")
        held += result.low <= own[list(used.combinations)].mean() <= result.high
    return held / usable


def main() -> None:
    """Prints all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    kept = True
    usual: dict[str, int] = {"trials": given.trials, "seed": given.seed}
    print(f"{given.trials:,} trials of each. 95 % intervals hold the truth, in %:\n")
    print("| differences | " + " | ".join(f"{seeds} seeds" for seeds in SEEDS) + " |")
    print("|---|" + "---|" * len(SEEDS))
    for laws, note in ((PROMISED, ""), (DOCUMENTED, " (not promised)")):
        for name, law in laws.items():
            shares = [share_held(law, seeds, **usual) for seeds in SEEDS]
            kept = kept and (bool(note) or all(0.94 <= share <= 0.98 for share in shares))
            print(f"| {name}{note} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + " |")
    for name, missing in (("all pairs", 0.0), ("one pair in ten missing", 0.1)):
        shares = [pooled_held(seeds, given.trials, given.seed, missing=missing) for seeds in SEEDS]
        kept = kept and all(0.94 <= share <= 0.98 for share in shares)
        row = " | ".join(f"{100 * share:.1f}" for share in shares)
        print(f"| two levels, averaged over {COMBINATIONS} combinations within each seed, {name} | {row} |")
    wrong = " | ".join(f"{100 * pooled_held(seeds, given.trials, given.seed, within=False):.1f}" for seeds in SEEDS)
    print(f"| the same as if all pairs were independent (not done) | {wrong} |")
    print("\nThe difference that is called detectable in 8 of 10 cases is found in, in %:")
    print(", ".join(f"{seeds} seeds: {100 * found(seeds, **usual):.1f}" for seeds in SEEDS))
    print("\nUntil decided, looks after each seed from 3 to 20:\n")
    print("| true effect, sd of the differences | better, % | worse, % | seeds, mean |\n|---|---|---|---|")
    for effect in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        better, worse, seeds = decided(effect, **usual)
        kept = kept and (effect > 0 or better + worse <= 0.06) and (effect != 1.5 or better >= 0.8)
        print(f"| {effect:g} | {100 * better:.1f} | {100 * worse:.1f} | {seeds:.1f} |")
    wide = decided(0.0, most=60, **usual)
    print(f"\nAt no effect and at most 60 seeds: {100 * (wide[0] + wide[1]):.1f} % better or worse.")
    print(f"With the usual interval at each look from 3 to 20, at no effect: {100 * peeked(**usual):.1f} %.")
    sys.exit(0 if kept else "A promise is not kept.")


if __name__ == "__main__":
    main()
