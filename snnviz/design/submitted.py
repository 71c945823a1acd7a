"""What can be submitted: a frozen value with one JSON text, read from it and found by its digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ValidationError

from snnviz.design import naming
from snnviz.design.networks import KINDS
from snnviz.design.part import Part
from snnviz.errors import InputError, Unquoted, did_you_mean

MAX_TEXT = 65_536


class Document(Part):
    """What can be made of a nested dictionary, as links and JSON hold it. `noun`: in sentences."""

    noun: ClassVar[str]

    @classmethod
    def check(cls, document: object) -> Self:
        """From a nested dictionary, in which what is missing has its default. Raises `InputError`."""
        return validated(cls, document, cls.noun)

    def document(self) -> dict[str, Any]:
        """As a nested dictionary that JSON can hold, every field present."""
        return self.model_dump(mode="json")


class Task(Document):
    """`kind`: what the store calls such tasks. `noun`: in sentences, `field`: where its text is wrong."""

    kind: ClassVar[str]
    field: ClassVar[str]
    most: ClassVar[int] = 2 * MAX_TEXT
    """Characters of its text."""

    @classmethod
    def read(cls, text: str) -> Self:
        """From JSON that somebody wrote. Raises `InputError` with one sentence for anything that is none."""
        if len(text) > cls.most:
            rule = f"be at most {cls.most:,} characters of JSON"
            raise InputError(cls.field, rule, Unquoted(f"{len(text):,} characters"))
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(cls.field, f"be valid JSON ({_first_line(error)})", text) from None
        return cls.check(document)

    @classmethod
    def meant(cls, document: Mapping[str, Any]) -> Self:
        """As `check`, but what is missing means what absence meant, for ever: of tasks that follow from a setting."""
        return cls.check(naming.fill_absent(cls, document))

    @classmethod
    def restore(cls, text: str) -> Self:
        """From what a store has of it, now or of before; what is missing means what absence meant.

        Raises `InputError`.
        """
        return cls.check(naming.from_stored_text(cls.kind, cls, text, cls.field)[0])

    def canonical(self) -> str:
        """The one JSON text: sorted keys, no spaces, every field present."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def stored(self) -> str:
        """What a store keeps, for `restore`."""
        return naming.to_stored_text(type(self), self.document())

    @property
    def digest(self) -> str:
        """The key by which its run is found: 16 hexadecimal digits (`snnviz.design.naming`)."""
        return naming.digest(self.kind, type(self), self.canonical())


P = TypeVar("P", bound=Part)


def validated(model: type[P], document: object, noun: str, inside: str = "") -> P:
    """`document` as a value of `model`. Raises `InputError`, which calls such a value `noun` ("a design").

    `inside`: how the paths of its fields begin, of a part of something larger.
    """
    name = noun.split(" ", 1)[-1]
    if not isinstance(document, Mapping):
        raise InputError(name, "be a JSON object", document)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise _sentence(model, error, noun, inside) from None
    except RecursionError:
        raise InputError(name, "be a few levels deep", Unquoted("a nest without end")) from None


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__


def _sentence(model: type[BaseModel], error: ValidationError, noun: str, inside: str = "") -> InputError:
    """The first of pydantic's complaints, as field, rule and value."""
    first = error.errors(include_url=False)[0]
    parts = [str(p)[:40] for p in first["loc"]]
    part = noun
    if parts[:1] == ["network"] and len(parts) > 1 and parts[1] in KINDS:
        part = f"a network of kind {parts.pop(1)}"
    path, kind, value = inside + ".".join(parts) or noun.split(" ", 1)[-1], first["type"], first["input"]
    context = first.get("ctx", {})
    if kind in ("extra_forbidden", "invalid_key"):
        known = _fields_at(model, parts[:-1])
        return InputError(path, f"be a field of {part}", value, did_you_mean(parts[-1], set(known) - {parts[-1]}))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = value.get("kind") if isinstance(value, dict) else value
        return InputError("network.kind", f"be one of {', '.join(KINDS)}", tag, did_you_mean(tag, KINDS))
    if kind == "literal_error":
        names = context["expected"].replace("'", "").replace(" or ", ", ")
        return InputError(path, f"be one of {names}", value, did_you_mean(value, names.split(", ")))
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return InputError(path, "be an object with fields", value)
    if kind == "range":
        return InputError(path, first["msg"], value)
    return InputError(path, f"be valid ({first['msg'].lower()[:80]})", value)


def _fields_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """Field names of the part at `path`; for the network, those of every kind."""
    if path[:1] == ["network"]:
        return sorted({f for m in KINDS.values() for f in m.model_fields})
    for name in path:
        annotation = model.model_fields[name].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation.variant({}) if issubclass(annotation, Part) else annotation
    return list(model.model_fields)
