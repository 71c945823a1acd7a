"""ResNet-18, DenseNet-121 and MobileNetV2: as large as the papers', and what their matrices make of them."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC, Edges
from snnviz.design.design import Design
from snnviz.design.links import from_query, to_query
from snnviz.design.staged import StagedKind
from snnviz.errors import InputError
from snnviz.graph.architectures import INPUT, Architecture, Layer, Source, build_architecture, build_architecture_for
from snnviz.graph.rewiring import with_block_matrices
from snnviz.theory import costs
from tests.designs import attempt, is_a_sentence

KINDS = get_args(StagedKind)
CIFAR = (3, 32, 32)


def staged(kind: str, **fields: Any) -> Design:
    return Design.check({"network": {"kind": kind, **fields}})


def full(kind: str) -> Architecture:
    """At its full size, for images of CIFAR's shape and 10 classes."""
    return build_architecture_for(staged(kind), CIFAR, 10)


def weights(layer: Layer) -> int:
    return layer.fan_in * layer.out_shape[0]


def same(kind: str, edge: int, **fields: Any) -> Design:
    """Every place for a skip holds `edge`."""
    plain = staged(kind, **fields)
    return with_block_matrices(plain, tuple(whole(len(edges) - 1, edge) for edges in plain.network.matrices))


def whole(depth: int, edge: int) -> Edges:
    return adjacency.edges_from_skips(depth, dict.fromkeys(adjacency.skip_positions(depth), edge))


def test_resnet18_has_the_parameters_of_torchvisions() -> None:
    """torchvision's has 11,689,512: its stem is 7x7, and it has 1,000 classes."""
    theirs = 11_689_512 - 64 * 3 * (7 * 7 - 3 * 3) - 990 * (512 + 1)
    assert sum(layer.parameters for layer in full("resnet18").layers) == theirs == 11_173_962


def test_mobilenetv2_has_the_parameters_of_torchvisions() -> None:
    """torchvision's has 3,504,872, and 1,000 classes."""
    theirs = 3_504_872 - 990 * (1280 + 1)
    assert sum(layer.parameters for layer in full("mobilenetv2").layers) == theirs == 2_236_682


def test_densenet121_has_the_weights_of_torchvisions_and_fewer_gains() -> None:
    """torchvision's has 7,978,856: a 7x7 stem, 1,000 classes, and a gain and a bias for each channel it normalises.

    It normalises what a convolution reads, so that a channel is normalised again by each layer that reads it; here
    what a convolution says is normalised, once.
    """
    normalised, channels = 64, 64  # behind the stem
    for layers in (6, 12, 24, 16):
        normalised += sum(channels + 32 * j + 128 for j in range(layers))
        channels += 32 * layers
        normalised += channels  # before the transition, or before the readout
        channels //= 2
    assert (normalised, channels) == (41_824, 512)
    stem = 64 * 3 * (7 * 7 - 3 * 3)
    theirs = 7_978_856 - 2 * normalised - stem - 990 * (1024 + 1)
    built = full("densenet121")
    assert sum(map(weights, built.layers)) + 10 == theirs
    ours = 64 + 58 * (128 + 32) + 128 + 256 + 512
    assert sum(layer.out_shape[0] for layer in built.layers if layer.normed) == ours == 10_240
    assert sum(layer.parameters for layer in built.layers) == theirs + 2 * ours == 6_893_258


def resnet18_macs() -> int:
    found, channels = 3 * 64 * 9 * 32**2, 64
    for width, side in ((64, 32), (128, 16), (256, 8), (512, 4)):
        found += side**2 * (9 * width * (channels + 3 * width) + (channels * width if width > channels else 0))
        channels = width
    return found + 512 * 10


def densenet121_macs() -> int:
    found, channels = 3 * 64 * 9 * 32**2, 64
    for layers, side in ((6, 32), (12, 16), (24, 8), (16, 4)):
        found += side**2 * sum(128 * (channels + 32 * j) + 9 * 128 * 32 for j in range(layers))
        channels += 32 * layers
        if side > 4:
            found += side**2 * channels * channels // 2
            channels //= 2
    return found + 1024 * 10


def mobilenetv2_macs() -> int:
    found, channels = 3 * 32 * 9 * 32**2, 32
    table = [
        (1, 16, 1, 32),
        (6, 24, 2, 32),
        (6, 32, 3, 16),
        (6, 64, 4, 8),
        (6, 96, 3, 8),
        (6, 160, 3, 4),
        (6, 320, 1, 4),
    ]
    before = 32
    for expansion, width, layers, side in table:
        for _ in range(layers):
            hidden = expansion * channels
            found += before**2 * channels * hidden * (expansion > 1) + side**2 * hidden * (9 + width)
            channels, before = width, side
    return found + 4**2 * 320 * 1280 + 1280 * 10


MACS = {"resnet18": resnet18_macs, "densenet121": densenet121_macs, "mobilenetv2": mobilenetv2_macs}


@pytest.mark.parametrize("kind", KINDS)
def test_its_macs_are_those_of_the_papers_tables_for_maps_of_32(kind: str) -> None:
    assert sum(layer.macs for layer in full(kind).layers) == MACS[kind]()


def test_maps_are_halved_where_the_originals_halve_them() -> None:
    shapes = {layer.name: layer.out_shape for kind in ("resnet18", "densenet121") for layer in full(kind).layers}
    assert [shapes[f"B{block}.L1"] for block in (1, 2, 3, 4)] == [(64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4)]
    assert [shapes[f"B{block}.L1b"] for block in (1, 2, 3, 4)] == [(32, 32, 32), (32, 16, 16), (32, 8, 8), (32, 4, 4)]
    mobile = {layer.name: layer.out_shape for layer in full("mobilenetv2").layers}
    assert [mobile["B1.L1b"], *(mobile[f"B{block}.L1c"] for block in range(2, 8))] == [
        (16, 32, 32), (24, 32, 32), (32, 16, 16), (64, 8, 8), (96, 8, 8), (160, 4, 4), (320, 4, 4)
    ]  # fmt: skip


def test_the_matrices_are_those_of_the_papers() -> None:
    """He et al. 2016, Huang et al. 2017, Sandler et al. 2018; the last column is the block's output."""
    assert (
        list(map(adjacency.to_compact_text, staged("resnet18").network.matrices))
        == ["000202/000000/000002/000000/000000/000000"] * 4
    )
    dense = staged("densenet121").network.matrices
    assert [len(edges) for edges in dense] == [8, 14, 26, 18]
    assert dense == tuple(adjacency.densenet_like(len(edges) - 1) for edges in dense)
    mobile = list(map(adjacency.to_compact_text, staged("mobilenetv2").network.matrices))
    assert mobile[0] == mobile[6] == "000/000/000"
    assert mobile[1] == "0000/0002/0000/0000"
    assert mobile[2] == mobile[4] == mobile[5] == "00000/00022/00002/00000/00000"
    assert mobile[3] == "000000/000222/000022/000002/000000/000000"


SMALL = {"width": 0.0625, "depth": 0.5}


@pytest.mark.parametrize("kind", KINDS)
def test_matrices_of_zeros_are_a_plain_sequence(kind: str) -> None:
    """Every layer reads the one before it and nothing else; nothing is joined but to be pooled."""
    layers = build_architecture(same(kind, 0)).layers
    for index, layer in enumerate(layers):
        (source,) = layer.sources
        assert (source.layer, source.merge, source.stride) == (index - 1, "main", 1)
        assert layer.kind != "merge" or source.pool == 2
        assert ".P" not in layer.name


@pytest.mark.parametrize("kind", KINDS)
def test_additions_between_equal_shapes_cost_nothing_and_concatenations_cost_weights(kind: str) -> None:
    """Additions between others cost their projection, one for each block."""
    plain, asc, dsc = (same(kind, edge, **SMALL) for edge in (0, ASC, DSC))
    before = {layer.name: layer for layer in build_architecture(plain).layers}
    projections = 0
    for layer in build_architecture(asc).layers:
        if layer.name in before and layer.kind != "merge":
            assert layer.parameters == before[layer.name].parameters
            assert layer.macs == before[layer.name].macs
        elif layer.kind != "merge":
            assert layer.name.endswith(".P0")
            assert (layer.kernel, layer.plain, layer.spiking) == (1, True, False)
            projections += layer.parameters
    assert costs.parameter_count(asc) == costs.parameter_count(plain) + projections
    assert costs.macs_per_step(dsc) > costs.macs_per_step(plain)
    assert costs.parameter_count(dsc) > costs.parameter_count(plain)


def test_the_first_block_of_resnet18_needs_no_projection() -> None:
    names = [layer.name for layer in build_architecture(same("resnet18", ASC)).layers if ".P" in layer.name]
    assert names == ["B2.P0", "B3.P0", "B4.P0"]


def first_block(fraction: float, n_skip: int) -> list[int]:
    """What the layers of ResNet-18's first block, of 8 channels, and those who read its output read."""
    edges = adjacency.with_n_skip(5, n_skip, DSC, 0)
    made = staged("resnet18", width=0.125, dsc_fraction=fraction, blocks=f"{adjacency.to_compact_text(edges)};;;")
    layers = {layer.name: layer.in_shape[0] for layer in build_architecture(made).layers}
    return [layers[f"B1.L{j}"] for j in range(1, 5)] + [layers["B2.L1"]]


@pytest.mark.parametrize(("fraction", "inputs"), [(1, [8, 16, 24, 32, 32]), (0.5, [8, 12, 16, 20, 20])])
def test_every_dsc_skip_widens_what_a_layer_reads(fraction: float, inputs: list[int]) -> None:
    assert first_block(fraction, 3) == inputs


def test_more_skips_than_there_are_sources_are_all_of_them() -> None:
    assert first_block(1, 100) == [8, 16, 24, 32, 40]
    assert first_block(1, 0) == [8] * 5


def test_a_skip_from_larger_maps_reads_every_second_point_and_its_projection_too() -> None:
    made = staged("resnet18", width=0.125, blocks=";000100/000000/000000/000000/000000/000000;;")
    layers = build_architecture_for(made, (1, 28, 28), 10).layers
    at = {layer.name: index for index, layer in enumerate(layers)}
    joined = next(layer for layer in layers if layer.name == "B2.L3")
    assert joined.in_shape == (16 + 8, 14, 14)
    assert joined.sources == (
        Source(at["B2.L2"]),
        Source(at["B1.out"], "concat", channels=tuple(range(8)), stride=2),
    )
    original = build_architecture_for(staged("resnet18", width=0.125), (1, 28, 28), 10).layers
    projections = [layer for layer in original if ".P" in layer.name]
    assert [(layer.in_shape, layer.stride, layer.out_shape) for layer in projections] == [
        ((8, 28, 28), 2, (16, 14, 14)), ((16, 14, 14), 2, (32, 7, 7)), ((32, 7, 7), 2, (64, 4, 4))
    ]  # fmt: skip


@st.composite
def designs(draw: st.DrawFn) -> Design:
    """Any kind, size and matrices."""
    fields = {
        "depth": draw(st.sampled_from([0.05, 0.25, 0.5, 1.0])),
        "width": draw(st.sampled_from([0.03125, 0.1, 1.0])),
    }
    plain = staged(draw(st.sampled_from(KINDS)), dsc_fraction=draw(st.sampled_from([0.05, 0.5, 1.0])), **fields)
    blocks = []
    for edges in plain.network.matrices:
        seed = draw(st.randoms(use_true_random=False))
        places = adjacency.skip_positions(len(edges) - 1)
        blocks.append(
            adjacency.edges_from_skips(len(edges) - 1, {place: seed.choice((0, DSC, ASC)) for place in places})
        )
    made = with_block_matrices(plain, tuple(blocks))
    return Design.check({**made.document(), "seed": draw(st.integers(0, 2**31 - 1)), "data": {"name": draw(NAMES)}})


NAMES = st.sampled_from(["digits", "mnist", "nmnist"])


@settings(max_examples=60)
@given(designs())
def test_every_layer_reads_only_earlier_ones_of_matching_shape(design: Design) -> None:
    built = build_architecture(design)
    assert len({layer.name for layer in built.layers}) == len(built.layers)
    for index, layer in enumerate(built.layers):
        total = {"main": 0, "add": 0, "concat": 0}
        for source in layer.sources:
            assert INPUT <= source.layer < index
            channels, height, width = (
                built.input_shape if source.layer == INPUT else built.layers[source.layer].out_shape
            )
            assert (
                -(-height // source.stride) // source.pool,
                -(-width // source.stride) // source.pool,
            ) == layer.in_shape[1:]
            carried = source.channels or range(channels)
            assert list(carried) == sorted(set(carried) & set(range(channels)))
            if source.merge == "concat":
                assert len(carried) == max(1, round(design.network.dsc_fraction * channels))
            if source.merge == "add":
                assert channels == layer.in_shape[0] - sum(len(s.channels or ()) for s in layer.sources)
            total[source.merge] += len(carried)
        assert total["main"] + total["concat"] == layer.in_shape[0]
        assert (layer.kind == "merge") == (layer.macs == 0 == layer.parameters)
    assert built.layers[-1].in_shape[1:] == (1, 1)


@settings(max_examples=20)
@given(designs())
def test_the_same_matrices_and_seed_choose_the_same_channels(design: Design) -> None:
    build_architecture.cache_clear()
    first = build_architecture(design)
    build_architecture.cache_clear()
    assert build_architecture(Design.read(design.canonical())) == first


def test_other_seeds_blocks_and_skips_choose_other_channels() -> None:
    def subsets(seed: int) -> list[tuple[int, ...]]:
        made = Design.check({**same("resnet18", DSC, dsc_fraction=0.5).document(), "seed": seed})
        return [s.channels for layer in build_architecture(made).layers for s in layer.sources if s.channels]

    found = subsets(0)
    assert len(set(found)) == len(found) == 40
    assert not set(found) & set(subsets(1))


@settings(max_examples=40)
@given(designs())
def test_blocks_survive_their_text(design: Design) -> None:
    again = Design.read(design.canonical())
    assert again == design
    assert again.network.matrices == design.network.matrices
    assert again.digest == design.digest
    assert from_query(to_query(design)) == design


def test_blocks_that_are_the_original_are_left_out() -> None:
    for kind in KINDS:
        originals = staged(kind).network.matrices
        for text in (";".join(map(adjacency.to_compact_text, originals)), ";" * (len(originals) - 1), ""):
            assert staged(kind, blocks=text) == staged(kind)
        assert staged(kind, blocks=";".join(map(adjacency.to_text, originals))).network.blocks == ""


EMPTY = "/".join(["000000"] * 6)
BAD = {
    "0": "network.blocks must hold 4 matrices, separated by semicolons, got '0'",
    ";;": "network.blocks must hold 4 matrices, separated by semicolons, got ';;'",
    ";;;;": "network.blocks must hold 4 matrices, separated by semicolons, got ';;;;'",
    ";" * 10**6: "network.blocks must hold 4 matrices, separated by semicolons, got",
    "000/000/000;;;": "network.blocks[1] must be a square matrix with 6 rows, got 3 rows",
    f";{EMPTY[:-1]};;": "network.blocks[2][5] must have 6 entries (the matrix must be square), got",
    f";;{EMPTY[:-1]}1;": "network.blocks[3][5][5] must be 0 (5 does not feed itself), got 1",
    f";;;010000{EMPTY[6:]}": "network.blocks[4][0][1] must be 0 (the sequential path from 0 to 1 is always there), got",
    f"{EMPTY[:-4]}2000;;;": "network.blocks[1][5][2] must be 0 (no backward connections here), got 2",
    f"{EMPTY[:-6]}100000;;;": "network.blocks[1][5][0] must be 0 (0 is the block's input, which no layer feeds), got 1",
    f"3{EMPTY[1:]};;;": "network.blocks[1][0][0] must be 0 (none), 1 (DSC) or 2 (ASC), got 3",
    f"x{EMPTY[1:]};;;": "network.blocks[1][0][0] must be 0 (none), 1 (DSC) or 2 (ASC), got 'x'",
    "0" * 10**6 + ";;;": "network.blocks[1] must be at most 500 characters long, got",
    None: "network.blocks must be text: a matrix for each block, separated by semicolons, got None",
    7: "network.blocks must be text: a matrix for each block, separated by semicolons, got 7",
    (): "network.blocks must be text: a matrix for each block, separated by semicolons, got ()",
}


@pytest.mark.parametrize(("value", "sentence"), BAD.items(), ids=range(len(BAD)))
def test_blocks_that_are_none_are_refused_with_a_sentence(value: object, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        staged("resnet18", blocks=value)
    assert str(caught.value).startswith(sentence)
    assert is_a_sentence(caught.value)


@given(st.sampled_from(KINDS), st.text(alphabet="012;/ x", max_size=120) | st.text(max_size=300))
def test_any_text_is_blocks_or_a_sentence(kind: str, text: str) -> None:
    found = attempt(lambda blocks: staged(kind, blocks=blocks), text)
    if isinstance(found, InputError):
        assert is_a_sentence(found)
    else:
        assert staged(kind, blocks=found.network.blocks) == found


def test_a_bad_kind_or_depth_is_what_is_said_of_bad_blocks_beside_it() -> None:
    for kind, depth, sentence in [("resnet18", 2, "network.depth must"), ("resnet19", 1, "network.kind must")]:
        with pytest.raises(InputError, match=f"^{sentence}"):
            staged(kind, blocks="x", depth=depth)
