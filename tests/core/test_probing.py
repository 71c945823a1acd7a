"""Linear probes read layers as scikit-learn's ridge regression does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from snnviz.core import probing
from snnviz.core.execute import execute
from snnviz.core.probing import probe_layers
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.events import Checkpoint

DEEP = change(
    Design(),
    {"network": "mlp", "network.depth": 9, "network.width": 60, "data.steps": 1, "training.epochs": 3, "seed": 2},
)


@pytest.mark.parametrize("features", [20, 300])
def test_a_probe_is_ridge_regression(features: int) -> None:
    rng = np.random.default_rng(features)
    x, other = rng.poisson(1.0, (120, features)).astype(float), rng.poisson(1.0, (60, features)).astype(float)
    x[:, 3] = other[:, 3] = 2.0  # a neuron that says always the same
    map_ = rng.normal(size=(features, 4))
    labels, wanted = (x @ map_).argmax(1), (other @ map_).argmax(1)
    found = probing._accuracy(*map(torch.from_numpy, (x, labels, other, wanted)))
    kept = x.std(0) > 0
    mean, deviation = x[:, kept].mean(0), x[:, kept].std(0, ddof=1)
    scaled = [(each[:, kept] - mean) / deviation for each in (x, other)]
    model = Ridge(alpha=probing.RIDGE).fit(scaled[0], np.eye(4)[labels])
    assert found == pytest.approx((model.predict(scaled[1]).argmax(1) == wanted).mean())


def test_a_deep_untrained_layer_is_read_by_chance_and_a_trained_one_better() -> None:
    before = {each.name: each.accuracy for each in probe_layers(DEEP)}
    assert [*before] == ["input", *(f"L{layer}" for layer in range(1, 10))]
    assert before["input"] > 0.85
    assert before["L2"] > before["L5"] > 0.12
    assert before["L9"] < 0.2
    kept = [event for event in execute(DEEP) if isinstance(event, Checkpoint)][-1]
    after = {each.name: each.accuracy for each in probe_layers(DEEP, kept.arrays)}
    assert after["input"] == before["input"]
    assert np.mean([after[name] - before[name] for name in ("L4", "L5", "L6")]) > 0.02
    assert {each.images for each in probe_layers(DEEP)} == {1000}


def test_layers_that_say_nothing_are_read_by_the_most_frequent_class() -> None:
    silent = change(DEEP, {"neuron.threshold": 4.0, "init": "kaiming", "network.depth": 3})
    assert probe_layers(silent)[-1].accuracy < 0.15
