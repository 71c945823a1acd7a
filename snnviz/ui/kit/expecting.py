"""Models of what finished runs let expect: the one of a data set, and the process that makes them anew meanwhile."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

from snnviz.jobs.beside import Beside
from snnviz.places import cache_dir
from snnviz.store import Store
from snnviz.theory.expected import Model
from snnviz.theory.expected_files import SEEN_FILE, load_model, model_folder, model_path
from snnviz.ui.kit.shared import shared

MODULE = "snnviz.studies.tradeoffs.compute.refitting"

MANY = 10
"""New runs, or a tenth of those that were known if that is more, after which models are made anew soon."""

SOON, LATER = 10.0, 20.0
"""So many times as long as that takes is waited after it: where there are many new runs, and where there are some."""

LOOK_SECONDS = 10.0
"""Between two looks at how many runs are done."""


def model(dataset: str) -> Model | None:
    """Of a data set, the newest; None where too little is known of it. Read once for all visitors."""
    try:
        about = model_path(dataset).stat()
    except OSError:
        return None
    return _read(dataset, (about.st_mtime_ns, about.st_size, about.st_ino))


@shared(4)
def _read(dataset: str, _stamp: tuple[int, int, int]) -> Model | None:
    return load_model(dataset)


class Refits:
    """Sees to it that the models follow the runs: makes them anew when there are enough new ones, one at a time."""

    def __init__(self) -> None:
        self.process = Beside(MODULE)
        self._looked = self._ended = float("-inf")
        self._started = 0.0
        self._took = 1.0
        self._tried: tuple[str, int] | None = None

    def tend(self, store: Store) -> None:
        """To be called now and then. Raises `StoreError`."""
        now = time.monotonic()
        if self.process.pid is None and self.process.poll() is not None:
            self._ended, self._took = now, max(1.0, now - self._started)
        if self.process.pid is not None or now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        place, done = str(cache_dir()), store.counts()["done"]
        tried = self._tried is not None and self._tried[0] == place  # one that failed, too, waits for something new
        known = self._tried[1] if tried and self._tried else _seen(model_folder())
        if is_due(done, known, now - self._ended, self._took):
            self._tried, self._started = (place, done), now
            self.process.start(environment={"SNNVIZ_STORE": store.url})

    def stop(self) -> None:
        """End the process; what it was at is made the next time."""
        self.process.stop()


def is_due(done: int, known: int, since: float, took: float) -> bool:
    """Whether models are made anew: `done` runs are there, and `known` when that was done last, `since` seconds ago,
    which took `took` seconds.

    >>> [is_due(20, 0, 1e9, 1), is_due(20, 20, 1e9, 1), is_due(21, 20, 5, 1), is_due(21, 20, 25, 1)]
    [True, False, False, True]
    """
    new = abs(done - known)
    many = new >= max(MANY, known / 10)
    return new > 0 and since >= (SOON if many else LATER) * took


def _seen(folder: Path) -> int:
    with suppress(OSError, ValueError, TypeError, KeyError):
        return int(json.loads((folder / SEEN_FILE).read_text())["done"])
    return 0
