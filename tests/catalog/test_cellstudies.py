"""A study of cells is searches and ordinary designs: what differs between them is what is asked."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz.catalog.cells import CellSearch
from snnviz.catalog.cellstudies import (
    STUDIES,
    TIMES,
    CellStudy,
    Question,
    best_of,
    distinct,
    members,
    samples,
    searches,
)
from snnviz.cells import is_backward
from snnviz.design import CellNetwork
from snnviz.errors import InputError
from snnviz.events import Candidate
from snnviz.links import differences
from tests.designs import is_a_sentence
from tests.made_up import candidates


def whole(study: CellStudy) -> dict[str, list[Candidate]]:
    """Every search of a study, done."""
    return {search.digest: candidates(search) for search in searches(study).values()}


def test_scored_cells_are_known_before_they_are_scored() -> None:
    study = CellStudy(cells=5, seeds=2, connections="both")
    several = members(study, {})
    assert [(m.design.seed, m.way, m.number) for m in several] == [
        (seed, way, number) for seed in (0, 1) for way in ("forward", "backward") for number in range(5)
    ]
    for member in several:
        search = searches(study)["digits", member.way]
        network = member.design.network
        assert isinstance(network, CellNetwork)
        assert network.cell == member.cell == search.cell(member.number)
        assert member.samples == 0
    assert not any(is_backward(m.cell) for m in several if m.way == "forward")
    assert any(is_backward(m.cell) for m in several if m.way == "backward")


def test_only_the_cell_and_the_seed_differ() -> None:
    designs = distinct(members(CellStudy(seeds=2), {}))
    assert set(differences(list(designs))) == {"network.cell", "seed"}


def test_its_default_is_the_setting_of_the_claims() -> None:
    """Digits at 16x16, 8 channels, 4 steps, 8 epochs, and the paper's neuron; few images, so that cells differ."""
    design = members(CellStudy(), {})[0].design
    assert isinstance(design.network, CellNetwork)
    assert (design.data.name, design.data.steps, design.network.channels, design.network.enlarge) == ("digits", 4, 8, 2)
    assert (design.training.epochs, design.data.train_samples) == (8, 400)
    assert (design.neuron.beta, design.neuron.reset) == (0.25, "zero")
    assert design.neuron.threshold == pytest.approx(4 / 3)


def test_the_best_of_so_many_is_the_best_among_the_first() -> None:
    study = CellStudy(question="search", samples=60, random=2, seeds=2)
    assert samples(study) == (1, 10, 50, 60)
    assert members(study, {}) == ()
    found = whole(study)
    (listed,) = found.values()
    several = members(study, found)
    assert len(several) == 2 * (4 + 2)
    for member in several:
        if member.samples:
            first = [c for c in listed if c.number < member.samples and c.sahd is not None]
            assert member.number == max(first, key=lambda c: c.sahd or 0.0).number
    assert [m.number for m in several if not m.samples] == [0, 1, 0, 1]


def test_steps_differ_in_the_steps_alone() -> None:
    study = CellStudy(question="steps", samples=20, seeds=1)
    several = members(study, whole(study))
    assert tuple(m.design.data.steps for m in several) == TIMES
    assert set(differences([m.design for m in several])) == {"data.steps"}


def test_a_transfer_trains_the_best_for_each_set_on_each_set() -> None:
    study = CellStudy(question="transfer", samples=20, other="mnist", seeds=1)
    several = members(study, whole(study))
    assert [(m.source, m.design.data.name) for m in several] == [
        (source, data) for source in ("digits", "mnist") for data in ("digits", "mnist")
    ]
    assert {m.design.data.name: m.design.network.enlarge for m in several} == {"digits": 2, "mnist": 1}  # type: ignore[union-attr]
    same = CellStudy(question="transfer", samples=20, other="digits", seeds=1)
    assert len(members(same, whole(same))) == 1


def test_what_has_no_score_is_never_the_best() -> None:
    search = CellSearch(candidates=4)
    none = [Candidate(n, 0, "", None, None, None, None, "no neuron spikes", 0.1) for n in range(3)]
    assert best_of(none, "sahd") is None
    some = candidates(search)
    assert best_of([*none, some[3]], "hd") == some[3]
    again = Candidate(9, 1, "", 1e9, 1e9, None, None, None, 0.1)
    assert best_of([*some, again], "sahd") in some, "those scored again are counted elsewhere"


@pytest.mark.parametrize("question", STUDIES)
def test_every_question_has_a_study_to_start_from(question: Question) -> None:
    study = STUDIES[question]
    assert study.question == question
    assert members(study, whole(study))


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
