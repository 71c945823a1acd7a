"""Which values a design's field can have, given its path: numbers in a range, options or entries of a registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from snnviz.design import links, naming
from snnviz.design.design import Design
from snnviz.design.menus import DATASETS, NEURONS, Choice
from snnviz.design.networks import KINDS
from snnviz.design.part import Part
from snnviz.design.parts import AnyNeuron
from snnviz.design.registry import Range, Registry
from snnviz.errors import InputError, did_you_mean

Values = tuple[Range, bool]
"""A range of numbers, and whether they must be whole numbers."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """Type of the field at one path of a design: a number in a range, or which options it has.

    path: full path as in `links.flatten`, such as ``init.kind``. ranges: for numbers the allowed range, one for each
    kind of network or neuron in which it differs, the base design's own first. kinds: for options or registry entries
    all choices. registry: the registry of a choice whose entries have parameters. several: whether the field is a list.
    """

    path: str
    ranges: tuple[Values, ...] = ()
    kinds: tuple[Any, ...] = ()
    registry: Registry[Any] | None = None
    several: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether the field is a number."""
        return bool(self.ranges)

    @property
    def is_whole(self) -> bool:
        """Whether the field is a whole number."""
        return bool(self.ranges) and self.ranges[0][1]

    @property
    def is_matrix(self) -> bool:
        """Whether the field is a block's connection matrix (``network.edges``)."""
        return self.path == "network.edges"

    def check(self, value: Any) -> Any:
        """Returns the value converted to the field's type. Raises `InputError` if no design can have this value."""
        for limits, whole in self.ranges:
            if (number := limits.canonical(value, whole)) is not None:
                return number
        if self.ranges:
            limits, whole = self.ranges[0]
            raise InputError(self.path, limits.rule(whole), value)
        for kind in self.kinds:
            if str(kind) == str(value):
                return kind
        if self.kinds:
            names = [str(kind) for kind in self.kinds]
            raise InputError(self.path, f"be one of {', '.join(names)}", value, did_you_mean(value, names))
        return value


@lru_cache(maxsize=1024)
def field_type(base: Design, path: str) -> FieldType:
    """Returns the `FieldType` of the field at a path, in designs like `base` or with other kinds of network or neuron.

    Raises `InputError` if no design has such a field, and for the seed, which cannot be varied as a field.
    """
    found = list(_found(base, path.split(".")))
    if path == "seed":
        raise InputError("vary", "name another field than the seed: all levels have the same seeds", path)
    if not found:
        known = [name for name in links.flatten(base) if name != "seed"]
        raise InputError("vary", "name fields of a design", path[:60], did_you_mean(path, known))
    first = found[0]
    ranges = tuple(dict.fromkeys(each for one in found for each in one.ranges))
    return FieldType(first.path, ranges, first.kinds, first.registry, first.several)


def _found(base: Design, names: list[str]) -> Iterator[FieldType]:
    """Those of all kinds of networks, neurons and entries that have such a field; the base's own first."""
    owners: list[tuple[Any, Any]] = [(Design, base)]
    *outer, last = names
    for name in outer:
        owners = [inner for owner, value in owners for inner in _inside(owner, name, getattr(value, name, None))]
    path = ".".join(names)
    for owner, value in owners:
        if isinstance(owner, Registry):
            yield from _of_entry(owner, path, last, value)
        elif last in owner.model_fields:
            yield from _of_field(owner, last, path)


def _inside(owner: Any, name: str, value: Any) -> Iterator[tuple[Any, Any]]:
    """What a field holds that has fields itself: parts, or a registry; each with the base's value, where it has one."""
    schema = naming.field_schemas(owner).get(name) if not isinstance(owner, Registry) else None
    if schema is None:
        return
    own = type(value)
    if schema.kind == "choice":
        yield schema.of, value
    elif schema.kind == "network":
        yield from _variants(KINDS.values(), own, value)
    elif schema.kind == "part":
        several = [AnyNeuron.class_for({"kind": kind}) for kind in NEURONS.kinds] if _is_neuron(schema) else [schema.of]
        yield from _variants(several, own, value)


def _variants(parts: Any, own: type[Part], value: Any) -> Iterator[tuple[Any, Any]]:
    for part in sorted(dict.fromkeys(parts), key=lambda part: part is not own):
        yield part, value if part is own else None


def _is_neuron(schema: naming.FieldSchema) -> bool:
    return isinstance(schema.of, type) and issubclass(schema.of, AnyNeuron)


def _of_entry(registry: Registry[Any], path: str, last: str, value: Any) -> Iterator[FieldType]:
    if last == "kind":
        yield FieldType(path, (), registry.kinds, registry)
        return
    own = value.kind if isinstance(value, Choice) else ""
    for entry in sorted(registry, key=lambda entry: entry.kind != own):
        yield from (FieldType(path, ((one.range, one.whole),)) for one in entry.parameters if one.name == last)


def _of_field(owner: type[Part], name: str, path: str) -> Iterator[FieldType]:
    schema, info = naming.field_schemas(owner)[name], owner.model_fields[name]
    if schema.kind == "choice":
        yield FieldType(f"{path}.kind", (), schema.of.kinds, schema.of)
    elif schema.kind == "network":
        yield FieldType(f"{path}.kind", (), tuple(KINDS))
    elif schema.kind == "part":
        if _is_neuron(schema):
            yield FieldType(f"{path}.kind", (), NEURONS.kinds)
    elif path == "data.name":
        yield FieldType(path, (), DATASETS.kinds)
    elif path in ("neuron.kind", "network.kind"):
        yield FieldType(path, (), NEURONS.kinds if path == "neuron.kind" else tuple(KINDS))
    elif get_origin(info.annotation) is Literal:
        yield FieldType(path, (), get_args(info.annotation))
    elif (limits := _range(info)) is not None:
        yield FieldType(path, ((limits, info.annotation is int),))
    else:
        yield FieldType(path, several=get_origin(info.annotation) is tuple and path != "network.edges")


def _range(info: FieldInfo) -> Range | None:
    return next((note for note in info.metadata if isinstance(note, Range)), None)
