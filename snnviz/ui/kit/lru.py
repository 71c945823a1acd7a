"""A least-recently-used cache bounded by the size of its entries."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from snnviz.places import cache_dir

T = TypeVar("T")


class LruCache(Generic[T]):
    """A least-recently-used cache whose entries' `size`s add up to at most `most`; thread-safe.

    The store's path is part of every key, as in `shared`.
    """

    def __init__(self, most: float, size: Callable[[T], float]) -> None:
        self._most, self._size = most, size
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._held = 0.0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """Returns the cached result for this key, or None if there is none."""
        key = (str(cache_dir()), key)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Hashable, result: T) -> None:
        """Stores a result, and drops those that were not used for the longest time."""
        key = (str(cache_dir()), key)
        with self._lock:
            if key in self._found:
                self._held -= self._size(self._found.pop(key))
            self._found[key] = result
            self._held += self._size(result)
            while self._held > self._most and len(self._found) > 1:
                self._held -= self._size(self._found.popitem(last=False)[1])

    def clear(self) -> None:
        """Drops all entries."""
        with self._lock:
            self._found.clear()
            self._held = 0.0

    def get_or_make(self, key: Hashable, make: Callable[[], T]) -> T:
        """Returns the result of this key, made by `make` if it is not cached; simultaneous calls may both make it."""
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found
