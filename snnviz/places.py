"""Paths of folders on this machine: the cache and the data sets. No user input becomes part of a path."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SERVED = ROOT / "snnviz" / "served"
"""Where an installed package has what lies at the top of a checkout: `app.py`, `pages`, the glossary."""

INSTALLED = SERVED.is_dir()
TOP = SERVED if INSTALLED else ROOT
"""The folder with `app.py` and `pages`."""


def cache_dir() -> Path:
    """Returns the folder of the store, checkpoints and downloads: $SNNVIZ_CACHE, else cache/ in the project, and of an
    installed package snnviz/ in the person's cache.
    """
    return _folder(os.environ.get("SNNVIZ_CACHE") or (_own_cache() if INSTALLED else str(ROOT / "cache")))


def _own_cache() -> str:
    return str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "snnviz")


@lru_cache(16)
def _folder(place: str) -> Path:
    return Path(place)


def data_dirs(name: str) -> tuple[Path, ...]:
    """Returns the folders that may hold the files of the data set `name`, in the order in which they are searched."""
    mounted = os.environ.get("SNNVIZ_DATA")
    places = [Path(mounted) / name, Path(mounted)] if mounted else []
    return (*places, cache_dir() / "datasets" / name, Path("/usr/share/datasets") / name)
