"""Limits, fine-tunings and studies as values: what they refuse, and that their names say all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.graph.ttfs import relu_network, ttfs_network
from snnviz.studies.ttfs.curves import (
    LimitSettings,
    LimitStudy,
    curve_points,
    default_design,
    finetuning_task,
    pretrained_design,
    pretrained_designs,
)
from snnviz.studies.ttfs.limits import AXES, FineTuning, HardwareLimits
from snnviz.studies.ttfs.penalty import PenaltyStudy, penalty_runs

TTFS = ttfs_network(default_design())


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"weight_bits": 17}, "limits.weight_bits must be a whole number from 0 to 16, got 17"),
        ({"jitter": -1}, "limits.jitter must be a number from 0 to 2, got -1"),
        ({"latency": 0.5}, "limits.latency must be a number from 1 to 50, got 0.5"),
        ({"outliers": 0.1}, "limits.outliers must be 0 where limits.weight_bits is 0, got 0.1"),
        ({"levels": "with-zero"}, "limits.levels must be without-zero where limits.weight_bits is below 2, got"),
        (
            {"levels": "zero", "weight_bits": 4},
            "limits.levels must be one of without-zero, with-zero, got 'zero'; did you mean 'with-zero'?",
        ),
        ({"bits": 4}, "limits.bits must be a field of a fine-tuning"),
    ],
)
def test_limits_that_are_none(document: Any, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        FineTuning.check({"design": default_design().document(), "limits": document})
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("design", "sentence"),
    [
        (Design(), "network.edges must have no skips for TTFS"),
        (change(Design(), {"network.kind": "mlp"}), "design.neuron.kind must be relu, got 'lif'"),
        (change(TTFS, {"ttfs.slope": "alpha-one"}), "design.ttfs.slope must be one where there are limits"),
    ],
)
def test_networks_that_have_no_limits(design: Design, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        FineTuning(design=design)
    assert str(refused.value).startswith(sentence)


def test_a_spiking_network_stands_for_its_relu_network_and_a_ttfs_network_for_itself() -> None:
    lif = change(Design(), {"network.kind": "mlp"})
    assert pretrained_design(lif) == relu_network(lif)
    assert pretrained_design(TTFS) == TTFS
    assert finetuning_task(lif, HardwareLimits(), LimitStudy()).design.neuron.kind == "relu"


@given(
    st.builds(HardwareLimits, weight_bits=st.integers(1, 16), outliers=st.floats(0, 0.1), jitter=st.floats(0, 2)),
    st.integers(1, 100),
    st.sampled_from([default_design(), TTFS]),
)
def test_its_text_is_all_of_it(limits: HardwareLimits, epochs: int, design: Design) -> None:
    task = FineTuning(design=design, limits=limits, epochs=epochs)
    again = FineTuning.read(task.canonical())
    assert (again, again.digest, len(task.digest)) == (task, task.digest, 16)
    other = FineTuning(design=design, limits=limits, epochs=epochs, learning_rate=0.5)
    assert other.digest != task.digest != design.digest


def test_tasks_that_were_kept_before_levels_could_be_chosen_keep_their_names() -> None:
    old = FineTuning(design=default_design(), limits=HardwareLimits(weight_bits=4, outliers=0.01), epochs=3)
    for task in (old, FineTuning(design=default_design())):
        document = task.document()
        del document["limits"]["levels"]
        assert FineTuning.restore(json.dumps(document)) == task
    new = FineTuning(design=default_design(), limits=HardwareLimits(weight_bits=4, levels="with-zero"))
    assert '"levels":"with-zero"' in new.canonical()
    assert FineTuning.read(new.canonical()) == new
    assert new.limits.text == "weight_bits=4, levels=with-zero"
    chosen = LimitStudy(levels="with-zero")
    assert {p.task.limits.levels for p in curve_points(default_design(), chosen, ["weight_bits"])} == {"with-zero"}
    assert {p.task.limits.levels for p in curve_points(default_design(), chosen, ["jitter"])} == {"without-zero"}


def test_one_bit_has_no_room_for_a_zero() -> None:
    assert LimitSettings(levels="with-zero", weight_bits=0).limits == HardwareLimits()
    assert LimitSettings(levels="with-zero", weight_bits=3).limits.levels == "with-zero"
    with pytest.raises(InputError, match="weight_bits must be 0 or at least 2 where levels is with-zero, got 1"):
        LimitSettings.check({"levels": "with-zero", "weight_bits": 1})


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 5000, '{"design": 3}', " " * 200_000])
def test_text_that_is_none(text: str) -> None:
    with pytest.raises(InputError):
        FineTuning.read(text)


def test_points_are_the_curves_seed_by_seed() -> None:
    study = LimitStudy(seeds=2, epochs=1, outliers=0.01)
    found = curve_points(default_design(), study)
    assert len(found) == 2 * sum(map(len, AXES.values())) == len({point.task.digest for point in found})
    assert [p.task.design.seed for p in found] == sorted(p.task.design.seed for p in found)
    for point in found:
        assert getattr(point.task.limits, point.axis) == point.value
        assert point.task.limits.outliers == (0.01 if point.axis == "weight_bits" else 0)
        assert point.task.design in pretrained_designs(default_design(), 2)
    last = change(default_design(), {"seed": 2**31 - 1})
    assert [design.seed for design in pretrained_designs(last, 3)] == [2**31 - 3, 2**31 - 2, 2**31 - 1]


@pytest.mark.parametrize(
    "values", ["", "x", "0,,x", "-1", "1e400", "1001", "nan", ",".join(map(str, range(30))), 3, None]
)
def test_penalties_that_are_none(values: Any) -> None:
    with pytest.raises(InputError, match="values must be at most 20 numbers from 0 to 1000"):
        PenaltyStudy.check({"values": values})


def test_a_study_of_penalties_is_ordinary_designs() -> None:
    study = PenaltyStudy(values="1, 0,1.0", seeds=2)
    assert study.penalties == (0, 1)
    found = penalty_runs(default_design(), study)
    assert [(each.penalty, each.design.seed) for each in found] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert found[0].design == TTFS
    assert found[1].design == change(TTFS, {"ttfs.penalty": 1})
