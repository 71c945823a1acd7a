"""What an import is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from snnviz.design.design import Design
from snnviz.imports.imported import Imported


@dataclass(frozen=True)
class Asked:
    """What a person says of a file: the drawn design, if there is one; fields to change; layers by names of modules."""

    design: Design | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Import:
    """One form of file that can be brought in: name and label for people, the endings of its files, and
    read(path, asked), which raises `InputError` in one sentence for whatever a file may hold.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, Asked], Imported]
