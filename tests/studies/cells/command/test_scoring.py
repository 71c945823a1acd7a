"""A cell's score from the command line."""

from __future__ import annotations

import pytest

from snnviz.design.cells import PUBLISHED_CELLS, to_text
from snnviz.studies.cells.compute.score import Scorer
from snnviz.studies.cells.scoring import Scoring
from tests.cli.conftest import Snnviz

SMALL = {"channels": 4, "batch": 6, "steps": 3, "hidden": 16}
FIELDS = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]


def test_it_prints_what_the_core_finds(snnviz: Snnviz) -> None:
    cell = "0302 0030 3003 0000"
    found = snnviz("score", cell, "--metric", "hd", *FIELDS, "--json").json
    setting = Scoring.check({"cell": cell, "metric": "hd", **SMALL})
    expected = Scorer(setting).findings(setting.cell)
    scores = expected.scores
    assert found["setting"] == setting.model_dump(mode="json")
    assert found["score"] == scores["hd"].mean
    assert found["scores"] == [one.value for one in scores["hd"].each]
    assert (found["metrics"]["sahd"]["mean"], found["metrics"]["sahd"]["sd"]) == (
        scores["sahd"].mean,
        scores["sahd"].deviation,
    )
    assert found["invalid"] is None
    assert found["kernel"] == expected.kernel("hd").tolist()
    assert [layer["name"] for layer in found["layers"]] == [layer.name for layer in expected.layers]
    assert found["relu"][0]["silent"] == expected.relu[0].silent.tolist()
    assert found["labels"] == expected.labels.tolist()
    human = snnviz("score", cell, "--metric", "hd", *FIELDS)
    assert human.err == ""
    assert human.out.startswith(
        f"{cell}: 4 forward + 1 backward: 4 conv 3x3, 1 conv 1x1\nlog|det K| = {scores['hd'].mean:.4f}"
    )
    assert len(human.out.splitlines()) == 4 + len(expected.layers)


def test_a_published_cell_has_a_name(snnviz: Snnviz) -> None:
    found = snnviz("score", "CIFAR100", *FIELDS, "--json").json
    assert found["setting"]["cell"] == to_text(PUBLISHED_CELLS["SNASNet-Bw, CIFAR100"])


def test_a_cell_without_a_score_says_why(snnviz: Snnviz) -> None:
    dead = "0000 0000 0000 0000"
    found = snnviz("score", dead, *FIELDS, "--json").json
    assert (found["score"], found["invalid"]) == (None, "no neuron spikes")
    assert "no score by SAHD: no neuron spikes" in snnviz("score", dead, *FIELDS).out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("0303",), "cell must have 4 rows of 4 operations, got "),
        (("0003 0000 0000 2000",), "cell[3][0] must be 0 (node 0 feeds node 3 already"),
        (("cifar10", "--metric", "sad"), "metric must be one of sahd, hd, got 'sad'"),
        (("cifar10", "--metric", "hd", "--set", "metric=hd"), "metric must be given once, got 'hd'"),
        (("cifar10", "--set", "cell=1"), "cell must be given once, got '1'"),
        (("cifar10", "--data", "nmnist"), "data must be a data set of images, not of recordings, got 'nmnist'"),
        (("cifar10", "--set", "batch"), "--set must have the form path=value, got 'batch'"),
        (("cifar10", "--set", "batch=2000"), "batch must be a whole number from 2 to 512, got 2000"),
    ],
)
def test_bad_input_gets_a_sentence(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("score", *arguments).sentence.startswith(sentence)
