"""Settings of the C library's allocator, so that freed memory is reused."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

MALLOC_OPTIONS = {
    -8: 1,  # M_ARENA_MAX: what one thread lets go of, another can use
    -3: 2**30,  # M_MMAP_THRESHOLD: large tensors come from the heap as well
    -1: 2**29,  # M_TRIM_THRESHOLD: and what is free at its end stays
    -2: 2**24,  # M_TOP_PAD
}
"""Options of glibc's mallopt, as in malloc.h."""


def retain_freed_memory() -> None:
    """Makes the C library keep freed memory for the next training step, in this process and permanently; glibc only.

    By default every larger tensor is returned to the system and fetched again page by page, each filled with zeros: a
    quarter of the time of a training step of convolutions.
    """
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            for what, value in MALLOC_OPTIONS.items():
                library.mallopt(what, value)
