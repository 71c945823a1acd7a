"""A small picture of each available data set, read in the background: large sets take a second each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Any

from snnviz.data import datasets, samples
from snnviz.errors import SnnvizError
from snnviz.places import cache_dir
from snnviz.views.samples import thumbnail

LOG = logging.getLogger(__name__)

EVERY = 0.7
"""Seconds between two checks while some are missing."""

_MADE: dict[tuple[str, str], dict[str, Any] | None] = {}
_READING = threading.Lock()


def thumbnail_of(name: str) -> dict[str, Any] | None:
    """Returns the thumbnail of a data set, or None if it is not read yet or cannot be read."""
    return _MADE.get((str(cache_dir()), name))


def are_ready(names: Iterable[str]) -> bool:
    """Returns whether the thumbnails of all these data sets are read; if not, reading starts."""
    place = str(cache_dir())
    missing = [name for name in names if (place, name) not in _MADE]
    if missing and not _READING.locked():
        threading.Thread(target=_read, args=(place, missing), name="thumbnails", daemon=True).start()
    return not missing


def _read(place: str, names: list[str]) -> None:
    with _READING:
        for name in names:
            if (place, name) in _MADE:
                continue
            made = None
            try:
                made = thumbnail(samples.load_sample(name, 0), datasets.dataset_card(name).shape)
            except SnnvizError as error:  # what is wrong with it is said where it is opened
                LOG.info("%s has no picture: %s", name, error)
            except Exception:
                LOG.exception("%s has no picture", name)
            _MADE[place, name] = made
