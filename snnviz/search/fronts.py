"""Bayesian optimisation of several objectives by noisy expected hypervolume improvement, qLogNEHVI, over codes: tuples
that hold the index of one option for each slot.

Ament et al. 2023, "Unexpected Improvements to Expected Improvement for Bayesian Optimization", the logarithm of Daulton
et al. 2021, "Parallel Bayesian Optimization of Multiple Noisy Objectives with Expected Hypervolume Improvement".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from snnviz.errors import InputError
from snnviz.search.scales import Scale
from snnviz.search.strategies import StatefulStrategy, draw_codes
from snnviz.theory.pareto import pareto_front
from snnviz.theory.posterior import Code

MOST_OBJECTIVES = 3

POOL = {1: 512, 2: 512, 3: 128}
"""Number of candidates by number of objectives; with three an improvement takes ten times as long to compute."""

NEIGHBOURS = 6
"""Options of a slot that are tried beside those of a code on the front, where the slot has more."""


class NEHVI(StatefulStrategy[tuple[float, ...]]):
    """Bayesian optimisation of two or three objectives, all minimised, by qLogNEHVI.

    `scales`: the similarity of options, one for each slot. `initial`: number of codes that are first drawn at random. A
    code without a value counts as the worst value so far in each objective.
    """

    def __init__(
        self,
        scales: Sequence[Scale],
        seed: int,
        *,
        objectives: int = 2,
        initial: int = 8,
        allowed: Callable[[Code], bool] | None = None,
    ) -> None:
        super().__init__([len(scale.rows) for scale in scales], seed, allowed=allowed)
        if not 1 <= objectives <= MOST_OBJECTIVES:
            raise InputError("objectives", f"be 1 to {MOST_OBJECTIVES}", objectives)
        if initial < 1:
            raise InputError("initial", "be 1 or more", initial)
        self.scales = tuple(scales)
        self.objectives = objectives
        self.initial = initial

    def tell(self, code: Code, value: tuple[float, ...]) -> None:
        """Records the measured values, one per objective, of a code (an option for each slot)."""
        if len(value) != self.objectives:
            raise InputError("value", f"be {self.objectives} numbers", value)
        super().tell(code, value)

    def _choose(self, count: int) -> list[Code]:
        if len(self.codes) + len(self.lost) < self.initial or not self.codes:
            return list(islice(self._free(), count))
        candidates = self._candidates(count)
        if not candidates:
            return []
        from snnviz.search import gaussian_process  # BoTorch takes a second to load

        worst = tuple(np.max(self.values, axis=0).tolist())
        seen, values = [*self.codes, *self.lost], [*self.values, *([worst] * len(self.lost))]
        chosen = gaussian_process.choose_for_front(
            self.scales, seen, values, candidates, self.pending, count=min(count, len(candidates))
        )
        return [candidates[place] for place in chosen]

    def _candidates(self, count: int) -> list[Code]:
        """Free codes: all of a small space, else random ones and neighbours of the front."""
        most = POOL[self.objectives]
        if self._order.total <= most:
            return list(self._free())
        random = np.random.default_rng([self.seed, len(self.codes), len(self.lost), len(self.pending)])
        near = list(self._fresh(dict.fromkeys(self._neighbours(random))))
        random.shuffle(near)
        pool = dict.fromkeys([*islice(self._free(), count), *near[: most // 2]])
        pool |= dict.fromkeys(self._fresh(draw_codes(self.sizes, most, random)))
        return list(pool)[:most]

    def _neighbours(self, random: np.random.Generator) -> Iterator[Code]:
        """Codes that differ in one slot from one on the front."""
        front = pareto_front(self.values, ["less"] * self.objectives)
        for code in (code for code, best in zip(self.codes, front, strict=True) if best):
            for slot, size in enumerate(self.sizes):
                for option in self._options(code[slot], size, random):
                    yield (*code[:slot], option, *code[slot + 1 :])

    def _options(self, now: int, size: int, random: np.random.Generator) -> list[int]:
        if size <= NEIGHBOURS:
            return list(range(size))
        beside = {max(0, now - 1), min(size - 1, now + 1)}
        return sorted(beside | {int(option) for option in random.integers(0, size, NEIGHBOURS - 2)})
