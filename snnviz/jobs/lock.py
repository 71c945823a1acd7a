"""The lock that lets only one supervisor work on a store: an operating-system lock on a file next to the store.

The operating system releases it when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from snnviz.errors import StoreError


def acquire(path: Path) -> int | None:
    """Returns a file descriptor that holds the lock, or None while another process holds it. Closing it releases the
    lock.

    Raises `StoreError` if the file cannot be written.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StoreError(f"{path} must be a file that can be written: {(error.strerror or '').lower()}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError as error:
        os.close(handle)
        raise StoreError(f"{path} cannot be locked: {(error.strerror or '').lower()}") from error
    os.ftruncate(handle, 0)
    return handle


def write_pid(handle: int, pid: int) -> None:
    """Writes the process number of the lock's holder into the file."""
    os.pwrite(handle, f"{pid:<10}".encode(), 0)


def holder_pid(path: Path) -> int | None:
    """Returns the number of the process that holds the lock, or None."""
    while path.exists():
        handle = acquire(path)
        if handle is not None:
            os.close(handle)
            return None
        with suppress(OSError):
            if signature := path.read_text():
                return int(signature)
        time.sleep(0.005)  # it is about to sign
    return None


def is_same_file(handle: int, path: Path) -> bool:
    """Returns whether the locked file is still the one at this path, as a cache can be deleted meanwhile."""
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except OSError:
        return False
