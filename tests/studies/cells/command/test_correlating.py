"""Scores and accuracies of the same cells from the command line: the runs of the page, trained and waited for."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import pytest
from scipy import stats

from snnviz.events import EpochEnd, Event
from snnviz.store import Store, Task
from snnviz.store.metrics import metrics
from snnviz.studies.cells.command.correlating import read_study
from snnviz.studies.cells.scoring import Candidate
from snnviz.studies.cells.study import CellStudy, distinct_designs, study_runs, study_searches
from snnviz.theory.ranks import rank_correlation
from tests.cli.conftest import Snnviz
from tests.made_up import candidates

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
    assert {run.run for run in shared.runs()} == {design.digest for design in distinct_designs(study_runs(TINY, {}))}
    (search,) = study_searches(TINY).values()
    scores = {row.number: row for _, row in shared.rows(search.digest, Candidate)}
    ends = shared.last_rows(EpochEnd)
    cells = found["connections"]["forward"]["cells"]
    assert len(cells) == 4
    assert found["runs"] == metrics(shared, [run for run in shared.runs() if run.run in found["runs"]])
    assert found["runs"].keys() == {cell["run"] for cell in cells}
    for cell in cells:
        assert (cell["sahd"], cell["hd"]) == (scores[cell["number"]].sahd, scores[cell["number"]].hd)
        assert cell["accuracies"] == [cell["accuracy"]] == [ends[cell["run"]].test_accuracy]
        assert cell["edges"] == cell["forward"] + cell["backward"]
    pairs = [(cell["hd"], cell["accuracy"]) for cell in cells if cell["hd"] is not None]
    expected = rank_correlation(tuple(x for x, _ in pairs), tuple(y for _, y in pairs)) if len(pairs) > 2 else None
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


def answered(store: Store, study: CellStudy) -> None:
    """As if all of a study had been scored and trained: the more time steps and the later the seed, the better."""
    listed = {search.digest: candidates(search) for search in study_searches(study).values()}
    for search in study_searches(study).values():
        finished(store, search, listed[search.digest])
    for design in distinct_designs(study_runs(study, listed)):
        accuracy = 0.5 + 0.01 * design.data.steps + 0.02 * design.seed
        finished(store, design, [EpochEnd(8, 0.5, accuracy, 0.5, 0.5, 0.1, 1.0)])


def finished(store: Store, task: Task, rows: Sequence[Event]) -> None:
    store.submit(task)
    claim = store.claim("test", task.digest)
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, rows)
    store.finish(claim.run, claim.attempt, "done")


@pytest.mark.parametrize("question", ["search", "steps", "transfer"])
def test_every_question_is_one_of_the_command_line(question: str, snnviz: Snnviz, shared: Store) -> None:
    fields = ["samples=20", "searches=2", "connections=forward", *(["other=mnist"] if question == "transfer" else [])]
    study = read_study(False, {"question": question, "seeds": "2"}, fields)
    answered(shared, study)
    settings = [f"--set={field}" for field in (f"question={question}", *fields)]
    arguments = ("cells", "correlate", "--seeds", "2", *settings)
    found = snnviz(*arguments, "--json")
    assert (found.code, found.err) == (0, "")
    rows = found.json["connections"]["forward"]["means"]
    assert found.json["study"]["question"] == question
    for row in rows:
        each = [
            fmean(network["accuracy"] for network in row["networks"] if network["search"] == time) for time in (0, 1)
        ]
        assert row["mean"] == pytest.approx(sum(each) / len(each))
        assert [network["search"] for network in row["networks"]] == sorted(
            [0, 1] * (1 if row["best_of"] else study.random)
        )
        if len(set(each)) > 1:
            low, high = stats.t.interval(0.95, 1, row["mean"], stats.sem(each))
            assert (row["low"], row["high"]) == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-3))
    if question == "steps":
        assert [row["steps"] for row in rows] == [5, 10, 15, 20]
        assert rows[0]["change"] is None
        assert [row["change"]["mean"] for row in rows[1:]] == pytest.approx([0.05, 0.1, 0.15])
    if question == "search":
        assert found.json["connections"]["forward"]["best_less_random"]["count"] == 2
    told = snnviz(*arguments)
    assert told.code == 0
    assert told.out.startswith("forward connections\n")
    assert "95 % intervals over 2 searches, each with its own draws, scores and weights." in told.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--cells", "1"), "cells must be a whole number from 2 to 200, got 1"),
        (("--question", "search", "--set", "question=steps"), "question must be given once, got 'steps'"),
        (("--set", "question=none"), "question must be one of scores, search, steps, transfer, got 'none'"),
        (
            ("--question", "steps", "--cells", "5"),
            "cells must be left out where question is steps (it belongs to scores), got 5",
        ),
        (("--set", "kept=backward"), "kept must be left out where no cell has backward connections, got 'backward'"),
        (("--set", "cells"), "--set must have the form path=value, got 'cells'"),
        (("--data", "nmnist"), "data must be a data set of images, not of recordings, got 'nmnist'"),
        (("--backward", "--set", "connections=both"), "connections must be given once, got 'both'"),
    ],
)
def test_bad_input_is_a_sentence(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("cells", "correlate", *arguments).sentence == sentence
