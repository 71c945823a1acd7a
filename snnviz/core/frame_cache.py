"""Disk budget of cached frames of recordings: the least recently used files are deleted."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from snnviz.errors import DataMissing, InputError
from snnviz.places import cache_dir

BUDGET_VARIABLE = "SNNVIZ_FRAMES_MEGABYTES"
DEFAULT_MEGABYTES = 20_000
SPARE_BYTES = 10**9
"""Disk space in bytes that is left free for the store and others."""


def budget_bytes() -> int:
    """Returns how many bytes all files of frames together may take. Raises `InputError`."""
    text = os.environ.get(BUDGET_VARIABLE, str(DEFAULT_MEGABYTES))
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise InputError(BUDGET_VARIABLE, "be a whole number", text)
    return int(text) * 10**6


def free_space(size: int) -> None:
    """Deletes the least recently used cache files of frames until a new one of `size` bytes fits. Raises `DataMissing`
    if it never does.

    Runs that have mapped a deleted file keep it until they end.
    """
    most = budget_bytes()
    files = sorted((used, length, path) for path, used, length in _kept())
    total = sum(length for _, length, _ in files)
    while size <= most < total + size and files:
        _, length, path = files.pop(0)
        path.unlink(missing_ok=True)
        total -= length
    free = shutil.disk_usage(cache_dir()).free
    if size > most or free < size + SPARE_BYTES:
        room = f"{most / 1e6:,.0f} MB may be taken here" if size > most else f"{free / 1e6:,.0f} MB are free"
        raise DataMissing(
            f"The frames of these recordings need {size / 1e6:,.0f} MB, and {room}: "
            "fewer time steps, fewer samples or a larger downsample need less."
        )


def mark_used(path: Path) -> None:
    """Records that a file of frames was used now."""
    with suppress(OSError):
        os.utime(path, (time.time(), path.stat().st_mtime))


def _kept() -> Iterator[tuple[Path, float, int]]:
    """Each file of frames, when it was used last, and its bytes."""
    for path in (cache_dir() / "datasets").glob("*/frames-*.npy"):
        with suppress(OSError):
            about = path.stat()
            yield path, about.st_atime, about.st_size
