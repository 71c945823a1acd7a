"""Are the map of the cosine and the gain of gradients what networks with explicit weights do? z scores over many cases.

    .venv/bin/python -m benchmarks.mean_field [--each 40]

A case is an initialisation, a threshold and a cosine that are in no table, and a surrogate with a slope; 20 networks of
1,000 neurons are drawn of it. Joint spikes of given inputs are counts of independent neurons, so that their standard
error is known; that of gradients is estimated from the 20, so that their score is Student's, which is turned into a
normal one. If the formulas hold, the scores have a standard deviation of 1, give or take 0.7 / sqrt(scores).
"""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from snnviz.catalog.inits import COMPARED, InputStatistics, WeightDistribution, spike_probability, weight_distribution
from snnviz.design.menus import INITS, SURROGATES, Choice
from snnviz.design.parts import Neuron
from snnviz.theory.correlation import joint_spike_probability
from snnviz.theory.gradient_flow import gradient_gain

WIDTH, NETWORKS = 1000, 20
LEAST_SPIKES = 50
"""Expected joint spikes below which their number is not normal."""
LEAST_NEURONS = 1000
"""Neurons of all networks that carry the gradient, below which its mean square is not normal."""

KINDS = (*(entry.kind for entry in INITS if COMPARED in entry.traits), "gradient-preserving")


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison; `number` seeds its networks."""

    number: int
    init: str
    threshold: float
    cosine: float
    surrogate: Choice


def cases(each: int, seed: int = 24) -> list[Case]:
    """Returns `each` cases of each initialisation, drawn at random."""
    rng, kinds = np.random.default_rng(seed), list(SURROGATES)
    found = []
    for number in range(each * len(KINDS)):
        surrogate = SURROGATES.choose("surrogate", kinds[int(rng.integers(len(kinds)))].kind)
        slope = float(np.exp(rng.uniform(math.log(0.5), math.log(8))))
        found.append(
            Case(
                number,
                KINDS[number % len(KINDS)],
                float(rng.uniform(0.2, 1.4)),
                float(rng.uniform(0.1, 0.9)),
                Choice({**dict(surrogate), "slope": slope}),
            )
        )
    return found


def score(case: Case) -> tuple[float | None, float | None]:
    """Returns the z scores of joint spikes and of the gradient's mean square, each None where too few neurons are
    expected to spike, or to carry a gradient, for it to be normal.
    """
    rng = np.random.Generator(np.random.SFC64([24, case.number]))
    neuron = Neuron(threshold=case.threshold, surrogate=case.surrogate)
    spikes = max(40, int(WIDTH * spike_probability(case.threshold)))
    shared = round(case.cosine * spikes)  # two spike trains with exactly this cosine
    law = weight_distribution(
        Choice(INITS.choose("init", case.init)), WIDTH, WIDTH, neuron, InputStatistics(spikes / WIDTH, 1)
    )
    variance, joint, gradients = law.variance * spikes, 0, []
    shown = np.zeros((WIDTH, 2), np.float32)
    shown[:spikes, 0] = shown[spikes - shared : 2 * spikes - shared, 1] = 1
    for _ in range(NETWORKS):
        weight, scale = _weight(rng, law)
        u = scale * (weight @ shown)
        joint += int((u > case.threshold).all(1).sum())
        derivative = SURROGATES[case.surrogate.kind].function(u[:, 0] - case.threshold, **case.surrogate.parameters)
        back = scale * ((derivative * rng.standard_normal(WIDTH)).astype(np.float32) @ weight)
        gradients.append(float(np.square(back, dtype=np.float64).mean()))
    many, chance = WIDTH * NETWORKS, float(joint_spike_probability(case.threshold, shared / spikes, variance))
    of_joint = (
        (joint - many * chance) / math.sqrt(many * chance * (1 - chance)) if many * chance > LEAST_SPIKES else None
    )
    if many * _reached(case, variance) < LEAST_NEURONS:
        return of_joint, None
    truth = gradient_gain(case.surrogate, case.threshold, WIDTH * law.variance, variance) ** 2
    deviation = float(np.std(gradients, ddof=1)) / math.sqrt(NETWORKS)
    return of_joint, float(norm.ppf(student.cdf((np.mean(gradients) - truth) / deviation, NETWORKS - 1)))


def _reached(case: Case, variance: float) -> float:
    """Share of neurons that carry the gradient: E[sigma'^2]^2 / E[sigma'^4]."""
    u = math.sqrt(variance) * np.linspace(-8, 8, 20_001)
    square = SURROGATES[case.surrogate.kind].function(u - case.threshold, **case.surrogate.parameters) ** 2
    density = np.exp(-(u**2) / (2 * variance))
    total, fourth = (float(np.sum(values * density) / density.sum()) for values in (square, square**2))
    return total**2 / fourth if fourth > 0 else 0.0


def _weight(rng: np.random.Generator, law: WeightDistribution) -> tuple[NDArray[np.float32], float]:
    """Weights, and by what they are to be multiplied."""
    if law.uniform:
        return 2 * rng.random((WIDTH, WIDTH), dtype=np.float32) - 1, law.limit
    return rng.standard_normal((WIDTH, WIDTH), dtype=np.float32), math.sqrt(law.variance)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=40, help="cases of each initialisation")
    told = parser.parse_args()
    begun = time.perf_counter()
    joints: dict[str, list[float]] = defaultdict(list)
    gradients: dict[str, list[float]] = defaultdict(list)
    for case in cases(told.each):
        joint, gradient = score(case)
        if joint is not None:
            joints[case.init].append(joint)
        if gradient is not None:
            gradients[case.init].append(gradient)
    print("| initialisation | joint spikes: cases | mean | deviation | gradients: cases | mean | deviation |")
    print("|---|---|---|---|---|---|---|")

    def row(name: str, *several: list[float]) -> None:
        cells = (f"{len(z)} | {np.mean(z):+.2f} | {np.std(z):.2f}" for z in several)
        print(f"| {name} | {' | '.join(cells)} |")

    for kind in KINDS:
        row(kind, joints[kind], gradients[kind])
    every = [[z for values in scores.values() for z in values] for scores in (joints, gradients)]
    row("all", *every)
    both = [*every[0], *every[1]]
    print(
        f"All {len(both)} scores: mean {np.mean(both):+.3f}, standard deviation {np.std(both):.3f}, largest "
        f"{np.abs(both).max():.2f}; {time.perf_counter() - begun:.0f} s."
    )


if __name__ == "__main__":
    main()
