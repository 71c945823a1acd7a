"""Registries of things chosen by name: a function with its docstring, its source and the ranges of its parameters.

Menus, sliders, links, validation, documentation and the contract tests are all read from a registry, so that adding an
entry is writing one function. The keyword-only arguments of the function are its parameters:

    >>> from typing import Annotated
    >>> SHAPES = Registry[Callable[..., float]]("shape")
    >>> @SHAPES.register(source="a textbook")
    ... def disc(*, radius: Annotated[float, Range(0, 10, "how large")] = 1.0) -> float:
    ...     '''A filled circle.'''
    ...     return 3.14 * radius**2
    >>> SHAPES["disc"].parameters[0].range.high
    10
    >>> SHAPES.choose("shape", {"kind": "disc", "radius": 2})
    {'kind': 'disc', 'radius': 2.0}
    >>> SHAPES.choose("shape", "disk")
    Traceback (most recent call last):
    ...
    snnviz.errors.InputError: shape.kind must be one of disc, got 'disk'; did you mean 'disc'?
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic_core import PydanticCustomError, core_schema

from snnviz.errors import InputError, did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
Number = int | float


@dataclass(frozen=True, slots=True)
class Range:
    """The closed interval of allowed values of a number, with its help text, widget step and label for pages.

    As an annotation, ``Annotated[float, Range(0, 1)]``, it is also the pydantic validator of that field.
    """

    low: Number
    high: Number
    help: str = ""
    step: Number | None = None
    label: str = ""
    """The field's label on pages, where `views.words` has no word that is the same for all such fields."""

    def rule(self, whole: bool) -> str:
        """Returns the rule as the end of an error message, such as "be a number from 0 to 1"; `whole`: say "a whole
        number".
        """
        return f"be a {'whole ' if whole else ''}number from {self.low:.10g} to {self.high:.10g}"

    def canonical(self, value: object, whole: bool) -> Number | None:
        """Returns `value` in its one canonical form (2.0 becomes 2 if `whole`, -0.0 becomes 0.0), or None if it is not
        allowed.
        """
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if not self.low <= value <= self.high:  # also false for NaN
            return None
        if whole:
            return int(value) if value == int(value) else None
        return float(value) + 0.0

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        whole = source is int

        def check(value: object) -> Number:
            number = self.canonical(value, whole)
            if number is None:
                raise PydanticCustomError("range", self.rule(whole))
            return number

        return core_schema.no_info_plain_validator_function(check)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a registry entry takes: its name, whether it is an integer (`whole`), default and range."""

    name: str
    whole: bool
    default: Number
    range: Range

    def check(self, path: str, value: object) -> Number:
        """Returns `value` as a canonical number in the range. Raises `InputError` naming `path`."""
        number = self.range.canonical(value, self.whole)
        if number is None:
            raise InputError(path, self.range.rule(self.whole), value)
        return number


@dataclass(frozen=True, slots=True)
class Entry(Generic[F]):
    """One entry of a registry: its name `kind`, its `function`, the literature `source`, a LaTeX `formula`, parameters.

    `traits`: single words that describe properties of the entry, defined by each catalogue module.
    """

    kind: str
    function: F
    source: str
    formula: str
    parameters: tuple[Parameter, ...]
    traits: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """The first paragraph of the function's docstring, on one line."""
        return (inspect.getdoc(self.function) or self.kind).split("\n\n")[0].replace("\n", " ")

    @property
    def notes(self) -> str:
        """The function's docstring after its first paragraph, without doctests and what the function returns."""
        rest = (inspect.getdoc(self.function) or "").split("\n\n")[1:]
        return "\n\n".join(part for part in rest if not part.lstrip().startswith((">>>", "Returns ", "Computes ")))


class Registry(Generic[F]):
    """An ordered collection of entries by kind; iterating gives the entries in the order of registration.

    `noun`: what an entry is called in error messages. `module`: the module that registers the entries; it is imported
    at first use, because the catalogue's modules import the values that are checked against it.
    """

    def __init__(self, noun: str, module: str | None = None) -> None:
        self.noun = noun
        self._module = module
        self._entries: dict[str, Entry[F]] = {}
        self.fallback: Callable[[str], Entry[F] | None] = lambda _: None
        """Entries that are not written down, such as one's own data sets: chosen like the others, listed nowhere."""

    def register(
        self, *, source: str, formula: str = "", kind: str | None = None, traits: Iterable[str] = ()
    ) -> Callable[[F], F]:
        """Returns a decorator that adds a function to the registry as an entry.

        The kind is by default the function's name with dashes; `formula` is LaTeX; `source` names the literature.
        """

        def add(function: F) -> F:
            name = kind or kind_of(function)
            self._enter(Entry(name, function, source, formula, _parameters(function), frozenset(traits)))
            return function

        return add

    def _enter(self, entry: Entry[F]) -> None:
        if entry.kind in self._entries:
            raise ValueError(f"the {self.noun} {entry.kind!r} is registered twice")
        if not inspect.getdoc(entry.function):
            raise ValueError(f"the {self.noun} {entry.kind!r} needs a docstring")
        self._entries[entry.kind] = entry

    def remove(self, kind: str) -> None:
        """Removes the entry `kind` (for tests that add entries of their own). Raises `KeyError`."""
        del self._entries[kind]

    def _load(self) -> dict[str, Entry[F]]:
        if self._module is not None:  # every time: the import lock makes a second thread wait for the last entry
            importlib.import_module(self._module)
        return self._entries

    def __iter__(self) -> Iterator[Entry[F]]:
        return iter(tuple(self._load().values()))

    def __getitem__(self, kind: str) -> Entry[F]:
        found = self._load().get(kind) or (self.fallback(kind) if isinstance(kind, str) else None)
        if found is None:
            raise InputError(self.noun, f"be one of {', '.join(self.kinds)}", kind)
        return found

    def __contains__(self, kind: object) -> bool:
        return kind in self._load() or (isinstance(kind, str) and self.fallback(kind) is not None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names (kinds) of all entries, in order of registration."""
        return tuple(self._load())

    def choose(self, path: str, value: object) -> dict[str, str | Number]:
        """Returns a complete choice ``{"kind": ..., parameter: value, ...}`` from a kind or a partial choice.

        Missing parameters get their defaults. Raises `InputError` for an unknown kind, an unknown parameter or a value
        out of its range.
        """
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, dict):
            raise InputError(path, f"be the name of one {self.noun} or an object with a 'kind'", value)
        kind = value.get("kind")
        if not isinstance(kind, str) or kind not in self:
            rule = f"be one of {', '.join(self.kinds)}"
            raise InputError(f"{path}.kind", rule, kind, did_you_mean(kind, self.kinds))
        entry = self[kind]
        chosen: dict[str, str | Number] = {"kind": kind}
        for parameter in entry.parameters:
            given = value.get(parameter.name, parameter.default)
            chosen[parameter.name] = parameter.check(f"{path}.{parameter.name}", given)
        if unknown := [name for name in value if name not in chosen]:
            known = ", ".join(p.name for p in entry.parameters) or "it has none"
            rule = f"be a parameter of {kind} ({known})"
            raise InputError(f"{path}.{str(unknown[0])[:40]}", rule, value[unknown[0]])
        return chosen


def kind_of(function: Callable[..., Any]) -> str:
    """Returns the name of the registry entry that a function defines: the function's name with dashes."""
    return function.__name__.replace("_", "-")


def _parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The keyword-only arguments, each annotated ``Annotated[float | int, Range(...)]`` with a default."""
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        limits = next((m for m in getattr(hints[name], "__metadata__", ()) if isinstance(m, Range)), None)
        if limits is None or argument.default is inspect.Parameter.empty:
            raise ValueError(f"{function.__name__}: {name} needs a Range and a default")
        whole = hints[name].__origin__ is int
        found.append(Parameter(name, whole, argument.default, limits))
    return tuple(found)
