"""Waiting for a database server that went away and comes back, so that a run does not fail of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from snnviz.errors import StoreError
from snnviz.store import HUNG_SECONDS, server

T = TypeVar("T")

PATIENT_SECONDS = 2 * HUNG_SECONDS
"""How long a run waits for its store, in seconds: by then a process that hangs in a write has been killed."""

AGAIN_SECONDS = 0.2
"""Seconds between two tries."""


def outlast(call: Callable[[], T]) -> T:
    """Returns what `call` returns; called again while the store's server is away, for at most `PATIENT_SECONDS`.

    What was written just before the connection ended may be written twice: to write twice must do no harm. Raises what
    `call` raises, such as `StoreError` when the server stays away.
    """
    end = time.monotonic() + PATIENT_SECONDS
    while True:
        try:
            return call()
        except StoreError as error:
            if not server.is_away(error) or time.monotonic() > end:
                raise
        time.sleep(AGAIN_SECONDS)
