"""The search for a front from the command line: its results as JSON and as tables, from searches that are done."""

from __future__ import annotations

import pytest

from snnviz.store import Store
from snnviz.studies.tradeoffs.command.searching import read_axes
from snnviz.studies.tradeoffs.experiments import DEFAULT
from snnviz.studies.tradeoffs.search import FrontSetting, FrontTrial, front_searches
from tests.cli.conftest import Snnviz

TINY = ["data.train_samples=100", "data.test_samples=50", "data.steps=2", "network.width=10", "training.epochs=1"]
SETTINGS = [*TINY, "data.validation=0.2"]
VARY = ["neuron.threshold=0.5..1.5", "init=kaiming,glorot"]
ARGUMENTS = ("front", "digits-mlp", *(f"--set={one}" for one in SETTINGS), *(f"--vary={one}" for one in VARY))


LOST = FrontTrial(3, 0, 1, "8-0", None, None, None, None, 1.0, "It diverged.")


def planted(store: Store) -> None:
    """Two searches of four candidates: the first is beaten, the last of the first search diverged."""
    for search in front_searches(*read_axes("digits-mlp", VARY, SETTINGS), FrontSetting(iterations=2)):
        store.submit(search)
        claim = store.claim("test", search.digest)
        assert claim is not None
        rows = [
            FrontTrial(0, 0, 0, "0-0", 0.5, 0.4, 9000.0, None, 1.0),
            FrontTrial(1, 0, 0, "4-0", 0.7, 0.6, 900.0, None, 1.0),
            FrontTrial(2, 0, 1, "8-1", 0.6, 0.8, 8000.0, None, 1.0),
            LOST if search.strategy == "qlognehvi" else FrontTrial(3, 0, 1, "8-0", 0.1, 0.1, 99.0, None, 1.0),
        ]
        store.append_rows(claim.run, claim.attempt, rows)
        store.finish(claim.run, claim.attempt, "done")


def test_both_searches_and_their_fronts(snnviz: Snnviz, shared: Store) -> None:
    planted(shared)
    answer = snnviz(*ARGUMENTS, "--iterations", "2", "--json")
    assert (answer.code, answer.err) == (0, "")
    first, random = answer.json["searches"]
    assert [first["strategy"], random["strategy"]] == ["qlognehvi", "random"]
    assert (first["chosen_by"], first["objectives"]) == ("validation_accuracy", ["accuracy", "operations"])
    assert first["front"] == [2, 1]  # the most accurate first
    assert random["front"] == [2, 1, 3]
    assert first["candidates"][1]["settings"] == {"neuron.threshold": 1.0, "init.kind": "kaiming"}
    assert (first["candidates"][1]["judged"], first["candidates"][1]["accuracy"]) == (0.6, 0.7)
    assert first["candidates"][3]["why"] == "It diverged."
    assert len(first["hypervolume"]) == 4
    assert first["hypervolume"] == sorted(first["hypervolume"])

    said = snnviz(*ARGUMENTS, "--iterations", "2").out
    assert "qlognehvi, seed 0: done, 4 of 4 candidates, 1 came to nothing" in said
    assert "Chosen by validation accuracy; the test images had no say." in said
    assert "80.0 %" in said
    shown = snnviz("show", first["search"], "--json").json
    assert shown["front"] == [2, 1]
    assert snnviz("show", first["search"]).out.startswith("a search for a front, from digits")


def test_the_base_and_the_axes_may_come_from_an_experiments_link() -> None:
    assert read_axes(None, [], []) == (DEFAULT.base, DEFAULT.vary)
    assert read_axes("?vary.1=neuron.beta=0.1,0.9", [], ["seed=3"])[0].seed == 3
    assert read_axes("?vary.1=neuron.beta=0.1,0.9", [], [])[1] == ("neuron.beta=0.1,0.9",)
    assert read_axes("digits", VARY, SETTINGS[-1:])[0].data.validation == 0.2


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--costs", "speed"], "costs must be of "),
        (["--iterations", "0"], "iterations must be a whole number from 1 to 200, got 0"),
        (["--vary", "seed=1,2"], "vary must name another field than the seed"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_queued(
    more: list[str], sentence: str, snnviz: Snnviz, shared: Store
) -> None:
    answer = snnviz(*ARGUMENTS, *more)
    assert answer.code == 2
    assert sentence in answer.err
    assert answer.err.count("\n") == 1
    assert sum(shared.counts().values()) == 0
