"""What runs have said, fetched as it comes, for everybody who watches them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.places import cache_dir
from snnviz.store import Run
from snnviz.ui.kit import services
from snnviz.views.results import Rows

Versions = tuple[tuple[str, float, str], ...]
"""Of runs that have begun: their names, when they were made, and what `Store.version` says."""


class History:
    """The rows of one run."""

    def __init__(self, run: str) -> None:
        self.run = run
        self._kinds: tuple[type[Any], ...] = (Sample, LayerState, Branch, EpochEnd)
        self._rows: dict[type[Any], list[Any]] = {kind: [] for kind in self._kinds}
        self._numbers = dict.fromkeys(self._kinds, 0)
        self._version = ""
        self._lock = threading.Lock()

    def rows(self, version: str) -> Rows:
        """At this version of the run."""
        with self._lock:
            if version != self._version:
                for kind, found in self._rows.items():
                    for number, row in services.store().rows(self.run, kind, since=self._numbers[kind]):
                        self._numbers[kind] = number
                        found.append(row)
                self._version = version
            return Rows(*(tuple(self._rows[kind]) for kind in self._kinds))


@lru_cache(maxsize=200)
def _history(_place: str, run: str, _created: float) -> History:
    return History(run)


def versions(runs: Iterable[Run]) -> Versions:
    """Of those that have something to say."""
    begun = [run for run in runs if run.state != "queued"]
    names = tuple(run.run for run in begun)
    read = partial(services.store().versions, names)
    found = services.CACHE.get((str(cache_dir()), "versions", names), read)
    return tuple((run.run, run.created, found[run.run]) for run in begun if run.run in found)


def rows(shown: Versions) -> dict[str, Rows]:
    """By digest."""
    place = str(cache_dir())
    found = {run: _history(place, run, created).rows(version) for run, created, version in shown}
    return {run: one for run, one in found.items() if one.layers}
