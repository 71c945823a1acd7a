"""How far the normalisations of a score agree, on cells that are told apart."""

from __future__ import annotations

import pytest

from snnviz.studies.cells.charts.normalisations import rank_agreements, sentences
from snnviz.studies.cells.scoring import NORMALISATIONS, Candidate, CellSearch, Normalisation
from snnviz.theory.ranks import kendall_tau

CELLS = (
    "0003 0000 0000 0000",
    "0203 0002 0000 0000",
    "0023 0000 0002 0000",  # the one before, by another name of its node
    "0301 0004 0000 0000",
    "0002 0000 0000 0000",
)


def rows(scores: list[float | None]) -> list[Candidate]:
    return [
        Candidate(number, 0, cell, score, 1.0, None, None, None if score else "silent", 0.1)
        for number, (cell, score) in enumerate(zip(CELLS, scores, strict=True))
    ]


def test_each_cell_counts_once_and_only_where_both_have_a_score() -> None:
    some: dict[Normalisation, list[Candidate]] = {
        "paper": rows([1.0, 2.0, 9.0, 3.0, 4.0]),
        "code": rows([5.0, 7.0, -9.0, 6.0, 8.0]),
        "published": rows([1.0, 2.0, 2.0, 3.0, None]),
    }
    found = rank_agreements(some)
    assert found["paper", "code"].count == 4
    assert found["paper", "code"].tau == kendall_tau([1, 2, 3, 4], [5, 7, 6, 8])
    assert found["paper", "published"].count == 3
    assert sentences(some)[0].startswith("The paper's and an early code's: τ = +0.67 (95 %: ")
    assert sentences(some)[0].endswith("4 different cells.")
    assert rank_agreements({"paper": some["paper"]}) == {}


@pytest.mark.parametrize("way", NORMALISATIONS)
def test_the_others_see_the_same_networks_and_cells(way: Normalisation) -> None:
    search = CellSearch(connections="backward", normalisation=way, candidates=500)
    others = search.other_normalisations
    assert {other.normalisation for other in others} == set(NORMALISATIONS) - {way}
    for other in others:
        assert other.coarse.model_copy(update={"normalisation": way}) == search.coarse
        assert (other.candidates, other.best) == (44, 0), "thirty different cells"
        assert [other.cell(number) for number in range(44)] == [search.cell(number) for number in range(44)]
    assert CellSearch(candidates=5).other_normalisations[0].candidates == 5
