"""How long visitors wait for pages: each run of a page, from when it was asked for until it was drawn."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from statistics import quantiles
from typing import NamedTuple

KEPT = 400
"""The last runs of each page that are looked at."""

MOST_PAGES = 100


class PageTime(NamedTuple):
    """The last runs of a page (`page`: its path, "" for Home), or of parts of it: how many, and seconds."""

    page: str
    part: bool
    runs: int
    median: float
    slow: float
    longest: float


class PageTimes:
    """The times of the last runs of every page. `slow` is the 95th percentile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, bool], deque[float]] = defaultdict(lambda: deque(maxlen=KEPT))

    def note(self, page: str, seconds: float, *, part: bool) -> None:
        """Adds a run of a page, or of a part of it alone."""
        with self._lock:
            if (page, part) in self._kept or len(self._kept) < MOST_PAGES:
                self._kept[page, part].append(seconds)

    def summary(self) -> list[PageTime]:
        """Returns a line for each page, the slowest first."""
        with self._lock:
            kept = {name: [*seconds] for name, seconds in self._kept.items()}
        found = []
        for (page, part), seconds in kept.items():
            cuts = quantiles(seconds, n=20, method="inclusive") if len(seconds) > 1 else seconds * 19
            found.append(PageTime(page, part, len(seconds), cuts[9], cuts[18], max(seconds)))
        return sorted(found, key=lambda one: -one.slow)


TIMES = PageTimes()
"""Of this server."""
