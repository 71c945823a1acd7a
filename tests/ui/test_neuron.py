"""The moving neuron of the first page computes what the networks' neurons do: its JavaScript, run by node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from snnviz.core.neurons import Cell
from snnviz.core.stepping import StepPopulation
from snnviz.design.parts import Neuron
from snnviz.ui.components.assets import HERE

STEP = (HERE / "neuron.step.js").read_text(encoding="utf-8")
NODE = shutil.which("node")
CURRENTS, STEPS = 200, 120

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node")


def answers(expression: str, given: object) -> Any:
    """What the component's JavaScript makes of `given`."""
    program = f"{STEP}\nconst given = {json.dumps(given)};\nconsole.log(JSON.stringify({expression}));"
    done = subprocess.run([str(NODE), "-"], input=program, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def cases() -> list[tuple[Neuron, list[float]]]:
    """Neurons and currents: steady ones, noise with both signs, and pulses."""
    chance = np.random.default_rng(22)
    found = []
    for number in range(CURRENTS):
        neuron = Neuron(
            beta=float(chance.choice([0, 1, chance.random()], p=[0.05, 0.05, 0.9])),
            threshold=float(chance.uniform(0.1, 2)),
            reset=("subtract", "zero", "none")[number % 3],
        )
        height = chance.uniform(0, 1.5)
        current = [
            np.full(STEPS, height),
            chance.normal(height / 2, height, STEPS),
            height * 3 * (np.arange(STEPS) % 8 < 2),
        ][int(chance.integers(3))]
        found.append((neuron, current.tolist()))
    return found


@pytest.fixture
def double() -> Iterator[None]:
    """A threshold times a spike, a number of no width of its own, is in double precision too."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double")
def test_spikes_and_potentials_are_those_of_the_networks_neurons() -> None:
    chosen = cases()
    given = [{"neuron": neuron.model_dump(mode="json"), "currents": currents} for neuron, currents in chosen]
    found = answers("given.map(({ neuron, currents }) => lifResponse(currents, neuron))", given)
    spikes = 0
    for (neuron, currents), response in zip(chosen, found, strict=True):
        drive = torch.tensor(currents, dtype=torch.float64)[:, None]
        u, s = StepPopulation(neuron, {}).respond(drive, STEPS)
        np.testing.assert_allclose(response["potentials"], u[:, 0].numpy(), rtol=0, atol=1e-12)
        assert response["spikes"] == s[:, 0].int().tolist()
        spikes += sum(response["spikes"])
        # The kernel that trains, in float32, says the same where rounding does not decide.
        single = Cell(neuron).respond(drive.float(), STEPS)[0][:, 0]
        if (u[:, 0] - neuron.threshold).abs().min() > 1e-3:
            torch.testing.assert_close(single.double(), u[:, 0], rtol=1e-4, atol=1e-4)
    assert spikes > 10 * CURRENTS


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"current": 0}, "Nothing flows in, so the neuron is silent."),
        ({"current": 0.05}, "never rises above 0.50, and the threshold is 1.00"),
        ({"current": 1, "beta": 1, "threshold": 0.5}, "every time step"),
        ({"current": 0.25, "beta": 1}, "about every 4 time steps: a firing rate of 25 %"),
    ],
)
def test_the_sentence_below_it_says_what_comes_of_the_setting(setting: dict[str, float], said: str) -> None:
    usual = {"current": 0.2, "beta": 0.9, "threshold": 1, "pattern": "constant", "reset": "subtract"}
    assert said in answers("sentence(given)", usual | setting)


def test_noise_has_the_mean_and_the_width_that_it_names_and_is_the_same_each_time() -> None:
    first, again = (answers("Array.from({ length: given }, (_, k) => normal(k))", 4000) for _ in "12")
    assert first == again
    assert abs(np.mean(first)) < 0.06
    assert abs(np.std(first) - 1) < 0.06
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.06
