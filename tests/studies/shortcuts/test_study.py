"""A study of shortcut branches: its runs differ in nothing but the branches and the seed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given

from snnviz.catalog.shortcuts import loss_weights
from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.design.links import change, differences
from snnviz.design.parts import Shortcut
from snnviz.errors import InputError
from snnviz.graph.branches import branch_layers
from snnviz.studies.shortcuts.study import (
    STARTS,
    GradientSurvey,
    ShortcutStudy,
    gradient_survey,
    study_runs,
    training_modes,
)
from tests.designs import DESIGNS, is_a_sentence

MLP = STARTS["deep mlp"]


@given(design=DESIGNS)
def test_modes_differ_in_the_branches_alone(design: Design) -> None:
    found = training_modes(design)
    assert found["vanilla"].training.shortcut == Shortcut()
    bare = [
        {**each.document(), "training": {**each.document()["training"], "shortcut": None}} for each in found.values()
    ]
    assert all(document == bare[0] for document in bare)
    kind = design.training.shortcut.schedule.kind
    assert list(found) == ["vanilla", "constant", "evolutionary"][: {"zero": 1, "constant": 2}.get(kind, 3)]
    if "constant" in found:
        epochs = design.training.epochs
        constant, first = found["constant"], loss_weights(design.training.shortcut, 0, epochs, 3)
        assert branch_layers(constant) == branch_layers(design)
        assert {loss_weights(constant.training.shortcut, epoch, epochs, 3) for epoch in (0, epochs - 1)} == {first}
    if "evolutionary" in found:
        assert found["evolutionary"] == change(design, {"training.gradients": "watched"})


def test_runs_come_seed_by_seed_and_are_called_by_their_schedule() -> None:
    several = study_runs(change(MLP, {"training.shortcut.schedule": "cosine", "seed": 5}), ShortcutStudy(seeds=2))
    assert [(m.name, m.design.seed) for m in several] == [
        (name, seed) for seed in (5, 6) for name in ("vanilla", "constant", "cosine")
    ]
    assert len(distinct_designs(several)) == 6
    assert set(differences([m.design for m in several[::3]])) == {"seed"}


def test_seeds_end_where_seeds_end() -> None:
    last = 2**31 - 1
    several = study_runs(change(MLP, {"seed": last}), ShortcutStudy(seeds=3))
    assert sorted({m.design.seed for m in several}) == [last - 2, last - 1, last]


def test_the_starts_have_branches_at_their_usual_places() -> None:
    assert [len(branch_layers(start)) for start in STARTS.values()] == [3, 3, 3]
    assert branch_layers(MLP) == (2, 5, 8)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"seeds": 0}, "seeds must be a whole number from 1 to 10, got 0"),
        ({"deepest": 51}, "deepest must be a whole number from 2 to 50, got 51"),
        ({"inits": "kaiming,kaimin"}, "inits must be some of variance-preserving, kaiming"),
        ({"inits": 3}, "inits must be some of"),
        ({"sed": 1}, "sed must be a field of a study, got 1"),
    ],
)
def test_what_is_wrong_is_a_sentence(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        ShortcutStudy.check(document)
    assert str(error.value).startswith(sentence)
    assert is_a_sentence(error.value)


class TestASurvey:
    def test_is_the_same_however_it_is_trained(self) -> None:
        """What a first step does not see has no say, so that its figures are found again."""
        other = change(
            MLP,
            {
                "training.epochs": 99,
                "training.learning_rate": 0.1,
                "network.depth": 30,
                "training.shortcut.schedule": "exponential",
                "training.shortcut.layers": "1,30",
            },
        )
        assert gradient_survey(other, ShortcutStudy()) == gradient_survey(MLP, ShortcutStudy(seeds=9))

    def test_is_another_with_another_weight_or_network(self) -> None:
        for settings in (
            {"training.shortcut.schedule": {"kind": "linear", "weight": 0.5}},
            {"network.width": 64},
            {"training.shortcut.weighting": "normalised"},
        ):
            assert (
                gradient_survey(change(MLP, settings), ShortcutStudy()).digest
                != gradient_survey(MLP, ShortcutStudy()).digest
            )

    def test_begins_with_the_designs_own_initialisation(self) -> None:
        own = change(MLP, {"init": {"kind": "kaiming", "gain": 3.0}})
        found = gradient_survey(own, ShortcutStudy(inits="kaiming,glorot"))
        assert found.inits[0] == own.init
        assert [init.kind for init in found.inits] == ["kaiming", "kaiming", "glorot"]

    @given(design=DESIGNS)
    def test_survives_its_text(self, design: Design) -> None:
        setting = gradient_survey(design, ShortcutStudy(deepest=6))
        again = GradientSurvey.read(setting.canonical())
        assert (again, again.digest) == (setting, setting.digest)
        assert bool(setting.depths) == (design.network.kind in ("mlp", "cnn"))

    @pytest.mark.parametrize(
        ("document", "sentence"),
        [
            ({"design": {}, "depths": [3]}, "depths must be none for a network whose depth is no number of layers"),
            ({"design": {"network": {"kind": "mlp"}}, "depths": [3, 3]}, "depths must be at most 200 different"),
            ({"design": {"network": {"kind": "cnn"}}, "depths": [60]}, "network.depth must be a whole number from 1"),
            ({"design": {}, "inits": ["kaimin"]}, "inits.kind must be one of"),
            ({"design": {}, "inits": 3}, "inits must be a list of at most 20 initialisations"),
        ],
    )
    def test_what_is_wrong_is_a_sentence(self, document: dict[str, Any], sentence: str) -> None:
        with pytest.raises(InputError) as error:
            GradientSurvey.check(document)
        assert str(error.value).startswith(sentence)


@given(design=DESIGNS)
@example(design=change(MLP, {"training.epochs": 1000}))
def test_a_control_is_trained_for_as_many_operations_and_differs_in_its_epochs_alone(design: Design) -> None:
    several = study_runs(design, ShortcutStudy(seeds=1, controls="with"))
    by_mode = {member.mode: member.design for member in several}
    assert {mode: each for mode, each in by_mode.items() if mode != "control"} == {
        member.mode: member.design for member in study_runs(design, ShortcutStudy(seeds=1))
    }
    if design.training.shortcut.schedule.kind == "zero" or design.training.epochs == 1000:
        assert "control" not in by_mode
        return
    plain, longer = by_mode["vanilla"], by_mode["control"]
    assert set(differences([plain, longer])) <= {"training.epochs"}
    more = longer.training.epochs / plain.training.epochs - 1
    assert longer.training.epochs == 1000 or more >= 0.04 * len(branch_layers(design)) - 1e-9


def test_a_link_without_controls_means_what_it_meant() -> None:
    assert ShortcutStudy().controls == "without"
    assert [member.mode for member in study_runs(MLP, ShortcutStudy(seeds=1))] == [
        "vanilla",
        "constant",
        "evolutionary",
    ]
