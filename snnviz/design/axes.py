"""Axes of an experiment: fields of a design with lists of values, parsed from text.

An axis is ``path=values``; fields that change together are joined by ``~`` and have equally many values:

    >>> from snnviz.design.design import Design
    >>> axis = parse_axis("neuron.threshold=0.5..1.5/5", Design())
    >>> axis.fields, [level["neuron.threshold"] for level in axis.levels]
    (('neuron.threshold',), [0.5, 0.75, 1.0, 1.25, 1.5])
    >>> [dict(level) for level in parse_axis("neuron.threshold=0.5,1~neuron.beta=0.9,0.5", Design()).levels]
    [{'neuron.threshold': 0.5, 'neuron.beta': 0.9}, {'neuron.threshold': 1.0, 'neuron.beta': 0.5}]

Values are a list (``0.5,1,2``); a range, linear (``0.5..1.5/5``) or logarithmic (``0.001..0.1/5log``), of whole
numbers without a count all of them (``1..4``); ``*``, all kinds of a choice; entries with their parameters
(``kaiming:gain=3,glorot``). Matrices (``network.edges``) are written as in links, or ``all:2``, ``dsc:2``, ``asc:2``:
all with two skips, of both types or of one; ``random:5``: five different ones, drawn at random; ``dsc-each:2``,
``asc-each:2``: two skips into each layer, drawn by the seed of each run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.fieldtypes import FieldType, field_type
from snnviz.design.matrices import matrix_count, parse_matrices
from snnviz.errors import InputError, Unquoted

MOST_LEVELS = 2000
TOGETHER = "~"
"""Joins fields that move together."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\.\.({_NUMBER})(?:/(\d{{1,12}})(log)?|/(log))?\s*", re.ASCII)

Level = Mapping[str, Any]
"""Values by path, as `links.change` takes them."""


@dataclass(frozen=True)
class Axis:
    """One axis of an experiment: the paths of its fields, and its levels, each a value for every field.

    text: as it was given. levels: path to value, including the parameters of a choice.
    """

    text: str
    fields: tuple[str, ...]
    levels: tuple[Level, ...] = field(hash=False)

    @property
    def name(self) -> str:
        """The name of the axis: the paths of its fields, joined by ``~``."""
        return TOGETHER.join(self.fields)

    def label(self, level: int) -> str:
        """Returns a level (by index) as short text, as it is written in the axis: "0.5", "kaiming:gain=3", "0.5 ~
        0.9".
        """
        return f" {TOGETHER} ".join(_label(path, self.levels[level]) for path in self.fields)


def _label(path: str, level: Level) -> str:
    value = level[path]
    if not path.endswith(".kind"):
        return links.format_number(value) if isinstance(value, int | float) else str(value)
    within = path.removesuffix("kind")
    more = (f"{name.removeprefix(within)}={links.format_number(level[name])}" for name in level if name != path)
    return ":".join([value, *(each for each in more if f"{within}{each.partition('=')[0]}" in level)])


@dataclass(frozen=True, slots=True)
class ContinuousRange:
    """A range of real numbers such as ``0.5..1.5``, without a number of levels, from which any number can be taken.
    `log`: on a logarithmic scale.
    """

    low: float
    high: float
    log: bool

    def at(self, share: float) -> float:
        """Returns the number at a fraction of the range, 0 for `low` to 1 for `high`."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share


def parse_axis(text: str, base: Design, shares: Sequence[float] = ()) -> Axis:
    """Returns the axis that a text such as ``neuron.threshold=0.5,1`` describes. Raises `InputError`.

    base: the design whose fields are varied. shares: positions on the axis, 0 to 1, that give the levels of a range
    without a count.
    """
    parts = [_split(part) for part in text.split(TOGETHER)]
    columns = [_levels(path, values, base, shares) for path, values in parts]
    several = {path: len(levels) for (path, _), levels in zip(parts, columns, strict=True)}
    if len(several) < len(parts):
        raise InputError("vary", "vary each field once", text)
    if len(set(several.values())) > 1:
        counts = " and ".join(f"{count} of {path}" for path, count in several.items())
        raise InputError("vary", "have as many values of each field that moves together", Unquoted(counts))
    levels = [{name: value for one in row for name, value in one.items()} for row in zip(*columns, strict=True)]
    if len({tuple(level.items()) for level in levels}) < len(levels):
        raise InputError("vary", "name each value once", text)
    fields = tuple(field_type(base, path).path for path, _ in parts)
    return Axis(TOGETHER.join(f"{path}={values}" for path, values in parts), fields, tuple(levels))


def is_continuous(text: str, base: Design) -> bool:
    """Returns whether an axis, given as text, has a range of real numbers without a count, from which any number can
    be taken: ``neuron.beta=0..1``, but not ``neuron.beta=0..1/5``. base: the design whose fields it varies.
    """
    return any(_span(values, field_type(base, path)) is not None for path, values in map(_split, text.split(TOGETHER)))


def level_count(text: str, base: Design) -> int:
    """Returns the number of levels of an axis, given as text, without generating them; 0 for a continuous range."""
    path, values = _split(text.split(TOGETHER)[0])
    of = field_type(base, path)
    if _span(values, of) is not None:
        return 0
    if of.is_numeric and (found := _RANGE.fullmatch(values)):
        low, high = _ends(found, of)
        return int(found[3] or 0) or int(high - low) + 1
    if of.is_matrix:
        return sum(matrix_count(item, base) for item in values.split(","))
    return len(of.kinds) if values == "*" else values.count(",") + 1


def _split(part: str) -> tuple[str, str]:
    path, equals, values = part.partition("=")
    if not equals or not path.strip() or not values.strip():
        raise InputError("vary", "have the form path=values, such as neuron.threshold=0.5,1", part)
    return path.strip(), values.strip()


def _span(values: str, of: FieldType) -> ContinuousRange | None:
    found = _RANGE.fullmatch(values) if of.is_numeric else None
    if found is None or found[3] or of.is_whole:
        return None
    return ContinuousRange(*_ends(found, of), bool(found[5]))


def _levels(path: str, values: str, base: Design, shares: Sequence[float]) -> list[Level]:
    of = field_type(base, path)
    if of.is_numeric and _RANGE.fullmatch(values):
        return [{of.path: of.check(number)} for number in _range(path, values, of, shares)]
    if values == "*":
        if not of.kinds:
            raise InputError("vary", f"say which values {path} takes: only choices have *", values)
        return [{of.path: kind} for kind in of.kinds]
    items = [item.strip() for item in values.split(",")]
    if of.is_matrix:
        found = [text for item in items for text in parse_matrices(item, base)]
        return [{of.path: text} for text in found]
    if of.registry is not None:
        return [_entry(of, item) for item in items]
    return [{of.path: of.check(links.parse_value(of.path, item.replace("+", ",") if of.several else item))}
            for item in items]  # fmt: skip


def _entry(of: FieldType, item: str) -> Level:
    """An entry of a registry, with the parameters that are named."""
    assert of.registry is not None
    within = of.path.removesuffix(".kind")
    kind, _, rest = item.partition(":")
    chosen = links.parse_choice(of.registry, within, item)
    named = [pair.partition("=")[0] for pair in rest.split(":") if pair]
    return {of.path: kind.strip(), **{f"{within}.{name}": chosen[name] for name in named}}


def _range(path: str, values: str, of: FieldType, shares: Sequence[float]) -> list[int] | list[float]:
    found = _RANGE.fullmatch(values)
    assert found is not None
    (low, high), log = _ends(found, of), bool(found[4] or found[5])
    if not low < high:
        raise InputError("vary", f"have a range of {path} that rises", values)
    if log and low <= 0:
        raise InputError("vary", f"have a logarithmic range of {path} that begins above 0", values)
    if span := _span(values, of):
        if not shares:
            raise InputError("vary", f"say how many values of {path}, such as {values.split('/')[0]}/5{'log' * log}",
                             values)  # fmt: skip
        return _rounded([span.at(share) for share in sorted(set(shares))])
    if not found[3] and log:
        raise InputError("vary", f"say how many values of {path}, such as {values.split('/')[0]}/5log", values)
    if not found[3]:
        if high - low >= MOST_LEVELS:
            raise InputError("vary", f"have at most {MOST_LEVELS:,} values of {path}", values)
        return list(range(int(low), int(high) + 1))
    count = int(found[3])
    if not 2 <= count <= MOST_LEVELS:
        raise InputError("vary", f"have 2 to {MOST_LEVELS:,} values of {path}", count)
    span = ContinuousRange(low, high, log)
    exact = [span.at(place / (count - 1)) for place in range(count)]
    if not of.is_whole:
        return _rounded([*exact[:-1], high])
    whole = [round(number) for number in exact]
    if len(set(whole)) < count:
        rule = f"have no more values of {path} than there are whole numbers from {low:g} to {high:g}"
        raise InputError("vary", rule, count)
    return whole


def _ends(found: re.Match[str], of: FieldType) -> tuple[float, float]:
    low, high = (of.check(links.parse_value(of.path, found[group])) for group in (1, 2))
    return float(low), float(high)


def _rounded(numbers: Sequence[float]) -> list[float]:
    """To as few digits, from four on, as keep each within a thousandth of the smallest step."""
    step = min((b - a for a, b in pairwise(numbers)), default=0.0)
    for digits in range(4, 17):
        found = [float(f"{number:.{digits}g}") for number in numbers]
        if all(abs(a - b) <= 1e-3 * step for a, b in zip(found, numbers, strict=True)):
            return found
    return list(numbers)
