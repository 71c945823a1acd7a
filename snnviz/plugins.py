"""Loading of extensions: entries that the host of a server adds to a built-in list, from modules named by an
environment variable.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, Protocol, TypeVar

from snnviz.errors import InputError, Unquoted, short_repr


class Named(Protocol):
    """Protocol of objects with a unique name."""

    @property
    def name(self) -> str:
        """The unique name by which the object is found."""
        ...


E = TypeVar("E", bound=Named)


@dataclass(frozen=True, slots=True)
class Plugins(Generic[E]):
    """Loader of a list of entries of type `kind`, from the tuple `attribute` of each module.

    variable: environment variable with the host's modules, separated by commas. rule: what these must be, for the error
    message. submodule: if packages are named instead, the module in each that has the tuple. noun: what an entry is
    called in messages.
    """

    variable: str
    attribute: str
    kind: type[E]
    noun: str
    rule: str
    submodule: str = ""

    def names(self) -> list[str]:
        """Returns the names of the modules that the environment variable `variable` lists."""
        return [name for name in os.environ.get(self.variable, "").split(",") if name]

    def load(self, ours: Iterable[str]) -> dict[str, E]:
        """Returns all entries by name: those of the modules `ours`, then the host's.

        Exits the process with a sentence if a module of the host has no entries. Raises `ValueError` if two entries
        have one name.
        """
        several = [self._entries(name) for name in ours]
        for name in self.names():
            try:
                several.append(self._entries(name))
            except (ImportError, AttributeError, TypeError, ValueError) as error:
                why = Unquoted(f"{short_repr(name)} ({short_repr(Unquoted(error))})")
                sys.exit(str(InputError(self.variable, self.rule, why)))
        found: dict[str, E] = {}
        for entry in (entry for entries in several for entry in entries):
            if found.setdefault(entry.name, entry) is not entry:
                raise ValueError(f"the {self.noun} {entry.name!r} is there twice")
        return found

    def _entries(self, name: str) -> Sequence[E]:
        found: Sequence[E] = getattr(import_module(name + self.submodule), self.attribute)
        if not isinstance(found, tuple) or not all(isinstance(entry, self.kind) for entry in found):
            raise TypeError(f"{self.attribute} is no tuple of {self.kind.__name__}")
        return found
