"""The most promising untried codes (an option for each slot) of a search for skip connections."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from snnviz.theory.posterior import Code, FittedProcess, posterior

ENUMERATED = 5000
"""Largest search space that is enumerated; in a larger one, only neighbours of the best codes are considered."""

CENTRES = 5


def promising_codes(
    belief: FittedProcess,
    seen: Sequence[Code],
    values: Sequence[float],
    sizes: Sequence[int],
    kappa: float,
    count: int = 10,
) -> list[Code]:
    """Returns the `count` untried codes (an option for each slot) with the smallest mean - kappa sd of the Gaussian
    process, the best first.

    In a space of more than `ENUMERATED` codes, only those that differ in one slot from one of the best tried codes.
    """
    known = set(seen)
    if math.prod(sizes) <= ENUMERATED:
        codes = [code for code in itertools.product(*map(range, sizes)) if code not in known]
    else:
        best = [code for _, code in sorted(zip(values, seen, strict=True))[:CENTRES]]
        around = dict.fromkeys(neighbour for code in best for neighbour in neighbours(code, sizes))
        codes = [code for code in around if code not in known]
    if not codes:
        return []
    mean, sd = posterior(belief, seen, values, codes)
    return [codes[place] for place in (mean - kappa * sd).argsort(kind="stable")[:count]]


def neighbours(code: Code, sizes: Sequence[int]) -> list[Code]:
    """Returns every code (an option for each slot) that differs from `code` in exactly one slot.

    >>> neighbours((0, 1), (2, 3))
    [(1, 1), (0, 0), (0, 2)]
    """
    return [
        (*code[:slot], option, *code[slot + 1 :])
        for slot, size in enumerate(sizes)
        for option in range(size)
        if option != code[slot]
    ]
