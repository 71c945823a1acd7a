"""`tradeoffs`: groups of what is there, the front, limits, as JSON, CSV and text."""

from __future__ import annotations

import csv
import io

import pytest

from snnviz.events import EpochEnd
from snnviz.store import Store
from snnviz.store.groups import group_key
from snnviz.theory.intervals import confidence_interval
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign
from tests.store.test_metrics import end_run


def fill(store: Store, tiny: MakeDesign) -> None:
    """Three learning rates with two seeds: the more accurate the slower, and one that is worse in both."""
    for rate, accuracy, seconds in ((0.01, 0.5, 1.0), (0.02, 0.7, 3.0), (0.03, 0.6, 4.0)):
        for seed in range(2):
            ends = [EpochEnd(1, 0.9, accuracy + 0.01 * seed, 0.1, 1 - accuracy, 0.3, 0.01)]
            end_run(store, tiny(seed, learning_rate=rate), *ends, seconds=seconds + seed)


def test_groups_objectives_and_front_as_json(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    fill(shared, tiny)
    version = shared.version()
    found = snnviz("tradeoffs", "--objectives", "accuracy,seconds", "--json").json
    assert shared.version() == version
    assert [one["better"] for one in found["objectives"]] == ["more", "less"]
    assert found["chosen_on"] == "test"
    groups = {one["settings"]["training.learning_rate"]: one for one in found["groups"]}
    assert {rate: one["front"] for rate, one in groups.items()} == {0.01: True, 0.02: True, 0.03: False}
    one = groups[0.02]
    assert one["seeds"] == [0, 1]
    assert one["key"] == group_key(tiny(learning_rate=0.02))
    assert one["runs"] == {str(seed): tiny(seed, learning_rate=0.02).digest for seed in range(2)}
    wanted = confidence_interval([0.7, 0.71])
    told = one["objectives"]["accuracy"]
    assert (told["mean"], told["low"], told["high"]) == pytest.approx((wanted.mean, wanted.low, wanted.high))
    assert [each["field"] for each in found["importances"]["accuracy"]] == ["training.learning_rate"]


def test_limits_and_filters_leave_some(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    fill(shared, tiny)
    limited = snnviz("tradeoffs", "--objectives", "accuracy,seconds", "--limits", "seconds<=2", "--json").json
    assert [one["within_limits"] for one in limited["groups"]].count(True) == 1
    filtered = snnviz("tradeoffs", "--filter", "training.learning_rate > 0.015", "--objectives", "accuracy,seconds",
                      "--json").json  # fmt: skip
    assert {one["settings"]["training.learning_rate"] for one in filtered["groups"]} == {0.02, 0.03}
    assert [one["front"] for one in filtered["groups"]].count(True) == 1


def test_csv_has_numbers_in_full_and_text_has_the_front(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    assert snnviz("tradeoffs").out.strip() == "No run that is done fits."
    fill(shared, tiny)
    rows = list(csv.DictReader(io.StringIO(snnviz("tradeoffs", "--objectives", "accuracy,seconds", "--csv").out)))
    assert [float(row["accuracy"]) for row in rows] == pytest.approx([0.505, 0.705, 0.605])
    assert [row["front"] for row in rows] == ["1", "1", "0"]
    assert rows[0].keys() >= {"training.learning_rate", "accuracy_low", "accuracy_high", "seconds", "seeds", "key"}
    said = snnviz("tradeoffs", "--objectives", "accuracy,seconds").out
    assert "2 of 3 groups are on the front, 3 within limits." in said
    assert "Chosen on the test images, so that the best looks better than it is." in said
    assert said.splitlines()[1].split()[:3] == ["0.02", "70.5", "%"]


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--objectives", "accuracy"], "objectives must be two or three metrics, got 1"),
    (["--objectives", "accuracy,nothing"], "objectives must be metrics of runs, such as accuracy and synops"),
    (["--limits", "rate<<1"], "limits must have the form metric<number or metric>number, got 'rate<<1'"),
    (["--filter", "this is = no filter ("], "filter must"),
    (["--json", "--csv"], "--json must not be together with --csv"),
])  # fmt: skip
def test_bad_input_is_one_sentence(snnviz: Snnviz, shared: Store, arguments: list[str], sentence: str) -> None:  # noqa: ARG001
    answer = snnviz("tradeoffs", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert sentence in answer.err
