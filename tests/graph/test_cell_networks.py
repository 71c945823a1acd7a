"""A cell as layers: which there are, what each reads, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design import cells, links
from snnviz.design.design import Design
from snnviz.design.networks import KINDS, CellNetwork
from snnviz.errors import InputError
from snnviz.graph.architectures import Layer, Source, build_architecture, build_architecture_for
from snnviz.studies.activity.page.setting import typical_layer
from snnviz.theory import costs
from tests.designs import connected


def design(cell: object, **network: Any) -> Design:
    return Design.check({"network": {"kind": "cell", "cell": cell, "channels": 4, **network}})


def layers(cell: object, **network: Any) -> dict[str, Layer]:
    return {layer.name: layer for layer in build_architecture(design(cell, **network)).layers}


def read(cell: object) -> dict[str, list[tuple[str, int, int]]]:
    """What each layer of the first cell reads, as (layer, delay, smooth)."""
    made = layers(cell)
    names = list(made)
    return {
        name: [(names[source.layer], source.delay, source.smooth) for source in layer.sources]
        for name, layer in made.items()
        if name.startswith("C1.")
    }


def test_the_default_is_the_first_published_cell() -> None:
    assert KINDS["cell"] is CellNetwork
    assert cells.to_text(CellNetwork().cell) == "0303 0030 2002 0200"
    assert design("0303/0030/2002/0200").network.cell == CellNetwork().cell


def test_convolutions_of_a_node_share_its_neurons_and_operations_back_are_late() -> None:
    assert read("0303 0030 2002 0200") == {
        "C1.n0": [("stem", 0, 1), ("C1.2>0", 1, 1)],
        "C1.0>1": [("C1.n0", 0, 1)],
        "C1.0>3": [("C1.n0", 0, 1)],
        "C1.n1": [("C1.0>1", 0, 1), ("C1.3>1", 1, 1)],
        "C1.1>2": [("C1.n1", 0, 1)],
        "C1.n2": [("C1.1>2", 0, 1)],
        "C1.2>0": [("C1.n2", 0, 1)],
        "C1.2>3": [("C1.n2", 0, 1)],
        "C1.3": [("C1.0>3", 0, 1), ("C1.2>3", 0, 1)],
        "C1.n3": [("C1.3", 0, 1)],
        "C1.3>1": [("C1.n3", 0, 1)],
        "C1.out": [("C1.3", 0, 1)],
    }


def test_skips_and_pools_are_sources_and_a_sum_is_a_layer_only_where_it_is_read_as_it_is() -> None:
    assert read("0143 0014 0001 0000") == {
        "C1.n0": [("stem", 0, 1)],
        "C1.0>3": [("C1.n0", 0, 1)],
        "C1.2": [("stem", 0, 3), ("stem", 0, 1)],  # a pool of node 0, and node 1, which is node 0
        "C1.out": [("C1.0>3", 0, 1), ("stem", 0, 3), ("C1.2", 0, 1)],
    }
    assert read("0001 0000 0000 0000") == {"C1.out": [("stem", 0, 1)]}


def test_a_pool_of_a_pool_and_a_late_skip_of_a_late_sum_are_each_one_source_deep() -> None:
    assert read("0400 0040 0004 0000") == {
        "C1.1": [("stem", 0, 3)],
        "C1.2": [("C1.1", 0, 3)],
        "C1.out": [("C1.2", 0, 3)],
    }
    assert read("0003 0003 0100 0010") == {
        "C1.n0": [("stem", 0, 1)],
        "C1.0>3": [("C1.n0", 0, 1)],
        "C1.n1": [("C1.2", 1, 1)],
        "C1.1>3": [("C1.n1", 0, 1)],
        "C1.2": [("C1.3", 1, 1)],
        "C1.3": [("C1.0>3", 0, 1), ("C1.1>3", 0, 1)],
        "C1.out": [("C1.3", 0, 1)],
    }


def test_the_rest_of_the_network_is_the_papers() -> None:
    made = layers("0333 0033 0003 0000", enlarge=2, hidden=24, voters=7, dropout=0.3)
    names = list(made)
    assert names[0] == "stem"
    assert names[-3:] == ["C2.out", "hidden", "readout"]
    stem, out, reduction, hidden, readout = (made[n] for n in ("stem", "C1.out", "reduction", "hidden", "readout"))
    assert (stem.in_shape, stem.out_shape, stem.plain, stem.normed) == ((1, 16, 16), (4, 16, 16), True, True)
    assert stem.sources == (Source(-1, enlarge=2),)
    assert (out.kind, out.normed, out.spiking, out.out_shape) == ("neurons", True, True, (4, 16, 16))
    assert (reduction.kernel, reduction.plain, reduction.normed, reduction.out_shape) == (3, True, True, (8, 16, 16))
    assert made["C2.n0"].sources == (Source(names.index("reduction"), pool=2),)
    assert made["C2.n0"].out_shape == (8, 8, 8)
    assert not made["C2.n0"].normed
    assert hidden.sources == (Source(names.index("C2.out"), pool=2),)
    assert (hidden.in_shape, hidden.dropout, hidden.biased, hidden.normed) == ((8, 4, 4), 0.3, False, False)
    assert (readout.out_shape, readout.voters, readout.biased, readout.dropout) == ((70, 1, 1), 7, True, 0)
    assert all(layer.by_step for layer in made.values() if layer.normed)
    assert not any(layer.normed for layer in layers("0333 0033 0003 0000", norm="none").values())


def test_maps_are_halved_only_where_they_are_large_enough() -> None:
    for side, (second, seen) in {8: (4, 2), 7: (3, 3), 4: (2, 2), 3: (3, 3)}.items():
        made = {
            layer.name: layer
            for layer in build_architecture_for(design("0303 0030 2002 0200"), (1, side, side), 10).layers
        }
        assert (made["C2.n0"].in_shape, made["hidden"].in_shape) == ((8, second, second), (8, seen, seen)), side


@given(connected(), st.sampled_from(["batch", "none"]))
def test_any_cell_is_built_of_what_is_useful_in_it_and_of_nothing_else(cell: cells.Cell, norm: str) -> None:
    useful = cells.without_unused_connections(cell)
    built, same = build_architecture(design(cell, norm=norm)), build_architecture(design(useful, norm=norm))
    assert built == same
    found = [layer.name for layer in built.layers if ">" in layer.name]
    places = [(i, j) for i, j in cells.NODE_PAIRS if useful[i][j] in (cells.CONV1, cells.CONV3)]
    assert sorted(found) == sorted(f"C{k}.{i}>{j}" for k in (1, 2) for i, j in places)
    for layer in built.layers:
        if ">" in layer.name:
            i, j = int(layer.name[3]), int(layer.name[5])
            assert layer.kernel == {2: 1, 3: 3}[useful[i][j]]
            (source,) = layer.sources
            assert built.layers[source.layer].name == f"{layer.name[:3]}n{i}"
    late = any(source.delay for layer in built.layers for source in layer.sources)
    assert late == cells.has_backward(useful)
    reaching = {source.layer for layer in built.layers for source in layer.sources}
    assert reaching == set(range(-1, len(built.layers) - 1))  # each layer is read by one, but for the readout


@given(connected())
def test_useless_connections_are_those_whose_loss_is_not_noticed(cell: cells.Cell) -> None:
    """A walk from node 0 to node 3 goes over each that is left, and over none that is gone."""
    useful = cells.without_unused_connections(cell)

    def walks(a: int, b: int, over: cells.Cell) -> bool:
        reached, fresh = {a}, [a]
        while fresh:
            i = fresh.pop()
            for j in range(cells.NODES):
                if over[i][j] and j not in reached:
                    reached.add(j)
                    fresh.append(j)
        return b in reached

    for i, j in cells.NODE_PAIRS:
        needed = bool(cell[i][j]) and walks(0, i, cell) and walks(j, cells.OUTPUT_NODE, cell)
        assert useful[i][j] == (cell[i][j] if needed else 0)


BAD = [
    ({"cell": "0110 0000 0000 0000"}, "network.cell must lead from node 0 to node 3, got '0110 0000 0000 0000'"),
    ({"cell": "0103 0000 0300"}, "network.cell must have 4 rows of 4 operations, got 3 rows"),
    ({"cell": "0303 3000 0000 0000"}, "network.cell[1][0] must be 0 (node 0 feeds node 1 already, and a pair has one"),
    ({"enlarge": 3}, "network.enlarge must be one of 1, 2, 4, got 3"),
    ({"dropout": 0.95}, "network.dropout must be a number from 0 to 0.9, got 0.95"),
    ({"voters": 51}, "network.voters must be a whole number from 1 to 50, got 51"),
    ({"hidden": 0}, "network.hidden must be a whole number from 1 to 4096, got 0"),
    ({"depth": 3}, "network.depth must be a field of a network of kind cell, got 3"),
]


@pytest.mark.parametrize(("network", "sentence"), BAD)
def test_what_is_wrong_with_a_field_is_one_sentence(network: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Design.check({"network": {"kind": "cell", **network}})
    assert str(caught.value).startswith(sentence)


def test_a_link_carries_a_cell() -> None:
    made = design("0134 0022 0003 0000", enlarge=4)
    assert links.from_query(links.to_query(made)) == made
    for text in ("0134002200030000", "0134/0022/0003/0000"):
        assert links.from_query({"network.kind": "cell", "network.cell": text}).network.cell == made.network.cell
    assert links.one_line_summary(made).startswith("digits · cell 0134 0022 0003 0000, 4 ch · batch normalisation")


def test_the_activity_page_takes_the_fan_in_of_a_layer_with_weights() -> None:
    one = typical_layer(design("0333 0033 0003 0000", channels=16))
    assert one.fan_in == 9 * 16
    few = typical_layer(design("0001 0000 0000 0000"))
    assert (few.fan_in, few.hidden) == (8 * 2 * 2, 3)  # of the hidden layer; stem, reduction and that one


def test_a_cell_with_more_weights_costs_more() -> None:
    few, many = design("0203 0000 0000 0000"), design("0333 0033 0003 0000")
    for cost in (costs.parameter_count, costs.macs_per_step, costs.memory_bytes, costs.training_seconds):
        assert cost(few) < cost(many)
    assert (
        costs.parameter_count(few) - costs.parameter_count(design("0003 0000 0000 0000")) == 0
    )  # node 1 leads nowhere
