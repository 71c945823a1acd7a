"""Results that are kept for whoever asks next."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Results by key, the last used ones, as many as `most` of their `size` allows."""

    def __init__(self, most: float, size: Callable[[T], float]) -> None:
        self._most, self._size = most, size
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """The result of this key, if it is still here."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Hashable, result: T) -> None:
        """Keep a result, and let go of those that were not asked for the longest."""
        with self._lock:
            self._found[key] = result
            while sum(map(self._size, self._found.values())) > self._most and len(self._found) > 1:
                self._found.popitem(last=False)

    def made(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result of this key, made where it is not here. Two who ask at once may both make it."""
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found
