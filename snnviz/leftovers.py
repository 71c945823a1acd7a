"""Files and folders that are made under another name first, and stay behind where their maker is killed."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

YOUNG_SECONDS = 10.0
"""What is younger may be about to be held."""


@contextmanager
def in_use(path: Path) -> Iterator[None]:
    """Say that somebody who is alive writes to the file or folder `path`, which is there. The system takes it back.

    A file system without locks hears nothing, and nothing is ever left on it (`is_abandoned`).
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def is_abandoned(path: Path) -> bool:
    """Whether the process that made this file or folder has ended, so that it can be deleted."""
    try:
        if time.time() - path.stat().st_mtime < YOUNG_SECONDS:
            return False
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
