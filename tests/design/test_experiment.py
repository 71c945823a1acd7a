"""Experiments: their designs against a literal loop, their links, and what is refused or left out in a sentence."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnviz.design import adjacency, links
from snnviz.design.axes import parse_axis
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment, from_query
from snnviz.design.matrices import matrix_count, parse_matrices
from snnviz.design.menus import DATASETS, INITS
from snnviz.design.sobol import sobol_points
from snnviz.errors import InputError
from snnviz.theory import verdicts
from tests.designs import DESIGNS, attempt, is_a_sentence, within_200_ms

THRESHOLDS, INIT = "neuron.threshold=0.5..1.5/3", "init=variance-preserving,kaiming:gain=3"


def asked(*vary: str, **more: Any) -> Experiment:
    return Experiment.check({"vary": list(vary), **more})


def values(text: str, base: Design | None = None) -> list[dict[str, Any]]:
    return [dict(level) for level in parse_axis(text, base or Design()).levels]


def test_every_combination_is_a_literal_loop_with_the_same_seeds_in_each_group() -> None:
    base = Design(seed=7)
    found = asked(THRESHOLDS, INIT, "data.steps=2,4", base=base, seeds=4).runs()
    expected = []
    for seed in range(7, 11):
        for theta, init, steps in product([0.5, 1.0, 1.5], ["variance-preserving", "kaiming"], [2, 4]):
            document = base.document()
            document["neuron"]["threshold"] = theta
            document["init"] = {"kind": init, **({"gain": 3.0} if init == "kaiming" else {})}
            document["data"]["steps"] = steps
            document["seed"] = seed
            expected.append(Design.check(document))
    assert [run.design for run in found] == expected
    assert [run.design.digest for run in found] == [design.digest for design in expected]
    seeds: dict[tuple[int, ...], list[int]] = {}
    for run in found:
        seeds.setdefault(run.levels, []).append(run.seed)
    assert set(map(tuple, seeds.values())) == {(7, 8, 9, 10)}
    assert list(seeds) == list(product(range(3), range(2), range(2)))


def test_one_axis_at_a_time_begins_with_the_base_and_names_its_place_on_each_axis() -> None:
    experiment = asked("neuron.threshold=0.5,1,2", "data.steps=2,3", how="each", seeds=1)
    assert list(experiment.groups()) == [(1, -1), (0, -1), (2, -1), (1, 0), (1, 1)]
    changed = [links.differences([Design(), design]) for design in experiment.groups().values()]
    assert [list(one) for one in changed] == [[], ["neuron.threshold"], ["neuron.threshold"], *[["data.steps"]] * 2]


@given(st.integers(1, 4), st.integers(2, 200))
@settings(max_examples=30, deadline=None)
def test_points_fill_a_cube_evenly(axes: int, least: int) -> None:
    points = list(sobol_points(axes, least))
    count = len(points)
    assert least <= count < 2 * least
    for column in zip(*points, strict=True):  # each of as many equal parts holds one, in its middle
        assert sorted(column) == pytest.approx([(place + 0.5) / count for place in range(count)])


def test_spread_points_are_sobols_and_lie_in_their_ranges() -> None:
    from scipy.stats import qmc

    experiment = asked("neuron.threshold=0.5..2", "training.learning_rate=0.001..0.1/log", "init=kaiming,glorot",
                       how="spread", points=16, seeds=1)  # fmt: skip
    drawn = qmc.Sobol(3, scramble=False).random(16) + 1 / 32
    found = list(experiment.groups().values())
    for point, design in zip(drawn, found, strict=True):
        assert design.neuron.threshold == pytest.approx(0.5 + 1.5 * point[0], rel=1e-3)  # type: ignore[attr-defined]
        assert design.training.learning_rate == pytest.approx(0.001 * 100 ** point[1], rel=1e-3)
        assert design.init.kind == ("kaiming", "glorot")[int(2 * point[2])]
    for axis, at in zip(experiment.axes, zip(*experiment.groups(), strict=True), strict=True):
        assert set(at) == set(range(len(axis.levels)))


def test_points_on_lists_are_all_different_and_no_more_than_there_are() -> None:
    found = asked("neuron.threshold=0.5,1,1.5", "data.steps=1..4", how="spread", points=12, seeds=1)
    assert set(found.groups()) == set(product(range(3), range(4)))
    few = asked("neuron.threshold=0.5,1,1.5", "data.steps=1..4", how="spread", points=5, seeds=1)
    assert len(few.groups()) == 5
    assert len(asked("data.steps=1,2", how="spread", points=50, seeds=1).groups()) == 2


def test_values_are_lists_ranges_kinds_matrices_and_fields_that_move_together() -> None:
    assert [one["neuron.threshold"] for one in values("neuron.threshold=0.1..0.9/9")] == [
        0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
    ]  # fmt: skip
    assert [one["training.learning_rate"] for one in values("training.learning_rate=0.001..0.1/3log")] == [
        0.001, 0.01, 0.1,
    ]  # fmt: skip
    assert values("data.steps=2..4") == [{"data.steps": number} for number in (2, 3, 4)]
    assert values("network.channels=4..64/5log") == [{"network.channels": number} for number in (4, 8, 16, 32, 64)]
    assert [one["init.kind"] for one in values("init=*")] == list(INITS.kinds)
    assert [one["data.name"] for one in values("data.name=*")] == list(DATASETS.kinds)
    assert values("neuron.reset=*") == [{"neuron.reset": reset} for reset in ("subtract", "zero", "none")]
    assert values("init.kind=kaiming:gain=3,glorot") == [
        {"init.kind": "kaiming", "init.gain": 3.0},
        {"init.kind": "glorot"},
    ]
    assert values("training.shortcut.layers=1+2,3") == [
        {"training.shortcut.layers": "1,2"},
        {"training.shortcut.layers": 3},
    ]
    assert values("neuron.threshold=1,2~neuron.beta=0.9,0.5") == [
        {"neuron.threshold": 1.0, "neuron.beta": 0.9},
        {"neuron.threshold": 2.0, "neuron.beta": 0.5},
    ]
    assert values("network.width=0.5") == [{"network.width": 0.5}]  # of a network of another kind


@pytest.mark.parametrize("words", ["all:1", "all:2", "dsc:3", "asc:6", "all:0"])
def test_all_matrices_with_so_many_skips_are_those_of_a_literal_loop(words: str) -> None:
    kind, _, number = words.partition(":")
    types = {"all": (1, 2), "dsc": (1,), "asc": (2,)}[kind]
    expected = set()
    for codes in product((0, 1, 2), repeat=6):
        used = [code for code in codes if code]
        if len(used) == int(number) and set(used) <= set(types):
            skips = dict(zip(adjacency.skip_positions(4), codes, strict=True))
            expected.add(adjacency.to_compact_text(adjacency.edges_from_skips(4, skips)))
    found = parse_matrices(words, Design())
    assert set(found) == expected
    assert len(found) == len(expected) == matrix_count(words, Design())


def test_matrices_drawn_at_random_differ_and_a_longer_list_begins_like_a_shorter_one() -> None:
    found = parse_matrices("random:200", Design())
    assert len(set(found)) == 200
    assert parse_matrices("random:7", Design()) == found[:7]
    codes = Counter(code for text in found for code in text.replace("/", ""))
    assert codes["1"] + codes["2"] > 0.55 * 6 * 200  # two in three


def test_a_matrix_that_the_seed_draws_is_another_one_for_each_seed_and_one_group() -> None:
    found = asked("network.edges=dsc-each:1,asc-each:2,dsc-each:0,asc-each:0", seeds=3)
    assert list(found.groups()) == [(0,), (1,), (2,)]
    assert (found.left_out[0].count, found.left_out[0].why) == (1, "it is the same design as another")
    assert found.require_complete() is found
    for run in found.runs():
        n_skip, code = [(1, adjacency.DSC), (2, adjacency.ASC), (0, adjacency.DSC)][run.levels[0]]
        assert run.design.network.edges == adjacency.with_n_skip(4, n_skip, code, run.seed)  # type: ignore[union-attr]
    assert found.axes[0].label(1) == "asc-each:2"
    assert from_query(found.to_query()) == found


def test_a_fixed_question_is_whole_or_says_which_rule_is_broken() -> None:
    with pytest.raises(InputError, match="must be 1 where"):
        asked("neuron.kind=lif,relu", seeds=1).require_complete()


def test_what_does_not_fit_together_is_left_out_with_a_count_and_a_sentence() -> None:
    found = asked("neuron.kind=lif,relu", "data.steps=1,5,6", "network.norm=none,batch", seeds=2)
    assert len(found.groups()) == 8
    (why,) = found.left_out
    assert why.count == 4
    assert why.why == "data.steps must be 1 where neuron.kind is relu, got 5"
    gains = asked("init=kaiming,glorot", "init.gain=1,2", seeds=1)
    assert [design.init for design in gains.groups().values()] == [{"kind": "kaiming", "gain": gain} for gain in (1, 2)]
    assert gains.left_out[0].count == 2


def test_a_kind_that_is_the_bases_keeps_what_the_base_says_of_it_and_others_are_as_absence_means() -> None:
    base = links.change(Design(), {"init.kind": "kaiming", "init.gain": 3.5, "network.channels": 8})
    found = list(asked("init=kaiming,kaiming:gain=1,fluctuation-driven", base=base, seeds=1).groups().values())
    assert [design.init.get("gain") for design in found[:2]] == [3.5, 1.0]
    assert found[2] == links.from_sparse({"network.channels": 8, "init.kind": "fluctuation-driven"})
    networks = list(asked("network.kind=block,mlp", base=base, seeds=1).groups().values())
    assert networks[0] == base
    assert networks[1].network == links.from_sparse({"network.kind": "mlp"}).network
    twice = asked("init=kaiming,kaiming:gain=3.5", base=base, seeds=1)
    assert len(twice.groups()) == 1
    assert (twice.left_out[0].count, twice.left_out[0].why) == (1, "it is the same design as another")


def test_what_is_forecast_to_be_silent_is_left_out_where_that_is_asked() -> None:
    every = asked("neuron.threshold=0.5,1,10", "init=kaiming", seeds=2)
    few = Experiment.check({**every.document(), "silent": "without"})
    silent = [design for design in every.groups().values() if verdicts.silent_layers(design)]
    assert len(silent) == 1
    assert [*few.groups().values()] == [design for design in every.groups().values() if design not in silent]
    assert few.left_out[0].count == 1
    assert "forecast to be silent" in few.left_out[0].why


BAD = [
    (["neuron.treshold=1"],
     "vary must name fields of a design, got 'neuron.treshold'; did you mean 'neuron.threshold'?"),
    (["neuron.threshold=50"], "neuron.threshold must be a number from 0 to 10, got 50"),
    (["neuron.threshold=0.5..50/3"], "neuron.threshold must be a number from 0 to 10, got 50"),
    (["neuron.threshold=1..1e999/3"], "neuron.threshold must be a number from 0 to 10, got '1e999'"),
    (["neuron.threshold=a"], "neuron.threshold must be a number from 0 to 10, got 'a'"),
    (["data.steps=1.5"], "data.steps must be a whole number from 1 to 100, got 1.5"),
    (["init=kaming"], "init.kind must be one of "),
    (["init=kaiming:gian=3"], "init.gian must be a parameter of kaiming (gain), got 3.0"),
    (["network.norm=layer"], "network.norm must be one of none, batch, got 'layer'"),
    (["network.edges=001/000"], "network.edges must be a square matrix with 3 to 9 rows, got 2 rows"),
    (["network.edges=all:9"], "network.edges must name 1 to 2,000 matrices of a block of 4 layers, got 'all:9'"),
    (["network.edges=random:0"], "network.edges must name 1 to 729 matrices of a block of 4 layers, got 'random:0'"),
    (["neuron.threshold=1", "neuron.threshold=2"], "vary must vary each field once, got 'neuron.threshold'"),
    (["init=kaiming", "init.kind=glorot"], "vary must vary each field once, got 'init.kind'"),
    (["neuron.threshold=1~neuron.threshold=2"], "vary must vary each field once"),
    (["neuron.threshold=1,2~neuron.beta=1"], "vary must have as many values of each field that moves together"),
    (["neuron.threshold=1,1.0"], "vary must name each value once, got 'neuron.threshold=1,1.0'"),
    (["neuron.threshold=1..0.5/3"], "vary must have a range of neuron.threshold that rises, got '1..0.5/3'"),
    (["neuron.threshold=0..1/3log"], "vary must have a logarithmic range of neuron.threshold that begins above 0"),
    (["neuron.threshold=0.5..1"], "vary must say how many values of neuron.threshold, such as 0.5..1/5"),
    (["neuron.threshold=*"], "vary must say which values neuron.threshold takes: only choices have *, got '*'"),
    (["seed=1,2"], "vary must name another field than the seed"),
    (["data=digits"], "vary must name fields of a design, got 'data'; did you mean 'data.name'?"),
    (["neuron.threshold"], "vary must have the form path=values"),
    ([], "vary must be 1 to 4 axes, got 0"),
    ([f"neuron.threshold={n}" for n in range(5)], "vary must be 1 to 4 axes, got 5"),
    (["neuron.kind=relu"], "vary must leave a design that can be run, got none: data.steps must be 1 where"),
    (["neuron.threshold=0..1/1000", "neuron.beta=0..1/1000", "data.augment.drop=0..0.9/1000"],
     "vary must come to at most 2,000 runs, got 1,000,000,000 groups with 3 seeds each"),
    (["neuron.threshold=0..1/1000000000"], "vary must come to at most 2,000 runs, got 1,000,000,000 groups"),
    (["data.train_samples=0..1000000"], "vary must come to at most 2,000 runs, got 1,000,001 groups"),
    (["network.channels=4..6/5"], "vary must have no more values of network.channels than there are whole numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("vary", "sentence"), BAD, ids=[" ".join(vary)[:50] for vary, _ in BAD])
def test_bad_input_is_one_sentence_at_once(vary: list[str], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        within_200_ms(lambda texts: asked(*texts), vary)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
    link = "&".join(f"vary.{number}={text}" for number, text in enumerate(vary, 1))
    with pytest.raises(InputError):
        from_query(link.replace("+", "%2B"))


@pytest.mark.parametrize("link", [
    "", "vary.seeds=2", "vary.1=neuron.threshold=1&vary.seeds=0", "vary.1=neuron.threshold=1&vary.how=some",
    "vary.1=neuron.threshold=1&vary.base=1", "vary.1=neuron.threshold=1&vary.color=1", "vary.1=init=kaiming&foo=1",
    "vary.1=neuron.threshold=1&vary.silent=maybe", "vary.1=neuron.threshold=" + "1," * 5000,
])  # fmt: skip
def test_a_broken_link_is_a_sentence(link: str) -> None:
    with pytest.raises(InputError) as caught:
        from_query(link)
    assert is_a_sentence(caught.value)


TEXTS = st.sampled_from([
    ("neuron.threshold", "0.5..1.5/3"), ("neuron.threshold", "0.25,4"), ("init", "*"),
    ("init", "kaiming:gain=3,glorot"),
    ("training.learning_rate", "0.0001..0.1/4log"), ("training.epochs", "1..3"), ("training.batch_size", "16,32"),
    ("network.norm", "*"), ("data.augment.shift", "0,1"), ("training.shortcut.layers", "1+2,1"),
    ("network.edges", "all:1"),    ("network.edges", "0012/0001/0000/0000"),
    ("training.optimizer", "sgd:momentum=0.9,adam"), ("neuron.kind", "lif,plif"),
])  # fmt: skip


@given(DESIGNS, st.lists(TEXTS, min_size=1, max_size=3, unique_by=lambda pair: pair[0]), st.booleans(),
       st.sampled_from(["every", "each"]), st.integers(1, 5))  # fmt: skip
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_experiment_survives_its_link(
    base: Design, pairs: list[tuple[str, str]], joined: bool, how: str, seeds: int
) -> None:
    vary = [f"{path}={text}" for path, text in pairs]
    if joined and len(vary) > 1:
        vary = ["~".join(vary[:2]), *vary[2:]]
    found = attempt(lambda _: asked(*vary, base=base, how=how, seeds=seeds), None)
    if isinstance(found, InputError):
        assert is_a_sentence(found)
        return
    experiment = found
    query = experiment.to_query()
    assert from_query(query) == experiment
    assert from_query(dict(parse_qsl(query, keep_blank_values=True))) == experiment
    assert from_query(query).to_query() == query
    assert from_query(query).runs() == experiment.runs()
    assert Experiment.check(json.loads(json.dumps(experiment.document()))) == experiment
    assert len(query) < links.MAX_QUERY_LENGTH / 2
    assert len(experiment.groups()) + sum(one.count for one in experiment.left_out) >= len(experiment.groups())
    for levels, design in experiment.groups().items():
        for axis, level in zip(experiment.axes, levels, strict=True):
            if level >= 0:
                flat = links.flatten(design)
                assert all(str(flat[path]) == str(value) for path, value in axis.levels[level].items())


def test_a_link_is_short_and_readable() -> None:
    query = asked("neuron.threshold=0.5..1.5/5", "init=variance-preserving,kaiming", seeds=4).to_query()
    assert query == "vary.1=neuron.threshold=0.5..1.5/5&vary.2=init=variance-preserving,kaiming&vary.seeds=4"
