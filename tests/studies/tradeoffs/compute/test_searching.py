"""Searches for a front: what they try follows from the search alone, and is judged by what is held out."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch

from snnviz.core.execute import execute
from snnviz.design.axes import parse_axis
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import Diverged, InputError
from snnviz.events import EpochEnd, Progress
from snnviz.studies.tradeoffs import tasks
from snnviz.studies.tradeoffs.compute import searching
from snnviz.studies.tradeoffs.compute.searching import axis_scale, run_front_search
from snnviz.studies.tradeoffs.search import (
    FrontSearch,
    FrontSetting,
    FrontTrial,
    base_code,
    candidate_design,
    finished_candidates,
    parse_code,
    to_minimise,
)
from snnviz.studies.tradeoffs.theory.fronts import FrontHistory, covered_shares, value_box
from snnviz.tasks import History
from snnviz.theory import costs

BASE = {
    "data": {"train_samples": 80, "test_samples": 40, "steps": 2, "validation": 0.25},
    "network": {"kind": "mlp", "depth": 1, "width": 8},
    "training": {"epochs": 1, "batch_size": 20, "learning_rate": 0.02},
}


def make(**changes: Any) -> FrontSearch:
    """A search of a second: 36 candidates, 10 of which are tried."""
    usual = {
        "design": BASE,
        "vary": ["neuron.threshold=0.5..1.5/3", "network.width=4,8,16", "init=kaiming,glorot~neuron.beta=0.5,0.9"],
        "iterations": 5,
    }
    return FrontSearch.check({**usual, **changes})


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(searching, "FIRST_CANDIDATES", 4)


def tried(search: FrontSearch, *said: FrontTrial) -> list[FrontTrial]:
    events = list(run_front_search(search, History(said)))
    return [dataclasses.replace(e, seconds=0.0) for e in events if isinstance(e, FrontTrial)]


def test_a_resumed_search_tries_the_same_candidates() -> None:
    search = make()
    whole = tried(search)
    assert [trial.number for trial in whole] == list(range(10))
    assert len({trial.code for trial in whole}) == 10
    for kept in (3, 7):
        assert tried(search, *whole[:kept]) == whole[kept:]
    assert [trial.code for trial in tried(make(seed=1))] != [trial.code for trial in whole]


def test_random_ones_begin_alike_and_the_base_is_first() -> None:
    search = make(iterations=2)
    chosen, random = tried(search), tried(make(iterations=2, strategy="random"))
    assert chosen == random  # before there is anything to learn from
    design = candidate_design(search, parse_code(chosen[0].code))
    assert base_code(make()) is None  # its beta is 0.5, which goes with kaiming here
    assert isinstance(design, Design)
    one = make(vary=["neuron.threshold=0.5,1,1.5", "network.width=4,8"], parallel=3, iterations=1)
    first = tried(one)
    assert len(first) == 3
    assert candidate_design(one, parse_code(first[0].code)) == one.design


def test_a_candidate_is_judged_by_the_images_held_out_and_tested_once() -> None:
    search = make(iterations=1, repeats=2, costs="operations,rate")
    trials = tried(search)
    assert [(trial.number, trial.seed) for trial in trials] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    one = finished_candidates(search, trials)[0]
    ends = []
    for seed in (0, 1):
        events = execute(one.design.model_copy(update={"seed": seed}))
        ends.append([event for event in events if isinstance(event, EpochEnd)][-1])
    assert one.values[0] == np.mean([end.validation_accuracy for end in ends])
    assert one.accuracy == np.mean([end.test_accuracy for end in ends])
    assert one.values[2] == np.mean([end.rate for end in ends])
    assert to_minimise(search, one.values) == (1 - one.values[0], math.log10(1 + one.values[1]), one.values[2])
    assert search.criterion.words == "chosen by validation accuracy; the test images had no say"


def test_without_images_held_out_the_test_images_choose_which_is_said() -> None:
    search = make(design=change(Design.check(BASE), {"data.validation": 0}).document(), iterations=1)
    trials = tried(search)
    assert [trial.validation_accuracy for trial in trials] == [None, None]
    assert [one.values[0] for one in finished_candidates(search, trials)] == [trial.accuracy for trial in trials]
    assert search.criterion.words.startswith("chosen on the test images")


def test_what_diverges_or_has_no_cost_comes_to_nothing_and_the_search_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    train = searching.execute

    def fails(design: Design, **given: Any) -> Any:
        if design.neuron.model_dump()["threshold"] == 1:
            raise Diverged("The loss became infinite.")
        return train(design, **given)

    monkeypatch.setattr(searching, "execute", fails)
    search = make()
    trials = tried(search)
    lost = [trial for trial in trials if trial.why]
    assert {trial.why for trial in lost} == {"The loss became infinite."}
    assert len(trials) == 10
    assert 0 < len(lost) < 10
    assert tried(search, *trials[:6]) == trials[6:]
    history = FrontHistory.from_rows(search, trials)
    assert len(history.known) == 10 - len(lost)
    assert all(one.design.neuron.model_dump()["threshold"] != 1 for one in history.front)


def test_what_does_not_fit_together_is_never_tried() -> None:
    search = make(vary=["neuron.kind=lif,relu", "data.steps=1,2", "network.width=4,8"], iterations=4)
    trials = tried(search)
    assert isinstance(candidate_design(search, (1, 1, 0)), str)  # ReLUs know one step
    assert sorted(trial.code for trial in trials) == ["0-0-0", "0-0-1", "0-1-0", "0-1-1", "1-0-0", "1-0-1"]


def test_progress_ends_where_it_was_said_to() -> None:
    search = make(iterations=2, repeats=2)
    steps = [event for event in run_front_search(search) if isinstance(event, Progress)]
    assert {event.steps for event in steps} == {tasks.cost(search).steps} == {800}
    assert [event.step for event in steps] == sorted(event.step for event in steps)
    assert steps[-1].step == 800
    assert steps[1].doing == "candidate 1 of 4"


@pytest.mark.parametrize(
    ("text", "rows", "ordered"),
    [
        ("neuron.threshold=0.5,1,8", ((0.0,), (0.5,), (1.0,)), True),
        ("training.learning_rate=0.001..0.1/3log~training.epochs=1,2,3", ((0.0,), (0.5,), (1.0,)), True),
        ("init=kaiming,glorot", ((0.0,), (1.0,)), False),
        ("neuron.reset=*", ((0.0,), (1.0,), (2.0,)), False),
        ("network.edges=000/000/000,002/000/000,001/000/000", ((0.0,), (2.0,), (1.0,)), False),
    ],
)
def test_how_alike_levels_are(text: str, rows: tuple[tuple[float, ...], ...], ordered: bool) -> None:
    scale = axis_scale(parse_axis(text, Design()))
    assert (scale.rows, scale.ordered) == (rows, ordered)


def test_matrices_are_alike_entry_by_entry() -> None:
    rows = axis_scale(parse_axis("network.edges=all:1", Design())).rows
    assert all(len(row) == len(rows[0]) == 6 for row in rows)  # places in a block of four
    assert all(sum(entry != 0 for entry in row) == 1 for row in rows)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vary": []}, "vary must be 1 to 4 axes, got 0"),
        ({"vary": ["neuron.threshld=1,2"]}, "neuron.threshld"),
        ({"vary": ["neuron.threshold=1,2", "neuron.threshold=3,4"]}, "vary must vary each field once"),
        ({"vary": ["seed=1,2"]}, "vary must name another field than the seed"),
        (
            {"vary": ["data.validation=0,0.2"]},
            "vary must leave seed and data.validation as they are in a search, got 'data.validation'",
        ),
        ({"vary": ["neuron.threshold=0.1..9/100000"]}, "vary must have at most 2,000 values of a field"),
        ({"costs": "accuracy"}, "costs must be of "),
        ({"costs": "seconds"}, "costs must be of "),
        ({"costs": "operations,rate,energy"}, "costs must be one or 2 different metrics"),
        ({"costs": "rate,rate"}, "costs must be one or 2 different metrics"),
        ({"design": {"seed": 2**31 - 1}, "repeats": 2}, "design.seed must leave room"),
        ({"strategy": "best"}, "strategy must be one of qlognehvi, random, got 'best'"),
    ],
)
def test_what_cannot_be_searched_is_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        make(**changes)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_setting_takes_the_same_costs() -> None:
    assert FrontSetting.check({"costs": " rate , energy"}).costs == "rate,energy"
    with pytest.raises(InputError, match="costs must be of "):
        FrontSetting.check({"costs": "speed"})


def test_time_and_memory_are_of_what_is_tried() -> None:
    search = make(vary=["network.width=8,800", "training.epochs=1,3"])
    base = Design.check(BASE)
    wide = change(base, {"network.width": 800})
    found = tasks.cost(search)
    assert found.bytes >= costs.memory_bytes(wide)
    assert found.seconds == pytest.approx(
        4 * 2 * (costs.training_seconds(base) + costs.training_seconds(wide)) / 2, rel=0.01
    )
    assert tasks.data_sets(make(vary=["data.name=digits,mnist"])) == ("digits", "mnist")


def test_what_is_covered_grows_and_is_the_hypervolume_of_the_box() -> None:
    search = make()

    def trial(number: int, accuracy: float | None, cost: float | None) -> FrontTrial:
        why = None if accuracy is not None else "It diverged."
        return FrontTrial(number, 0, number // 2, f"0-0-{number % 2}", accuracy, accuracy, cost, None, 1.0, why)

    points = [(0.5, 9.0), (None, None), (0.9, 99.0), (0.7, 9.0), (0.5, 999.0)]
    history = FrontHistory.from_rows(search, [trial(number, *point) for number, point in enumerate(points)])
    assert [one.number for one in history.front] == [2, 3]
    box = value_box([history])
    assert box is not None
    shares = covered_shares(history, box)
    # errors 0.5 0.1 0.3 0.5, logs of the costs 1 2 1 3: in the box the points (1, 0), (0, 1/2), (1/2, 0), (1, 1)
    assert shares == pytest.approx([0, 0, 0.5, 0.75, 0.75])
    assert value_box([FrontHistory.from_rows(search, [trial(0, 0.5, 9.0)])]) is None
    assert value_box([]) is None
