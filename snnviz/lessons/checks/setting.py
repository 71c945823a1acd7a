"""The check "setting": the learner has set fields of the page to certain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from snnviz.lessons.checks.kind import Check, Found, World
from snnviz.lessons.conditions import Condition, read_conditions, unmet
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table


@dataclass(frozen=True, slots=True)
class SettingCheck(Check):
    """Check: the fields of the page's setting fulfil all conditions in `where`."""

    kind: ClassVar[str] = "setting"

    where: tuple[Condition, ...]

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the check from its TOML table in a lesson's file. Raises `InputError`."""
        return cls(read_conditions(table, "where", least=1))

    def evaluate(self, world: World) -> Found:
        """Returns whether the page's fields fulfil all conditions at this moment."""
        if missing := unmet(self.where, world.setting()):
            return Found(f"Not yet: {' and '.join(map(str, missing))}.")
        return Found("Reached.", Truth(words="You reached it."))


CHECK = SettingCheck
