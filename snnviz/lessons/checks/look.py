"""The check "look": the learner has opened a trained network on the page Look inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from snnviz.lessons.checks.kind import Check, Found, World
from snnviz.lessons.conditions import Condition, read_conditions, unmet
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table


@dataclass(frozen=True, slots=True)
class LookCheck(Check):
    """Check: the page Look inside shows a network, and its fields fulfil the conditions `where`, such as ``image =
    7``.
    """

    kind: ClassVar[str] = "look"

    where: tuple[Condition, ...]

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the check from its TOML table in a lesson's file. Raises `InputError`."""
        return cls(read_conditions(table, "where"))

    def evaluate(self, world: World) -> Found:
        """Returns whether the page Look inside shows a network at this moment, with the settings that the check asks
        for.
        """
        fields = world.open_look()
        if not fields:
            return Found("Not yet: open a look inside a network.")
        if missing := unmet(self.where, fields):
            return Found(f"Not yet: {' and '.join(map(str, missing))}.")
        return Found("Opened.", Truth(words="You looked inside."))


CHECK = LookCheck
