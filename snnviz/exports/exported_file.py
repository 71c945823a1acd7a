"""An export as it travels from the process that made it to the page."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file, its name, and what the report says of it.

    >>> ExportedFile.from_bytes(ExportedFile("a.json", ("fine",), b"{}").to_bytes()).notes
    ('fine',)
    """

    name: str
    notes: tuple[str, ...]
    data: bytes

    def to_bytes(self) -> bytes:
        """Returns a line of JSON and the file's bytes."""
        return json.dumps({"name": self.name, "notes": self.notes}).encode() + b"\n" + self.data

    @classmethod
    def from_bytes(cls, data: bytes) -> ExportedFile:
        """Returns what `to_bytes` made bytes of."""
        line, _, rest = data.partition(b"\n")
        about = json.loads(line)
        return cls(about["name"], tuple(about["notes"]), rest)
