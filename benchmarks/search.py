"""How good the best of 24 evaluated codes is, by strategy and codes per ask, on two families of 729-point functions.

    python benchmarks/search.py [--seeds 40] [--evaluations 24] [--kernels hamming-ard ...] [--per-ask 1 2 4]

The functions (tests/search/landscapes.py) go from 0 to 20 percentage points and are observed with noise of sd 0.7.
Prints, as a markdown table, means over seeds of the true value of the best code evaluated, of the code observed as the
best, and by how much the first is below random search's, seed by seed, with its 95 % interval; then the seconds of an
ask.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from snnviz.search import KERNELS, UCB, RandomSearch
from snnviz.search.strategies import StatefulStrategy
from snnviz.theory.intervals import confidence_interval
from tests.search.landscapes import NOISE, SIZES, Landscape, pairwise, rugged

Make = Callable[[int], StatefulStrategy]


def searched(
    strategy: StatefulStrategy, landscape: Landscape, seed: int, count: int, evaluations: int
) -> StatefulStrategy:
    """The strategy after it was told so many values."""
    noise = np.random.default_rng([seed, 3])
    while len(strategy.codes) < evaluations:
        for code in strategy.ask(min(count, evaluations - len(strategy.codes))):
            strategy.tell(code, landscape[code] + NOISE * noise.normal())
    return strategy


def row(
    make: Make, family: Callable[[int], Landscape], count: int, seeds: int, evaluations: int
) -> tuple[list[float], list[float]]:
    """By seed the true value of the best code evaluated, and of the one observed as the best."""
    best, chosen = [], []
    for seed in range(seeds):
        landscape = family(seed)
        told = searched(make(seed), landscape, seed, count, evaluations)
        best.append(min(landscape[code] for code in told.codes))
        chosen.append(landscape[told.codes[int(np.argmin(told.values))]])
    return best, chosen


def seconds(sizes: tuple[int, ...], count: int) -> float:
    """The median of five asks, of which each has 24 told codes."""
    found = []
    for seed in range(6):
        strategy = UCB(sizes, seed, kernel="hamming-ard")
        for code in islice(strategy._order, 24):
            strategy.tell(code, float(sum(code)))
        begin = time.perf_counter()
        strategy.ask(count)
        found.append(time.perf_counter() - begin)
    return float(np.median(found[1:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--evaluations", type=int, default=24)
    parser.add_argument("--kernels", nargs="*", default=list(KERNELS), choices=list(KERNELS))
    parser.add_argument("--per-ask", nargs="*", type=int, default=[1, 2, 4])
    arguments = parser.parse_args()
    print("| function | strategy | per ask | best evaluated | observed as best | less random (95 %) |")
    print("|---|---|---|---|---|---|")
    for family in (pairwise, rugged):
        makers: list[tuple[str, Make, tuple[int, ...]]] = [("random", lambda seed: RandomSearch(SIZES, seed), (1,))]
        for kernel in arguments.kernels:
            make_ucb: Make = lambda seed, kernel=kernel: UCB(SIZES, seed, kernel=kernel)  # noqa: E731
            makers.append((f"UCB {kernel}", make_ucb, tuple(arguments.per_ask)))
        chance: list[float] = []
        for name, make, counts in makers:
            for count in counts:
                best, chosen = row(make, family, count, arguments.seeds, arguments.evaluations)
                less = confidence_interval([a - b for a, b in zip(best, chance, strict=True)]) if chance else None
                said = f"{less.mean:+.2f} ({less.low:+.2f} to {less.high:+.2f})" if less else ""
                means = f"{float(np.mean(best)):.2f} | {float(np.mean(chosen)):.2f}"
                print(f"| {family.__name__} | {name} | {count} | {means} | {said} |", flush=True)
                chance = chance or best
    for sizes in (SIZES, (3,) * 40):
        for count in (1, 4):
            print(f"{len(sizes)} slots, {count} asked for: {seconds(sizes, count):.2f} s")


if __name__ == "__main__":
    main()
