"""What an import is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from snnviz.design.design import Design
from snnviz.imports.imported import Imported


@dataclass(frozen=True)
class ImportRequest:
    """What a person says of a file: the drawn design, if there is one; fields to change; layers by names of modules."""

    design: Design | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    module_layers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Import:
    """One form of file that can be imported: name and label for people, the endings of its files, and
    read(path, request), which raises `InputError` in one sentence for whatever a file may hold.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, ImportRequest], Imported]
