"""The nearest design that ReLUs, or one spike a neuron, can have: for all kinds of network and all named designs."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.networks import KINDS
from snnviz.errors import InputError
from snnviz.graph.nearest import IncompatibleDesign, nearest_design, ttfs_violations, violations
from snnviz.graph.ttfs import relu_network, ttfs_network
from tests.designs import DESIGNS

KIND = {kind: change(Design(), {"network.kind": kind}) for kind in KINDS}
MORE = {
    "skips and back": {"network.edges": "0020/0002/0000/0200"},
    "skips": {"network.edges": "0010/0002/0000/0000"},
    "events": {"data.name": "nmnist", "data.events.window_ms": 20, "data.augment.drop": 0.2, "data.augment.flip": "on"},
    "bfloat16": {"training.precision": "bfloat16", "network.kind": "mlp"},
    "shortcuts": {"network.kind": "mlp", "training.shortcut.schedule": "linear", "training.shortcut.layers": "1,2"},
    "counted": {"network.kind": "cnn", "training.loss": "count", "data.encoding": "rate"},
    "stages": {"network.kind": "resnet18", "network.depth": 0.5, "network.width": 0.1, "init": "glorot"},
    "learnt": {"network.kind": "mlp", "neuron.learn": "both", "neuron.reset": "zero", "network.norm": "batch"},
}
ALL = {
    **{name: get_example(name) for name in EXAMPLES},
    **KIND,
    **{name: change(Design(), settings) for name, settings in MORE.items()},
}


def asked(design: Design, settings: dict[str, Any]) -> Design | InputError:
    try:
        return change(design, settings)
    except InputError as error:
        return error


@pytest.mark.parametrize("name", ALL)
def test_its_list_is_complete_and_makes_it_at_once(name: str) -> None:
    design = ALL[name]
    wishes: list[dict[str, Any]] = [{"network.code": "ttfs"}, {"neuron.kind": "relu"}, {"network.code": "rate"}]
    wishes += [{"network.code": "ttfs", "neuron.kind": "relu", "ttfs.penalty": 0.5}]
    for wish in wishes:
        found = asked(design, wish)
        if isinstance(found, Design):
            continue
        assert isinstance(found, IncompatibleDesign)
        near = found.nearest
        assert not list(violations(near.design))
        assert near.design == Design.read(near.design.canonical())
        assert near.changes
        assert str(found).endswith(f"; the nearest has {near}")
        assert change(design, wish | near.changes) == near.design
        for path, value in wish.items():
            changed = near.design.document()
            for part in path.split("."):
                changed = changed[part]
            assert changed == value  # what was asked for is what one gets
        for left in near.changes:  # nothing is listed that need not be, alone or as what belongs to a kind
            fewer = {path: text for path, text in near.changes.items() if path != left}
            again = asked(design, wish | fewer)
            assert isinstance(again, InputError) or again != near.design


@pytest.mark.parametrize("name", ALL)
def test_what_has_a_twin_is_left_as_it_is_and_its_ttfs_network_is_the_nearest(name: str) -> None:
    design = ALL[name]
    near = nearest_design(design, code="ttfs").design
    assert near.network.code == "ttfs"
    assert relu_network(near).neuron.kind == "relu"
    if list(ttfs_violations(design)):
        with pytest.raises(IncompatibleDesign) as refused:
            ttfs_network(design)
        assert refused.value.nearest.design == near
        row = nearest_design(design, row=True).design
        assert not list(ttfs_violations(row))
        assert row.network.code == design.network.code
        assert ttfs_network(row) == near
    else:
        assert ttfs_network(design) == near
        assert nearest_design(design, row=True).changes == {}


@given(DESIGNS)
def test_any_design_has_a_nearest_of_one_spike_a_neuron(design: Design) -> None:
    near = nearest_design(design, code="ttfs")
    assert near.design.network.code == "ttfs"
    assert near.design.seed == design.seed
    assert nearest_design(near.design).changes == {}


def test_all_that_stands_in_the_way_is_named_at_once() -> None:
    found = asked(get_example("vgg-digits"), {"network.code": "ttfs"})
    assert isinstance(found, IncompatibleDesign)
    assert set(found.nearest.changes) == {
        "network.norm", "neuron.kind", "neuron.threshold", "data.steps", "init.kind",
    }  # fmt: skip
    assert "network.norm=none (was batch)" in found.nearest.summary


def test_what_relus_were_given_is_kept() -> None:
    relus = change(Design(), {"network.kind": "mlp", "neuron.kind": "relu", "data.steps": 1, "init": "glorot"})
    for settings, kept in product([{"data.steps": 3}, {"training.loss": "count"}], ["init"]):
        found = asked(relus, settings)
        assert isinstance(found, IncompatibleDesign)
        assert found.nearest.design == relus
        assert getattr(found.nearest.design, kept) == relus.init
