"""What can be submitted besides a design: a frozen value with one JSON text, read from it and named after it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar, Self

from snnviz.design import MAX_TEXT, REVISION, Part, checked
from snnviz.errors import Described, InputError

LATER = "later"
"""Marks a field, by ``Annotated[..., LATER]``, that came when tasks of its kind were kept already: where it has its
default a task's text leaves it out, also inside one of its parts, so that the task keeps its name."""


class Submitted(Part):
    """`kind`: what the store calls such tasks. `noun`: in sentences, `field`: where its text is wrong."""

    kind: ClassVar[str]
    noun: ClassVar[str]
    field: ClassVar[str]
    most: ClassVar[int] = 2 * MAX_TEXT
    """Characters of its text."""

    @classmethod
    def check(cls, document: object) -> Self:
        """From a dictionary. Raises `InputError`."""
        return checked(cls, document, cls.noun)

    @classmethod
    def read(cls, text: str) -> Self:
        """From JSON. Raises `InputError`."""
        if len(text) > cls.most:
            rule = f"be at most {cls.most:,} characters of JSON"
            raise InputError(cls.field, rule, Described(f"{len(text):,} characters"))
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError(cls.field, "be valid JSON", text) from None
        return cls.check(document)

    def canonical(self) -> str:
        """Its one JSON text."""
        document = self.model_dump(mode="json")
        _leave_out(self, document)
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def digest(self) -> str:
        """Its name: 16 hexadecimal digits."""
        return hashlib.sha256(f"{self.kind}:{REVISION}:{self.canonical()}".encode()).hexdigest()[:16]


def _leave_out(part: Part, document: dict[str, Any]) -> None:
    """What is marked as later and as it would be without being said."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if LATER in field.metadata and value == field.get_default(call_default_factory=True):
            del document[name]
        elif isinstance(value, Part):
            _leave_out(value, document[name])
