"""Runs of pages take turns.

Each run of a page is a thread, and of all threads only one computes at a time. Where a class asks at once, sixty that
alternate every few milliseconds are all ready at the end, and the event loop, which sends what they draw, waits behind
all of them. One after the other, half of the class is served in half of the time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 2
"""Runs at a time: one computes while the other waits for the store."""

SECONDS = 0.3
"""After which a run counts no more: it waits for something else, or computes in compiled code, beside others."""


class Turns:
    """Lets `most` threads at a time do something, in the order in which they came; one that takes longer than `seconds`
    no longer keeps others waiting.
    """

    def __init__(self, most: int = MOST, seconds: float = SECONDS) -> None:
        self._most, self._seconds = most, seconds
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._since: dict[threading.Event, float] = {}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for this thread's turn, which lasts as long as the context."""
        mine = threading.Event()
        with self._lock:
            self._waiting.append(mine)
            self._admit()
        while not mine.wait(self._seconds / 3):
            with self._lock:
                self._admit()
        try:
            yield
        finally:
            with self._lock:
                del self._since[mine]
                self._admit()

    def _admit(self) -> None:
        now = time.monotonic()
        count = sum(now - since < self._seconds for since in self._since.values())
        for _ in range(min(self._most - count, len(self._waiting))):
            following = self._waiting.popleft()
            self._since[following] = now
            following.set()
