"""`measure`: a run of before is looked at anew, and figures are those of today's look from then on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.measurement import measurement_digest
from snnviz.events import LayerState
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.shortcuts.study import GradientSurvey
from tests.aged import age
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign

TODAY = "64 training images, 6 or 7 of each class (if there are), drawn by the seed"


@pytest.fixture
def kept() -> Store:
    """In the cache of the test."""
    return Store()


def test_a_run_of_before_is_shown_with_a_word_and_measured_anew(snnviz: Snnviz, tiny: MakeDesign, kept: Store) -> None:
    run = tiny().digest
    Immediate(kept).submit(tiny())
    today = snnviz("show", run, "--json").json
    assert (today["probe"], {layer["probe"] for layer in today["layers"]}) == (TODAY, {64})
    assert f"layers     on {TODAY}\n" in snnviz("show", run).out
    age(kept, run)
    before = snnviz("show", run, "--json").json
    assert before["probe"] == "the first 64 training images"
    assert before["operations"]["estimated"]
    words = f"layers     on the first 64 training images: python -m snnviz measure {run} looks anew\n"
    assert words in snnviz("show", run).out

    found = snnviz("measure", run, "--json")
    assert (found.code, found.err) == (0, "")
    assert found.json == snnviz("show", run, "--json").json == today
    assert f"layers     on {TODAY}\n" in snnviz("run", "-", stdin=json.dumps(tiny().document())).out
    assert snnviz("show", measurement_digest(tiny()), "--json").json == today  # by the measurement's own name
    assert [one["run"] for one in snnviz("runs", "--json").json["runs"]] == [run]


def test_what_cannot_or_need_not_be_measured_is_a_sentence(snnviz: Snnviz, tiny: MakeDesign, kept: Store) -> None:
    kept.submit(tiny(1))
    assert snnviz("measure", tiny(1).digest).sentence == f"run must be done, got {tiny(1).digest}, which is queued"
    assert snnviz("measure", "0123").sentence.startswith("run must be the name of a run or its start")
    Immediate(kept).submit(tiny())
    assert snnviz("measure", measurement_digest(tiny())[:4]).sentence.startswith("run must be the name of a run")
    again = snnviz("measure", tiny().digest)
    assert (again.code, again.err.startswith(tiny().digest)) == (0, True)
    assert "nothing is to be measured anew" in again.err
    assert kept.rows(measurement_digest(tiny()), LayerState) == []


def test_a_run_that_trains_otherwise_by_now_is_not_measured(snnviz: Snnviz, tiny: MakeDesign, kept: Store) -> None:
    """Its design names another run, whose layers are looked at by today's formulas."""
    run, note = tiny().digest, "It was computed before a formula was mended."
    Immediate(kept).submit(tiny())
    age(kept, run)
    with kept._writing() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET key = 'ffffffffffffffff', note = '{note}'")
    sentence = f"run must be the one that its design names now, got {run}: {note}"
    assert snnviz("measure", run).sentence.rstrip(".") == sentence.rstrip(".")
    shown = snnviz("show", run).out
    assert "looks anew" not in shown
    assert f"note       {note}" in shown


def test_a_run_without_weights_is_a_sentence(snnviz: Snnviz, tiny: MakeDesign, kept: Store, cache: Path) -> None:
    Immediate(kept).submit(tiny())
    age(kept, tiny().digest)
    for file in cache.rglob("*.safetensors"):
        file.unlink()
    found = snnviz("measure", tiny().digest)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(f"There are no weights of the run {tiny().digest} to look at: open it and train it")
    assert found.err.count("\n") == 1


def test_a_survey_of_gradients_is_drawn_once_more(snnviz: Snnviz, kept: Store) -> None:
    survey = GradientSurvey(design=change(Design(), {"network.kind": "mlp", "network.width": 8}), depths=(2,))
    Immediate(kept).submit(survey)
    today = snnviz("show", survey.digest, "--json").json
    age(kept, survey.digest)
    assert snnviz("show", survey.digest).out.endswith(
        f"On the first 64 training images: python -m snnviz measure {survey.digest} looks anew.\n"
    )
    assert snnviz("measure", survey.digest, "--json").json == today
    assert today["probe"] == TODAY
    with kept._writing() as connection:  # one that is computed otherwise by now stays, beside that of today
        connection.exec_driver_sql("UPDATE runs SET run = '0123456789abcdef', key = 'ffffffffffffffff'")
    assert snnviz("measure", "0123456789abcdef", "--json").json == today
    assert {run.run for run in kept.runs(of=GradientSurvey)} == {"0123456789abcdef", survey.digest}
