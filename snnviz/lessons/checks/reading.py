"""The check "reading": a number, a curve, or numbers of several cases that the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from snnviz.lessons.checks.kind import Check, Found, World
from snnviz.lessons.conditions import Condition, read_conditions, unmet
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table


@dataclass(frozen=True, slots=True)
class ReadingCheck(Check):
    """Check: the number or curve that the page shows under `name`, or the numbers of several cases.

    cases: pairs of a case's name and the name under which the page shows its number; () for a single one. where:
    conditions on the page's setting. margin: differences of cases up to it count as equal. curve: whether it is a
    curve.
    """

    kind: ClassVar[str] = "reading"

    name: str
    cases: tuple[tuple[str, str], ...]
    where: tuple[Condition, ...]
    margin: float
    curve: bool

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the check from its TOML table in a lesson's file. Raises `InputError`."""
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
    def result_kinds(self) -> frozenset[str]:
        """The kinds of result that the check measures: "series" for a curve, "cases" for several numbers, else
        "number".
        """
        return frozenset(["cases"] if self.cases else ["series"] if self.curve else ["number"])

    def evaluate(self, world: World) -> Found:
        """Returns what the page shows; without `truth` until the conditions hold and the page shows it."""
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
