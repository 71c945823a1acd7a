"""The ranking of a search's candidates, and what a search is expected to cost."""

from __future__ import annotations

import math

import pytest

from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.studies.cells.scoring import Candidate, CellSearch, Scoring
from snnviz.studies.cells.theory import costs
from snnviz.studies.cells.theory.candidates import rank_candidates, score_deviation


def row(number: int, cell: str, sahd: float | None, hd: float | None = None, fine: int = 0) -> Candidate:
    return Candidate(number, fine, cell, sahd, hd, 0.1, 0.2, None if sahd is not None else "why", 0.0)


ROWS = [
    row(0, "a", 1.0, 5.0),
    row(1, "b", None),
    row(2, "c", 3.0, 4.0),
    row(3, "a", 1.0, 5.0),
    row(4, "d", 2.0, 9.0),
    row(5, "e", 2.0, 1.0),
    row(2, "c", 0.5, 4.0, fine=1),
    row(4, "d", 7.0, 2.0, fine=1),
]


def test_those_scored_again_come_first_and_those_without_a_score_last() -> None:
    found = rank_candidates(ROWS, "sahd")
    assert [(one.coarse.cell, one.value, one.times) for one in found] == [
        ("d", 7.0, 1),
        ("c", 0.5, 1),
        ("e", 2.0, 1),
        ("a", 1.0, 2),
        ("b", None, 1),
    ]
    assert [one.fine is not None for one in found] == [True, True, False, False, False]
    assert [one.valid for one in found] == [True] * 4 + [False]


def test_by_the_other_metric_and_whatever_the_order_of_rows() -> None:
    assert [one.coarse.cell for one in rank_candidates(reversed(ROWS), "hd")] == ["c", "d", "a", "e", "b"]
    assert rank_candidates(ROWS[::-1], "sahd") == rank_candidates(ROWS, "sahd")
    assert (score_deviation(ROWS[0], "sahd"), score_deviation(ROWS[0], "hd")) == (0.1, 0.2)
    assert rank_candidates([], "sahd") == []


def test_cells_of_equal_scores_keep_the_order_in_which_they_were_drawn() -> None:
    found = rank_candidates([row(3, "x", 1.0), row(1, "y", 1.0), row(2, "z", 1.0)], "sahd")
    assert [one.coarse.cell for one in found] == ["y", "z", "x"]


def test_what_a_search_costs() -> None:
    small, large = CellSearch(candidates=100), CellSearch(candidates=1000)
    assert costs.search_seconds(small) < costs.search_seconds(large)
    assert costs.search_steps(large) == pytest.approx(1e4 * costs.search_seconds(large), rel=0.01)
    assert costs.progress_weights(large)[1] > 5 * costs.progress_weights(large)[0]
    assert costs.scoring_seconds(Scoring(channels=64)) > 3 * costs.scoring_seconds(Scoring(channels=16))
    few = CellSearch(candidates=3, best=100)
    assert costs.search_steps(few) == sum(costs.progress_weights(few)) * costs.distinct_count(few)


def test_what_the_classifier_reads_at_all_steps_is_in_memory() -> None:
    """As many numbers of single precision as the hidden layer reads of the same network in a design."""
    design = Design.check({"network": {"kind": "cell", "channels": 32, "enlarge": 2}})
    (hidden,) = [layer for layer in build_architecture(design).layers if layer.name == "hidden"]
    few, many = (Scoring(channels=32, size=16, batch=2, steps=steps) for steps in (1, 11))
    assert costs.scoring_bytes(many) - costs.scoring_bytes(few) >= 4 * 10 * 2 * math.prod(hidden.in_shape)
