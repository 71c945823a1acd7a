"""Reads the TOML parts of a lesson's file: each field is validated, and errors name its line."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from snnviz.errors import InputError, Unquoted, did_you_mean

LONGEST = 600
"""Most characters of a sentence in a lesson's TOML."""

MOST_ITEMS = 40
"""Most entries of a list in a lesson's TOML."""


class Table:
    """A TOML table of a lesson's file, whose fields are read one by one; `finish` refuses those that were not read.

    values: what tomllib returned. lines: the lines of the TOML block, the first of which is line `first` of the file.
    path: of this table in the block, such as "question".
    """

    def __init__(self, values: Mapping[str, Any], lines: Sequence[str], first: int, path: str = "") -> None:
        self.values, self.lines, self.first, self.path = dict(values), lines, first, path
        self._asked: list[str] = []

    @classmethod
    def parse(cls, text: str, first: int) -> Table:
        """Returns the table of a TOML text that begins in line `first` of the file. Raises `InputError`."""
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            said = re.search(r"\(at line (\d+), column \d+\)", str(error))
            line = first + (int(said[1]) - 1 if said else max(text.count("\n"), 0))
            why = re.sub(r"\s*\(at .*\)$", "", str(error)) or "it is nested too deep"
            lines = text.splitlines() or [""]
            got = lines[min(max(line - first, 0), len(lines) - 1)].strip()
            raise InputError(f"line {line}", f"be TOML ({why})", got) from None
        return cls(values, text.splitlines(), first)

    # -- errors

    def wrong(self, name: str, rule: str, value: object, hint: str = "") -> InputError:
        """Returns an `InputError` for a field, which names its line, its path, the rule that it breaks and its
        value.
        """
        return InputError(f"line {self.line_of(name)}: {self._full(name)}", rule, value, hint)

    def line_of(self, name: str) -> int:
        """Returns the line of the file on which a field of this table begins; the table's own line if it is
        missing.
        """
        start = 0
        if self.path:
            header = re.compile(rf"\s*\[\[?\s*{re.escape(self.path.split('[')[0])}\s*\]\]?")
            places = [at for at, line in enumerate(self.lines) if header.match(line)]
            nth = int(self.path.partition("[")[2].rstrip("]") or 1) - 1
            start = places[min(nth, len(places) - 1)] if places else 0
        own = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*[=.]|\s*\[\[?\s*{re.escape(name)}\b")
        for at in range(start, len(self.lines)):
            if own.match(self.lines[at]):
                return self.first + at
        return self.first + start

    def _full(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    # -- values

    def take(self, name: str) -> Any:
        """Returns the value of a field without validation, and marks it as read; None if it is missing."""
        self._asked.append(name)
        return self.values.pop(name, None)

    def text(self, name: str, default: str | None = None, most: int = LONGEST) -> str:
        """Returns the text in a field, at most `most` characters. Raises `InputError`, also if it is missing without
        a `default`.
        """
        found = self.take(name)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(name, "be text", Unquoted("nothing") if found is None else found)
        if len(found) > most:
            raise self.wrong(name, f"be at most {most} characters long", Unquoted(f"{len(found):,} characters"))
        if not all(letter.isprintable() or letter == "\n" for letter in found):
            raise self.wrong(name, "have no invisible characters", found)
        return found.strip()

    def number(
        self, name: str, default: float | None = None, low: float = -1e12, high: float = 1e12, whole: bool = False
    ) -> float:
        """Returns the finite number in a field, from `low` to `high`, an integer if `whole`.

        Raises `InputError`, also if it is missing without a `default`.
        """
        found = self.take(name)
        if found is None and default is not None:
            return default
        number = isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
        if not number or not low <= found <= high or (whole and found != int(found)):
            rule = f"be a {'whole ' if whole else ''}number from {low:g} to {high:g}"
            raise self.wrong(name, rule, Unquoted("nothing") if found is None else found)
        return int(found) if whole else float(found)

    def flag(self, name: str, default: bool = False) -> bool:
        """Returns the boolean in a field. Raises `InputError` for anything else."""
        found = self.take(name)
        if found is not None and not isinstance(found, bool):
            raise self.wrong(name, "be true or false", found)
        return default if found is None else found

    def one_of(self, name: str, options: Iterable[str], default: str | None = None) -> str:
        """Returns the word in a field, one of `options`. Raises `InputError`, also if it is missing without a
        `default`.
        """
        found, known = self.take(name), [*options]
        if found is None and default is not None:
            return default
        if found not in known:
            got = Unquoted("nothing") if found is None else found
            raise self.wrong(name, f"be one of {', '.join(known)}", got, did_you_mean(found, known))
        return str(found)

    def texts(self, name: str, most: int = MOST_ITEMS, longest: int = 120) -> tuple[str, ...]:
        """Returns the list of at most `most` texts in a field; a single text is a list of one, a missing field an
        empty list.

        longest: largest number of characters of each. Raises `InputError`.
        """
        found = self.take(name)
        several = [] if found is None else [found] if isinstance(found, str) else found
        if not isinstance(several, list) or any(not isinstance(one, str) or not one.strip() for one in several):
            raise self.wrong(name, "be a list of texts", found)
        if len(several) > most or any(len(one) > longest or not one.isprintable() for one in several):
            raise self.wrong(name, f"be at most {most} texts of at most {longest} characters each", found)
        return tuple(one.strip() for one in several)

    def numbers(self, name: str, least: int, most: int = MOST_ITEMS) -> tuple[float, ...]:
        """Returns the list of `least` to `most` different finite numbers in a field. Raises `InputError`."""
        found = self.take(name)
        good = isinstance(found, list) and all(
            isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in found
        )
        if not good or not least <= len(set(found)) == len(found) <= most:
            got = Unquoted("nothing") if found is None else found
            raise self.wrong(name, f"be a list of {least} to {most} different numbers", got)
        return tuple(map(float, found))

    def table(self, name: str) -> Table | None:
        """Returns the nested table in a field; None if it is missing. Raises `InputError` if it is no table."""
        found = self.take(name)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self.wrong(name, "be a table", found)
        return Table(found, self.lines, self.first, self._full(name))

    def tables(self, name: str, least: int, most: int) -> list[Table]:
        """Returns the `least` to `most` tables of an array of tables (``[[name]]``). Raises `InputError`."""
        found = self.take(name)
        several = [] if found is None else found
        if not isinstance(several, list) or any(not isinstance(one, dict) for one in several):
            raise self.wrong(name, "be tables, each under its own [[...]]", found)
        if not least <= len(several) <= most:
            raise self.wrong(name, f"be {least} to {most} tables", Unquoted(f"{len(several)} tables"))
        path = self._full(name)
        return [Table(one, self.lines, self.first, f"{path}[{place}]") for place, one in enumerate(several, 1)]

    def finish(self, what: str) -> None:
        """Raises `InputError` for the first field that no method has read, because it is unknown. `what`: of what it
        would be a field, such as "a step".
        """
        for name, value in self.values.items():
            known = ", ".join(self._asked)
            hint = did_you_mean(name, self._asked)
            raise self.wrong(name[:40], f"be a field of {what} ({known})", value, hint)
