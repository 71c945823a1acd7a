"""Imports what pages need when the server starts, so that the first visitor of a page does not wait for it."""

from __future__ import annotations

import ast
import gc
import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from snnviz.places import ROOT, TOP

ALSO = ("pyarrow",)
"""Modules that Streamlit imports at its first table."""


def warm() -> None:
    """Imports the modules of all pages, which takes about a second in a thread of its own.

    What cannot be imported fails again where it is needed, and is said there.
    """
    for name in (*ALSO, *page_modules()):
        try:
            importlib.import_module(name)
        except Exception:  # a host's own study may raise anything
            continue
    gc.collect()
    gc.freeze()  # a full collection passes over them


def page_modules() -> list[str]:
    """Returns the names of the modules that page scripts import."""
    scripts = [ROOT / "snnviz" / "ui" / "main.py", *sorted((TOP / "pages").glob("*.py"))]
    return list(dict.fromkeys(name for script in scripts for name in _imported(script)))


def _imported(script: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            own = find_spec(node.module)
            if own is not None and own.submodule_search_locations is not None:
                inside = (f"{node.module}.{each.name}" for each in node.names)
                yield from (name for name in inside if find_spec(name) is not None)
