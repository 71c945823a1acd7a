"""What is measured on untrained networks is what those networks do."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics.pairwise import cosine_similarity

from snnviz.catalog.examples import get_example
from snnviz.core import data, measured_inits, observe
from snnviz.core.networks import Network
from snnviz.core.trainable_ttfs import build_network
from snnviz.core.untrained import measure_progressively, measure_untrained
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.theory.measured import MeasuredForecast

MLP = {"network": "mlp", "network.depth": 6, "network.width": 60, "data.steps": 3, "data.encoding": "lif"}


@pytest.mark.parametrize(
    "settings", [{}, MLP, {"init": "input-preserving"}, {"network.norm": "batch"}, {"neuron": "relu", "data.steps": 1}]
)
def test_the_first_network_is_the_run_itself_before_training(settings: dict[str, Any]) -> None:
    design = change(Design(), {**settings, "seed": 3})
    found = measure_untrained(design, 0.0, most=2)
    assert found.networks == 2
    looks = []
    for seed in (3, 4):
        mine = design.model_copy(update={"seed": seed})
        images, _ = data.load(design)  # of the design's own split
        network = build_network(mine)
        probe, _ = data.encoded_probe(images, mine)
        measured_inits.initialise_from_data(network, probe)
        looks.append([*observe.observe_layers(network, probe, observe.RunningSums(network.parameters), 0, 0.0)])
    for layer, first, second in zip(found.layers, *looks, strict=True):
        assert layer.name == first.name
        assert layer.own_rate == first.rate
        if first.rate is not None and second.rate is not None:
            assert layer.rate == pytest.approx((first.rate + second.rate) / 2, rel=1e-12)
        assert layer.var_u == pytest.approx((first.var_u + second.var_u) / 2, rel=1e-12)


def test_cosines_silence_and_gradients_are_those_of_a_literal_network() -> None:
    """Two fully connected layers of neurons that keep nothing, in plain torch, the gradient by hand."""
    design = change(
        Design(),
        {
            "network": "mlp",
            "network.depth": 2,
            "network.width": 40,
            "data.steps": 1,
            "neuron.threshold": 1.4,
            "seed": 1,
        },
    )
    found = measure_untrained(design, 0.0, most=2)
    within, between, silent, rms = [], [], [], []
    images, _ = data.load(design)
    for seed in (1, 2):
        mine = design.model_copy(update={"seed": seed})
        network = Network(mine)
        shown = data.probe_images(images, seed)
        x = data.encode(shown.images, shown.white, mine, "probe")[0].flatten(1)
        weights = [network.parameters[f"{name}.weight"].detach() for name in ("L1", "L2", "readout")]
        u1 = x @ weights[0].T
        s1 = (u1 > 1.4).float()
        u2 = s1 @ weights[1].T
        s2 = (u2 > 1.4).float()
        labels = shown.labels.numpy()
        likeness = cosine_similarity(s2.numpy())
        alive = s2.sum(1).numpy() > 0
        pairs = np.outer(alive, alive) & ~np.eye(len(labels), dtype=bool)
        same = labels[:, None] == labels[None]
        within.append(likeness[pairs & same].mean())
        between.append(likeness[pairs & ~same].mean())
        silent.append(1 - alive.mean())
        logits = (s2 @ weights[2].T)[:16]
        wrong = logits.softmax(1) - F.one_hot(shown.labels[:16], logits.shape[1])
        back2 = wrong @ weights[2]
        slope = 1 / (1 + (math.pi * (u2[:16] - 1.4)) ** 2)  # the arctangent's, slope 2
        back1 = (back2 * slope) @ weights[1]
        rms.append([back.double().square().mean().item() for back in (back1, back2)])
    last = found.layers[1]
    assert last.cosine_within == pytest.approx(np.mean(within), rel=1e-5)
    assert last.cosine_between == pytest.approx(np.mean(between), rel=1e-5)
    assert last.silent_share == pytest.approx(np.mean(silent))
    for layer, squares in zip(found.layers[:2], zip(*rms, strict=True), strict=True):
        assert layer.gradient == pytest.approx(math.sqrt(np.mean(squares)), rel=1e-4)
    assert found.layers[2].gradient is None
    assert found.layers[2].rate is None


@pytest.mark.parametrize(
    "name", ["snasnet-bw-digits", "resnet18-digits", "vgg-digits", "mobilenetv2-digits", "ttfs-digits"]
)
def test_every_kind_of_network_can_be_measured(name: str) -> None:
    design = change(get_example(name), {"data.steps": 2} if "ttfs" not in name else {})
    found = measure_untrained(design, 0.0, most=2)
    assert [layer.name for layer in found.layers] == [
        layer.name for layer in build_network(design).architecture.watched
    ]
    for layer in found.layers[:-1]:
        assert layer.gradient is not None
        assert layer.effective_rank is not None
        assert 0 <= layer.effective_rank <= 64
    assert MeasuredForecast.read(json.loads(json.dumps(found.document()))) == found


def test_of_a_network_of_one_spike_a_neuron_the_rate_is_of_neurons_that_spike() -> None:
    found = measure_untrained(get_example("ttfs-digits"), 0.0, most=2)
    assert all(layer.rate is not None and 0 < layer.rate < 1 for layer in found.layers[:-1])


def test_it_tells_more_the_longer_it_draws_and_stops_when_it_knows_enough() -> None:
    design = change(Design(), {"network": "mlp", "network.depth": 2, "network.width": 300, "data.steps": 1})
    threads = torch.get_num_threads()
    parts = [part.networks for part in measure_progressively(design, 60.0)]
    assert parts[0] == 2
    assert all(one < other for one, other in pairwise(parts))
    assert 19 <= parts[-1] < 200
    assert torch.get_num_threads() == threads
