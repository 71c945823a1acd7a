"""Searches: what their candidates choose, the matrices that codes stand for, and what is refused."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC
from snnviz.design.design import Design
from snnviz.design.staged import StagedKind
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.places import ROOT
from snnviz.studies.skips import search as searches
from snnviz.studies.skips.search import (
    Code,
    Search,
    candidate_design,
    count_skips,
    format_code,
    parse_code,
    search_space,
    widest_design,
)
from tests.designs import attempt, is_a_sentence

KINDS = ("block", *get_args(StagedKind))


def search(kind: str = "block", **fields: Any) -> Search:
    network = {"kind": kind, **fields.pop("network", {})}
    return Search(design=Design.check({"network": network, **fields.pop("design", {})}), **fields)


def drawn(made: Search, seed: int) -> Code:
    draw = random.Random(seed)
    return tuple(draw.randrange(size) for size in search_space(made).sizes)


SIZES = {
    "block": (search(), 3**6),
    "block of eight": (search(network={"edges": adjacency.sequential(8)}), 3 * 5 * 7 * 7 * 9 * 9 * 9),
    "DSC only": (search(skips="dsc"), 2**6),
    "stacked blocks share a matrix": (search(network={"blocks": 3}), 3**6),
    "resnet18": (search("resnet18"), 3**40),
    "half of resnet18": (search("resnet18", network={"depth": 0.5}), 3 ** (4 * 3)),
    "a block of resnet18": (search("resnet18", block=2), 3**10),
    "ASC in a block of resnet18": (search("resnet18", block=2, skips="asc"), 2**10),
    "mobilenetv2": (search("mobilenetv2"), 3 ** (1 + 3 + 6 + 10 + 6 + 6 + 1)),
}


@pytest.mark.parametrize(("made", "count"), SIZES.values(), ids=SIZES)
def test_there_are_as_many_candidates_as_choices(made: Search, count: int) -> None:
    assert search_space(made).count == math.prod(search_space(made).sizes) == count
    assert made.trials == min(20, count)


def test_a_vertex_of_a_large_block_chooses_how_many_skips_and_of_which_type() -> None:
    """DenseNet-121: the largest block has 300 places for skips, and 24 vertices that may have any."""
    made = search("densenet121", block=3)
    slots = search_space(made).slots
    assert [slot.target for slot in slots] == list(range(2, 26))
    assert {slot.source for slot in slots} == {None}
    assert slots[0].options == ((0, 0), (DSC, 1), (ASC, 1))
    assert slots[3].options == ((0, 0), (DSC, 1), (DSC, 2), (DSC, 4), (ASC, 1), (ASC, 2), (ASC, 4))
    assert slots[-1].options == ((0, 0), *((kind, count) for kind in (DSC, ASC) for count in (1, 2, 12, 24)))
    assert [slot.name for slot in slots[:2]] == ["block 3: → 2", "block 3: → 3"]
    assert search_space(search("densenet121", block=3, skips="asc")).slots[0].options == ((0, 0), (ASC, 1))


def test_the_original_densenet_is_one_of_its_candidates() -> None:
    made = search("densenet121", skips="dsc")
    every_skip = tuple(size - 1 for size in search_space(made).sizes)
    assert candidate_design(made, every_skip) == made.design


def test_a_slot_says_where_its_skip_leads() -> None:
    assert [slot.name for slot in search_space(search()).slots][:2] == ["0 → 2", "0 → 3"]
    assert search_space(search("resnet18")).slots[-1].name == "block 4: 3 → 5"


@settings(max_examples=40)
@given(st.sampled_from(KINDS), st.sampled_from(["both", "dsc", "asc"]), st.integers(0, 7), st.integers(0, 10**6))
def test_a_code_stands_for_valid_matrices_in_the_blocks_that_are_searched(
    kind: str, skips: str, block: int, seed: int
) -> None:
    block %= len(search(kind).design.network.matrices) + 1
    made = search(kind, skips=skips, block=block)
    code = drawn(made, seed)
    found = candidate_design(made, code)
    assert Design.read(found.canonical()) == found
    expected: list[list[tuple[int, int]]] = [[] for _ in made.design.network.matrices]
    for slot, choice in zip(search_space(made).slots, code, strict=True):
        expected[max(slot.block, 1) - 1].append((slot.target, slot.options[choice]))
    for number, (edges, before) in enumerate(zip(found.network.matrices, made.design.network.matrices, strict=True), 1):
        if block not in (0, number):
            assert edges == before
            continue
        assert adjacency.parse(edges, rows=len(edges), backward=False) == edges
        for target in range(len(edges)):
            column = [row[target] for row in edges if row[target]]
            chosen = [(edge, count) for to, (edge, count) in expected[number - 1] if to == target]
            assert sorted(column) == sorted(edge for edge, count in chosen for _ in range(count))
    assert build_architecture(found).layers[-1].name == "readout"
    others = found.document() | {"network": made.design.document()["network"]}
    assert others == made.design.document()


@pytest.mark.parametrize("skips", ["both", "asc"])
def test_every_code_of_a_block_is_another_network(skips: str) -> None:
    made = search(skips=skips)
    sizes = search_space(made).sizes
    codes = [
        tuple(n // math.prod(sizes[:k]) % size for k, size in enumerate(sizes)) for n in range(search_space(made).count)
    ]
    assert (
        len({candidate_design(made, code).digest for code in codes}) == len(codes) == len(set(map(format_code, codes)))
    )


@settings(max_examples=30)
@given(st.sampled_from(["resnet18", "densenet121", "mobilenetv2"]), st.integers(0, 10**6))
def test_so_are_codes_that_differ_in_one_slot(kind: str, seed: int) -> None:
    made = search(kind)
    code = drawn(made, seed)
    slot = seed % len(code)
    others = [(*code[:slot], option, *code[slot + 1 :]) for option in range(search_space(made).sizes[slot])]
    assert len({candidate_design(made, other).digest for other in others}) == len(others)


def test_the_sources_of_a_large_block_are_drawn_by_the_searchs_seed_alone() -> None:
    one, other = search("densenet121"), search("densenet121", seed=1)
    code = drawn(one, 0)
    assert candidate_design(one, code) == candidate_design(search("densenet121", kappa=1, skips="both"), code)
    assert candidate_design(one, code) != candidate_design(other, code)


@pytest.mark.parametrize("kind", KINDS)
def test_the_widest_design_has_every_skip_and_every_channel(kind: str) -> None:
    made = search(kind, network={"dsc_fraction": 0.5})
    wide = widest_design(made)
    assert wide.network.dsc_fraction == 1
    places = sum(len(adjacency.skip_positions(len(edges) - 1)) for edges in made.design.network.matrices)
    assert count_skips(wide) == places
    assert {edge for edges in wide.network.matrices for row in edges for edge in row} == {0, DSC}
    inputs = {layer.name: layer.in_shape[0] for layer in build_architecture(wide).layers}
    for seed in range(3):
        for layer in build_architecture(candidate_design(made, drawn(made, seed))).layers:
            assert layer.in_shape[0] <= inputs.get(layer.name, math.inf)


@given(st.lists(st.integers(0, 8), max_size=40).map(tuple))
def test_a_code_survives_its_text(code: Code) -> None:
    assert parse_code(format_code(code)) == code


def test_a_search_survives_its_text_and_keeps_its_name() -> None:
    made = search("resnet18", block=2, iterations=7, kernel="hamming-ard", network={"width": 0.125})
    again = Search.read(made.canonical())
    assert (again, again.digest, hash(again)) == (made, made.digest, hash(made))
    spread = json.dumps(json.loads(made.canonical()), indent=3)
    assert Search.read(spread).digest == made.digest
    assert Search.read(json.dumps({"design": {}})) == search()
    assert len({made.digest, search().digest, search(seed=1).digest, search(design={"seed": 1}).digest}) == 4


def test_the_name_is_the_same_in_another_process() -> None:
    words = "from snnviz.studies.skips.search import Search; from snnviz.design.design import Design"
    command = [sys.executable, "-c", f"{words}; print(Search(design=Design()).digest)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "3"}, cwd=ROOT)
    assert done.stdout.strip() == search().digest


BACK = {"kind": "block", "edges": "000/000/010"}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no skips": (
        {"design": {"network": {"kind": "mlp"}}},
        "design.network.kind must be a network with skips, got 'mlp'",
    ),
    "backward": ({"design": {"network": BACK}}, "design.network.edges must have no backward connections, got 'some'"),
    "measured": (
        {"design": {"init": "fluctuation-driven"}},
        "design.init.kind must not depend on what reaches a layer in a search, got 'fluctuation-driven'",
    ),
    "a block too many": ({"design": {}, "block": 2}, "block must be at most 1 for this network, got 2"),
    "seven": (
        {"design": {"network": {"kind": "resnet18"}}, "block": 5},
        "block must be at most 4 for this network, got 5",
    ),
    "too few images": (
        {"design": {"data": {"train_samples": 400}}},
        "validation must be less than the 400 training images, got 400",
    ),
    "still too few": ({"design": {}, "validation": 9}, "validation must be at least 10, got 9"),
    "none": ({"design": {}, "validation": 0}, "validation must be at least 10, got 0"),
    "held out twice": (
        {"design": {"data": {"validation": 0.2}}},
        "validation must be 0 where the design holds 0.2 of its images out (data.validation), got 400",
    ),
    "unknown": (
        {"design": {}, "stratgy": "ucb"},
        "stratgy must be a field of a search, got 'ucb'; did you mean 'strategy'?",
    ),
    "a word": ({"design": {}, "strategy": "best"}, "strategy must be one of ucb, random, got 'best'"),
    "a number": ({"design": {}, "parallel": 17}, "parallel must be a whole number from 1 to 16, got 17"),
    "not a number": ({"design": {}, "kappa": math.nan}, "kappa must be a number from 0 to 20, got nan"),
    "a bad design": ({"design": {"seed": -1}}, "design.seed must be a whole number from 0 to 2147483647, got -1"),
    "no design": ({}, "design must be valid (field required), got {}"),
    "an empty design": ({"design": None}, "design must be a JSON object, got None"),
}


@pytest.mark.parametrize(("document", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_searched_is_refused_with_a_sentence(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Search.read(json.dumps(document))
    assert str(caught.value) == sentence


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "x" * 10**6, "[" * 10**5, '{"design": [[]]}', "{" * 9])
def test_text_that_is_no_search_is_refused_with_a_sentence(text: str) -> None:
    found = attempt(Search.read, text)
    assert isinstance(found, InputError)
    assert is_a_sentence(found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_of_a_search_is_a_candidate_of_its_own(kind: str) -> None:
    made = search(kind, network={} if kind == "block" else {"width": 0.125})
    code = searches.original_code(made)
    assert code is not None
    assert candidate_design(made, code) == made.design


def test_a_network_that_no_candidate_is_like_has_no_code() -> None:
    assert searches.original_code(search(skips="dsc")) is None  # its skips are additions
    some = adjacency.with_n_skip(8, 3, DSC, seed=1)
    assert (
        searches.original_code(search(network={"edges": some})) is None
    )  # three of the seven sources of L8, not drawn so
