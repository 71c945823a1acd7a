"""Shortcut branches and gradients from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnviz.core.gradients import gradient_profile
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.shortcuts.study import GradientSurvey
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign

DEEP = ("--set", "network.kind=mlp", "--set", "network.depth=6", "--set", "network.width=20")
LAYER = {"layer", "name", "grad_norm", "with_branches", "shortcut", "saturation", "rate", "var_u", "probe"}


def test_a_run_tells_gradients_and_the_parts_of_its_loss(snnviz: Snnviz, tiny: MakeDesign, tmp_path: Path) -> None:
    path = tmp_path / "design.json"
    path.write_text(json.dumps(tiny().document()))
    branches = ("--set", "training.shortcut.schedule=linear", "--set", "training.shortcut.layers=[1,2]")
    report = snnviz("run", str(path), *branches, "--json").json
    assert [layer["name"] for layer in report["layers"]] == ["L1", "L2", "readout"]
    assert all(layer["grad_norm"] > 0 for layer in report["layers"])
    assert 0 < report["layers"][0]["shortcut"] < 1
    assert [layer["shortcut"] for layer in report["layers"]][2] == 0
    assert 0 <= report["layers"][0]["saturation"] <= 1
    losses = report["losses"]
    assert len(losses["main"]) == 3
    assert [(part["layer"], part["name"]) for part in losses["branches"]] == [(1, "L1"), (2, "L2")] * 3
    assert losses["branches"][0]["weight"] == 1
    assert report["design"]["training"]["shortcut"]["layers"] == [1, 2]
    human = snnviz("run", str(path), *branches).out
    assert "branch after L2: loss" in human
    assert "of it through branches" in human


def test_the_profile_before_training_is_the_cores(snnviz: Snnviz) -> None:
    found = snnviz("gradients", "digits", *DEEP, "--json").json
    made = change(Design(), dict(pair.split("=") for pair in DEEP[1::2]))
    [told], expected = found["profiles"], gradient_profile(made)
    assert told["branches"] == list(expected.branches) == ["L1", "L3", "L4"]
    assert (told["depth"], told["init"]) == (6, "variance-preserving")
    for row, layer in zip(told["layers"], expected.layers, strict=True):
        assert set(row) == LAYER
        assert row["grad_norm"] == layer.grad_norm
        assert row["with_branches"] == layer.with_branches
    assert told["layers"][0]["with_branches"] > told["layers"][0]["grad_norm"]
    human = snnviz("gradients", "digits", *DEEP)
    assert len(human.out.splitlines()) == 10
    assert human.out.splitlines()[-2] == "branches after L1, L3, L4"
    assert human.out.splitlines()[-1].startswith("On 64 training images, 6 or 7 of each class")
    assert found["probe"].startswith("64 training images, 6 or 7 of each class")


def test_depths_and_initialisations_are_crossed(snnviz: Snnviz) -> None:
    arguments = ("gradients", "digits", *DEEP, "--depths", "2..4", "--inits", "kaiming,kaiming:gain=3")
    found = snnviz(*arguments, "--json").json["profiles"]
    assert [(each["init"], each["depth"]) for each in found] == [
        (init, depth) for init in ("kaiming", "kaiming:gain=3") for depth in (2, 3, 4)
    ]
    assert [len(each["layers"]) for each in found] == [3, 4, 5] * 2
    assert len(snnviz(*arguments).out.splitlines()) == 8


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("digits", "--depths", "3"), "network.kind must be mlp or cnn where depths are given, got 'block'"),
        (("digits-mlp", "--depths", "0..4"), "depths must be at most 200 whole numbers from 1"),
        (("digits-mlp", "--depths", "9..4"), "depths must be at most 200 whole numbers from 1"),
        (("digits-mlp", "--depths", "4,x"), "depths must be at most 200 whole numbers from 1"),
        (("digits-mlp", "--depths", "201"), "network.depth must be a whole number from 1 to 200, got 201"),
        (("digits-mlp", "--inits", "kaimin"), "inits.kind must be one of"),
        (("digits-mlp", "--set", "training.shortcut.layers=[3,11]"), "training.shortcut.layers must be hidden layers"),
    ],
)
def test_bad_input_gets_a_sentence(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("gradients", *arguments).sentence.startswith(sentence)


def test_a_survey_that_a_page_asked_for_is_shown(snnviz: Snnviz) -> None:
    design = change(Design(), {"network.kind": "mlp", "network.width": 8})
    survey = GradientSurvey(design=design, depths=(2, 3))
    store = Store()
    Immediate(store).submit(survey)
    store.close()
    report = snnviz("show", survey.digest, "--json").json
    assert (report["run"], report["state"]) == (survey.digest, "done")
    assert [(row["depth"], row["layer"]) for row in report["rows"]] == [(d, k) for d in (2, 3) for k in range(d + 1)]
    lines = snnviz("show", survey.digest).out.splitlines()
    assert lines[0].startswith("gradients at initialisation of digits")
    assert [line.split()[1] for line in lines[2:-1]] == ["2", "3"]
    assert lines[-1] == "On 64 training images, 6 or 7 of each class (if there are), drawn by the seed."
