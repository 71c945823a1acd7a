"""What a task is called: a key over what differs from what *absence means*, so that a new field renames nothing.

`absent_document.json` says for every field, kind and parameter what is meant where a text does not name it: the value
at the field's birth, whatever its default is by now. Lines are only ever added. A key is made of the *sparse* form,
which leaves out what is absent; a stored text or a link that was written before a field was there is *filled* with it.
Equal keys are equal values, and the other way round.

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
"""By ``Part.field``, of a choice and of a network the kind alone; parameters by ``noun kind.parameter``."""

UPGRADES: list[Callable[[str, Document], Document]] = []
"""What makes a stored text of version n one of version n + 1, from the kind of the task and its document: where a field
was renamed, split or removed. A field that is only added needs none."""


def text_version() -> int:
    """Of the texts that are stored today."""
    return len(UPGRADES)


@dataclass(frozen=True)
class FieldSchema:
    """How a field's JSON is read. `name`: its line in the table. `of`: the part, or the registry of a choice."""

    name: str
    field: FieldInfo
    model: type[BaseModel]
    kind: Literal["value", "part", "network", "choice", "choices"]
    of: Any = None

    @property
    def usual(self) -> Any:
        """The default of today as JSON."""
        field = self.name.partition(".")[2]
        default = self.field.get_default(call_default_factory=True)
        bare: BaseModel = self.model.model_construct(**{field: default})
        return bare.model_dump(mode="json", include={field})[field]

    @property
    def absent(self) -> Any:
        """What is meant where it is not named, as JSON; of a choice or a network the kind."""
        if self.name in ABSENT:
            return ABSENT[self.name]
        usual = self.usual  # of a field that is being added; `tests/design/test_naming.py` asks for its line
        return usual["kind"] if self.kind in ("choice", "network") else usual


@lru_cache(maxsize=256)
def field_schemas(model: type[BaseModel]) -> dict[str, FieldSchema]:
    """Of each field of a part."""
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
    """The part's document where nothing of it is named. A field without which there is none is not in it."""
    return fill_absent(model, {})


def fill_absent(model: type[BaseModel], document: Mapping[str, Any]) -> Document:
    """The document with what it does not name as what absence means, whatever the defaults are."""
    found = dict(document)
    for name, form in field_schemas(model).items():
        if name in document:
            found[name] = _filled(form, document[name])
        elif not form.field.is_required():
            found[name] = _filled(form, {} if form.kind == "part" else form.absent)
    return found


def from_sparse(model: type[M], **given: Any) -> M:
    """A part of which the rest is as absence means, for ever: of tasks that follow from a setting."""
    return model.model_validate(fill_absent(model, given))


def _filled(form: FieldSchema, value: Any) -> Any:
    if form.kind == "choices" and isinstance(value, list | tuple):
        return [complete_choice(form.of, one) for one in value]
    if form.kind == "part" and isinstance(value, Mapping):
        return fill_absent(form.of.variant(value), value)
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
    """A choice from its kind alone, or with some of its parameters."""
    told = {"kind": value} if isinstance(value, str) else value
    if not isinstance(told, Mapping) or not isinstance(kind := told.get("kind"), str) or kind not in registry:
        return value
    return {"kind": kind, **absent_parameters(registry, kind), **told}


def absent_parameters(registry: Registry[Any], kind: str) -> dict[str, Any]:
    """What the parameters of an entry are where they are not named."""
    return {each.name: ABSENT.get(_line(registry, kind, each.name), each.default) for each in registry[kind].parameters}


def _line(registry: Registry[Any], kind: str, parameter: str) -> str:
    return f"{registry.noun} {kind}.{parameter}"


def to_sparse(model: type[BaseModel], document: Mapping[str, Any]) -> Document:
    """The document without what is absent. What is no field of the part stays: it may be of another release."""
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
        part = form.of.variant(value)
        told = to_sparse(part, value)
        return told if part is form.of.variant({}) else {"kind": value["kind"], **told}
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
    """Whether two values are one in JSON, where 1 is no truth."""
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
            yield from _visited(form.of.variant(value), value)
        elif form.kind == "network" and isinstance(value, Mapping) and value.get("kind") in KINDS:
            yield form.name, value["kind"]
            yield from _visited(KINDS[value["kind"]], value)
        else:
            yield form.name, value


def applicable_revisions(
    model: type[BaseModel], document: Mapping[str, Any], since: Mapping[str, int] | None = None
) -> list[Revision]:
    """What of all that the task uses computes otherwise than at first; or than at the revisions `since`."""
    found: dict[int, Revision] = {}
    for part, value in _visited(model, document):
        mine = [(n, each) for n, each in enumerate(REVISIONS) if each.part == part and value in each.kinds]
        known = (since or {}).get(f"{part} {value}", 1) - 1
        found |= dict(mine[known:])
    return [found[n] for n in sorted(found)]


def revision_numbers(model: type[BaseModel], document: Mapping[str, Any]) -> dict[str, int]:
    """Of the parts that the task uses, those above 1: what a mended formula is part of the name of."""
    found: dict[str, int] = {}
    for part, value in _visited(model, document):
        if count := sum(each.part == part and value in each.kinds for each in REVISIONS):
            found[f"{part} {value}"] = 1 + count
    return found


def task_key(
    kind: str, model: type[BaseModel], document: Mapping[str, Any], at: Mapping[str, int] | None = None
) -> str:
    """16 hexadecimal digits of SHA-256 over the kind of task, its sparse form and its revisions: today's, or those `at`
    which it was computed."""
    now = revision_numbers(model, document) if at is None else at
    return hashlib.sha256(_json([kind, to_sparse(model, document), dict(now)]).encode()).hexdigest()[:16]


@lru_cache(maxsize=8192)
def digest(kind: str, model: type[BaseModel], canonical: str) -> str:
    """Today's key of a task with this text."""
    return task_key(kind, model, json.loads(canonical))


def to_stored_text(model: type[BaseModel], document: Mapping[str, Any], at: Mapping[str, int] | None = None) -> str:
    """What the store keeps of a task: every field, the version of the text and the revisions of its parts."""
    now = revision_numbers(model, document) if at is None else at
    return _json({**document, "version": text_version(), **({"revisions": dict(now)} if now else {})})


def from_stored_text(kind: str, model: type[BaseModel], text: str, field: str) -> tuple[Document, dict[str, int]]:
    """Document and revisions of what the store kept, now or in a release of before. Raises `InputError`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InputError(field, "be stored as a JSON object", text)
    at, told = document.pop("version", 0), document.pop("revisions", {})
    if not isinstance(at, int) or not 0 <= at <= text_version():
        raise InputError(f"{field}.version", f"be at most {text_version()}: update snnviz", at)
    for step in UPGRADES[at:]:
        document = step(kind, document)
    return fill_absent(model, document), {str(part): int(number) for part, number in dict(told).items()}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def expected_table(models: Iterable[type[BaseModel]], registries: Iterable[Registry[Any]]) -> Document:
    """The table as today's defaults would have it: what a new line says."""
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
