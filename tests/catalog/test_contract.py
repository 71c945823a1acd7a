"""What every entry of every registry promises, and with it every menu, slider, link and page of documentation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.design import menus as module
from snnviz.design.design import Design
from snnviz.design.links import change, from_query, to_query
from snnviz.design.menus import DATASETS
from snnviz.design.registry import Entry, Parameter, Registry
from snnviz.errors import InputError
from tests.designs import choices, entries, is_a_sentence, outside

PATHS = {
    "ENCODINGS": "data.encoding",
    "SURROGATES": "neuron.surrogate",
    "INITS": "init",
    "OPTIMIZERS": "training.optimizer",
    "SCHEDULES": "training.schedule",
    "LOSSES": "training.loss",
    "SHORTCUTS": "training.shortcut.schedule",
}
"""Where a design holds its choice from each registry; a data set is chosen by its name alone."""

REGISTRIES: dict[str, Registry[Any]] = {
    name: thing for name, thing in vars(module).items() if isinstance(thing, Registry)
}
ENTRIES = [
    pytest.param(path, entry, id=f"{path}={entry.kind}") for name, path in PATHS.items() for entry in REGISTRIES[name]
]
EVERY = [
    *ENTRIES,
    *(pytest.param("data.name", entry, id=f"data.name={entry.kind}") for entry in DATASETS),
]
PARAMETERS = [
    pytest.param(path, entry, parameter, id=f"{path}={entry.kind}.{parameter.name}")
    for name, path in PATHS.items()
    for entry in REGISTRIES[name]
    for parameter in entry.parameters
]


def chosen(design: Design, path: str) -> Any:
    part: Any = design
    for name in path.split("."):
        part = getattr(part, name)
    return part


def design_with(path: str, choice: Any) -> Design:
    document: Any = choice
    for name in reversed(path.split(".")):
        document = {name: document}
    return Design.check(document)


def test_every_registry_of_a_design_is_covered_here() -> None:
    assert set(REGISTRIES) == {*PATHS, "DATASETS", "NEURONS"}  # neurons: tests/catalog/test_neurons.py
    assert all(len(registry.kinds) >= 2 for registry in REGISTRIES.values())


@pytest.mark.parametrize("entry", [entry for registry in REGISTRIES.values() for entry in registry])
def test_it_says_in_a_sentence_what_it_is_and_where_it_comes_from(entry: Entry[Any]) -> None:
    assert entry.title.endswith(".")
    assert 15 < len(entry.title) < 200
    assert "\n" not in entry.title
    assert ">>>" not in entry.notes
    assert len(entry.source) > 5


@pytest.mark.parametrize(("path", "entry"), EVERY)
def test_its_kind_can_stand_in_a_link_as_it_is(path: str, entry: Entry[Any]) -> None:
    assert entry.kind.replace("-", "").isalnum()
    assert entry.kind == entry.kind.lower().replace("_", "-")
    design = from_query(f"{path if path == 'data.name' else path + '.kind'}={entry.kind}")
    assert entry.kind in (chosen(design, path), getattr(chosen(design, path), "kind", None))


@pytest.mark.parametrize(("path", "entry", "parameter"), PARAMETERS)
def test_each_parameter_has_a_range_a_default_inside_it_and_help(
    path: str, entry: Entry[Any], parameter: Parameter
) -> None:
    limits = parameter.range
    assert limits.low < limits.high
    assert limits.canonical(parameter.default, parameter.whole) == parameter.default
    assert limits.help.endswith(".")
    assert limits.step is not None
    assert 0 < limits.step <= limits.high - limits.low
    assert chosen(design_with(path, entry.kind), path)[parameter.name] == parameter.default


@pytest.mark.parametrize(("path", "entry", "parameter"), PARAMETERS)
def test_both_ends_of_a_range_are_accepted_and_survive_a_link(
    path: str, entry: Entry[Any], parameter: Parameter
) -> None:
    for end in (parameter.range.low, parameter.range.high):
        design = design_with(path, {"kind": entry.kind, parameter.name: end})
        assert chosen(design, path)[parameter.name] == end
        assert from_query(to_query(design)) == design
        assert change(Design(), {f"{path}.kind": entry.kind, f"{path}.{parameter.name}": str(end)}) == design


@pytest.mark.parametrize(("path", "entry", "parameter"), PARAMETERS)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_outside_a_range_is_refused_with_a_sentence(
    path: str, entry: Entry[Any], parameter: Parameter, data: st.DataObject
) -> None:
    wrong = data.draw(outside(parameter.range, parameter.whole))
    with pytest.raises(InputError) as caught:
        design_with(path, {"kind": entry.kind, parameter.name: wrong})
    assert is_a_sentence(caught.value)
    assert caught.value.field == f"{path}.{parameter.name}"
    assert parameter.range.rule(parameter.whole) in str(caught.value)


@pytest.mark.parametrize(("path", "entry"), ENTRIES)
def test_a_misspelt_kind_or_parameter_is_refused_with_a_sentence(path: str, entry: Entry[Any]) -> None:
    for choice, field in ((entry.kind + "x", f"{path}.kind"), ({"kind": entry.kind, "nosuch": 1}, f"{path}.nosuch")):
        with pytest.raises(InputError) as caught:
            design_with(path, choice)
        assert is_a_sentence(caught.value)
        assert caught.value.field == field


@pytest.mark.parametrize(("path", "entry"), ENTRIES)
@settings(max_examples=40)
@given(data=st.data())
def test_any_choice_of_it_is_complete_canonical_and_survives_a_link(
    path: str, entry: Entry[Any], data: st.DataObject
) -> None:
    design = design_with(path, data.draw(entries(entry)))
    complete = chosen(design, path)
    assert list(complete) == ["kind", *(parameter.name for parameter in entry.parameters)]
    assert all(type(complete[p.name]) is (int if p.whole else float) for p in entry.parameters)
    assert from_query(to_query(design)) == design


@pytest.mark.parametrize("name", PATHS)
@given(data=st.data())
def test_choosing_twice_changes_nothing(name: str, data: st.DataObject) -> None:
    registry = REGISTRIES[name]
    once = registry.choose("x", data.draw(choices(registry)))
    assert registry.choose("x", once) == once
