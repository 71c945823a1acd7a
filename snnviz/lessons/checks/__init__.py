"""The kinds of check, by which a lesson finds out what the learner has done: one file each; every file in this folder
that defines `CHECK` is used.
"""

from __future__ import annotations

import importlib
import pkgutil

from snnviz.lessons.checks.kind import Check

CHECKS: dict[str, type[Check]] = {}
"""Classes of checks by the name of their kind."""

for _each in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
    _kind = getattr(importlib.import_module(f"{__name__}.{_each.name}"), "CHECK", None)
    if _kind is not None:
        CHECKS[_kind.kind] = _kind
