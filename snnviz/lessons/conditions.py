"""Conditions on the fields of a page's setting, such as ``threshold >= 1.2``; no text is evaluated as code."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snnviz.lessons.table import Table

_FORM = re.compile(r"\s*([A-Za-z_][\w.]{0,60})\s*(<=|>=|!=|=|<|>)\s*(\S.{0,80}?)\s*")

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of the field at `path` with a number or a text (`value`) by the operator `says`, such as ">="."""

    path: str
    says: str
    value: str

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Returns whether the condition holds for these fields, by path; False if the field is missing."""
        if self.path not in fields:
            return False
        found, wanted = _number(fields[self.path]), _number(self.value)
        if self.says in _ORDER:
            return found is not None and wanted is not None and _ORDER[self.says](found, wanted)
        if found is not None and wanted is not None:
            same = abs(found - wanted) <= 1e-9 * max(1.0, abs(wanted))
        else:
            same = str(fields[self.path]).casefold() == self.value.casefold()
        return same == (self.says == "=")

    def __str__(self) -> str:
        return f"{self.path} {self.says} {self.value}"


def read_conditions(table: Table, name: str, least: int = 0) -> tuple[Condition, ...]:
    """Returns the conditions in a list of texts, the field `name` of a lesson's TOML, at least `least`. Raises
    `InputError`.
    """
    found = []
    given = table.texts(name, most=10)
    for text in given:
        form = _FORM.fullmatch(text)
        if form is None:
            raise table.wrong(name, "be conditions such as 'threshold >= 1.2'", text)
        condition = Condition(form[1], form[2], form[3])
        if condition.says in _ORDER and _number(condition.value) is None:
            raise table.wrong(name, f"compare by {condition.says} with a number", text)
        found.append(condition)
    if len(found) < least:
        raise table.wrong(name, "have a condition such as 'threshold >= 1.2'", list(given))
    return tuple(found)


def unmet(conditions: Sequence[Condition], fields: Mapping[str, Any]) -> list[Condition]:
    """Returns the conditions that do not hold for these fields, by path."""
    return [one for one in conditions if not one.holds(fields)]


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
