"""A look inside a trained network that was opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from snnviz.lessons.checks.kind import Check, Found, World
from snnviz.lessons.conditions import Condition, read_conditions, unmet
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table


@dataclass(frozen=True, slots=True)
class LookCheck(Check):
    """A look inside was opened; where: what it must be of, such as ``image = 7``."""

    kind: ClassVar[str] = "look"

    where: tuple[Condition, ...]

    @classmethod
    def read(cls, table: Table) -> Self:
        """Returns the check of a lesson's TOML. Raises `InputError`."""
        return cls(read_conditions(table, "where"))

    def look(self, world: World) -> Found:
        """Found where such a look is open."""
        fields = world.look()
        if not fields:
            return Found("Not yet: open a look inside a network.")
        if missing := unmet(self.where, fields):
            return Found(f"Not yet: {' and '.join(map(str, missing))}.")
        return Found("Opened.", Truth(words="You looked inside."))


CHECK = LookCheck
