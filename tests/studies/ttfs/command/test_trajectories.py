"""`ttfs spectrum` and `ttfs trajectories`, as tables and as JSON."""

from __future__ import annotations

import pytest

from snnviz.design.design import Design
from snnviz.studies.ttfs.trajectories import MODELS, Trajectories
from tests.cli.conftest import Snnviz

SMALL = ("--set", "network.width=20", "--set", "network.depth=3", "--set", "training.epochs=2", "--looks", "2")


def test_spectra_of_random_layers(snnviz: Snnviz) -> None:
    found = snnviz("ttfs", "spectrum", "--seeds", "5", "--json").json
    b1, alpha_one, _ = found["models"]
    assert (b1["slope"], alpha_one["slope"]) == ("b1", "alpha-one")
    assert alpha_one["median"] > 3 * b1["median"]
    assert (found["seeds"], found["setting"]["neurons"], found["setting"]["weights"]) == (5, 340, "one")
    lines = snnviz("ttfs", "spectrum", "--seeds", "2", "--neurons", "50", "--weights", "he").out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["b1", "alpha-one", "chosen"]
    assert lines[4].startswith("2 layers; with alpha = 1, B is not above 0 in ")


def test_trajectories_are_trained_once_and_shown_again(snnviz: Snnviz) -> None:
    found = snnviz("ttfs", "trajectories", *SMALL, "--json").json
    assert found["state"] == "done"
    assert {row["model"] for row in found["rows"]} == set(MODELS)
    last = {row["model"]: row for row in found["rows"]}
    assert last["b1"]["difference"] < 1e-9
    assert last["relu"]["step"] == 46
    assert found["run"] == Trajectories(design=Design.check(found["design"]), looks=2).digest
    assert snnviz("show", found["run"][:8], "--json").json == found
    lines = snnviz("ttfs", "trajectories", *SMALL).out.splitlines()
    assert lines[0].startswith("trajectories of digits · mlp 3 x 20 · relu")
    assert [line.split()[0] for line in lines[2:]] == list(MODELS)
    assert lines[1:] == snnviz("show", found["run"]).out.splitlines()[1:]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("spectrum", "--neurons", "5"), "neurons must be a whole number from 10 to 600, got 5"),
        (("spectrum", "--seeds", "many"), "seeds must be a whole number from 1 to 1000, got 'many'"),
        (("spectrum", "--low", "3"), "low must be at most the largest slope, 1.5, got 3"),
        (("trajectories", "--looks", "0"), "looks must be a whole number from 1 to 100, got 0"),
        (("trajectories", "--slower", "x"), "slower must be a number from 1 to 10000, got 'x'"),
        (("trajectories", "digits"), "network.edges must have no skips for TTFS, got '00200/00000/00002/00000/00000'"),
    ],
)
def test_bad_input_gets_a_sentence(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("ttfs", *arguments).sentence.startswith(sentence)
