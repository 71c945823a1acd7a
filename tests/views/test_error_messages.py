"""Refusals in the words of the pages: every change that a form offers and a design refuses, and what mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import DATASETS
from snnviz.design.networks import KINDS
from snnviz.design.part import Part
from snnviz.design.registry import Range, Registry
from snnviz.errors import InputError
from snnviz.graph.nearest import IncompatibleDesign
from snnviz.graph.repairs import repair_change
from snnviz.views import changes
from snnviz.views.error_messages import REASONS, error_text

PROGRAM = re.compile(r"\b(?:data|network|neuron|training|ttfs|init)\.[a-z_]+|_[a-z]|'")
"""Paths, names with an underscore, and values in the quotes of Python."""

STARTS = (
    *({"network.kind": kind} for kind in KINDS),
    {"network.edges": "000/000/010"},
    {"network.kind": "mlp", "network.code": "ttfs", "neuron.kind": "relu", "data.steps": 1},
    {"network.kind": "mlp", "neuron.kind": "relu", "data.steps": 1},
    {"network.kind": "mlp", "training.shortcut.schedule": "linear", "training.shortcut.layers": "2"},
    {"data.name": "nmnist", "data.events.downsample": 2, "data.events.crop": 20},
    {"data.encoding": "rate"},
)


def fields(part: Part, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every field and what a form may set it to: ends of ranges, options, entries."""
    for name, info in type(part).model_fields.items():
        path, value = f"{prefix}{name}", getattr(part, name)
        if isinstance(value, Part):
            yield from fields(value, f"{path}.")
        for held in info.metadata:
            if isinstance(held, Range):
                yield from ((path, held.low), (path, held.high))
            if isinstance(held, Registry):
                yield from ((f"{path}.kind", kind) for kind in held.kinds)
        if get_origin(info.annotation) is Literal:
            yield from ((path, option) for option in get_args(info.annotation))


def refusals() -> Iterator[tuple[Design, dict[str, Any], InputError]]:
    for start in STARTS:
        design = links.change(Design(), start)
        named = [("network.kind", kind) for kind in KINDS] + [("data.name", name) for name in DATASETS.kinds]
        for path, value in [*fields(design), *named]:
            try:
                links.change(design, {path: value})
            except InputError as error:
                yield design, {path: value}, error


def test_every_refusal_is_in_the_words_of_the_page() -> None:
    found = list(refusals())
    assert len(found) > 100
    for _, wish, error in found:
        assert not PROGRAM.search(error_text(error)), (wish, error_text(error))
        if isinstance(error, IncompatibleDesign):
            assert not PROGRAM.search(changes.nearest_changes(error.nearest))


def test_what_mends_a_refusal_keeps_what_was_wished() -> None:
    mended = 0
    for design, wish, error in refusals():
        found = repair_change(design, wish)
        if isinstance(error, IncompatibleDesign):
            assert found == error.nearest
        elif found is not None:
            mended += 1
            assert links.flatten(found.design).items() >= wish.items()
            assert found.design == links.change(design, {**wish, **found.changes})
            assert found.changes
    assert mended >= 3


def test_a_norm_asked_for_beside_backward_connections_takes_them_away_and_the_other_way_round() -> None:
    back = links.change(Design(), {"network.edges": "001/000/010"})
    found = repair_change(back, {"network.norm": "batch"})
    assert found is not None
    assert changes.nearest_changes(found) == "Skips 1 DSC instead of 1 DSC + 1 backward"
    found = repair_change(links.change(Design(), {"network.norm": "batch"}), {"network.edges": "001/000/010"})
    assert found is not None
    assert changes.nearest_changes(found) == "Normalisation none instead of batch"


def test_each_reason_is_met() -> None:
    """A rule that is put in other words in the catalogue must not lose its sentence here."""
    told = {error.field for _, _, error in refusals() if isinstance(error, IncompatibleDesign)}
    assert {field for field, _ in REASONS} <= told | {"network.edges"}
    sentences = {error_text(error) for _, _, error in refusals() if isinstance(error, IncompatibleDesign)}
    general = [sentence for sentence in sentences if " must " in sentence]
    assert not general
