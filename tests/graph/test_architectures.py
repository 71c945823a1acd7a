"""Architectures: which layer reads what, and how large that makes it (Benmeziane et al. 2023, Eq. 1)."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.data.datasets import dataset_card, sample_shape
from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC
from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork
from snnviz.graph.architectures import INPUT, Layer, Source, build_architecture
from snnviz.theory import costs
from tests.designs import DESIGNS, matrices


def block(edges: adjacency.Edges, **fields: Any) -> Design:
    seed = fields.pop("seed", 0)
    return Design(network=BlockNetwork(edges=edges, **fields), seed=seed)


def layers(design: Design) -> dict[str, Layer]:
    return {layer.name: layer for layer in build_architecture(design).layers}


@given(DESIGNS)
def test_every_layer_reads_only_earlier_ones_of_matching_shape(design: Design) -> None:
    network = build_architecture(design)
    assert network.input_shape == sample_shape(design.data)
    for index, layer in enumerate(network.layers):
        assert all(INPUT <= source.layer < index or source.delay for source in layer.sources)
        shapes = [network.input_shape if s.layer == INPUT else network.layers[s.layer].out_shape for s in layer.sources]
        sizes = {
            (h * s.enlarge // s.pool, w * s.enlarge // s.pool)
            for (_, h, w), s in zip(shapes, layer.sources, strict=True)
        }
        assert sizes == {layer.in_shape[1:]}
        channels = {"main": 0, "add": 0, "concat": 0}
        for (c, _, _), source in zip(shapes, layer.sources, strict=True):
            carried = c if source.channels is None else len(source.channels)
            channels[source.merge] += carried
            assert source.channels is None or set(source.channels) <= set(range(c))
            if source.merge == "add":
                assert carried == layer.in_shape[0] - sum(len(s.channels or ()) for s in layer.sources)
        assert channels["main"] + channels["concat"] == layer.in_shape[0]


@given(DESIGNS)
def test_layers_have_names_of_their_own_and_the_readout_has_a_neuron_a_class(design: Design) -> None:
    found = build_architecture(design).layers
    assert len({layer.name for layer in found}) == len(found)
    assert found[-1].name == "readout"
    assert found[-1].out_shape == (dataset_card(design.data.name).classes * found[-1].voters, 1, 1)
    assert found[-1].voters == getattr(design.network, "voters", 1)
    assert found[-1].spiking == (design.training.loss.kind == "count")
    silent = {layer.name for layer in found[:-1] if layer.plain}
    assert bool(silent) == (design.network.kind == "cell")  # whose neurons come before the convolutions
    assert all(layer.spiking == (design.neuron.kind != "relu") for layer in found[:-1] if layer.name not in silent)
    assert all(layer.kind == "conv" or layer.kind == "merge" for layer in found if layer.name in silent)


@pytest.mark.parametrize(("fraction", "inputs"), [(1.0, [8, 16, 24, 32]), (0.5, [8, 12, 16, 20])])
def test_every_dsc_skip_widens_its_layer_by_its_share_of_channels(fraction: float, inputs: list[int]) -> None:
    dense = layers(block(adjacency.with_n_skip(4, 3, DSC, 0), channels=8, dsc_fraction=fraction))
    assert [dense[f"L{j}"].in_shape[0] for j in range(1, 5)] == inputs
    assert {dense[f"L{j}"].out_shape for j in range(1, 5)} == {(8, 8, 8)}


@given(matrices(), st.integers(1, 40), st.sampled_from([0.05, 0.3, 0.5, 1.0]))
def test_a_dsc_skip_carries_at_least_one_channel_and_none_twice(
    edges: adjacency.Edges, channels: int, fraction: float
) -> None:
    for layer in build_architecture(block(edges, channels=channels, dsc_fraction=fraction)).layers:
        for source in layer.sources:
            if source.merge == "concat":
                assert source.channels is not None
                assert len(source.channels) == len(set(source.channels)) == max(1, round(fraction * channels))
                assert list(source.channels) == sorted(source.channels)


@given(matrices())
def test_addition_costs_nothing_and_concatenation_costs_weights(edges: adjacency.Edges) -> None:
    depth = len(edges) - 1
    plain = block(adjacency.sequential(depth))
    only = {kind: block(tuple(tuple(kind * (c > 0) for c in row) for row in edges)) for kind in (DSC, ASC)}
    assert costs.parameter_count(only[ASC]) == costs.parameter_count(plain)
    assert costs.macs_per_step(only[ASC]) == costs.macs_per_step(plain)
    if any(map(any, edges)):
        assert costs.parameter_count(only[DSC]) > costs.parameter_count(plain)
        assert costs.macs_per_step(only[DSC]) > costs.macs_per_step(plain)


@given(matrices(), st.integers(0, 2**31 - 1))
def test_the_same_matrix_and_seed_choose_the_same_channels(edges: adjacency.Edges, seed: int) -> None:
    design = block(edges, seed=seed)
    build_architecture.cache_clear()
    first = build_architecture(design)
    build_architecture.cache_clear()
    assert build_architecture(design) == first


def subsets(design: Design) -> list[tuple[int, ...] | None]:
    return [s.channels for layer in build_architecture(design).layers for s in layer.sources if s.merge == "concat"]


def test_another_seed_block_or_skip_chooses_other_channels() -> None:
    dense = adjacency.densenet_like(4)
    twice = subsets(block(dense, blocks=2))
    assert len(set(twice)) == len(twice) == 12
    assert not set(subsets(block(dense, seed=1))) & set(subsets(block(dense, seed=0)))


def test_the_channels_of_one_skip_do_not_depend_on_the_other_skips() -> None:
    alone = subsets(block(adjacency.edges_from_skips(4, {(0, 2): DSC})))
    assert alone[0] in subsets(block(adjacency.densenet_like(4)))


def test_a_mixed_layer_lists_main_then_additions_then_concatenations() -> None:
    layer = layers(block(adjacency.edges_from_skips(4, {(0, 4): DSC, (1, 4): ASC, (2, 4): DSC})))["L4"]
    assert [(source.layer, source.merge) for source in layer.sources] == [
        (3, "main"), (1, "add"), (0, "concat"), (2, "concat")
    ]  # fmt: skip


def test_stacked_blocks_repeat_the_matrix_and_halve_the_maps_in_between() -> None:
    design = block(adjacency.edges_from_skips(2, {(0, 2): ASC}), blocks=3)
    found = layers(design)
    assert list(found) == ["stem", "B1.L1", "B1.L2", "B2.L1", "B2.L2", "B3.L1", "B3.L2", "readout"]
    assert [found[f"B{b}.L1"].in_shape for b in (1, 2, 3)] == [(16, 8, 8), (16, 4, 4), (16, 2, 2)]
    assert found["B2.L1"].sources == (Source(2, "main", 2),)
    assert found["B2.L2"].sources == (Source(3, "main", 1), Source(2, "add", 2))
    assert found["readout"].in_shape == (16, 2, 2)


def test_maps_too_small_to_halve_stay() -> None:
    found = layers(block(adjacency.sequential(2), blocks=6))
    assert found["B6.L2"].out_shape == (16, 2, 2)


def test_a_cnn_halves_its_maps_after_every_few_layers() -> None:
    def cnn(**fields: Any) -> list[tuple[int, int, int]]:
        document = {"network": {"kind": "cnn", "channels": 4, **fields}, "data": {"name": "mnist"}}
        return [layer.in_shape for layer in build_architecture(Design.check(document)).layers]

    assert cnn(depth=4, pool_every=2) == [(1, 28, 28), (4, 28, 28), (4, 14, 14), (4, 14, 14), (4, 7, 7)]
    assert cnn(depth=2, pool_every=0) == [(1, 28, 28), (4, 28, 28), (4, 28, 28)]
    assert cnn(depth=5, pool_every=1)[3:] == [(4, 3, 3), (4, 3, 3), (4, 3, 3)]


@given(DESIGNS)
def test_fans_parameters_and_macs_follow_from_the_shapes(design: Design) -> None:
    for layer in build_architecture(design).layers:
        outputs, inputs = layer.out_shape[0], layer.in_shape[0]
        if not layer.weighted:
            assert layer.in_shape == layer.out_shape
            assert (layer.parameters, layer.macs) == (2 * outputs * layer.normed, 0)
            continue
        if layer.kind == "conv":
            points = layer.kernel**2
            assert (layer.fan_in, layer.fan_out) == (points * inputs, points * outputs)
            weights, positions = outputs * inputs * points, math.prod(layer.out_shape[1:])
        else:
            assert (layer.fan_in, layer.fan_out) == (math.prod(layer.in_shape), outputs)
            weights, positions = outputs * math.prod(layer.in_shape), 1
        assert layer.parameters == weights + outputs * (layer.biased + layer.normed)
        assert layer.biased != (layer.name == "hidden" and design.network.kind == "cell")
        assert layer.macs == weights * positions
        assert layer.neurons == outputs * positions
