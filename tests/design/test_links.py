"""Links, settings by path, and what differs between designs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.design import links
from snnviz.design.adjacency import MAX_DEPTH, densenet_like
from snnviz.design.design import Design
from snnviz.design.links import change, differences, flatten, from_query, one_line_summary, parse_settings, to_query
from snnviz.design.menus import INITS
from snnviz.design.networks import BlockNetwork, MlpNetwork
from snnviz.design.parts import Neuron, Training
from snnviz.errors import InputError, NotFound
from snnviz.studies.skips.sweep import SkipSweep
from tests.designs import DESIGNS, attempt, broken_links, is_a_sentence, within_200_ms


def read_within_200_ms(query: str | Mapping[str, str]) -> Design:
    design: Design = within_200_ms(from_query, query)
    return design


@given(DESIGNS)
def test_every_design_survives_its_link(design: Design) -> None:
    query = to_query(design)
    assert from_query(query) == design
    assert from_query("?" + query) == design
    assert from_query(dict(parse_qsl(query))) == design
    assert to_query(from_query(query)) == query
    assert len(query) < links.MAX_QUERY_LENGTH / 4


@given(DESIGNS)
def test_a_link_holds_only_what_differs_from_the_defaults_of_its_kinds(design: Design) -> None:
    base = flatten(links.default_of_same_kinds(design))
    for path, value in parse_qsl(to_query(design)):
        wanted = flatten(Design()).get(path) if path.endswith(".kind") else base[path]
        assert str(value) != str(wanted)


@given(DESIGNS)
def test_what_a_link_leaves_out_is_completed_without_the_design(design: Design) -> None:
    shown = flatten(design)
    assert links.complete_fields(links.sparse_fields(shown)) == shown


def test_the_default_design_has_an_empty_link() -> None:
    assert to_query(Design()) == ""
    assert from_query("") == Design()
    assert from_query({}) == Design()


@given(DESIGNS, st.randoms(use_true_random=False))
def test_the_order_of_a_links_parameters_does_not_matter(design: Design, random: Any) -> None:
    pairs = parse_qsl(to_query(design))
    random.shuffle(pairs)
    assert from_query(urlencode(pairs)) == design


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("init=kaiming&init.gain=3", "init.kind=kaiming&init.gain=3.0"),
        ("init.gain=3&init=kaiming", "init.kind=kaiming&init.gain=3.0"),
        ("init.gain=3&init.kind=kaiming", "init.kind=kaiming&init.gain=3.0"),
        ("network.width=50&network=mlp", "network.kind=mlp&network.width=50"),
        ("neuron.threshold=1", ""),
        ("neuron.threshold=-0", "neuron.threshold=0.0"),
        ("training.epochs=3.0&seed=%207%20", "training.epochs=3&seed=7"),
        ("network.edges=0 0 1/0 0 0/0 0 0", "network.edges=001/000/000"),
        ("run=abc&embed=true&embed_options=dark_theme&seed=2", "seed=2"),
    ],
)
def test_a_link_can_be_written_by_hand(query: str, same: str) -> None:
    design = from_query(query)
    assert sorted(to_query(design).split("&")) == sorted(same.split("&"))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("seed=1e400", "seed must be a whole number from 0 to 2147483647, got '1e400'"),
        ("seed=nan", "seed must be a whole number from 0 to 2147483647, got 'nan'"),
        ("seed=1_0", "seed must be a whole number from 0 to 2147483647, got '1_0'"),
        ("seed", "seed must be a whole number from 0 to 2147483647, got ''"),
        ("sed=1", "sed must be a field of a design, got 1; did you mean 'seed'?"),
        ("treshold=1", "treshold must be a field of a design, got 1; did you mean 'neuron.threshold'?"),
        ("init.gain=3", "init.gain must be a parameter of variance-preserving (it has none), got 3"),
        ("init=glort", f"init.kind must be one of {', '.join(INITS.kinds)}, got 'glort'; did you"),
        ("network=mlp&network.edges=0", "network.edges must be a field of a network of kind mlp, got '0'"),
        ("network.edges=00/00", "network.edges must be a square matrix with 3 to 9 rows, got 2 rows"),
        ("network.edges=010/000/000", "network.edges[0][1] must be 0 (the sequential path from 0 to 1 is always"),
        (
            "network.edges=000/000/100",
            "network.edges[2][0] must be 0 (0 is the block's input, which no layer feeds), got 1",
        ),
        ("seed.a=1", "seed.a must be a field of a design, got 1; did you mean 'seed'?"),
        ("=1", "link must be a field of a design, got 1"),
        ("a" * 9000, "link must be at most 8,192 characters long, got 9,000 characters"),
    ],
)  # fmt: skip
def test_a_broken_link_says_what_to_mend(query: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_within_200_ms(query)
    assert str(caught.value).startswith(sentence)
    assert is_a_sentence(caught.value)


@settings(max_examples=300, deadline=None)
@given(broken_links())
def test_a_link_that_breaks_a_rule_is_refused_with_a_sentence_that_names_the_field(
    case: tuple[str, dict[str, str]],
) -> None:
    path, parameters = case
    with pytest.raises(InputError) as caught:
        read_within_200_ms(parameters)
    assert is_a_sentence(caught.value)
    assert caught.value.field.startswith(path if path.isprintable() else repr(path)[1:-1])


PATHS = st.sampled_from(list(flatten(Design()))) | st.sampled_from(
    ["network.kind", "init.gain", "network.width", "init"]
)
ODD = st.text(max_size=20) | st.sampled_from(
    [
        "nan",
        "inf",
        "-1",
        "1e400",
        "9" * 4000,
        "0x10",
        "1,5",
        "١",
        "null",
        "{}",
        "[]",
        "mlp",
        "kaiming",
        "\x00",
        "%00",
        "+1",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(PATHS | st.text(max_size=10) | PATHS.map(lambda path: path + ".x"), ODD, max_size=6))
def test_any_link_is_a_design_or_a_sentence(parameters: dict[str, str]) -> None:
    for query in (
        parameters,
        "&".join(f"{quote(k, errors='replace')}={quote(v, errors='replace')}" for k, v in parameters.items()),
    ):
        design = attempt(read_within_200_ms, query)
        if isinstance(design, InputError):
            assert is_a_sentence(design)
        else:
            assert from_query(to_query(design)) == design


@given(st.text(max_size=300))
def test_any_text_after_the_question_mark_is_a_design_or_a_sentence(query: str) -> None:
    design = attempt(read_within_200_ms, query)
    assert isinstance(design, Design) or is_a_sentence(design)


def test_ten_megabytes_of_link_are_refused_at_once() -> None:
    for query in ("seed=1&" * 1_400_000, {"seed": "1" * 10_000_000}):
        with pytest.raises(InputError, match=r"^link must be at most 8,192 characters long, got"):
            read_within_200_ms(query)


def test_changing_a_kind_starts_its_part_anew_and_leaves_the_rest() -> None:
    design = Design(network=MlpNetwork(depth=9), neuron=Neuron(threshold=0.5), seed=4)
    changed = change(design, {"network.channels": "8", "network.kind": "cnn"})
    assert (changed.network.kind, changed.network.depth, changed.seed) == ("cnn", 4, 4)  # 9 was the mlp's depth
    assert changed.neuron == design.neuron
    assert design.network == MlpNetwork(depth=9)


def test_changing_nothing_changes_nothing() -> None:
    for name in EXAMPLES:
        assert change(get_example(name), {}) == get_example(name)


def test_settings_are_read_from_pairs() -> None:
    assert parse_settings(["training.epochs = 3", "a=b=c"]) == {"training.epochs": "3", "a": "b=c"}
    with pytest.raises(InputError, match=r"^--set must have the form path=value, got 'epochs'$"):
        parse_settings(["epochs"])


def test_the_widest_matrix_fits_into_a_link() -> None:
    design = Design(network=BlockNetwork(edges=densenet_like(MAX_DEPTH)))
    assert "/".join(["001111111", "000111111"]) in to_query(design)
    assert from_query(to_query(design)) == design


def test_designs_differ_at_the_paths_at_which_they_differ() -> None:
    a, b = Design(), Design(training=Training(epochs=3), network=MlpNetwork(depth=4))
    found = differences([a, b])
    assert found["training.epochs"] == [15, 3]
    assert found["network.kind"] == ["block", "mlp"]
    assert found["network.width"] == [None, 200]
    assert found["network.depth"] == [None, 4]
    assert not any(path.startswith(("data.", "neuron.", "init", "seed")) for path in found)
    assert differences([a, a]) == {}
    assert differences([]) == {}


def test_a_design_is_told_in_a_line() -> None:
    assert one_line_summary(Design()) == "digits · block 4 layers, 16 ch, 2 ASC · variance-preserving"
    dense = Design(network=BlockNetwork(edges=densenet_like(3), blocks=2), neuron=Neuron(threshold=0.5), seed=1)
    assert (
        one_line_summary(dense)
        == "digits · block 2 x 3 layers, 16 ch, 3 DSC · variance-preserving · threshold 0.5 · seed 1"
    )
    half = change(Design(), {"network.kind": "mlp", "network.norm": "batch", "training.precision": "bfloat16"})
    assert one_line_summary(half) == "bfloat16 · digits · mlp 4 x 200 · batch normalisation · variance-preserving"


@given(DESIGNS)
def test_the_line_of_any_design_is_one_line(design: Design) -> None:
    assert one_line_summary(design).isprintable()


def test_the_named_designs_are_there_and_an_unknown_name_is_a_sentence() -> None:
    assert get_example("digits") == Design()
    assert all((function.__doc__ or "").strip() for function in EXAMPLES.values())
    with pytest.raises(NotFound, match=r"^design must be one of digits, .*, got 'digit'; did you mean 'digits'"):
        get_example("digit")


@given(st.floats(0, 1), st.floats(0, 0.999))
def test_a_link_of_a_study_keeps_every_digit_of_a_number(beta: float, momentum: float) -> None:
    sweep = SkipSweep.check({"beta": beta, "optimizer": f"sgd:momentum={momentum!r}"})
    query = dict(parse_qsl(links.part_to_query(sweep, "study.")))
    assert SkipSweep.check(links.part_from_query(SkipSweep, query, "study.")) == sweep
