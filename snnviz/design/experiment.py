"""An experiment: a base design, one to four axes and a number of seeds; its runs are designs, found by their digests.

>>> asked = Experiment.check({"vary": ["neuron.threshold=0.5,1", "init=kaiming,glorot"], "seeds": 3})
>>> len(asked.runs()), len(asked.groups()), asked.axes[0].name
(12, 4, 'neuron.threshold')
>>> asked.to_query()
'vary.1=neuron.threshold=0.5,1&vary.2=init=kaiming,glorot'
>>> from_query(asked.to_query()) == asked
True
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import parse_qsl, quote

from pydantic import Field, field_validator, model_validator

from snnviz.design import links, naming
from snnviz.design.axes import Axis, is_continuous, level_count, parse_axis
from snnviz.design.design import Design, DesignField
from snnviz.design.matrices import SeededMatrix
from snnviz.design.registry import Range
from snnviz.design.sobol import sobol_points
from snnviz.design.submitted import Document
from snnviz.errors import InputError, Unquoted

MOST_RUNS, MOST_AXES = 2000, 4
PREFIX = "vary."
"""Of what in a link is the experiment's own; the rest is its base."""

FORECAST = "snnviz.theory.verdicts:silent_layers"
"""What says which layers of a design are forecast to be silent, by its name, as it lies above."""

Levels = tuple[int, ...]
"""The level of each axis; -1: as the base has it."""


@dataclass(frozen=True, slots=True)
class ExperimentRun:
    """One run of an experiment: its level index on each axis, its seed, and the resulting design."""

    levels: Levels
    seed: int
    design: Design


class HasDesign(Protocol):
    """Protocol of objects that describe a run of a study and have a `design`, such as `ExperimentRun`."""

    @property
    def design(self) -> Design:
        """The design that is trained."""
        ...


def distinct_designs(several: Iterable[HasDesign]) -> tuple[Design, ...]:
    """Returns the designs of several runs without duplicates, in order."""
    return tuple({one.design.digest: one.design for one in several}.values())


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Combinations of levels that an experiment does not run: how many (`count`), and why, as a sentence.

    error: the error of the rule that they break; None for another reason.
    """

    count: int
    why: str
    error: InputError | None = None


class Experiment(Document):
    """A sweep: a base design and axes along which its fields vary; each resulting design is trained with several seeds.

    vary: an axis each, as text such as ``"neuron.threshold=0.5..1.5/5"`` (syntax: `snnviz.design.axes`). Raises
    `InputError` for an unknown path, an invalid value, a field that is varied twice, and more than 2,000 runs, which
    are counted before any is generated.
    """

    noun = "an experiment"

    base: DesignField = Field(default_factory=lambda: Design())
    vary: tuple[str, ...]
    how: Literal["every", "each", "spread"] = "every"
    """"every": combination; "each": axis by itself, from the base; "spread": points by Sobol's sequence."""

    points: Annotated[int, Range(2, MOST_RUNS, "Points that are spread over all axes.", 1, "Points")] = 16
    seeds: Annotated[
        int, Range(1, 100, "Runs of each group; the first has the base's seed. All groups have the same seeds.", 1)
    ] = 3
    silent: Literal["with", "without"] = "with"
    """"without": designs that are forecast to be silent in a layer are left out."""

    @field_validator("vary", mode="before")
    @classmethod
    def _texts(cls, value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
            raise InputError("vary", "be texts of the form path=values", value)
        if not 1 <= len(value) <= MOST_AXES:
            raise InputError("vary", f"be 1 to {MOST_AXES} axes", Unquoted(f"{len(value)}"))
        return tuple(text.strip() for text in value)

    @model_validator(mode="after")
    def _few_enough(self) -> Experiment:
        counts = [level_count(text, self.base) for text in self.vary]
        if self.how != "spread":
            groups = prod(count or 1 for count in counts) if self.how == "every" else 1 + sum(counts)
        else:
            groups = self.points
        if groups * self.seeds > MOST_RUNS or max(counts) > MOST_RUNS:
            several = f"{groups:,} groups with {self.seeds} seed{'s' * (self.seeds > 1)} each"
            raise InputError("vary", f"come to at most {MOST_RUNS:,} runs", Unquoted(several))
        fields = Counter(name for axis in self.axes for name in axis.fields)
        if twice := [name for name, count in fields.items() if count > 1]:
            raise InputError("vary", "vary each field once", twice[0])
        if not self._known.groups:
            why = next(iter(self._known.left_out)).why
            raise InputError("vary", "leave a design that can be run", Unquoted(f"none: {why}"))
        return self

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The parsed axes: the varied fields and their levels."""
        return _axes(self.base, self.vary, self.points if self.how == "spread" else 0)

    def runs(self) -> tuple[ExperimentRun, ...]:
        """Returns all runs, ordered by seed, so that every group of seeds has its first run early."""
        return _runs(self)

    def designs(self) -> dict[tuple[Levels, int], Design]:
        """Returns the design of each run, by its levels and seed."""
        return {(run.levels, run.seed): run.design for run in self.runs()}

    def require_complete(self) -> Experiment:
        """Returns the experiment itself. Raises `InputError` if some combination of levels breaks a rule and would be
        left out.

        For studies that need all of their combinations.
        """
        for one in self.left_out:
            if one.error is not None:
                raise one.error
        return self

    def groups(self) -> dict[Levels, Design]:
        """Returns one design (with the first seed) for each combination of levels that is run; a group is all seeds of
        one combination.
        """
        return self._known.groups

    def design_of(self, levels: Levels, seed: int) -> Design:
        """Returns the design of a group with a seed, which may be one that the experiment does not have.

        levels: the group's key in `groups`; any other raises `KeyError`.
        """
        return _of_seed(self, levels, self.groups()[levels], seed)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The combinations that are not run: invalid designs, duplicates, and those that are forecast to be silent if
        excluded.
        """
        return self._known.left_out

    @property
    def seed_numbers(self) -> range:
        """The seeds of the runs of each combination of levels."""
        most = next(item for item in Design.model_fields["seed"].metadata if isinstance(item, Range)).high
        first = min(self.base.seed, int(most) - self.seeds + 1)
        return range(first, first + self.seeds)

    @property
    def _known(self) -> _Groups:
        return _groups(self)

    def to_query(self) -> str:
        """Returns the query string of a link: the base's own, then ``vary.1=...`` and the settings that differ from
        the defaults.
        """
        meant = naming.absent_document(Experiment)
        own = {f"{PREFIX}{number}": text for number, text in enumerate(self.vary, 1)}
        for name in ("how", "points", "seeds", "silent"):
            if (value := getattr(self, name)) != meant[name] and (name != "points" or self.how == "spread"):
                own[PREFIX + name] = str(value)
        base = links.to_query(self.base)
        return "&".join([*([base] if base else []), *(f"{k}={quote(v, safe='/,=.:~*')}" for k, v in own.items())])


def from_query(query: str | Mapping[str, str]) -> Experiment:
    """Returns the experiment of a link's query string or parameters. Raises `InputError`.

    Fields that the link does not name have the values that they had when they were introduced.
    """
    if isinstance(query, str):
        if len(query) > links.MAX_QUERY_LENGTH:
            raise _too_long(len(query))
        query = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
    own = {name.removeprefix(PREFIX): text for name, text in query.items() if name.startswith(PREFIX)}
    base = links.from_query({n: t for n, t in query.items() if not n.startswith(PREFIX)}, bare=False)
    numbers = sorted((name for name in own if name.isdecimal() and len(name) < 3), key=int)
    told: dict[str, Any] = {name: links.parse_value(name, text) for name, text in own.items() if name not in numbers}
    if not numbers:
        raise InputError(f"{PREFIX}1", "be an axis, such as neuron.threshold=0.5,1", Unquoted("none"))
    told["vary"] = [own[number] for number in numbers]
    if (length := sum(map(len, own.values()))) > links.MAX_QUERY_LENGTH:
        raise _too_long(length)
    for name in told:
        if name not in Experiment.model_fields or name == "base":
            raise InputError(f"{PREFIX}{name[:40]}", "be a number, or how, points, seeds or silent", own[name])
    return Experiment.check(naming.fill_absent(Experiment, {"base": base, **told}))


@lru_cache(maxsize=64)
def _axes(base: Design, vary: tuple[str, ...], points: int) -> tuple[Axis, ...]:
    if not points:
        return tuple(parse_axis(text, base) for text in vary)
    columns = zip(*list(sobol_points(len(vary), points))[:points], strict=True)
    return tuple(parse_axis(text, base, shares) for text, shares in zip(vary, columns, strict=True))


def _too_long(length: int) -> InputError:
    rule = f"be at most {links.MAX_QUERY_LENGTH:,} characters long"
    return InputError("link", rule, Unquoted(f"{length:,} characters"))


@dataclass(frozen=True, slots=True)
class _Groups:
    groups: dict[Levels, Design]
    left_out: tuple[LeftOut, ...]


@lru_cache(maxsize=16)
def _groups(asked: Experiment) -> _Groups:
    groups: dict[Levels, Design] = {}
    whys: dict[tuple[str, str], list[tuple[str, InputError | None]]] = {}
    first = asked.base.model_copy(update={"seed": asked.seed_numbers[0]})
    seen: set[tuple[Design, ...]] = set()
    seeded = _is_seeded(asked)
    forecast = _forecast() if asked.silent == "without" else None
    for levels in _combinations(asked):
        try:
            design = _sharing(first, links.change_with_absent_values(first, _settings(asked, levels, first.seed)))
        except InputError as error:
            whys.setdefault((error.field, error.rule), []).append((getattr(error, "why", str(error)), error))
            continue
        if forecast is not None and (layers := forecast(design)):
            whys.setdefault(("silent", layers[0]), []).append((f"layer {layers[0]} is forecast to be silent", None))
        elif (key := (design, *([_of_seed(asked, levels, design, first.seed + 1)] if seeded else []))) in seen:
            whys.setdefault(("same", ""), []).append(("it is the same design as another", None))
        else:
            seen.add(key)
            groups[levels] = design
    return _Groups(groups, tuple(LeftOut(len(several), *several[0]) for several in whys.values()))


def _settings(asked: Experiment, levels: Levels, seed: int) -> dict[str, Any]:
    """What a combination sets. A kind that is the base's stays with all that the base says of it."""
    own = _flat(asked.base)
    return {
        path: value.at(seed) if isinstance(value, SeededMatrix) else value
        for axis, level in zip(asked.axes, levels, strict=True)
        if level >= 0
        for path, value in axis.levels[level].items()
        if not (path.endswith(".kind") and own.get(path) == value)
    }


@lru_cache(maxsize=16)
def _flat(base: Design) -> dict[str, Any]:
    return links.flatten(base)


def _is_seeded(asked: Experiment) -> bool:
    """Whether a level is another one for each seed."""
    return any(
        isinstance(value, SeededMatrix) for axis in asked.axes for level in axis.levels for value in level.values()
    )


def _of_seed(asked: Experiment, levels: Levels, design: Design, seed: int) -> Design:
    """The design of a group with another seed."""
    another = design.model_copy(update={"seed": seed})
    return links.change_with_absent_values(another, _settings(asked, levels, seed)) if _is_seeded(asked) else another


def _sharing(base: Design, design: Design) -> Design:
    """The design with the base's own parts where they are equal: two thousand of them take a fifth of the memory."""
    same = {name: part for name in Design.model_fields if (part := getattr(base, name)) == getattr(design, name)}
    return design.model_copy(update=same)


def _forecast() -> Any:
    module, _, name = FORECAST.partition(":")
    return getattr(importlib.import_module(module), name)


def _combinations(asked: Experiment) -> Iterator[Levels]:
    sizes = [len(axis.levels) for axis in asked.axes]
    if asked.how == "every":
        yield from product(*map(range, sizes))
    elif asked.how == "each":
        own = _own_levels(asked)
        yield own
        for place, size in enumerate(sizes):
            for level in range(size):
                if level != own[place]:
                    yield (*own[:place], level, *own[place + 1 :])
    else:
        yield from _spread(asked, sizes)


def _own_levels(asked: Experiment) -> Levels:
    """Where the base stands on each axis, -1 where it has another value."""
    flat = links.flatten(asked.base)
    return tuple(
        next((n for n, level in enumerate(axis.levels) if all(flat.get(k) == v for k, v in level.items())), -1)
        for axis in asked.axes
    )


def _spread(asked: Experiment, sizes: list[int]) -> Iterator[Levels]:
    """As many different ones as there are points, or as there are at all."""
    drawn = [is_continuous(text, asked.base) for text in asked.vary]
    wanted = asked.points if any(drawn) else min(asked.points, prod(sizes))
    found: dict[Levels, None] = {}
    least = asked.points
    while len(found) < wanted and least <= 64 * MOST_RUNS:
        points = list(sobol_points(len(sizes), least))[: asked.points if any(drawn) else None]
        for point in points:
            if len(found) < wanted:
                found[_nearest(point, points, sizes, drawn)] = None
        if any(drawn):
            break
        least = 2 * len(points)
    yield from found


def _nearest(point: tuple[float, ...], points: list[tuple[float, ...]], sizes: list[int], drawn: list[bool]) -> Levels:
    return tuple(
        min(int(share * size), size - 1)
        if not continuous
        else min(sorted({other[place] for other in points}).index(share), size - 1)
        for place, (share, size, continuous) in enumerate(zip(point, sizes, drawn, strict=True))
    )


@lru_cache(maxsize=16)
def _runs(asked: Experiment) -> tuple[ExperimentRun, ...]:
    return tuple(
        ExperimentRun(levels, seed, _of_seed(asked, levels, design, seed))
        for seed in asked.seed_numbers
        for levels, design in asked.groups().items()
    )
