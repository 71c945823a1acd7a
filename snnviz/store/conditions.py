"""The parsed form of filters of runs: comparisons of fields, metrics and marks, joined by `and`, `or` and `not`.

A parsed filter becomes a Python predicate (`predicate`); no text of it is evaluated or becomes part of a query.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from snnviz.design import links
from snnviz.store.values import STATES
from snnviz.theory.metrics import METRICS

OWN = ("tag", "star", "state", "title", "note", "run", "seed", "created")
"""Names of a run's properties that filters know besides its design's fields and its metrics.

`created` is compared with a day or a moment in UTC, such as 2026-11-29.
"""

WORDS = ("and", "or", "not", "in", "contains")
SAYS = ("=", "!=", "<", "<=", ">", ">=", "in", "contains")

Values = Mapping[str, float | None]


class FilterableRun(Protocol):
    """The properties of a run that filters read; `store.index.IndexedRun` has them."""

    @property
    def run(self) -> str:
        """The run's own name in the store."""

    @property
    def state(self) -> str:
        """The run's state, such as "queued" or "done"."""

    @property
    def title(self) -> str:
        """The run's title, a short description of its design."""

    @property
    def notes(self) -> str:
        """The note that was written on the run."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's tags."""

    @property
    def starred(self) -> bool:
        """Whether the run has a star."""

    @property
    def seed(self) -> int:
        """The seed of the run's design."""

    @property
    def created(self) -> float:
        """When the run was submitted, in seconds since 1970 (UTC)."""

    @property
    def words(self) -> str:
        """All searchable text of the run, in lower case: name, title, tags, note and settings."""

    def value(self, path: str) -> Any:
        """Returns the value of a field of the run's design, by its path; None if the design has no such field."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison ``name says value``, such as ``accuracy > 0.9``; several values for the operator ``in``."""

    name: str
    says: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A condition that a text occurs somewhere in a run's searchable text (name, title, tags, note, settings)."""

    text: str


@dataclass(frozen=True, slots=True)
class Not:
    """A condition that holds where the condition `of` does not."""

    of: Term


@dataclass(frozen=True, slots=True)
class And:
    """A condition that holds where all conditions in `of` hold."""

    of: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """A condition that holds where at least one condition in `of` holds."""

    of: tuple[Term, ...]


Term = Comparison | Mention | Not | And | Or
Predicate = Callable[[FilterableRun, Values], bool]


def comparisons(term: Term) -> Iterator[Comparison]:
    """Yields all comparisons in a condition, from left to right."""
    if isinstance(term, Comparison):
        yield term
    elif not isinstance(term, Mention):
        for one in (term.of,) if isinstance(term, Not) else term.of:
            yield from comparisons(one)


def format_term(term: Term) -> str:
    """Returns the text of a condition, which `filters.parse_filter` reads back as the same condition.

    >>> from snnviz.store.filters import parse_filter
    >>> format_term(parse_filter("NOT(tag in ('a b',c))or accuracy>=.9").term)
    "not tag in ('a b', c) or accuracy >= .9"
    """
    if isinstance(term, Mention):
        return _quoted(term.text, always=term.text.lower() == "star")
    if isinstance(term, Comparison):
        told = [_quoted(value) for value in term.values]
        return f"{term.name} {term.says} {'(' + ', '.join(told) + ')' if term.says == 'in' else told[0]}"
    if isinstance(term, Not):
        return f"not {_inside(term.of, (And, Or))}"
    if isinstance(term, And):
        return " and ".join(_inside(one, (And, Or)) for one in term.of)
    return " or ".join(_inside(one, (Or,)) for one in term.of)


def _inside(term: Term, in_parentheses: tuple[type, ...]) -> str:
    return f"({format_term(term)})" if isinstance(term, in_parentheses) else format_term(term)


_BARE = re.compile(r"[^\s()=<>!,\"'\\]+")


def _quoted(text: str, always: bool = False) -> str:
    if not always and _BARE.fullmatch(text) and text.lower() not in WORDS:
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def comparison_problem(one: Comparison) -> str:
    """Returns the rule that a comparison breaks, such as "compare seed with a number"; "" if it is valid."""
    ordered = one.says in ("<", "<=", ">", ">=")
    if one.name == "state" and one.says in ("=", "!=", "in"):
        if any(value.lower() not in STATES for value in one.values):
            return f"compare the state with one of {', '.join(STATES)}"
    elif one.name == "star":
        if one.says not in ("=", "!=") or one.values[0].lower() not in _TRUTH:
            return "say star, or star = no"
    elif one.name == "created":
        if one.says == "contains" or any(_moment(value) is None for value in one.values):
            return "compare created with a day such as 2026-11-29, or '2026-11-29 10:30'"
    elif one.name in METRICS or one.name == "seed":
        if one.says == "contains" or any(_number(value) is None for value in one.values):
            return f"compare {one.name} with a number"
    elif ordered and one.name in OWN:
        return f"compare {one.name} by =, !=, in or contains"
    elif ordered and _number(one.values[0]) is None:
        return f"compare by {one.says} with a number"
    return ""


_TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _number(text: str) -> float | None:
    """A finite number, which may be a percentage.

    >>> _number("0.5"), _number("90%"), _number("1e400"), _number("five")
    (0.5, 0.9, None, None)
    """
    bare = text.strip().removesuffix("%")
    try:
        found = float(bare) if "_" not in bare else math.nan
    except ValueError:
        return None
    return None if not math.isfinite(found) else found if bare == text.strip() else found / 100


def _moment(text: str) -> tuple[float, float] | None:
    """The seconds since 1970 at which a day, a minute or a second of UTC begins and ends."""
    for form, long in (("%Y-%m-%d", 86_400), ("%Y-%m-%d %H:%M", 60), ("%Y-%m-%d %H:%M:%S", 1)):
        try:
            begins = datetime.strptime(text.strip().replace("T", " "), form).replace(tzinfo=UTC)
            return begins.timestamp(), (begins + timedelta(seconds=long)).timestamp()
        except (ValueError, OverflowError):
            continue
    return None


def predicate(term: Term) -> Predicate:
    """Returns a function of a run and its metrics that tells whether a condition holds for them."""
    if isinstance(term, Not):
        inner = predicate(term.of)
        return lambda run, values: not inner(run, values)
    if isinstance(term, And):
        return _all([predicate(one) for one in term.of])
    if isinstance(term, Or):
        unmet = _all([predicate(Not(one)) for one in term.of])
        return lambda run, values: not unmet(run, values)
    if isinstance(term, Mention):
        sought = term.text.casefold()
        return lambda run, _: sought in run.words
    if term.says == "!=":
        equal = predicate(Comparison(term.name, "=", term.values))
        return lambda run, values: not equal(run, values)
    return _comparison(term)


def _all(several: Sequence[Predicate]) -> Predicate:
    """A loop, which takes half the time of `all` with a generator; a filter asks ten thousand runs."""

    def met(run: FilterableRun, values: Values) -> bool:
        for one in several:  # noqa: SIM110
            if not one(run, values):
                return False
        return True

    return met


def _comparison(term: Comparison) -> Predicate:
    name, test = term.name, _test(term.says, term.values)
    if name in METRICS:
        return lambda _, values: test(values.get(name))
    if name == "tag":
        return lambda run, _: any(test(tag) for tag in run.tags)
    if name == "star":
        wanted = _TRUTH[term.values[0].lower()]
        return lambda run, _: run.starred is wanted
    if name == "created":
        return _dated(term)
    if name == "note":
        return lambda run, _: test(run.notes)
    if name in OWN:
        read = operator.attrgetter(name)
        return lambda run, _: test(read(run))
    return lambda run, _: test(run.value(name))


def _dated(term: Comparison) -> Predicate:
    moments = [moment for value in term.values if (moment := _moment(value)) is not None]
    begins, ends = moments[0]
    if term.says in ("=", "in"):
        return lambda run, _: any(low <= run.created < high for low, high in moments)
    if term.says in ("<", ">="):
        before = term.says == "<"
        return lambda run, _: (run.created < begins) is before
    until = term.says == "<="
    return lambda run, _: (run.created < ends) is until


_NUMBERS = (int, float)
"""Not `int | float`, which each comparison would make anew."""


def _test(says: str, values: Sequence[str]) -> Callable[[Any], bool]:
    """Of a value, which is a number, a text or not there (None)."""
    numbers = [_number(value) for value in values]
    if says in _ORDER:
        compare, limit = _ORDER[says], numbers[0]
        if limit is None:
            return lambda _: False
        return lambda value: isinstance(value, _NUMBERS) and compare(value, limit)
    texts = [value.casefold() for value in values]
    if says == "contains":
        return lambda value: value is not None and texts[0] in links.format_value(value).casefold()
    equal = frozenset(number for number in numbers if number is not None)
    same = frozenset(texts)

    def found(value: Any) -> bool:
        if isinstance(value, str):
            return value.casefold() in same
        if isinstance(value, bool):
            return str(value).casefold() in same
        return value is not None and value in equal

    return found
