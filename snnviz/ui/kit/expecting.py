"""Prediction models (`theory.expected`) for pages: loads them, and starts the process that trains them on new runs."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

from snnviz.jobs.background import BackgroundProcess
from snnviz.places import cache_dir
from snnviz.store import Store
from snnviz.theory.expected import Model
from snnviz.theory.expected_files import SEEN_FILE, load_model, model_folder, model_path
from snnviz.ui.kit.shared import shared

MODULE = "snnviz.studies.tradeoffs.compute.refitting"

MANY = 10
"""Number of new runs, or a tenth of those known before if that is more, that counts as many in `is_due`."""

SOON, LATER = 10.0, 20.0
"""Pause after training the models, as a multiple of its duration: `SOON` if there are many new runs, else `LATER`."""

LOOK_SECONDS = 10.0
"""Seconds between two checks of the number of finished runs."""


def model(dataset: str) -> Model | None:
    """Returns the newest prediction model of a data set; None if there are too few runs for one. Cached for all
    users.
    """
    try:
        about = model_path(dataset).stat()
    except OSError:
        return None
    return _read(dataset, (about.st_mtime_ns, about.st_size, about.st_ino))


@shared(4)
def _read(dataset: str, _stamp: tuple[int, int, int]) -> Model | None:
    return load_model(dataset)


class Refits:
    """Retrains the prediction models when enough new runs have finished, one at a time, in a background process."""

    def __init__(self) -> None:
        self.process = BackgroundProcess(MODULE)
        self._looked = self._ended = float("-inf")
        self._started = 0.0
        self._took = 1.0
        self._tried: tuple[str, int] | None = None

    def start_if_due(self, store: Store) -> None:
        """Starts the training process if it is due; called periodically. Raises `StoreError`."""
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
        """Kills the training process, if one is running; the models will be trained later."""
        self.process.stop()


def is_due(done: int, known: int, since: float, took: float) -> bool:
    """Returns whether so many runs have finished that the prediction models should be trained again.

    done: number of finished runs. known: their number at the last training. since: seconds since it ended. took:
    seconds that it took.

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
