"""Measures how long workers have been silent, by the clock of the observer, as clocks of other machines may differ."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

LEASE_SECONDS = float(os.environ.get("SNNVIZ_LEASE_SECONDS") or 10.0)
"""Seconds without a write after which a run has lost its worker. Workers write at least twice a second."""

HUNG_SECONDS = 3 * LEASE_SECONDS
"""Seconds of silence after which a living process on this machine is taken to hang; it is killed and replaced."""


class SilenceTimer:
    """Measures for how long watched values have not changed, such as the heartbeats of several workers.

    If the observer itself paused for more than `pause` seconds, because its process or the machine was stopped
    or suspended, all times start again from 0. `clock`: returns seconds.
    """

    def __init__(self, pause: float = LEASE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause, self._clock = pause, clock
        self._looked = clock()
        self._heard: dict[Hashable, tuple[object, float]] = {}

    def update(self, words: Mapping[K, object]) -> dict[K, float]:
        """Returns for each name the seconds since its value last changed; names that are left out are forgotten."""
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
