"""Ask-and-tell search strategies over codes: tuples of ints with one of `sizes[s]` options in slot s.

A strategy has no hidden state. What it asks for follows from its arguments, from the values it was told, in order, and
from pending codes (asked for and not told). So a search whose process was killed is resumed by a new strategy that is
told the finished trials again: it continues as the old one would have without pending codes, and may ask for these
again.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, Protocol, TypeVar

import numpy as np

from snnviz.errors import InputError
from snnviz.theory.posterior import Code

V = TypeVar("V", float, tuple[float, ...])
Told = TypeVar("Told", float, tuple[float, ...], contravariant=True)
"""What a code came to: one number, or one for each of several objectives, all to be made small."""


class Strategy(Protocol[Told]):
    """Protocol of search strategies: objects that propose codes (an option for each slot) that may have a small value,
    or small values.
    """

    def ask(self, count: int) -> list[Code]:
        """Returns up to `count` new codes (an option for each slot) to evaluate, none of them evaluated or being
        evaluated; fewer only if no more are left.
        """

    def tell(self, code: Code, value: Told) -> None:
        """Records the measured value of a code (an option for each slot), asked for or not. Raises `InputError` for an
        invalid code or a value that is not finite.
        """


class LazyShuffle:
    """Iterates over every code of a space (an option for each slot) exactly once, in a random order given by the seed,
    without enumerating the space.
    """

    CHUNK = 256

    def __init__(self, sizes: Sequence[int], seed: int) -> None:
        self.sizes = sizes
        self.total = math.prod(sizes)
        self._random = np.random.default_rng(seed)
        self._drawn: dict[Code, None] = {}
        self._codes: list[Code] = []

    def __iter__(self) -> Iterator[Code]:
        place = 0
        while True:
            while place < len(self._codes):
                yield self._codes[place]
                place += 1
            if len(self._codes) == self.total:
                return
            self._extend()

    def _extend(self) -> None:
        """Draws with replacement and drops what was drawn before: no enumeration, however large the space."""
        new = draw_codes(self.sizes, self.CHUNK, self._random)
        self._codes += [code for code in dict.fromkeys(new) if code not in self._drawn]
        self._drawn.update(dict.fromkeys(new))


def draw_codes(sizes: Sequence[int], count: int, random: np.random.Generator) -> list[Code]:
    """Returns `count` independent, uniformly distributed codes (an option for each slot), possibly with repetitions."""
    return [tuple(code) for code in random.integers(0, sizes, (count, len(sizes))).tolist()]


class StatefulStrategy(ABC, Generic[V]):
    """Base class of strategies: stores codes (an option for each slot) with their values in the order in which they
    were recorded, and pending codes, which are being evaluated.

    `sizes`: number of options per slot. `seed`: 0 or more. `allowed`: returns whether a code may be asked for; by
    default each may.
    """

    def __init__(self, sizes: Sequence[int], seed: int, *, allowed: Callable[[Code], bool] | None = None) -> None:
        if not sizes or min(sizes) < 1:
            raise InputError("sizes", "be one or more numbers above 0", tuple(sizes))
        if seed < 0:
            raise InputError("seed", "be 0 or more", seed)
        self.sizes = tuple(sizes)
        self.seed = seed
        self.allowed = allowed
        self.codes: list[Code] = []
        self.values: list[V] = []
        self.pending: list[Code] = []
        self.lost: list[Code] = []
        """Codes that came to nothing, such as a training that diverged."""

        self._order = LazyShuffle(self.sizes, seed)

    def ask(self, count: int) -> list[Code]:
        """Returns up to `count` new codes (an option for each slot) and marks them as pending: being evaluated. Raises
        `InputError` for a count below 1.
        """
        if count < 1:
            raise InputError("count", "be 1 or more", count)
        chosen = self._choose(count)
        self.pending += chosen
        return chosen

    def tell(self, code: Code, value: V) -> None:
        """Records the measured value of a code (an option for each slot), asked for or not. Raises `InputError` for an
        invalid code or a value that is not finite.
        """
        code = tuple(code)
        if len(code) != len(self.sizes) or any(not 0 <= c < size for c, size in zip(code, self.sizes, strict=True)):
            raise InputError("code", f"have an option for each of {len(self.sizes)} slots", code)
        found: V = tuple(map(float, value)) if isinstance(value, tuple) else float(value)
        if not all(map(math.isfinite, found if isinstance(found, tuple) else (found,))):
            raise InputError("value", "be a finite number", value)
        self.codes.append(code)
        self.values.append(found)
        if code in self.pending:
            self.pending.remove(code)

    def exclude(self, code: Code) -> None:
        """Records that a code (an option for each slot) has no value, whether it was asked for or not, so that it is
        not asked for again.
        """
        self.lost.append(tuple(code))
        if code in self.pending:
            self.pending.remove(code)

    @abstractmethod
    def _choose(self, count: int) -> list[Code]:
        """What `ask` gives."""

    def _free(self) -> Iterator[Code]:
        """Codes that may be asked for and are neither known nor pending, in the random order."""
        return self._fresh(self._order)

    def _fresh(self, codes: Iterable[Code]) -> Iterator[Code]:
        """Those of them that may be asked for and are neither known nor pending."""
        taken = {*self.codes, *self.pending, *self.lost}
        return (code for code in codes if code not in taken and (self.allowed is None or self.allowed(code)))


class RandomSearch(StatefulStrategy[V]):
    """Random search without replacement: `sizes` options per slot, `seed` 0 or more."""

    def _choose(self, count: int) -> list[Code]:
        return list(islice(self._free(), count))
