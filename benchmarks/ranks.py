"""How often p of a permutation test and the 95 % interval of Kendall's tau are wrong, where the truth is known.

    python -m benchmarks.ranks                        # 2,000 trials of each kind: about ten minutes
    python -m benchmarks.ranks --trials 200

Pairs are normal, tau = 2/pi arcsin(correlation), or made of such: `count_connections` in x have the ties of a cell's
numbers of convolutions; `seeds` in y are means of three accuracies over 360 images, each of which moves by chance;
`two` and `three` take two and three values, of which an exact test of few pairs rejects too rarely. `cells` is the
whole way: cells drawn as a study draws them, against accuracies that know nothing of them. Seeds are those of trials, 0
and up. Prints a row for each kind, and exits with 1 where a rate is outside of what is allowed.
"""

from __future__ import annotations

import argparse
import math
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from snnviz.design.cells import count_connections
from snnviz.studies.cells.study import CellStudy, study_searches, trained_candidates
from snnviz.theory import intervals
from snnviz.theory.ranks import kendall_tau, kendall_tau_interval, kendall_tau_of_groups, rank_correlation

Values = NDArray[np.float64]

SIZES = (5, 6, 8, 10, 11, 15, 20, 30, 50)
TRUTHS = (0.0, 0.3, 0.6)
KINDS = (("normal", "normal"), ("counts", "normal"), ("counts", "seeds"), ("normal", "seeds"))
COARSE = (("two", "normal"), ("three", "three"))


def pairs(seed: int, count: int, tau: float, kinds: tuple[str, str]) -> tuple[Values, Values]:
    """One sample."""
    random = np.random.default_rng([seed, count, round(100 * tau)])
    r = math.sin(math.pi / 2 * tau)
    x = random.normal(size=count)
    y = r * x + math.sqrt(1 - r * r) * random.normal(size=count)
    return _as(kinds[0], x, random), _as(kinds[1], y, random)


def _as(kind: str, values: Values, random: np.random.Generator) -> Values:
    if kind == "counts":
        return np.floor(np.clip(1.6 + 1.1 * values, 0, 6))
    if kind == "two":
        return np.digitize(values, [0.3]).astype(float)
    if kind == "three":
        return np.digitize(values, [-0.5, 0.8]).astype(float)
    if kind == "seeds":
        chance = np.clip(1 / (1 + np.exp(-1.8 - 0.5 * values)) + random.normal(0, 0.03, (3, len(values))), 0.3, 0.995)
        return random.binomial(360, chance).mean(0) / 360
    return values


@lru_cache
def truth(tau: float, kinds: tuple[str, str]) -> float:
    """Of the pairs that are made of normal ones: of 100,000 of them, which leaves an error of 0.002."""
    if kinds == ("normal", "normal"):
        return tau
    x, y = pairs(0, 100_000, tau, kinds)
    x, y = (y, x) if kinds[0] == "normal" else (x, y)
    found = kendall_tau_of_groups({float(number): y[x == number].tolist() for number in np.unique(x)})
    assert found is not None
    return found


def held(count: int, tau: float, kinds: tuple[str, str], trials: int) -> float:
    """The share of intervals that hold the truth."""
    aim, inside, known = truth(tau, kinds), 0, 0
    for seed in range(trials):
        x, y = pairs(seed, count, tau, kinds)
        if (found := kendall_tau(x, y)) is not None:
            low, high = kendall_tau_interval(x, y, found)
            inside += low <= aim <= high
            known += 1
    return inside / known


def rejected(count: int, kinds: tuple[str, str], trials: int) -> float:
    """The share of p below 0.05 where nothing agrees."""
    found = [rank_correlation(*map(tuple, pairs(seed, count, 0.0, kinds))) for seed in range(trials)]
    known = [one.p for one in found if one is not None]
    return float(np.mean(np.array(known) < 0.05))


def of_cells(trials: int, cells: int = 30, name: str = "conv3") -> tuple[float, float]:
    """The share of p below 0.05, and of intervals that hold 0, of a study's cells with accuracies that are chance.

    Each trial draws cells of its own; a cell has one accuracy, however often it is drawn.
    """
    low, inside, known = 0, 0, 0
    for seed in range(trials):
        study = CellStudy(cells=cells, connections="backward", seed=seed)
        (search,) = study_searches(study).values()
        drawn = [search.cell(number) for number in trained_candidates(study, "backward")]
        random, luck = np.random.default_rng(seed), dict[object, float]()
        reached = tuple(luck.setdefault(cell, random.normal()) for cell in drawn)
        found = rank_correlation(tuple(float(count_connections(cell)[name]) for cell in drawn), reached)
        if found is not None:
            low, inside, known = low + (found.p < 0.05), inside + (found.low <= 0 <= found.high), known + 1
    return low / known, inside / known


def of_means(count: int, trials: int) -> float:
    """The share of intervals of the mean of `count` seeds' accuracies that hold what many seeds would have."""
    inside = 0
    for seed in range(trials):
        random = np.random.default_rng([seed, count])
        found = intervals.confidence_interval(
            (random.binomial(360, np.clip(random.normal(0.9, 0.03, count), 0, 1)) / 360).tolist()
        )
        inside += found.half is not None and found.low <= 0.9 <= found.high
    return inside / trials


def main(trials: int) -> bool:
    """Prints the table; whether all is as it should be."""
    fine = True
    print("| x, y | pairs | p < .05 | held at tau 0 | held at 0.3 | held at 0.6 |\n|---|---|---|---|---|---|")
    for kinds in (*KINDS, *COARSE):
        for count in SIZES if kinds in KINDS else SIZES[4:]:
            low = rejected(count, kinds, trials)
            inside = [held(count, tau, kinds, trials) for tau in TRUTHS]
            print(
                f"| {', '.join(kinds)} | {count} | {low:.1%} | {' | '.join(f'{one:.1%}' for one in inside)} |",
                flush=True,
            )
            fine &= (0.035 if count > 10 and kinds in KINDS else 0) <= low <= 0.065
            fine &= all(0.93 <= one <= (0.975 if count > 5 and kinds in KINDS else 1) for one in inside)
    print("\n| cells of a study, accuracies that are chance | p < .05 | held |\n|---|---|---|")
    for cells in (11, 20, 30):
        low, inside = of_cells(trials, cells)
        print(f"| {cells} with backward connections | {low:.1%} | {inside:.1%} |", flush=True)
        fine &= 0.035 <= low <= 0.065 and 0.93 <= inside <= 0.975
    print("\n| mean accuracy of so many seeds | held |\n|---|---|")
    for count in (2, 3, 5, 10):
        share = of_means(count, trials)
        print(f"| {count} | {share:.1%} |")
        fine &= 0.93 <= share <= 0.975
    return fine


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=2000)
    sys.exit(not main(parser.parse_args().trials))
