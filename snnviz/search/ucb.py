"""Bayesian optimisation with GP-UCB (Srinivas et al. 2010), in batches (Wilson et al. 2018, Appendix A), over codes:
tuples that hold the index of one option for each slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Literal, get_args

import numpy as np

from snnviz.errors import InputError
from snnviz.search.strategies import StatefulStrategy, draw_codes
from snnviz.theory.posterior import Code, FittedProcess

Kernel = Literal["hamming", "hamming-ard"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)

ENUMERATED = 5000
"""Largest number of codes for which all codes of the space are candidates."""

POOL = 2048
"""Number of random candidates in a larger space."""

MUTATED = 5
"""Number of best codes so far whose neighbours, one slot away, are candidates in a larger space."""


class UCB(StatefulStrategy[float]):
    """Bayesian optimisation: chooses the codes (an option for each slot) with the smallest mean - kappa_t sd of a
    Gaussian process.

    `kernel`: one length scale for all slots (hamming) or one per slot (hamming-ard). The first `initial` codes are
    random. kappa_t = `kappa` `decay`^t, where t is the number of batches of the present size whose values were recorded
    since then.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        seed: int,
        *,
        kernel: Kernel = "hamming-ard",
        initial: int = 4,
        kappa: float = 2.5,
        decay: float = 0.98,
    ) -> None:
        super().__init__(sizes, seed)
        if kernel not in KERNELS:
            raise InputError("kernel", f"be one of {', '.join(KERNELS)}", kernel)
        if initial < 1:
            raise InputError("initial", "be 1 or more", initial)
        if not kappa >= 0:
            raise InputError("kappa", "be 0 or more", kappa)
        if not 0 < decay <= 1:
            raise InputError("decay", "be above 0 and at most 1", decay)
        self.kernel = kernel
        self.initial = initial
        self.kappa = kappa
        self.decay = decay
        self.belief: FittedProcess | None = None
        """What the last fit found; None before there was one."""

    def fit(self) -> FittedProcess:
        """Fits the Gaussian process to all values recorded so far, at least one, and returns its hyperparameters."""
        from snnviz.search import gaussian_process  # BoTorch takes a second to load

        self.belief = gaussian_process.fit_gaussian_process(self.codes, self.values, self.kernel)
        return self.belief

    def exploration_weight(self, count: int) -> float:
        """Returns the exploration weight kappa_t: how many standard deviations of the Gaussian process are subtracted
        from its mean when the next `count` codes are chosen.
        """
        return self.kappa * self.decay ** (max(0, len(self.codes) - self.initial) // count)

    def _choose(self, count: int) -> list[Code]:
        if len(self.codes) < self.initial:
            return list(islice(self._free(), count))
        candidates = self._candidates(count)
        if not candidates:
            return []
        from snnviz.search import gaussian_process

        belief = self.fit()
        return gaussian_process.choose_candidates(
            belief, self.codes, self.values, candidates, self.pending, count=count, kappa=self.exploration_weight(count)
        )

    def _candidates(self, count: int) -> list[Code]:
        """Free codes, at least `count` where there are so many, in an order that favours no option in a draw."""
        if self._order.total <= ENUMERATED:
            return list(self._free())
        random = np.random.default_rng([self.seed, len(self.codes), len(self.pending)])
        pool = dict.fromkeys([*islice(self._free(), count), *draw_codes(self.sizes, POOL, random), *self._neighbours()])
        return list(self._fresh(pool))

    def _neighbours(self) -> list[Code]:
        """The codes one slot away from the best told ones, with those themselves."""
        best = [self.codes[place] for place in np.argsort(self.values, kind="stable")[:MUTATED]]
        return [
            (*code[:slot], option, *code[slot + 1 :])
            for code in best
            for slot, size in enumerate(self.sizes)
            for option in range(size)
        ]
