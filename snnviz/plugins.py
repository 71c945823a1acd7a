"""What a host adds to a list of ours: modules that an environment variable names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, Protocol, TypeVar

from snnviz.errors import InputError, Unquoted, short_repr


class Named(Protocol):
    """What has a name, by which it is found."""

    @property
    def name(self) -> str:
        """Of its own."""
        ...


E = TypeVar("E", bound=Named)


@dataclass(frozen=True, slots=True)
class Plugins(Generic[E]):
    """A list whose entries are of one `kind`: those of the tuple `attribute` of each module.

    variable: of the environment, modules of a host's, separated by commas. rule: what these must be, for the sentence
    that refuses others. submodule: where packages are named instead, which of their modules has the tuple. noun: of an
    entry.
    """

    variable: str
    attribute: str
    kind: type[E]
    noun: str
    rule: str
    submodule: str = ""

    def names(self) -> list[str]:
        """What the host names."""
        return [name for name in os.environ.get(self.variable, "").split(",") if name]

    def load(self, ours: Iterable[str]) -> dict[str, E]:
        """All entries by name: those of our modules, then the host's.

        Ends the process by a sentence where the host names what has no entries: it is read before anything can be
        said of it. Raises `ValueError` where two entries have one name.
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
