"""Base classes of what can be submitted to run: frozen values with one canonical JSON text and a digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ValidationError

from snnviz.design import naming
from snnviz.design.networks import KINDS
from snnviz.design.part import Part
from snnviz.errors import InputError, Unquoted, did_you_mean

MAX_TEXT = 65_536


class Document(Part):
    """Base class of values that can be read from a nested dictionary, as links and JSON hold it.

    `noun`: what such a value is called in error messages, such as "a design".
    """

    noun: ClassVar[str]

    @classmethod
    def check(cls, document: object) -> Self:
        """Returns the value read from a nested dictionary; missing fields get their defaults. Raises `InputError`."""
        return validated(cls, document, cls.noun)

    def document(self) -> dict[str, Any]:
        """Returns the value as a nested dictionary that JSON can hold, with every field."""
        return self.model_dump(mode="json")


class Task(Document):
    """Base class of everything that can be submitted and run, such as a design or a search.

    Class attributes: `kind`: name of the kind of task in the store; `noun` and `field`: how it is called in error
    messages; `most`: the largest length of its JSON text in characters.
    """

    kind: ClassVar[str]
    field: ClassVar[str]
    most: ClassVar[int] = 2 * MAX_TEXT
    """Largest length of the task's JSON text, in characters."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Returns the task read from JSON text of a user. Raises `InputError` with one sentence for text that is no
        such task.
        """
        if len(text) > cls.most:
            rule = f"be at most {cls.most:,} characters of JSON"
            raise InputError(cls.field, rule, Unquoted(f"{len(text):,} characters"))
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(cls.field, f"be valid JSON ({_first_line(error)})", text) from None
        return cls.check(document)

    @classmethod
    def from_sparse(cls, document: Mapping[str, Any]) -> Self:
        """Returns the task read from a nested dictionary; missing fields get their absent value, not today's default.

        The absent value is the default when the field was introduced, so tasks derived from a setting keep their
        digests (`design.naming`). Raises `InputError`.
        """
        return cls.check(naming.fill_absent(cls, document))

    @classmethod
    def restore(cls, text: str) -> Self:
        """Returns the task read from the text that a store keeps, also one of an earlier release.

        Missing fields get their absent value, the default when they were introduced. Raises `InputError`.
        """
        return cls.check(naming.from_stored_text(cls.kind, cls, text, cls.field)[0])

    def canonical(self) -> str:
        """Returns the canonical JSON text of the task: sorted keys, no spaces, every field present."""
        return self._text

    @cached_property
    def _text(self) -> str:
        """Made once, as a page asks for the digests of all its tasks each second."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Returns a copy with some fields replaced, as in pydantic, without the cached text of the original."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("_text", None)
        return copied

    def stored(self) -> str:
        """Returns the JSON text of the task that the store keeps, which `restore` reads."""
        return naming.to_stored_text(type(self), self.document())

    @property
    def digest(self) -> str:
        """The key by which the task's run is found: 16 hexadecimal digits (`snnviz.design.naming`)."""
        return naming.digest(self.kind, type(self), self.canonical())


P = TypeVar("P", bound=Part)


def validated(model: type[P], document: object, noun: str, inside: str = "") -> P:
    """Returns `document` as a value of `model`. Raises `InputError`, in which such a value is called `noun` ("a
    design").

    `inside`: prefix of the field paths in error messages, for a part of a larger value.
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
        model = annotation.class_for({}) if issubclass(annotation, Part) else annotation
    return list(model.model_fields)
