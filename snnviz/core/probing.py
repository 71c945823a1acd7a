"""What a linear classifier can read from each layer: accuracy of a ridge regression on what its neurons say.

A layer that no longer tells images apart is read no better than by chance, however much it spikes (Alain and Bengio
2017 use such probes in ANNs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnviz.core import data
from snnviz.core.data import Images
from snnviz.core.measured_inits import initialise_from_data
from snnviz.core.networks import Network
from snnviz.core.norms import Statistics
from snnviz.core.train import Optimizer
from snnviz.core.trainable_ttfs import build_network
from snnviz.design.design import Design

Arrays = Mapping[str, NDArray[np.float32]]

TRAIN_IMAGES, TEST_IMAGES, BATCH = 1000, 500, 100
"""Images at most that a probe is fitted to and tested on, and at once."""

RIDGE = 1.0
"""Penalty of the squared weights, features being scaled to variance 1."""


@dataclass(frozen=True, slots=True)
class ProbeAccuracy:
    """Test accuracy of a linear probe on one layer; "input" is the encoded image. images: how many it was fitted to."""

    name: str
    accuracy: float
    images: int


def probe_layers(design: Design, weights: Arrays | None = None) -> list[ProbeAccuracy]:
    """Returns the accuracy of a linear probe on the input and each hidden layer of the network of a design.

    weights: a checkpoint's, of the trained network; None: before training. Raises `DataMissing`.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        training, test = data.load(design)
        network = build_network(design)
        initialise_from_data(network, data.encoded_probe(training, design)[0])
        statistics: Statistics = "batch"
        if weights is not None:
            Optimizer(network).restore(weights)
            statistics = "running"
        fitted = data.probe_images(training, design.seed, TRAIN_IMAGES)
        tested = data.probe_images(test, design.seed, TEST_IMAGES)
        features, others = (_outputs(network, images, statistics) for images in (fitted, tested))
        return [
            ProbeAccuracy(name, _accuracy(x, fitted.labels, others[name], tested.labels), len(fitted))
            for name, x in features.items()
        ]
    finally:
        torch.set_num_threads(threads)


@torch.no_grad()
def _outputs(network: Network, images: Images, statistics: Statistics) -> dict[str, Tensor]:
    """What the input and each hidden layer say, summed over time, (N, features) by name."""
    layers = network.architecture.layers
    parts: dict[str, list[Tensor]] = {}

    def keep(name: str, output: Tensor) -> None:
        parts.setdefault(name, []).append(output.double().sum(0).flatten(1))

    for start in range(0, len(images), BATCH):
        batch = images.take(slice(start, start + BATCH))
        image = data.encode(batch, images.white, network.design, "linear probe", start)
        keep("input", image)
        network(image, statistics=statistics, forward_hook=lambda index, output: keep(layers[index].name, output))
    kept = {"input", *(layer.name for layer in network.architecture.watched)}  # merges have no neurons
    return {name: torch.cat(each) for name, each in parts.items() if name in kept}


def _accuracy(x: Tensor, labels: Tensor, other: Tensor, wanted: Tensor) -> float:
    """Ridge regression of the classes' indicators, in the dual where there are more features than images."""
    mean, deviation = x.mean(0), x.std(0)
    kept = deviation > 1e-9
    a, b = ((each - mean)[:, kept] / deviation[kept] for each in (x, other))
    classes = int(torch.maximum(labels.max(), wanted.max())) + 1
    targets = torch.nn.functional.one_hot(labels, classes).double()
    offset = targets.mean(0)
    count, features = a.shape
    if features == 0:
        scores = offset.expand(len(b), -1)
    elif features > count:
        dual = torch.linalg.solve(a @ a.T + RIDGE * torch.eye(count, dtype=a.dtype), targets - offset)
        scores = b @ (a.T @ dual) + offset
    else:
        weights = torch.linalg.solve(a.T @ a + RIDGE * torch.eye(features, dtype=a.dtype), a.T @ (targets - offset))
        scores = b @ weights + offset
    return float((scores.argmax(1) == wanted).double().mean())
