"""Limits of hardware and activity penalties from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnviz.design.links import change
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.limits import FineTuning, HardwareLimits, Tuned
from tests.cli.conftest import Snnviz

TINY = change(
    default_design(), {"network.width": 16, "data.train_samples": 150, "data.test_samples": 50, "training.epochs": 2}
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    place = tmp_path / "design.json"
    place.write_text(json.dumps(TINY.document()))
    return str(place)


def test_one_command_makes_a_curve_and_the_next_finds_it(snnviz: Snnviz, path: str) -> None:
    arguments = ("ttfs", "limits", path, "--axis", "latency", "--epochs", "1")
    first = snnviz(*arguments, "--json").json
    assert [point["value"] for point in first["points"]] == [1, 2, 4, 8, 16]
    assert first["study"] == {"axes": ["latency"], "epochs": 1, "learning_rate": 0.001, "outliers": 0, "seeds": 1} | {
        "levels": "without-zero"
    }
    store = Store()
    for point in first["points"]:
        (seed,) = point["seeds"]
        rows = [row for _, row in store.rows(seed["run"], Tuned)]
        assert [row.accuracy for row in rows] == [seed["before"], seed["after"]] == [point["before"], point["after"]]
        assert seed["spikes_after"] == rows[-1].spikes
        assert store.get(seed["run"]).attempt == 1
    assert first["points"][0]["before"] == first["points"][0]["seeds"][0]["exact"]
    human = snnviz(*arguments)
    assert human.code == 0
    assert human.out.startswith("test accuracy without limits ")
    assert len(human.out.splitlines()) == 8
    assert all(store.get(point["seeds"][0]["run"]).attempt == 1 for point in first["points"])


def test_a_fine_tuning_is_shown(snnviz: Snnviz) -> None:
    task = FineTuning(design=TINY, limits=HardwareLimits(weight_bits=3), epochs=1)
    Immediate(Store()).submit(task)
    told = snnviz("show", task.digest, "--json").json
    assert (told["state"], told["task"]["limits"]["weight_bits"]) == ("done", 3)
    assert [epoch["epoch"] for epoch in told["epochs"]] == [0, 1]
    lines = snnviz("show", task.digest).out.splitlines()
    assert "through weight_bits=3: done" in lines[0]
    assert lines[1].startswith("  before    accuracy ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("limits", "--axis", "bits"), "axis must be some of weight_bits, time_bits, jitter, latency, got 'bits'"),
        (("limits", "--epochs", "0"), "epochs must be a whole number from 1 to 100, got 0"),
        (("limits", "--outliers", "much"), "outliers must be a number from 0 to 0.1, got 'much'"),
        (("limits", "digits"), "network.edges must have no skips for TTFS"),
        (("limits", "--set", "width"), "--set must have the form path=value"),
        (("penalty", "--values", "0,x"), "values must be at most 20 numbers from 0 to 1000"),
        (("penalty", "--seeds", "11"), "seeds must be a whole number from 1 to 10, got 11"),
        (("penalty", "digits"), "network.edges must have no skips for TTFS"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("ttfs", *arguments).sentence.startswith(sentence)
