"""The kinds of question that a step of a lesson can ask: one file each; every file in this folder that defines
`QUESTION` is used.
"""

from __future__ import annotations

import importlib
import pkgutil

from snnviz.lessons.questions.kind import Question

QUESTIONS: dict[str, type[Question]] = {}
"""Classes of questions by the name of their kind."""

for _each in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
    _kind = getattr(importlib.import_module(f"{__name__}.{_each.name}"), "QUESTION", None)
    if _kind is not None:
        QUESTIONS[_kind.kind] = _kind
