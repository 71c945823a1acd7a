"""A study of cells is searches and ordinary designs: what differs between them is what is asked."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from snnviz.catalog.examples import get_example
from snnviz.design.cells import canonical_form, has_backward, random_cell
from snnviz.design.links import differences
from snnviz.design.networks import CellNetwork
from snnviz.design.recipes import apply_recipe
from snnviz.errors import InputError
from snnviz.studies.cells.scoring import Candidate, CellSearch
from snnviz.studies.cells.study import (
    STUDIES,
    TIMES,
    CellStudy,
    Question,
    best_candidate,
    distinct_designs,
    sample_sizes,
    study_runs,
    study_searches,
    trained_candidates,
)
from tests.designs import is_a_sentence
from tests.made_up import candidates


def whole(study: CellStudy) -> dict[str, list[Candidate]]:
    """Every search of a study, done."""
    return {search.digest: candidates(search) for search in study_searches(study).values()}


def test_scored_cells_are_known_before_they_are_scored() -> None:
    study = CellStudy(cells=5, seeds=2, connections="both")
    several = study_runs(study, {})
    assert [(m.design.seed, m.way, m.number) for m in several] == [
        (seed, way, number)
        for seed in (0, 1)
        for way in ("forward", "backward")
        for number in trained_candidates(study, way)
    ]
    for member in several:
        search = study_searches(study)["digits", member.way, 0]
        network = member.design.network
        assert isinstance(network, CellNetwork)
        assert network.cell == member.cell == search.cell(member.number)
        assert member.samples == 0
    assert not any(has_backward(m.cell) for m in several if m.way == "forward")
    assert any(has_backward(m.cell) for m in several if m.way == "backward")


@pytest.mark.parametrize("kept", ["all", "backward"])
@pytest.mark.parametrize("connections", ["forward", "backward"])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_two_cells_are_the_same(
    connections: Literal["forward", "backward"], kept: Literal["all", "backward"], seed: int
) -> None:
    """Thirty draws with backward connections of seed 0 were nineteen cells, eleven of them with one."""
    study = CellStudy(cells=30, connections=connections, kept=kept, seeds=1, seed=seed)
    cells = [member.cell for member in study_runs(study, {})]
    assert len(cells) == len(set(map(canonical_form, cells))) == 30
    (search,) = study_searches(study).values()
    first = [search.cell(number) for number in range(search.candidates)]
    assert set(cells) <= set(first)
    if connections == "backward":
        looped = [cell for cell in cells if has_backward(cell)]
        assert (len(looped) == 30) == (kept == "backward")
        wanted = first if kept == "all" else [cell for cell in first if has_backward(cell)]
        assert set(map(canonical_form, wanted)) == set(map(canonical_form, cells)), (
            "none is left out that was drawn before"
        )


def test_cells_that_were_all_different_are_the_ones_of_before() -> None:
    search = CellSearch(candidates=30)
    assert trained_candidates(CellStudy(cells=30), "forward") == tuple(range(30))
    assert [random_cell(0, number, backward=False) for number in range(30)] == [search.cell(n) for n in range(30)]


def test_a_search_that_is_repeated_has_other_cells_scores_and_weights() -> None:
    study = CellStudy(question="search", samples=20, searches=3, seeds=2, random=1)
    hunts = study_searches(study)
    assert [search.seed for search in hunts.values()] == [0, 1, 2]
    several = study_runs(study, whole(study))
    weights = [{m.design.seed for m in several if m.time == time} for time in range(3)]
    assert weights == [{0, 1}, {2, 3}, {4, 5}]
    once = study_runs(study.model_copy(update={"searches": 1}), whole(study))
    assert {m.design.digest for m in once} == {m.design.digest for m in several if m.time == 0}


def test_a_study_trains_as_the_example_does_or_as_it_is_told() -> None:
    design = study_runs(CellStudy(), {})[0].design
    usual = get_example("snasnet-digits")
    assert design.training.model_copy(update={"epochs": 15}) == usual.training
    assert design.data.augment == usual.data.augment
    papers = study_runs(apply_recipe(CellStudy(), "cells, CIFAR-10"), {})[0].design
    assert (papers.training.optimizer.kind, papers.training.learning_rate) == ("sgd", 0.2)
    assert (papers.training.epochs, papers.data.steps, papers.data.augment.flip) == (300, 5, "on")


def test_only_the_cell_and_the_seed_differ() -> None:
    designs = distinct_designs(study_runs(CellStudy(seeds=2), {}))
    assert set(differences(list(designs))) == {"network.cell", "seed"}


def test_its_default_is_the_setting_of_the_claims() -> None:
    """Digits at 16x16, 8 channels, 4 steps, 8 epochs, and the paper's neuron; few images, so that cells differ."""
    design = study_runs(CellStudy(), {})[0].design
    assert isinstance(design.network, CellNetwork)
    assert (design.data.name, design.data.steps, design.network.channels, design.network.enlarge) == ("digits", 4, 8, 2)
    assert (design.training.epochs, design.data.train_samples) == (8, 400)
    assert (design.neuron.beta, design.neuron.reset) == (0.25, "zero")
    assert design.neuron.threshold == pytest.approx(4 / 3)


def test_the_best_of_so_many_is_the_best_among_the_first() -> None:
    study = CellStudy(question="search", samples=60, random=2, seeds=2)
    assert sample_sizes(study) == (1, 10, 50, 60)
    assert study_runs(study, {}) == ()
    found = whole(study)
    (listed,) = found.values()
    several = study_runs(study, found)
    assert len(several) == 2 * (4 + 2)
    for member in several:
        if member.samples:
            first = [c for c in listed if c.number < member.samples and c.sahd is not None]
            assert member.number == max(first, key=lambda c: c.sahd or 0.0).number
    best = {canonical_form(m.cell) for m in several if m.samples}
    chance = [m for m in several if not m.samples]
    assert len({m.number for m in chance}) == 2
    assert not best & {canonical_form(m.cell) for m in chance}, "the best of one is no random cell, too"


def test_steps_differ_in_the_steps_alone() -> None:
    study = CellStudy(question="steps", samples=20, seeds=1)
    several = study_runs(study, whole(study))
    assert tuple(m.design.data.steps for m in several) == TIMES
    assert set(differences([m.design for m in several])) == {"data.steps"}


def test_a_transfer_trains_the_best_for_each_set_on_each_set() -> None:
    study = CellStudy(question="transfer", samples=20, other="mnist", seeds=1)
    several = study_runs(study, whole(study))
    assert [(m.source, m.design.data.name) for m in several] == [
        (source, data) for source in ("digits", "mnist") for data in ("digits", "mnist")
    ]
    assert {m.design.data.name: m.design.network.enlarge for m in several} == {"digits": 2, "mnist": 1}  # type: ignore[union-attr]
    same = CellStudy(question="transfer", samples=20, other="digits", seeds=1)
    assert len(study_runs(same, whole(same))) == 1


def test_what_has_no_score_is_never_the_best() -> None:
    search = CellSearch(candidates=4)
    none = [Candidate(n, 0, "", None, None, None, None, "no neuron spikes", 0.1) for n in range(3)]
    assert best_candidate(none, "sahd") is None
    some = candidates(search)
    assert best_candidate([*none, some[3]], "hd") == some[3]
    again = Candidate(9, 1, "", 1e9, 1e9, None, None, None, 0.1)
    assert best_candidate([*some, again], "sahd") in some, "those scored again are counted elsewhere"


@pytest.mark.parametrize("question", STUDIES)
def test_every_question_has_a_study_to_start_from(question: Question) -> None:
    study = STUDIES[question]
    assert study.question == question
    assert study_runs(study, whole(study))
    assert question == "scores" or study.searches == 5  # so that intervals are over searches, not over weights alone


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"question": "score"}, "question must be one of scores, search, steps, transfer, got 'score'"),
        ({"cells": 1}, "cells must be a whole number from 2 to 200, got 1"),
        ({"other": "nmnist"}, "other must be a data set of images, not of recordings, got 'nmnist'"),
        ({"data": "digit"}, "data must be one of digits"),
        ({"other": 3}, "other must be one of digits"),
        ({"score_batch": 1}, "score_batch must be a whole number from 2 to 512, got 1"),
        ({"cell": 3}, "cell must be a field of a study of cells, got 3; did you mean 'cells'?"),
    ],
)
def test_bad_studies_get_a_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        CellStudy.check(document)
    assert str(caught.value).startswith(sentence)
    assert is_a_sentence(caught.value)
