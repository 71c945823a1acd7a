"""What can be submitted besides a design: a frozen value with one JSON text, read from it and named after it."""

from __future__ import annotations

import hashlib
import json
from typing import ClassVar, Self

from snnviz.design import MAX_TEXT, REVISION, Part, checked
from snnviz.errors import Described, InputError


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
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def digest(self) -> str:
        """Its name: 16 hexadecimal digits."""
        return hashlib.sha256(f"{self.kind}:{REVISION}:{self.canonical()}".encode()).hexdigest()[:16]
