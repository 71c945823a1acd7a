"""How long others have been silent, by the clock of who listens: their own may be wrong, or in another time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

LEASE_SECONDS = float(os.environ.get("SNNVIZ_LEASE_SECONDS") or 10.0)
"""A run that nobody has written to for so long has lost its worker. Workers write at least twice a second."""

HUNG_SECONDS = 3 * LEASE_SECONDS
"""A process of this machine that is alive and has been silent for so long hangs: it is killed and replaced."""


class SilenceTimer:
    """Listens to many at once.

    A pause of the listener itself, who was stopped or asleep with the machine, says nothing about the others: after one
    of `pause` seconds all counts begin anew.
    """

    def __init__(self, pause: float = LEASE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause, self._clock = pause, clock
        self._looked = clock()
        self._heard: dict[Hashable, tuple[object, float]] = {}

    def look(self, words: Mapping[K, object]) -> dict[K, float]:
        """For each name, seconds since its word was first seen as it is now. Names that are left out are forgotten."""
        now = self._clock()
        if now - self._looked > self._pause:
            self._heard.clear()
        self._looked = now
        heard: dict[Hashable, tuple[object, float]] = {}
        for name, word in words.items():
            before = self._heard.get(name)
            heard[name] = before if before is not None and before[0] == word else (word, now)
        self._heard = heard
        return {name: now - heard[name][1] for name in words}
