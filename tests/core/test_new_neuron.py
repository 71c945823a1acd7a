"""A neuron is added by one file, `tests/toys/adaptive.py`: trained, forecast, on the form, in links and commands."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from snnviz.catalog.neurons import respond
from snnviz.cli.reference import reference
from snnviz.core.execute import execute
from snnviz.core.stepping import population
from snnviz.design.design import Design
from snnviz.design.links import change, from_query, one_line_summary, to_query
from snnviz.design.menus import NEURONS
from snnviz.design.parts import AnyNeuron
from snnviz.errors import InputError
from snnviz.events import Checkpoint, EpochEnd, LayerState
from snnviz.places import ROOT
from snnviz.theory import costs
from snnviz.theory.variance import forecast_layers
from tests.pages.conftest import using
from tests.pages.visit import Visit

FILE = Path(__file__).parents[1] / "toys" / "adaptive.py"
KIND = "adaptive"


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """As if it lay in the catalogue's folder, where every file is found."""
    spec = importlib.util.spec_from_file_location(f"snnviz.catalog.neurons.{KIND}", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    yield KIND
    NEURONS.remove(KIND)
    forecast_layers.cache_clear()


def small(steps: int = 5) -> Design:
    return Design.check(
        {
            "neuron": {"kind": KIND, "threshold": 0.6, "rise": 0.3},
            "network": {"kind": "mlp", "depth": 3, "width": 300},
            "data": {"steps": steps, "train_samples": 300, "test_samples": 100},
            "training": {"epochs": 3, "learning_rate": 0.01},
        }
    )


def test_it_has_a_link_a_word_and_documentation(added: str) -> None:
    made = change(Design(), {"neuron.kind": added, "neuron.rise": "1.5", "neuron.surrogate.kind": "triangle"})
    assert to_query(made) == "neuron.kind=adaptive&neuron.surrogate.kind=triangle&neuron.rise=1.5"
    assert from_query(to_query(made)) == made
    assert Design.restore(made.stored()) == made
    assert "adaptive" in one_line_summary(made)
    assert "- `neuron.rise`: 0 to 10, 0.5 by default. By how much a spike lifts the threshold." in reference()
    with pytest.raises(InputError, match=r"^neuron.fall must be a number from 0 to 1, got 2$"):
        change(Design(), {"neuron.kind": added, "neuron.fall": 2})


@pytest.mark.usefixtures("added")
def test_it_trains_and_goes_on_bit_for_bit() -> None:
    whole = list(execute(small()))
    assert [event for event in whole if isinstance(event, EpochEnd)][-1].test_accuracy > 0.6
    first = next(event for event in whole if isinstance(event, Checkpoint))
    rest = list(execute(small(), resume=first))
    rows = (LayerState, EpochEnd)
    assert [event for event in rest if isinstance(event, rows)] == [
        event for event in whole if isinstance(event, rows) and event.epoch > 1
    ]
    assert costs.parameter_count(small()) == sum(array.size for array in _last(whole).arrays.values())


def _last(events: list[object]) -> Checkpoint:
    return [event for event in events if isinstance(event, Checkpoint)][-1]


@pytest.mark.usefixtures("added")
def test_it_is_forecast_and_theory_and_training_have_the_same_neuron() -> None:
    made = small()
    assert isinstance(made.neuron, AnyNeuron)
    current = np.random.default_rng(0).normal(0.3, 1, (6, 200))
    said = population(made.neuron).fire(torch.from_numpy(current), 6)
    np.testing.assert_array_equal(respond(current, made.neuron)[1], said.numpy())
    seen: dict[str, list[float]] = {}
    for seed in range(3):
        for row in execute(made.model_copy(update={"seed": seed})):
            if isinstance(row, LayerState) and row.step == 0 and row.rate is not None:
                seen.setdefault(row.name, []).append(row.rate)
    for layer in forecast_layers(made)[:-1]:
        assert np.mean(seen[layer.name]) == pytest.approx(layer.rate, rel=0.2), asdict(layer)


def test_it_is_on_the_form_with_its_fields_and_comes_back_as_it_was_left(added: str, tmp_path: Path) -> None:
    with using(tmp_path):
        visit = Visit("neuron.threshold=0.7")
        visit.put("neuron.kind", added)
        assert visit.errors == []
        assert {path for path in visit.widgets if path.startswith("neuron.")} == {
            "neuron.kind", "neuron.threshold", "neuron.beta", "neuron.rise", "neuron.fall",
            "neuron.surrogate.kind", "neuron.surrogate.slope",
        }  # fmt: skip
        assert "Adaptive LIF: each spike lifts the threshold" in visit.text
        visit.put("neuron.rise", 2.0)
        assert visit.link == "neuron.kind=adaptive&neuron.threshold=0.7&neuron.rise=2.0"
        visit.put("neuron.kind", "lif").put("neuron.kind", added)
        assert visit.link == "neuron.kind=adaptive&neuron.threshold=0.7&neuron.rise=2.0"
        visit.put("neuron.kind", "relu").put("neuron.kind", added)
        assert visit.link == "neuron.kind=adaptive&neuron.threshold=0.7&neuron.rise=2.0"


def test_the_file_alone_is_enough(tmp_path: Path) -> None:
    """In a copy of the package, whose folder of neurons has one file more: what the command line knows."""
    shutil.copytree(ROOT / "snnviz", tmp_path / "snnviz", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(FILE, tmp_path / "snnviz" / "catalog" / "neurons")
    settings = ["--set", "neuron.kind=adaptive", "--set", "neuron.rise=2"]
    command = [sys.executable, "-m", "snnviz", "link", "digits", *settings]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout == "/design?neuron.kind=adaptive&neuron.rise=2.0\n"
