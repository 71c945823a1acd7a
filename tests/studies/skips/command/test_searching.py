"""The search for skips from the command line."""

from __future__ import annotations

import pytest

from snnviz.design import links
from snnviz.store import Store
from snnviz.studies.skips.command.searching import read_setting
from snnviz.studies.skips.optimisation import optimisation_searches
from snnviz.studies.skips.search import Search, Trial, candidate_design, parse_code
from tests.cli.conftest import Snnviz

FIELDS = {"layers": 3, "channels": 2, "steps": 2, "train_samples": 150, "validation": 50, "epochs": 1}
SETTINGS = [f"--set={name}={value}" for name, value in FIELDS.items()]
SMALL = ("search", "--iterations", "2", "--seeds", "1", *SETTINGS, "--set", "shared_epochs=1")


def test_it_searches_and_says_what_it_found(snnviz: Snnviz, shared: Store) -> None:
    answer = snnviz(*SMALL, "--json")
    assert (answer.code, answer.err) == (0, "")
    (found,) = answer.json["searches"]
    settings = [setting.removeprefix("--set=") for setting in SETTINGS]
    setting = read_setting(None, "ucb", {"iterations": "2", "seeds": "1"}, [*settings, "shared_epochs=1"])
    (search,) = optimisation_searches(setting)
    assert (found["search"], found["state"], found["candidates"]) == (search.digest, "done", 27)
    rows = [row for _, row in shared.rows(search.digest, Trial)]
    assert [trial["number"] for trial in found["trials"]] == [0, 1, 2, 3]
    best = min(rows, key=lambda row: row.value)
    assert found["best"]["value"] == best.value
    edges = candidate_design(search, parse_code(best.code)).network.matrices
    assert found["best"]["edges"] == ["/".join("".join(map(str, row)) for row in matrix) for matrix in edges]
    again = snnviz(*SMALL)
    assert again.code == 0
    assert "27 candidates; judged by 50 images kept apart" in again.out
    assert shared.get(search.digest).attempt == 1
    assert snnviz("show", search.digest, "--json").json == found
    assert f"a search of {links.one_line_summary(search.design)}: done" in snnviz("show", search.digest).out
    assert snnviz("runs").out == ""


def test_random_search_trains_from_scratch(snnviz: Snnviz, shared: Store) -> None:
    answer = snnviz(*SMALL, "--strategy", "random", "--json")
    (found,) = answer.json["searches"]
    search = shared.get(found["search"]).task
    assert isinstance(search, Search)
    assert (search.strategy, search.weights) == ("random", "scratch")
    assert found["trials"][-1]["epochs"] == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--arch", "resnet"], "network must be one of block, resnet18, densenet121, mobilenetv2, got 'resnet'"),
        (["--strategy", "grid"], "strategy must be one of ucb, random, got 'grid'"),
        (["--iterations", "0"], "iterations must be a whole number from 1 to 200, got 0"),
        (["--parallel", "many"], "parallel must be a whole number from 1 to 16, got 'many'"),
        (["--data", "nothing"], "data must be one of digits, mnist, fashion-mnist, cifar10, cifar100, "),
        (["--set", "train_samples=100"], "validation must be less than the 100 training images, got 400"),
        (["--set", "shared=1"], "shared must be a field of an optimisation, got 1"),
        (["--data", "digits", "--set", "data=mnist"], "data must be given once, got 'mnist'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(snnviz: Snnviz, arguments: list[str], sentence: str) -> None:
    assert snnviz("search", *arguments).sentence.startswith(sentence)


def test_an_architecture_starts_from_a_setting_that_suits_it() -> None:
    setting = read_setting("resnet18", "ucb", {"seeds": "3"}, [])
    assert (setting.network, setting.threshold, setting.repeats) == ("resnet18", 0.5, 3)
    assert len(optimisation_searches(setting)) == 3
