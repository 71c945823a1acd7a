"""The rules of the diagnosis on made-up overviews: each finds its trouble, and none speaks of a healthy network.

On trained networks: `benchmarks/diagnosing.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnviz.design.design import Design
from snnviz.graph.architectures import build_architecture
from snnviz.studies.inside.look import Answer
from snnviz.studies.inside.page.problems import healthy_sentence
from snnviz.studies.inside.theory.diagnosis import diagnose

DESIGN = Design.check({"network": {"kind": "cnn", "depth": 2, "channels": 8}})


def overview(**changed: Any) -> Answer:
    """Of a healthy network with 300 test images; `changed`: of a layer by its number, of the network by name."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 10
    arrays = {
        "labels": labels,
        "predicted": labels.copy(),
        "steps_needed": np.ones(300, int),
        "readout_sd": np.full(10, 2.0),
        "readout_bias": rng.normal(0, 0.1, 10),
    }
    layers = []
    spread = np.exp(-(np.linspace(-3, 3, 60) ** 2) / 2)
    for index, layer in enumerate(build_architecture(DESIGN).layers[:2]):
        layers.append(
            {
                "index": index, "name": layer.name, "neurons": layer.neurons, "rate": 0.2, "threshold": 1.5,
                "mean_u": 0.0, "sd_u": 1.0, "gradient": 0.2,
            } | changed.pop(f"layer{index}", {})
        )  # fmt: skip
        arrays[f"potentials.{index}"] = spread / spread.sum()
        arrays[f"rates.{index}"] = np.full(layer.neurons, 0.2)
    about = {"classes": 10, "steps": 5, "by_steps": [0.9, 0.95, 0.95, 0.95, 0.95], "input_sd": 1.0, "layers": layers}
    arrays |= {name: changed.pop(name) for name in [*changed] if name in arrays}
    return Answer(about | changed, arrays)


def test_a_healthy_network_gets_no_sentence() -> None:
    assert diagnose(overview(), DESIGN) == []


def test_how_a_healthy_network_answers_is_said_with_its_rates() -> None:
    said = healthy_sentence(overview(layer0={"rate": 0.052}))
    assert "(5.2% to 20.0% of a layer's neurons spike in a time step" in said
    assert "what reaches it in 5 steps" in said
    assert healthy_sentence(overview(layers=[])) == ""


def test_a_silent_layer_is_named_with_its_distance_and_a_threshold_that_would_do() -> None:
    shares = np.zeros(60)
    shares[30:36] = (0.4, 0.2, 0.2, 0.1, 0.06, 0.04)  # u from 0 to 0.6 thresholds
    quiet = {"rate": 0.0, "mean_u": 0.2, "sd_u": 0.2}
    (found,) = diagnose(overview(layer1=quiet, **{"potentials.1": shares}), DESIGN)
    assert found.kind == "silent"
    assert found.title == "Silent from layer L2 on"
    assert "the threshold 1.5 is 4.0 sd above the mean of its potentials" in found.sentence
    assert "at 0.6 10% of neurons and steps would spike" in found.sentence  # 0.4 of 1.5: 4 + 6 % are above


@pytest.mark.parametrize(
    ("kind", "words", "changed"),
    [
        ("saturated", "derivative is 0.50% of its largest", {"layer0": {"gradient": 0.005, "sd_u": 9.0}}),
        ("channel", "Channel 3 of 8 has 93%", {"rates.0": np.repeat([*[0.01] * 3, 1, *[0.01] * 4], 64)}),
        ("input", "differ by 0.05 only", {"input_sd": 0.05}),
        ("bias", "class 2 is favoured", {"readout_bias": np.eye(10)[2] * 9, "readout_sd": np.full(10, 0.3)}),
        ("class", "read as 4, though 30", {"predicted": np.where(np.arange(300) % 10 == 4, 9, np.arange(300) % 10)}),
        ("steps", "33% of the answers still change", {
            "by_steps": [0.1, 0.3, 0.5, 0.7, 0.8], "steps_needed": np.tile([1, 5, 1], 100)}),
    ],
)  # fmt: skip
def test_each_trouble_is_told_with_its_numbers(kind: str, words: str, changed: dict[str, Any]) -> None:
    (found,) = diagnose(overview(**changed), DESIGN)
    assert found.kind == kind
    assert words in found.sentence
