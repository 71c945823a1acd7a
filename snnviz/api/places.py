"""The store that the functions of the interface read and write: that of the pages and the command line."""

from __future__ import annotations

import os
from functools import lru_cache

from snnviz.places import cache_dir
from snnviz.store import Store


def open_store() -> Store:
    """Returns the store that ``SNNVIZ_STORE`` and ``SNNVIZ_CACHE`` name, opened once."""
    return _opened(os.environ.get("SNNVIZ_STORE", ""), str(cache_dir()))


@lru_cache(maxsize=4)
def _opened(_: str, __: str) -> Store:
    return Store()
