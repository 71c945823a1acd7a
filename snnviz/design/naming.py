"""Names of tasks: the digest by which a task's run is found, made so that adding a field changes no existing digest.

`absent.json` records for every field, kind and parameter its *absent value*: what a text that does not name the field
means. It is the default at the time when the field was added and never changes, whatever today's default is. Digests
are computed from the *sparse* form of a document, which leaves out absent values; a stored text or a link written
before a field existed is *filled* with them. Equal digests mean equal values, and the other way round.

>>> from snnviz.design.design import Design
>>> to_sparse(Design, Design.check({"neuron": {"beta": 0.9}, "network": {"kind": "mlp"}}).document())
{'network': {'kind': 'mlp'}, 'neuron': {'beta': 0.9}}
>>> fill_absent(Design, {"seed": 3}) == Design(seed=3).document()
True
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo

from snnviz.design.networks import KINDS
from snnviz.design.part import Part
from snnviz.design.registry import Registry
from snnviz.design.revisions import REVISIONS, Revision
from snnviz.errors import InputError

Document = dict[str, Any]

M = TypeVar("M", bound=BaseModel)

TABLE = Path(__file__).with_name("absent.json")

ABSENT: dict[str, Any] = json.loads(TABLE.read_text())
"""Absent values by ``Part.field`` (for a choice and a network the kind alone), and by ``noun kind.parameter``."""

UPGRADES: list[Callable[[str, Document], Document]] = []
"""Functions that convert a stored document of version n to version n + 1, given the kind of the task and the document:
for fields that were renamed, split or removed. A new field needs none.
"""


def stored_text_version() -> int:
    """Returns the version number of the JSON texts of tasks that the store writes today."""
    return len(UPGRADES)


@dataclass(frozen=True)
class FieldSchema:
    """How the JSON of one field of a model is read and what its default is.

    name: its line in `absent.json`, ``Part.field``. kind: a plain value, a nested part, the network, one registry
    choice or several. of: the class of a part, or the registry of a choice.
    """

    name: str
    field: FieldInfo
    model: type[BaseModel]
    kind: Literal["value", "part", "network", "choice", "choices"]
    of: Any = None

    @property
    def usual(self) -> Any:
        """The default that the field has today, as JSON; for the one of old texts see `absent`."""
        field = self.name.partition(".")[2]
        default = self.field.get_default(call_default_factory=True)
        bare: BaseModel = self.model.model_construct(**{field: default})
        return bare.model_dump(mode="json", include={field})[field]

    @property
    def absent(self) -> Any:
        """The field's absent value, as JSON: the value that a text without this field has; for a choice or a network
        the kind.

        It is the default at the time when the field was introduced and never changes.
        """
        if self.name in ABSENT:
            return ABSENT[self.name]
        usual = self.usual  # of a field that is being added; `tests/design/test_naming.py` asks for its line
        return usual["kind"] if self.kind in ("choice", "network") else usual


@lru_cache(maxsize=256)
def field_schemas(model: type[BaseModel]) -> dict[str, FieldSchema]:
    """Returns the `FieldSchema` of each field of a model, by field name."""
    return {name: _form(model, name, field) for name, field in model.model_fields.items()}


def _form(model: type[BaseModel], name: str, field: FieldInfo) -> FieldSchema:
    of = next((note for note in field.metadata if isinstance(note, Registry)), None)
    line, said = f"{model.__name__}.{name}", field.annotation
    if field.discriminator == "kind":
        return FieldSchema(line, field, model, "network")
    if isinstance(said, type) and issubclass(said, Part):
        return FieldSchema(line, field, model, "part", said)
    if of is not None and get_args(said):
        return FieldSchema(line, field, model, "choices", of)
    if of is not None and any(isinstance(note, PlainSerializer) and note.func is dict for note in field.metadata):
        return FieldSchema(line, field, model, "choice", of)
    return FieldSchema(line, field, model, "value")


def absent_document(model: type[BaseModel]) -> Document:
    """Returns the document of a model with every field at its absent value (its default when it was introduced).

    Required fields are left out.
    """
    return fill_absent(model, {})


def fill_absent(model: type[BaseModel], document: Mapping[str, Any]) -> Document:
    """Returns the document with each missing field set to its absent value, the default when the field was introduced.

    These values never change, whatever today's defaults are, so old texts keep their meaning.
    """
    found = dict(document)
    for name, form in field_schemas(model).items():
        if name in document:
            found[name] = _filled(form, document[name])
        elif not form.field.is_required():
            found[name] = _filled(form, {} if form.kind == "part" else form.absent)
    return found


def from_sparse(model: type[M], **given: Any) -> M:
    """Returns a model with the given fields; all others get their absent values (defaults when they were introduced).

    Used for tasks derived from a setting, so that a new default does not change their digests.
    """
    return model.model_validate(fill_absent(model, given))


def _filled(form: FieldSchema, value: Any) -> Any:
    if form.kind == "choices" and isinstance(value, list | tuple):
        return [complete_choice(form.of, one) for one in value]
    if form.kind == "part" and isinstance(value, Mapping):
        return fill_absent(form.of.class_for(value), value)
    if form.kind == "choice":
        return complete_choice(form.of, value if isinstance(value, str) else _kinded(form, value))
    if form.kind == "network":
        told = {"kind": value} if isinstance(value, str) else _kinded(form, value)
        known = KINDS.get(told["kind"]) if isinstance(told, Mapping) and isinstance(told["kind"], str) else None
        return fill_absent(known, told) if known else value
    return value


def _kinded(form: FieldSchema, value: Any) -> Any:
    return {"kind": form.absent, **value} if isinstance(value, Mapping) else value


def complete_choice(registry: Registry[Any], value: Any) -> Any:
    """Returns a choice with all parameters, given its kind or some parameters; the others get their absent values.

    Those are the defaults when the parameters were introduced. An invalid choice is returned unchanged.
    """
    told = {"kind": value} if isinstance(value, str) else value
    if not isinstance(told, Mapping) or not isinstance(kind := told.get("kind"), str) or kind not in registry:
        return value
    return {"kind": kind, **absent_parameters(registry, kind), **told}


def absent_parameters(registry: Registry[Any], kind: str) -> dict[str, Any]:
    """Returns the absent value of every parameter of a registry entry, by name: its default when it was introduced."""
    return {each.name: ABSENT.get(_line(registry, kind, each.name), each.default) for each in registry[kind].parameters}


def _line(registry: Registry[Any], kind: str, parameter: str) -> str:
    return f"{registry.noun} {kind}.{parameter}"


def to_sparse(model: type[BaseModel], document: Mapping[str, Any]) -> Document:
    """Returns the document without the fields that have their absent value, the default when the field was introduced.

    Names that are not fields of the model are kept.
    """
    found = {}
    for name, value in sorted(document.items()):
        form = field_schemas(model).get(name)
        told = value if form is None else _sparse(form, value)
        if form is None or form.field.is_required() or not _is_absent(form, value, told):
            found[name] = told
    return found


def _sparse(form: FieldSchema, value: Any) -> Any:
    if form.kind == "choices" and isinstance(value, list):
        return [_told(form.of, one, None) for one in value]
    if not isinstance(value, Mapping):
        return value
    if form.kind == "part":
        part = form.of.class_for(value)
        told = to_sparse(part, value)
        return told if part is form.of.class_for({}) else {"kind": value["kind"], **told}
    if form.kind == "choice":
        return _told(form.of, value, None if form.field.is_required() else form.absent)
    if form.kind == "network":
        kind = value.get("kind")
        inner = (
            to_sparse(KINDS[kind], {k: v for k, v in value.items() if k != "kind"}) if kind in KINDS else dict(value)
        )
        return inner if kind == form.absent else {"kind": kind, **inner}
    return value


def _told(registry: Registry[Any], choice: Any, usual: str | None) -> Any:
    if not isinstance(choice, Mapping) or choice.get("kind") not in registry:
        return choice
    kind, meant = choice["kind"], absent_parameters(registry, choice["kind"])
    told = {name: value for name, value in choice.items() if name != "kind" and not json_equal(value, meant.get(name))}
    return told if kind == usual else {"kind": kind, **told}


def _is_absent(form: FieldSchema, value: Any, told: Any) -> bool:
    return told == {} if form.kind in ("part", "choice", "network") else json_equal(value, form.absent)


def json_equal(one: Any, other: Any) -> bool:
    """Returns whether two values are equal as JSON: 1 and True are not."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _visited(model: type[BaseModel], document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each field's line and value, and each choice's noun and kind, with those of nested parts."""
    for name, value in document.items():
        form = field_schemas(model).get(name)
        if form is None:
            continue
        if form.kind in ("choice", "choices"):
            for one in value if isinstance(value, list) else [value]:
                yield form.of.noun, one.get("kind") if isinstance(one, Mapping) else one
        elif form.kind == "part" and isinstance(value, Mapping):
            yield from _visited(form.of.class_for(value), value)
        elif form.kind == "network" and isinstance(value, Mapping) and value.get("kind") in KINDS:
            yield form.name, value["kind"]
            yield from _visited(KINDS[value["kind"]], value)
        else:
            yield form.name, value


def applicable_revisions(
    model: type[BaseModel], document: Mapping[str, Any], since: Mapping[str, int] | None = None
) -> list[Revision]:
    """Returns the revisions that affect the task: changes, since the first release, of how entries or fields that it
    uses are computed.

    `since`: revision numbers by part; then only later revisions are returned.
    """
    found: dict[int, Revision] = {}
    for part, value in _visited(model, document):
        mine = [(n, each) for n, each in enumerate(REVISIONS) if each.part == part and value in each.kinds]
        known = (since or {}).get(f"{part} {value}", 1) - 1
        found |= dict(mine[known:])
    return [found[n] for n in sorted(found)]


def revision_numbers(model: type[BaseModel], document: Mapping[str, Any]) -> dict[str, int]:
    """Returns, for each field or registry that the task uses and whose computation has changed, its revision number,
    above 1; the numbers enter the digest.
    """
    found: dict[str, int] = {}
    for part, value in _visited(model, document):
        if count := sum(each.part == part and value in each.kinds for each in REVISIONS):
            found[f"{part} {value}"] = 1 + count
    return found


def task_key(
    kind: str, model: type[BaseModel], document: Mapping[str, Any], at: Mapping[str, int] | None = None
) -> str:
    """Returns the digest of a task: 16 hexadecimal digits of SHA-256 over its kind, sparse document and revision
    numbers.

    `at`: the revision numbers with which it was computed; by default today's.
    """
    now = revision_numbers(model, document) if at is None else at
    return hashlib.sha256(_json([kind, to_sparse(model, document), dict(now)]).encode()).hexdigest()[:16]


@lru_cache(maxsize=8192)
def digest(kind: str, model: type[BaseModel], canonical: str) -> str:
    """Returns today's digest of a task from its kind and its canonical JSON text."""
    return task_key(kind, model, json.loads(canonical))


def to_stored_text(model: type[BaseModel], document: Mapping[str, Any], at: Mapping[str, int] | None = None) -> str:
    """Returns the JSON text of a task that the store keeps: every field, the version of the text and revision
    numbers.
    """
    now = revision_numbers(model, document) if at is None else at
    return _json({**document, "version": stored_text_version(), **({"revisions": dict(now)} if now else {})})


def from_stored_text(kind: str, model: type[BaseModel], text: str, field: str) -> tuple[Document, dict[str, int]]:
    """Returns document and revision numbers from a stored text, also of an earlier release. Raises `InputError`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InputError(field, "be stored as a JSON object", text)
    at, told = document.pop("version", 0), document.pop("revisions", {})
    if not isinstance(at, int) or not 0 <= at <= stored_text_version():
        raise InputError(f"{field}.version", f"be at most {stored_text_version()}: update snnviz", at)
    for step in UPGRADES[at:]:
        document = step(kind, document)
    return fill_absent(model, document), {str(part): int(number) for part, number in dict(told).items()}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def expected_table(models: Iterable[type[BaseModel]], registries: Iterable[Registry[Any]]) -> Document:
    """Returns `absent.json` as today's defaults would have it, from which the line of a new field is copied."""
    found: Document = {}
    for model in models:
        for form in field_schemas(model).values():
            if form.kind != "part" and not form.field.is_required() and not _is_tag(form):
                usual = form.usual
                found[form.name] = usual["kind"] if form.kind in ("choice", "network") else usual
    for registry in registries:
        for entry in registry:
            found |= {_line(registry, entry.kind, each.name): each.default for each in entry.parameters}
    return found


def _is_tag(form: FieldSchema) -> bool:
    """Whether it tells one network, or one neuron with fields of its own, from the others."""
    alone = len(get_args(form.field.annotation)) == 1
    return form.name.endswith(".kind") and (form.model in KINDS.values() or alone)
