"""A design as a flat mapping of field paths: the query string of a link, ``--set`` options, and differences of designs.

>>> from snnviz.design.design import Design
>>> d = change(Design(), {"neuron.threshold": "0.8", "network.kind": "mlp"})
>>> to_query(d)
'network.kind=mlp&neuron.threshold=0.8'
>>> from_query(to_query(d)) == d
True
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

from snnviz.design import adjacency, naming
from snnviz.design.design import Design
from snnviz.design.menus import NEURONS, Choice
from snnviz.design.part import Part
from snnviz.design.parts import AnyNeuron
from snnviz.design.registry import Registry
from snnviz.errors import InputError, Unquoted, did_you_mean

MAX_QUERY_LENGTH = 8_192
RESERVED_PARAMETERS = frozenset({"run", "embed", "embed_options", "lesson", "step", "class", "teach", "hide", "lock"})
"""Parameters of a link's query string that are not fields of a design."""

NEURON = "neuron.kind"
"""Path of the kind of neuron. LIF and ReLU share all other fields, which a change between them keeps."""


def flatten(design: Design) -> dict[str, Any]:
    """Returns every field of a design by path (``training.epochs``); matrices as compact text, lists as "3,6,9"."""
    return flatten_document(design.document())


def flatten_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Returns every field of a design's document (its nested dictionary) by path, formatted as by `flatten`."""
    found: dict[str, Any] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(f"{prefix}.{name}" if prefix else name, inner)
        else:
            found[prefix] = adjacency.to_compact_text(value) if prefix == "network.edges" else _listed(value)

    walk("", document)
    return found


def resets_part(path: str, before: object, after: object) -> bool:
    """Returns whether changing the field at `path` resets the rest of its part, such as `neuron`, to defaults.

    True for a part's kind, such as ``network.kind``, except between neurons that have the same fields.

    >>> resets_part("neuron.kind", "lif", "relu"), resets_part("neuron.kind", "lif", "plif")
    (False, True)
    """
    if path != NEURON:
        return path.endswith(".kind")
    return AnyNeuron.class_for({"kind": before}) is not AnyNeuron.class_for({"kind": after})


def _kinds(shown: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of kind by path; that of neurons where they have fields of their own."""
    usual, kinds = absent_fields(())[NEURON], {name: kind for name, kind in shown.items() if name.endswith(".kind")}
    return {name: kind for name, kind in kinds.items() if name != NEURON or resets_part(name, usual, kind)}


def default_of_same_kinds(design: Design) -> Design:
    """Returns the default design with the same choices of kind as `design`, but LIF in place of ReLU."""
    return _with_kinds(tuple(_kinds(flatten(design)).items()))


_with_kinds = lru_cache(maxsize=256)(lambda kinds: change(Design(), dict(kinds)))


def to_query(design: Design) -> str:
    """Returns the query string of a link to the design, naming only the fields that differ from their absent value.

    A field's absent value is the default it had when it was introduced; it never changes, so old links keep their
    meaning. The string is empty for the default design alone, since a link without parameters shows the default.
    """
    told = sparse_fields(flatten(design))
    if not told and design != Design():
        told = {"seed": design.seed}
    return "&".join(f"{path}={quote(format_value(value), safe='/,')}" for path, value in told.items())


def sparse_fields(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Returns those fields, path to value, that a link names: all that differ from their absent value.

    The absent value of a field is the default it had when it was introduced; it never changes.
    """
    plain, base = absent_fields(()), absent_values_like(shown)
    return {
        path: value
        for path, value in shown.items()
        if not naming.json_equal(value, plain.get(path) if path.endswith(".kind") else base.get(path))
    }


def complete_fields(sparse: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all fields of a design, path to value, from those that a link names; the inverse of `sparse_fields`.

    The result equals `flatten` of the design, but is computed a hundred times as fast, without validation.

    >>> from snnviz.design.design import Design
    >>> design = change(Design(), {"network.kind": "mlp", "neuron.threshold": 0.8})
    >>> complete_fields(sparse_fields(flatten(design))) == flatten(design)
    True
    """
    return {**absent_values_like(sparse), **sparse}


def absent_values_like(shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the absent value of every field, path to value, for a design with the same choices of kind as `shown`.

    The absent value of a field is the value a link without it stands for: the default when the field was introduced.
    """
    return absent_fields(tuple(_kinds(shown).items()))


@lru_cache(maxsize=1024)
def absent_fields(kinds: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    """Returns the absent value of every field, path to value, given choices of kind as pairs of path and value."""
    document = naming.absent_document(Design)
    _put_all(document, dict(kinds), _absent)
    return MappingProxyType(flatten_document(naming.fill_absent(Design, document)))


def has_no_settings(query: Mapping[str, str]) -> bool:
    """Returns whether the parameters of a link set no field of a design, so that the page shows the default design."""
    return not query.keys() - RESERVED_PARAMETERS


def from_query(query: str | Mapping[str, str], *, bare: bool | None = None) -> Design:
    """Returns the design of a link's query string or parameters; parameters of other pages are ignored.

    A field that the link leaves out gets its absent value, the default it had when it was introduced. `bare`: whether
    the link sets nothing and shows the default design; by default `has_no_settings(query)`. Raises `InputError`.
    """
    if isinstance(query, str):
        if len(query) > MAX_QUERY_LENGTH:
            raise _too_long(len(query))
        query = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
    if (length := sum(len(name) + len(value) for name, value in query.items())) > MAX_QUERY_LENGTH:
        raise _too_long(length)
    if has_no_settings(query) if bare is None else bare:
        return Design()
    return from_sparse({name: value for name, value in query.items() if name not in RESERVED_PARAMETERS})


def from_sparse(settings: Mapping[str, Any]) -> Design:
    """Returns the design with these fields by path; fields left out get their absent value, not today's default.

    The absent value is the default when the field was introduced. Raises `InputError`.
    """
    document = naming.absent_document(Design)
    _put_all(document, settings, _absent)
    return Design.from_sparse(document)


def change(design: Design, settings: Mapping[str, Any]) -> Design:
    """Returns `design` with these fields, by path, set to new values. Text that is a number is read as one.

    Setting a ``.kind`` resets its part to that kind's defaults; the order of the settings does not matter: kinds are
    set first (``init=kaiming`` is one too), then deeper paths. Raises `InputError`.
    """
    document = design.document()
    _put_all(document, settings, _default)
    return Design.check(document)


def change_with_absent_values(design: Design, settings: Mapping[str, Any]) -> Design:
    """Returns `design` with fields set as by `change`, but new kinds bring absent values, not today's defaults.

    The absent value is the default when the field was introduced. For designs derived from a link, so that they keep
    their digest (`design.naming`). Raises `InputError`.
    """
    document = design.document()
    _put_all(document, settings, _absent)
    return Design.from_sparse(document)


Neurons = Callable[[type[Part], object], dict[str, Any]]
"""A function that returns the document of a neuron of a given kind with no other field set."""


def _absent(part: type[Part], kind: object) -> dict[str, Any]:
    return naming.fill_absent(part, {"kind": kind})


def _default(part: type[Part], kind: object) -> dict[str, Any]:
    return part.model_validate({"kind": kind}).model_dump(mode="json")


def _put_all(document: dict[str, Any], settings: Mapping[str, Any], neurons: Neurons) -> None:
    for path, value in sorted(settings.items(), key=lambda item: (not item[0].endswith(".kind"), item[0].count("."))):
        _put(document, path, parse_value(path, value), neurons)


def part_to_query(value: Part, prefix: str = "") -> str:
    """Returns the query string of a page's settings: fields that differ from their absent value, after `prefix`.

    The absent value is the default when the field was introduced. The string is empty only for the default settings.
    """
    meant, shown = naming.absent_document(type(value)), value.model_dump(mode="json")
    changed = {name: field for name, field in shown.items() if not naming.json_equal(field, meant[name])}
    if not changed and value != type(value)():
        changed = dict([next(iter(shown.items()))])
    texts = {name: field if isinstance(field, str) else format_number(field) for name, field in changed.items()}
    return "&".join(f"{prefix}{name}={quote_plus(text, safe=':=,')}" for name, text in texts.items())


def part_from_query(kind: type[Part], query: Mapping[str, str], prefix: str = "") -> dict[str, Any]:
    """Returns the fields of the settings `kind` from the URL parameters whose names begin with `prefix`, as numbers
    where they are numbers.

    Without any such parameter {}, and the page shows its defaults. Otherwise each field that is left out gets the
    default that it had when it was introduced, so that old links keep their meaning. Raises `InputError`.
    """
    given = {name.removeprefix(prefix): value for name, value in query.items() if name.startswith(prefix)}
    if (length := sum(len(name) + len(value) for name, value in given.items())) > MAX_QUERY_LENGTH:
        raise _too_long(length)
    told = {
        name: parse_value(name, value) for name, value in given.items() if prefix or name not in RESERVED_PARAMETERS
    }
    return told if has_no_settings(query) else naming.fill_absent(kind, told)


def parse_settings(pairs: Iterable[str]) -> dict[str, str]:
    """Returns ``--set`` options, ``["training.epochs=3"]``, as ``{path: text}``. Raises `InputError`."""
    settings = {}
    for pair in pairs:
        path, equals, value = pair.partition("=")
        if not equals:
            raise InputError("--set", "have the form path=value", pair)
        settings[path.strip()] = value.strip()
    return settings


TEXT_FIELDS = frozenset({"network.edges", "network.cell", "cell", "data.name", "run", "other", "drawn", "focus"})
"""Paths of fields whose value stays text even if it is made of digits."""


def parse_value(path: str, value: Any) -> Any:
    """Returns `value` as a number if it is the text of a finite number, else unchanged; text fields are never
    converted.
    """
    if not isinstance(value, str) or path in TEXT_FIELDS or path.endswith(".kind"):
        return value
    text = value.strip()
    if len(text) > 40 or "_" in text:
        return value
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else value
    return value


def parse_choice(registry: Registry[Any], path: str, value: object) -> Choice:
    """Returns a registry entry with parameters, read from text such as ``sgd:momentum=0.8:weight_decay=0.01`` or an
    object.

    Text comes from links: parameters left out get their absent value. Raises `InputError` naming `path`.
    """
    if not isinstance(value, str):
        return Choice(registry.choose(path, dict(value) if isinstance(value, Mapping) else value))
    kind, *settings = value.strip().split(":")
    given: dict[str, Any] = {"kind": kind}
    for setting in settings:
        name, _, text = setting.partition("=")
        try:
            given[name] = float(text)
        except ValueError:
            raise InputError(f"{path}.{name[:40]}", "be a number", text) from None
    return Choice(registry.choose(path, naming.complete_choice(registry, given)))


def format_choice(registry: Registry[Any], choice: Choice) -> str:
    """Returns a choice as text (``kaiming:gain=3``) without parameters at their original default (`design.naming`)."""
    usual = naming.absent_parameters(registry, choice.kind)
    changed = [
        f"{name}={format_number(value)}" for name, value in choice.parameters.items() if value != usual.get(name)
    ]
    return ":".join([choice.kind, *changed])


def differences(designs: list[Design]) -> dict[str, list[Any]]:
    """Returns the paths at which designs differ, each with its value in every design (None where missing)."""
    flats = [flatten(design) for design in designs]
    paths = dict.fromkeys(path for flat in flats for path in flat)
    columns = {path: [flat.get(path) for flat in flats] for path in paths}
    return {path: values for path, values in columns.items() if any(value != values[0] for value in values)}


def format_last_name(path: str, value: Any) -> str:
    """Returns a field as short text: the path's last part and the value; of a kind the value only.

    >>> format_last_name("neuron.threshold", 1.0), format_last_name("init.kind", "kaiming")
    ('threshold 1.0', 'kaiming')
    """
    return str(value) if path.endswith((".kind", ".code")) else f"{path.split('.', 1)[-1]} {format_value(value)}"


@lru_cache(maxsize=8192)
def one_line_summary(design: Design, field: Callable[[str, Any], str] = format_last_name) -> str:
    """Returns a design in a few words: data set, network, initialisation and what else is not default.

    `field(path, value)` formats a field and its value.
    """
    network = design.network
    words = network.describe()
    if network.norm != "none":
        words.append(f"{network.norm} normalisation")
    if network.code != "rate":
        words.append(field("network.code", network.code))
    elif design.neuron.kind != naming.ABSENT["Neuron.kind"]:
        words.append(field("neuron.kind", design.neuron.kind))
    words = [design.data.name, *words]
    words.append(field("init.kind", design.init.kind))
    if design.training.precision != "float32":
        words.insert(0, design.training.precision)  # where no table cuts it off
    if design.training.shortcut.schedule.kind != "zero":
        words.append(f"{design.training.shortcut.schedule.kind} shortcuts")
    named = ("network.", "data.name", "init.kind", "training.precision", NEURON)
    base = flatten(default_of_same_kinds(design))
    for path, value in flatten(design).items():
        if not path.startswith(named) and value != base.get(path):
            words.append(field(path, value))
    return " · ".join(words)


def _put(document: dict[str, Any], path: str, value: Any, neurons: Neurons) -> None:
    if len(path) > 100:
        raise InputError("link", "name fields of a design", path)
    *outer, last = path.split(".")
    part: Any = document
    for name in outer:
        part = part.get(name) if isinstance(part, dict) else None
    if not isinstance(part, dict):
        raise _unknown(document, path, value)
    if path == NEURON:
        if isinstance(value, str) and value in NEURONS and resets_part(path, part.get("kind"), value):
            now = neurons(AnyNeuron.class_for({"kind": value}), value)
            part.clear()
            part |= now
        part["kind"] = value
    elif last == "kind" and outer:
        part.clear()
        part["kind"] = value
    elif isinstance(part.get(last), dict):  # a choice by its name alone, such as init=kaiming
        part[last] = {"kind": value} if isinstance(value, str) else value
    elif last in part or outer:
        part[last] = value
    else:
        raise _unknown(document, path, value)


def _unknown(document: dict[str, Any], path: str, value: Any) -> InputError:
    known = [
        *document,
        *(f"{name}.{field}" for name, part in document.items() if isinstance(part, dict) for field in part),
    ]
    return InputError(path[:60] or "link", "be a field of a design", value, did_you_mean(path, known))


def _too_long(length: int) -> InputError:
    return InputError("link", f"be at most {MAX_QUERY_LENGTH:,} characters long", Unquoted(f"{length:,} characters"))


def _listed(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, list) else value


def format_number(value: float) -> str:
    """Returns a number as the shortest text that reads back as the same number.

    >>> format_number(1.0), format_number(0.3), format_number(1 / 3)
    ('1', '0.3', '0.3333333333333333')
    """
    text = f"{value:.10g}"
    return text if float(text) == value else repr(value)


def format_value(value: Any) -> str:
    """Returns the value of a field as text: text unchanged, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
