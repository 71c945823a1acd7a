"""Results that all visitors of the server share, those of one store apart from those of another."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar, cast

from snnviz.places import cache_dir

P = ParamSpec("P")
T = TypeVar("T")


class Shared(Generic[P, T]):
    """A function that remembers its last results, see `shared`."""

    def __init__(self, function: Callable[P, T], maxsize: int) -> None:
        def placed(_place: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return function(*args, **kwargs)

        self._found: Any = lru_cache(maxsize=maxsize)(placed)
        update_wrapper(cast(Any, self), function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        found: T = self._found(str(cache_dir()), *args, **kwargs)
        return found

    def cache_clear(self) -> None:
        """Forget all results."""
        self._found.cache_clear()


def shared(maxsize: int) -> Callable[[Callable[P, T]], Shared[P, T]]:
    """Decorator: as `functools.lru_cache`, for what is read from the store or from data sets, or drawn of it.

    The place of the store is part of what a result is found by. So must be what it depends on there: when a run ended,
    or its `Run.revision`.
    """
    return lambda function: Shared(function, maxsize)
