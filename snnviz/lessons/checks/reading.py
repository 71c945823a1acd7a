"""What the page beneath shows: a number, a curve, or numbers of several cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from snnviz.lessons.checks.kind import Check, Found, World
from snnviz.lessons.conditions import Condition, read_conditions, unmet
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table


@dataclass(frozen=True, slots=True)
class ReadingCheck(Check):
    """The page's reading called `name` (a number or a curve), or those of `cases` (name of the case, of the reading).

    where: what the page's setting must be. margin: of the cases.
    """

    kind: ClassVar[str] = "reading"

    name: str
    cases: tuple[tuple[str, str], ...]
    where: tuple[Condition, ...]
    margin: float
    curve: bool

    @classmethod
    def read(cls, table: Table) -> Self:
        """Returns the check of a lesson's TOML. Raises `InputError`."""
        cases = []
        for one in table.tables("cases", 0, 6):
            cases.append((one.text("name", most=40), one.text("reading", most=80)))
            one.finish("a case")
        return cls(
            name=table.text("name", "" if cases else None, most=80),
            cases=tuple(cases),
            where=read_conditions(table, "where"),
            margin=table.number("margin", default=0.0, low=0),
            curve=table.flag("curve"),
        )

    @property
    def gives(self) -> frozenset[str]:
        """A curve, a number, or cases."""
        return frozenset(["cases"] if self.cases else ["series"] if self.curve else ["number"])

    def look(self, world: World) -> Found:
        """Found where the setting is as it must be and the page shows it."""
        if missing := unmet(self.where, world.setting()):
            return Found(f"Not yet: {' and '.join(map(str, missing))}.")
        if self.cases:
            numbers = {}
            for case, name in self.cases:
                one = world.reading(name)
                if one is None or one.number is None:
                    return Found(f"Not yet: the page does not show {name}.")
                numbers[case] = one.number
            return Found("Measured.", Truth(words="Read off the page.", cases=numbers, margin=self.margin))
        found = world.reading(self.name)
        if found is None or (not found.series if self.curve else found.number is None):
            return Found(f"Not yet: the page does not show {self.name}.")
        return Found(found.words, Truth(found.words, found.number, series=found.series, axes=found.axes))


CHECK = ReadingCheck
