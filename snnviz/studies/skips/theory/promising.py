"""Which codes nobody has looked at yet promise most."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from snnviz.theory.posterior import Code, FittedProcess, posterior

ENUMERATED = 5000
"""Codes up to which a space is looked through as a whole; in a larger one, around the best."""

CENTRES = 5


def promising_codes(
    belief: FittedProcess,
    seen: Sequence[Code],
    values: Sequence[float],
    sizes: Sequence[int],
    kappa: float,
    count: int = 10,
) -> list[Code]:
    """The unseen codes with the smallest mean - kappa sd, the best first.

    Of a space of more than `ENUMERATED` codes, of those that differ in one slot from one of the best seen.
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
    """Every code that differs in a single slot.

    >>> neighbours((0, 1), (2, 3))
    [(1, 1), (0, 0), (0, 2)]
    """
    return [
        (*code[:slot], option, *code[slot + 1 :])
        for slot, size in enumerate(sizes)
        for option in range(size)
        if option != code[slot]
    ]
