"""The experiment from the command line: what it would be, its runs, and its groups over seeds."""

from __future__ import annotations

from statistics import mean

import pytest

from snnviz.design.experiment import Experiment, from_query
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.store.metrics import metrics
from snnviz.studies.tradeoffs.command.experimenting import read_experiment
from snnviz.studies.tradeoffs.experiments import DEFAULT
from snnviz.theory.intervals import confidence_interval
from tests.cli.conftest import Snnviz

TINY = {"data.train_samples": 100, "data.test_samples": 50, "data.steps": 2, "network.width": 10, "training.epochs": 1}
SMALL = [f"--set={path}={value}" for path, value in TINY.items()]
ARGUMENTS = ("experiment", "digits-mlp", *SMALL, "--vary", "neuron.threshold=0.5..20/2", "--seeds", "2")
VARY = ("--vary", "neuron.kind=lif,relu", "--vary", "init=kaiming,glorot")


def test_it_trains_what_is_missing_and_prints_runs_and_groups(snnviz: Snnviz, shared: Store) -> None:
    arguments = ("experiment", "digits-mlp", *SMALL, *VARY, "--seeds", "2")
    asked = read_experiment("digits-mlp", [VARY[1], VARY[3]], [one.removeprefix("--set=") for one in SMALL],
                            {"seeds": "2"})  # fmt: skip
    Immediate(shared).submit(asked.runs()[0].design)
    before = snnviz(*arguments, "--preview", "--json").json
    assert (before["runs"], before["groups"], before["stored"]) == (4, 2, 1)
    assert before["left_out"] == [{"count": 2, "why": "data.steps must be 1 where neuron.kind is relu, got 2"}]
    assert before["seconds"] > 0
    assert from_query(before["experiment"]) == asked
    said = snnviz(*arguments, "--preview").out
    assert "4 runs: 2 groups, 2 seeds each; 1 in the store" in said
    assert "2 combinations are left out: data.steps must be 1 where neuron.kind is relu, got 2." in said
    assert len(shared.runs()) == 1  # nothing but a look

    answer = snnviz(*arguments, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = answer.json
    designs = [run.design.digest for run in asked.runs()]
    assert [run["run"] for run in found["runs"]] == designs
    assert {run["state"] for run in found["runs"]} == {"done"}
    assert [run["seed"] for run in found["runs"]] == [0, 0, 1, 1]
    assert found["runs"][1]["settings"] == {"neuron.kind": "lif", "init.kind": "glorot"}
    reached = metrics(shared, [shared.get(name) for name in designs])
    for place, group in enumerate(found["groups"]):
        assert group["runs"] == designs[place::2]
        accuracies = [reached[name]["accuracy"] for name in group["runs"]]
        expected = confidence_interval([one for one in accuracies if one is not None]).document()
        assert group["metrics"]["accuracy"] == expected
        assert group["metrics"]["accuracy"]["mean"] == pytest.approx(mean(one or 0.0 for one in accuracies))

    version = shared.version()
    lines = snnviz(*arguments).out.splitlines()
    assert shared.version() == version  # nothing was trained again
    assert any(line.split()[:3] == ["neuron.kind", "init.kind", "seeds"] for line in lines)
    assert sum(line.split()[:1] == ["lif"] for line in lines) == 2
    assert lines[-1].startswith("The forecast was right of ")


def test_without_a_base_it_is_the_pages_first_and_a_link_says_all() -> None:
    assert read_experiment(None, [], [], {}) == DEFAULT
    link = DEFAULT.to_query()
    assert read_experiment(f"?{link}", [], [], {}) == DEFAULT
    other = read_experiment(
        f"?{link}", ["data.steps=2,3"], ["seed=4"], {"seeds": "5", "how": "each", "silent": "without"}
    )
    base = {**DEFAULT.base.document(), "seed": 4}
    vary = {"vary": ["data.steps=2,3"], "seeds": 5, "how": "each", "silent": "without"}
    assert other == Experiment.check({"base": base, **vary})


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("digits", "--vary=neuron.treshold=1"), "vary must name fields of a design, got 'neuron.treshold'; did you mean"),
    (("digits", "--vary=neuron.threshold=50"), "neuron.threshold must be a number from 0 to 10, got 50"),
    (("digits", "--vary=data.steps=2", "--vary=data.steps=4"), "vary must vary each field once, got 'data.steps'"),
    (("digits", "--vary=neuron.threshold=0..1/1000000000"), "vary must come to at most 2,000 runs, got 1,000,000,000"),
    (("digits",), "--vary must be given at least once"),
    (("digits", "--vary=data.steps=2,3", "--seeds=many"), "seeds must be a whole number from 1 to 100, got 'many'"),
    (("?vary.1=foo",), "vary must have the form path=values"),
])  # fmt: skip
def test_bad_input_is_one_sentence_and_nothing_is_queued(
    snnviz: Snnviz, shared: Store, arguments: tuple[str, ...], sentence: str
) -> None:
    assert snnviz("experiment", *arguments).sentence.startswith(sentence)
    assert shared.runs() == []
