"""Kinds of check: "not yet" until it has happened, and what was measured when it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from snnviz.lessons.checks import CHECKS
from snnviz.lessons.checks.kind import Check, NoWorld, Reading, SeenRun
from snnviz.lessons.table import Table
from snnviz.store.filters import RunFilter


@dataclass
class Before:
    """What a learner has before them, as a value."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    seen: Sequence[SeenRun] = ()
    by: Mapping[str, str] = field(default_factory=dict)  # the filter of each run
    looked: Mapping[str, Any] = field(default_factory=dict)

    def setting(self) -> Mapping[str, Any]:
        return self.fields

    def reading(self, name: str) -> Reading | None:
        return self.readings.get(name)

    def runs(self, wanted: RunFilter, metrics: Sequence[str]) -> Sequence[SeenRun]:  # noqa: ARG002
        return [run for run in self.seen if self.by.get(run.run, wanted.text) == wanted.text]

    def series(self, run: str, name: str) -> Reading | None:
        return self.readings.get(f"{run}.{name}")

    def open_look(self) -> Mapping[str, Any]:
        return self.looked


def check(toml: str) -> Check:
    table = Table.parse(toml, 1)
    found = CHECKS[table.one_of("kind", CHECKS)].from_table(table)
    table.finish("a check")
    return found


def run(name: str, done: bool = True, **values: float) -> SeenRun:
    return SeenRun(name, f"run {name}", done, values)


SETTING = 'kind = "setting"\nwhere = ["threshold >= 1.2", "inits = kaiming"]'
READING = 'kind = "reading"\nname = "spikes.kaiming.3"\nwhere = ["layers = 20"]'
RUN = 'kind = "run"\nwhere = "data.name = digits"\nmetric = "accuracy"'
COMPARE = """
kind = "compare"
metric = "accuracy"
margin = 0.01
cases = [{name = "a", where = "seed = 1"}, {name = "b", where = "seed = 2"}]
"""
SCORE = 'kind = "score"\nwhere = "data.name = digits"\nmetric = "accuracy"\ncost = "synops"\nlimit = 1000\nleast = 0.8'
LOOK = 'kind = "look"\nwhere = ["image = 7"]'
NEURON = 'kind = "neuron"\ncurrent = 0.3\nbeta = 1\nsteps = 10\nquantity = "first spike"'


@pytest.mark.parametrize("toml", [SETTING, READING, RUN, COMPARE, SCORE, LOOK])
def test_nothing_has_happened_yet(toml: str) -> None:
    found = check(toml).evaluate(NoWorld())
    assert not found.there
    assert found.words.startswith("Not yet")


def test_a_setting_is_reached() -> None:
    one = check(SETTING)
    assert not one.evaluate(Before({"threshold": 1.1, "inits": "kaiming"})).there
    assert "threshold >= 1.2" in one.evaluate(Before({"threshold": 1.1, "inits": "kaiming"})).words
    assert one.evaluate(Before({"threshold": 1.2, "inits": "Kaiming"})).there


def test_a_reading_belongs_to_the_setting_that_is_asked_for() -> None:
    shown = {"spikes.kaiming.3": Reading("Spikes.", 0.25)}
    one = check(READING)
    assert not one.evaluate(Before({"layers": 10}, shown)).there
    truth = one.evaluate(Before({"layers": 20}, shown)).truth
    assert truth is not None
    assert truth.number == 0.25


def test_a_run_counts_when_it_is_done() -> None:
    one = check(RUN)
    assert one.evaluate(Before(seen=[run("a", done=False)])).words == "Not yet: it is still training."
    truth = one.evaluate(Before(seen=[run("a", done=False), run("b", accuracy=0.9)])).truth
    assert truth is not None
    assert truth.number == 0.9
    assert "run b" in truth.words


def test_cases_are_compared_when_all_are_done() -> None:
    one = check(COMPARE)
    by = {"x": "seed = 1", "y": "seed = 2"}
    half = one.evaluate(Before(seen=[run("x", accuracy=0.5)], by=by))
    assert half.words == "Not yet: b. You have a."
    truth = one.evaluate(Before(seen=[run("x", accuracy=0.5), run("y", accuracy=0.7)], by=by)).truth
    assert truth is not None
    assert truth.cases == {"a": 0.5, "b": 0.7}
    assert truth.margin == 0.01


def test_a_score_is_the_best_within_the_limit() -> None:
    one = check(SCORE)
    assert "your cheapest run has 2,000" in one.evaluate(Before(seen=[run("a", accuracy=0.9, synops=2000)])).words
    assert "Reach 0.8" in one.evaluate(Before(seen=[run("a", accuracy=0.7, synops=900)])).words
    runs = [
        run("a", accuracy=0.99, synops=2000),
        run("b", accuracy=0.85, synops=900),
        run("c", accuracy=0.9, synops=1000),
    ]
    truth = one.evaluate(Before(seen=runs)).truth
    assert truth is not None
    assert truth.number == 0.9


def test_a_look_is_opened() -> None:
    assert not check(LOOK).evaluate(Before(looked={"image": 3})).there
    assert check(LOOK).evaluate(Before(looked={"image": 7})).there


def test_a_neuron_is_the_catalogues_own() -> None:
    truth = check(NEURON).evaluate(NoWorld()).truth
    assert truth is not None
    assert truth.number == 4
    assert truth.marks == (4, 7, 10)
    assert truth.series[0] == (1, pytest.approx(0.3))
    silent = check(NEURON.replace("0.3", "0")).evaluate(NoWorld()).truth
    assert silent is not None
    assert silent.number is None
