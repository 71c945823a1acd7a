"""Caching of results that all visitors share, separately for each store."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar, cast

from snnviz.places import cache_dir

P = ParamSpec("P")
T = TypeVar("T")


class Shared(Generic[P, T]):
    """A function with a cache of its last results, made by `shared`."""

    def __init__(self, function: Callable[P, T], maxsize: int) -> None:
        def placed(_place: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return function(*args, **kwargs)

        self._found: Any = lru_cache(maxsize=maxsize)(placed)
        update_wrapper(cast(Any, self), function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        found: T = self._found(str(cache_dir()), *args, **kwargs)
        return found

    def cache_clear(self) -> None:
        """Drops all cached results."""
        self._found.cache_clear()


def shared(maxsize: int) -> Callable[[Callable[P, T]], Shared[P, T]]:
    """Decorator like `functools.lru_cache` for functions that read the store or data sets; the store's path is part of
    the key.

    The arguments must contain what the result depends on in the store: when a run ended, or its `Run.revision`.
    """
    return lambda function: Shared(function, maxsize)
