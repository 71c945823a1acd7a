"""Functions of codes that stand for accuracy drops: from 0 (the best code) to 20 percentage points."""

from __future__ import annotations

import itertools

import numpy as np

from snnviz.theory.posterior import Code

SIZES = (3,) * 6
ALL: tuple[Code, ...] = tuple(itertools.product(*map(range, SIZES)))
NOISE = 0.7
"""Percentage points: the standard deviation of an observation."""

Landscape = dict[Code, float]


def pairwise(seed: int) -> Landscape:
    """A number for each option of each slot, and smaller ones (a third) for each pair of options of two slots."""
    random = np.random.default_rng([seed, 1])
    single = random.normal(size=(6, 3))
    pairs = random.normal(size=(6, 6, 3, 3)) / 3
    found = [
        sum(single[s, o] for s, o in enumerate(code))
        + sum(pairs[s, t, code[s], code[t]] for s, t in itertools.combinations(range(6), 2))
        for code in ALL
    ]
    return _scaled(found)


def rugged(seed: int) -> Landscape:
    """Kauffman's NK landscape, N = 6, K = 2: a slot's number is drawn anew for each option of it and of two others."""
    random = np.random.default_rng([seed, 2])
    table = random.normal(size=(6, 3, 3, 3))
    others = [random.choice([t for t in range(6) if t != s], 2, replace=False) for s in range(6)]
    found = [sum(table[s, code[s], code[a], code[b]] for s, (a, b) in enumerate(others)) for code in ALL]
    return _scaled(found)


def _scaled(values: list[float]) -> Landscape:
    low, high = min(values), max(values)
    return {code: 20 * (value - low) / (high - low) for code, value in zip(ALL, values, strict=True)}
