"""Where branches begin, and how heavy they are in each epoch."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.catalog.shortcuts import loss_weights
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.links import change, from_query, to_query
from snnviz.design.menus import SHORTCUTS
from snnviz.design.parts import Shortcut
from snnviz.design.registry import Entry
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.graph.branches import branch_layers, branch_parameter_count
from tests.designs import entries, is_a_sentence

EACH = pytest.mark.parametrize("entry", list(SHORTCUTS), ids=lambda entry: entry.kind)
FORMULAS: dict[str, Any] = {
    "zero": lambda *_: 0,
    "constant": lambda *_: 1,
    "linear": lambda e, E: 1 - e / E,
    "cosine": lambda e, E: (1 + math.cos(math.pi * e / E)) / 2,
    "exponential": lambda e, E: math.exp(-5 * e / E),
    "step": lambda e, _: 0.5 ** (e // 5),
}


@EACH
@given(data=st.data(), epochs=st.integers(1, 300))
def test_lambda_begins_at_its_weight_and_never_grows(entry: Entry[Any], data: st.DataObject, epochs: int) -> None:
    given = {name: value for name, value in data.draw(entries(entry)).items() if name != "kind"}
    values = [entry.function(epoch, epochs, **given) for epoch in range(epochs)]
    assert values[0] == (0 if entry.kind == "zero" else given.get("weight", 1.0))
    assert all(0 <= later <= before for before, later in pairwise(values))
    assert values == [entry.function(epoch, epochs, **given) for epoch in range(epochs)]


@pytest.mark.parametrize("kind", SHORTCUTS.kinds)
def test_it_follows_its_formula(kind: str) -> None:
    function = SHORTCUTS[kind].function
    assert [function(e, 12) for e in range(12)] == pytest.approx([FORMULAS[kind](e, 12) for e in range(12)])


@given(value=st.floats(0, 10), count=st.integers(1, 50))
def test_normalised_factors_add_up_to_one_in_the_proportion_of_lambda(value: float, count: int) -> None:
    schedule = {"kind": "constant", "weight": value}
    found = loss_weights(Shortcut.model_validate({"schedule": schedule, "weighting": "normalised"}), 0, 5, count)
    assert found.main + count * found.branch == pytest.approx(1)
    assert count * found.branch == pytest.approx(value * found.main)
    plain = loss_weights(Shortcut.model_validate({"schedule": schedule}), 0, 5, count)
    assert (plain.main, plain.branch, plain.value) == (1, value, value)


def with_branches(network: str, **settings: Any) -> Design:
    named = {"network.kind": network, "training.shortcut.schedule": "linear"}
    return change(Design(), named | {name.replace("_", "."): value for name, value in settings.items()})


@pytest.mark.parametrize(
    ("made", "names"),
    [
        (with_branches("mlp", network_depth=12), ["L3", "L6", "L9"]),
        (with_branches("mlp", network_depth=1), ["L1"]),
        (with_branches("mlp", network_depth=2), ["L1"]),
        (with_branches("cnn", network_depth=8), ["L2", "L4", "L6"]),
        (with_branches("block"), ["stem", "L1", "L2"]),
        (with_branches("resnet18"), ["B1.out", "B2.out", "B3.out"]),
        (with_branches("densenet121"), ["B1.out", "B2.out", "B3.out"]),
        (with_branches("mobilenetv2"), ["B1.L1b", "B2.out", "B3.out", "B4.out", "B5.out", "B6.out"]),
    ],
)
def test_usual_branches_are_at_quarters_of_the_depth_or_after_each_block(made: Design, names: list[str]) -> None:
    layers = build_architecture(made).layers
    assert [layers[index].name for index in branch_layers(made)] == names
    assert branch_parameter_count(made) == sum(10 * (layers[index].out_shape[0] + 1) for index in branch_layers(made))


@pytest.mark.parametrize("text", ["3,6,9", "[3,6,9]", "[3, 6, 9]", [3, 6, 9], (3, 6, 9), [3.0, 6, 9]])
def test_layers_can_be_written_in_many_ways_and_are_one_value(text: Any) -> None:
    made = change(with_branches("mlp", network_depth=12), {"training.shortcut.layers": text})
    assert made.training.shortcut.layers == (3, 6, 9)
    assert branch_layers(made) == (2, 5, 8)
    assert to_query(made).endswith("training.shortcut.layers=3,6,9")
    assert from_query(to_query(made)) == made
    assert Design.read(made.canonical()) == made
    assert "linear shortcuts" in links.one_line_summary(made)


@pytest.mark.parametrize(
    "layers", ["6,3", "3,3", "0", "-1", "1.5", "x", "1,,2", True, [True], [[1]], {}, "9" * 50, None]
)
def test_what_is_no_list_of_layers_is_refused_with_a_sentence(layers: Any) -> None:
    with pytest.raises(InputError) as caught:
        change(with_branches("mlp"), {"training.shortcut.layers": layers})
    assert is_a_sentence(caught.value)
    assert caught.value.field == "training.shortcut.layers"


@pytest.mark.parametrize(("network", "last"), [("mlp", 4), ("cnn", 4), ("block", 5), ("resnet18", 17), ("cell", 11)])
def test_a_layer_that_is_not_there_is_refused_with_a_sentence(network: str, last: int) -> None:
    assert change(with_branches(network), {"training.shortcut.layers": last}).training.shortcut.layers == (last,)
    with pytest.raises(InputError) as caught:
        change(with_branches(network), {"training.shortcut.layers": [1, last + 1]})
    rule = f"must be hidden layers of the network, from 1 to {last}, got [1, {last + 1}]"
    assert str(caught.value) == f"training.shortcut.layers {rule}"
