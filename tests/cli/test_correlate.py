"""Scores and accuracies of the same cells from the command line: the runs of the page, trained and waited for."""

from __future__ import annotations

import pytest

from snnviz.catalog.cellstudies import CellStudy, distinct, members, searches
from snnviz.events import Candidate, EpochEnd
from snnviz.store import Store
from snnviz.theory.ranks import agreement
from tests.cli.conftest import Snnviz

TINY = CellStudy(cells=4, seeds=1, channels=2, steps=2, epochs=1, train_samples=64, score_channels=2, score_batch=4)
FIELDS = [
    f"--set={name}={getattr(TINY, name)}"
    for name in ("channels", "steps", "train_samples", "score_channels", "score_batch")
]
ARGUMENTS = ("cells", "correlate", "--cells", "4", "--seeds", "1", "--epochs", "1", *FIELDS)


def test_it_scores_trains_and_compares(snnviz: Snnviz, shared: Store) -> None:
    answer = snnviz(*ARGUMENTS, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = answer.json
    assert found["study"] == TINY.model_dump(mode="json")
    assert {run.run for run in shared.runs()} == {design.digest for design in distinct(members(TINY, {}))}
    (search,) = searches(TINY).values()
    scores = {row.number: row for _, row in shared.rows(search.digest, Candidate)}
    ends = shared.last(EpochEnd)
    cells = found["connections"]["forward"]["cells"]
    assert len(cells) == 4
    for cell in cells:
        assert (cell["sahd"], cell["hd"]) == (scores[cell["number"]].sahd, scores[cell["number"]].hd)
        assert cell["accuracies"] == [cell["accuracy"]] == [ends[cell["run"]].test_accuracy]
        assert cell["edges"] == cell["forward"] + cell["backward"]
    pairs = [(cell["hd"], cell["accuracy"]) for cell in cells if cell["hd"] is not None]
    expected = agreement(tuple(x for x, _ in pairs), tuple(y for _, y in pairs)) if len(pairs) > 2 else None
    told = found["connections"]["forward"]["kendall"]["hd"]
    assert (told is None) == (expected is None)
    if expected is not None:
        assert told["tau"] == pytest.approx(expected.tau)
        assert told["p"] == expected.p
    assert found["connections"]["forward"]["kendall"]["backward"] is None, "all alike"

    before = shared.version()
    again = snnviz(*ARGUMENTS)
    assert shared.version() == before  # nothing was scored or trained again
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith("forward connections: 4 different cells of 4 draws\n")
    assert "One seed each" in again.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--cells", "1"), "cells must be a whole number from 2 to 200, got 1"),
        (("--question", "search", "--set", "question=steps"), "question must be given once, got 'steps'"),
        (("--set", "cells"), "--set must have the form path=value, got 'cells'"),
        (("--data", "nmnist"), "data must be a data set of images, not of recordings, got 'nmnist'"),
        (("--backward", "--set", "connections=both"), "connections must be given once, got 'both'"),
    ],
)
def test_bad_input_is_a_sentence(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("cells", "correlate", *arguments).sentence == sentence
