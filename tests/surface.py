"""A made-up experiment: designs drawn from axes, and what runs of them would come to, with noise from seed to seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.store.groups import RunGroup, group_key, sparse_settings
from snnviz.theory.features import settings_of

AXES: Mapping[str, Sequence[Any]] = {
    "network.depth": (1, 2, 3, 4, 5),
    "network.width": (20, 40, 80, 160),
    "neuron.threshold": (0.5, 0.75, 1.0, 1.25, 1.5),
    "neuron.beta": (0.3, 0.5, 0.7, 0.9),
    "init.kind": ("variance-preserving", "kaiming", "fluctuation-driven"),
    "training.learning_rate": (0.001, 0.003, 0.01),
    "data.steps": (3, 5, 8),
}
"""Of a mixed experiment: fields of all kinds."""

_DRIVE = {"variance-preserving": 1.0, "kaiming": 1.2, "fluctuation-driven": 0.8}


def designs(count: int, seed: int = 0, axes: Mapping[str, Sequence[Any]] = AXES) -> list[Design]:
    """So many different ones, drawn from all combinations."""
    draw, found = random.Random(seed), dict[Design, None]()
    base = links.change(Design(), {"network.kind": "mlp"})
    while len(found) < count:
        found[links.change(base, {path: draw.choice(values) for path, values in axes.items()})] = None
    return list(found)


def values(design: Design, noise: np.random.Generator) -> dict[str, float]:
    """What a run comes to: networks whose drive is small die, and what is near to it scatters most."""
    told: Any = settings_of(design)
    theta = told["neuron.threshold"] if told["init.kind"] != "variance-preserving" else 1.0
    drive = _DRIVE[told["init.kind"]] / theta
    rate = 0.3 * np.exp(-(np.log(drive) ** 2)) * (0.6 + 0.4 * told["neuron.beta"])
    dead = 1 / (1 + np.exp(-8 * (0.75 - drive) * told["network.depth"] / 3))
    step = abs(np.log10(told["training.learning_rate"] / 0.003))
    best = 0.97 - 0.05 * np.exp(-told["network.width"] / 50) - 0.01 * step * told["network.depth"]
    accuracy = np.clip(best - 0.03 / told["data.steps"] - 0.6 * dead, 0.1, 0.99)
    accuracy += (0.005 + 0.05 * dead) * noise.normal()
    rate *= (1 - dead) * (1 + 0.05 * noise.normal())
    operations = told["macs"] * told["data.steps"] * (rate + 0.01) * (1 + 0.03 * noise.normal())
    return {
        "accuracy": float(np.clip(accuracy, 0, 1)),
        "rate": float(np.clip(rate, 0, 1)),
        "operations": float(operations),
    }


def groups(several: Sequence[Design], seeds: int = 3, seed: int = 0) -> list[RunGroup]:
    """Made-up runs of these designs, as the store has them."""
    noise, found = np.random.default_rng(seed), []
    for design in several:
        runs = [values(design, noise) for _ in range(seeds)]
        key = group_key(design)
        names = {number: f"{key[:14]}{number:02x}" for number in range(seeds)}
        by_metric = {name: {n: run[name] for n, run in enumerate(runs)} for name in runs[0]}
        found.append(RunGroup(key, sparse_settings(design), names, by_metric))
    return found
