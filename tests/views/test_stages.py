"""A staged network as a whole: its parts add up to the network that is built."""

from __future__ import annotations

from typing import get_args

import pytest

from snnviz.design import links
from snnviz.design.adjacency import ASC, DSC
from snnviz.design.design import Design
from snnviz.design.networks import StagedNetwork
from snnviz.design.staged import StagedKind
from snnviz.graph.architectures import build_architecture
from snnviz.graph.twins import ann_twin
from snnviz.theory import costs
from snnviz.theory.variance import forecast_layers
from snnviz.views.design import forecast_chart, layer_table
from snnviz.views.stages import block_of, block_text, blocks_of_same_size, layer_axis, stages

KINDS = get_args(StagedKind)


def made(kind: str, **network: object) -> Design:
    return links.change(
        Design(), {"network.kind": kind, **{f"network.{name}": value for name, value in network.items()}}
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("depth", [0.25, 1])
def test_the_parts_are_the_whole(kind: str, depth: float) -> None:
    design = made(kind, width=0.25, depth=depth)
    network = design.network
    assert isinstance(network, StagedNetwork)
    parts = stages(design)
    assert sum(part.share for part in parts) == pytest.approx(1)
    blocks = [part for part in parts if part.edges]
    assert [part.edges for part in blocks] == list(network.matrices)
    assert [part.layers for part in blocks] == [len(edges) - 2 for edges in network.originals]
    assert [part.name for part in parts if not part.edges] == ["stem", *(["head"] if "mob" in kind else []), "readout"]
    assert not any(part.changed for part in parts)
    assert parts[-1].shape == (10, 1, 1)


def test_a_block_hands_on_what_the_next_part_reads() -> None:
    dense = stages(made("densenet121"))
    assert [part.shape for part in dense[:3]] == [(64, 8, 8), (64 + 6 * 32, 8, 8), (128 + 12 * 32, 4, 4)]
    assert [part.shape[0] for part in stages(made("resnet18"))] == [64, 64, 128, 256, 512, 10]


def test_a_changed_block_is_marked_and_its_skips_are_counted() -> None:
    design = made("resnet18", width=0.125, blocks=";000100/000000/000002/000000/000000/000000;;")
    block = stages(design)[2]
    assert block.changed
    assert (block.count(DSC), block.count(ASC)) == (1, 1)
    assert [part.changed for part in stages(design)].count(True) == 1
    bigger = stages(design)[2].share * sum(layer.parameters for layer in build_architecture(design).layers)
    assert bigger == pytest.approx(
        sum(layer.parameters for layer in build_architecture(design).layers if layer.name.startswith("B2."))
    )


def test_what_a_skip_across_a_change_of_channels_is_is_said_where_there_is_one() -> None:
    design = made("resnet18", width=0.125)
    assert block_text(design, 1) == "4 layers, each a 3×3 convolution."
    assert "Its input has 8 channels, a layer 16: an ASC skip" in block_text(design, 2)
    assert "half as wide" in block_text(design, 2)
    assert "every second point" in block_text(design, 2)
    assert "half" not in block_text(design, 4)  # maps of 2x2 are not halved
    assert "half" not in block_text(made("densenet121"), 2)  # a transition did it
    assert "1×1 wider" not in block_text(made("mobilenetv2"), 1)
    assert "currents rather than spikes" in block_text(made("mobilenetv2"), 3)


def test_blocks_with_as_many_layers_are_alike() -> None:
    for kind, number, others in (("resnet18", 2, (1, 3, 4)), ("densenet121", 2, ()), ("mobilenetv2", 5, (3, 6))):
        network = made(kind).network
        assert isinstance(network, StagedNetwork)
        assert blocks_of_same_size(network, number) == others


@pytest.mark.parametrize("kind", KINDS)
def test_a_deep_forecast_is_labelled_by_its_blocks(kind: str) -> None:
    for design in (made(kind), ann_twin(made(kind))):
        layers = forecast_layers(design)
        figure = forecast_chart(layers).figure
        axis, shown = figure["layout"]["xaxis"], figure["data"][0]["x"]
        starts = {block_of(name): place for place, name in reversed([*enumerate(shown)]) if "." in name}
        places = [starts[block] for block in axis["ticktext"]]
        assert axis["ticktext"][0] == "B1"
        assert [shown[place] for place in places] == axis["tickvals"]
        for block, place in starts.items():  # one that is not told begins too near behind one that is
            gap = min(place - one for one in places if one <= place)
            assert (gap == 0) == (block in axis["ticktext"])
            assert gap < 0.08 * len(shown)
        assert [block_of(name) for name in axis["tickvals"]] == axis["ticktext"]
        assert layer_table(design, layers)["parameters"].sum() == costs.parameter_count(design)


def test_few_layers_and_those_of_other_networks_have_their_names() -> None:
    assert layer_axis([f"L{n}" for n in range(100)]) == {}
    assert layer_axis(["stem", "B1.L1", "B2.L1", "readout"]) == {}
