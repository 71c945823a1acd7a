"""Locks on temporary files and folders, which tell whether the process that made them has ended."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

YOUNG_SECONDS = 10.0
"""Younger files, in seconds, are never taken for abandoned, as they may not be locked yet."""


@contextmanager
def in_use(path: Path) -> Iterator[None]:
    """Context manager that marks an existing file or folder as used by this process, with a lock that ends with it.

    On a file system without locks it does nothing, and `is_abandoned` is always False.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def is_abandoned(path: Path) -> bool:
    """Returns whether no living process holds the lock of `in_use` on this file or folder, so that it can be
    deleted.
    """
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
