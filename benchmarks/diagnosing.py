"""Does the diagnosis find what is wrong, and only that? Each kind of trouble is planted at random in trained networks.

    python -m benchmarks.diagnosing [--set rules|check] [--healthy 40] [--each 20]

Networks are drawn at random (kind, size, data set, neuron, seed) and trained until they are healthy: those whose test
accuracy reaches `HEALTHY`. `--set rules` draws those on which the limits of the rules were set, `--set check` others,
on which nothing was set. In each kind's trials a network is drawn and the fault is planted with random strength and
place. The one of "T is too short" is planted by allowing fewer steps than the network needs, which is known from its
accuracy with all of them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import torch

from snnviz.core import data
from snnviz.core.data import Images
from snnviz.core.execute import execute
from snnviz.core.tracing import TracedNetwork
from snnviz.design.design import Design
from snnviz.events import Checkpoint, EpochEnd
from snnviz.studies.inside.compute.opening import open_network
from snnviz.studies.inside.compute.overview import overview
from snnviz.studies.inside.look import Look
from snnviz.studies.inside.theory.diagnosis import Finding, Kind, diagnose

HEALTHY = 0.8
"""Test accuracy from which a network counts as healthy."""

FIRST_SEED = {"rules": 1000, "check": 9000}


@dataclass
class Trained:
    """A network, its design and its test images."""

    design: Design
    arrays: dict[str, Any]
    test: Images
    accuracy: float

    def network(self, **asked: Any) -> TracedNetwork:
        return open_network(self.design, self.arrays, Look(**asked))

    def findings(self, network: TracedNetwork, test: Images | None = None, **asked: Any) -> list[Finding]:
        return diagnose(overview(network, self.design, test or self.test, Look(**asked)), self.design)


def drawn_design(rng: np.random.Generator, seed: int) -> Design:
    """A small network of any kind that trains in seconds."""
    network: dict[str, Any] = {
        "mlp": {"kind": "mlp", "depth": int(rng.integers(1, 4)), "width": int(rng.integers(30, 150))},
        "cnn": {"kind": "cnn", "depth": int(rng.integers(1, 4)), "channels": int(rng.integers(6, 16))},
        "block": {
            "kind": "block",
            "channels": int(rng.integers(6, 16)),
            "edges": str(rng.choice(["002/000/000", "001/000/000", "0020/0001/0000/0000", "000/000/010"])),
        },
    }[str(rng.choice(["mlp", "cnn", "block"]))]
    if network["kind"] == "cnn" and rng.random() < 0.4:
        network["norm"] = "batch"
    neuron: dict[str, Any] = {
        "threshold": round(float(rng.uniform(0.4, 1.2)), 2),
        "beta": round(float(rng.uniform(0.3, 0.9)), 2),
        "reset": str(rng.choice(["subtract", "zero"])),
    }
    return Design.check(
        {
            "network": network,
            "neuron": neuron,
            "data": {
                "name": str(rng.choice(["digits", "fashion-mnist"], p=[0.75, 0.25])),
                "steps": int(rng.integers(3, 9)),
                "train_samples": 1000,
                "test_samples": 200,
                "encoding": str(rng.choice(["direct", "rate"], p=[0.7, 0.3])),
            },
            "training": {"epochs": 6, "learning_rate": 0.004, "batch_size": 32},
            "seed": seed,
        }
    )


def trained_networks(first: int) -> Iterator[Trained]:
    """Healthy networks without end, by seeds from `first` on."""
    seed = first
    while True:
        seed += 1
        design = drawn_design(np.random.default_rng(seed), seed)
        events = list(execute(design))
        accuracy = [event for event in events if isinstance(event, EpochEnd)][-1].test_accuracy
        if accuracy >= HEALTHY:
            arrays = [event for event in events if isinstance(event, Checkpoint)][-1].arrays
            yield Trained(design, arrays, data.load(design)[1], accuracy)


def weighted(one: Trained, rng: np.random.Generator, *, hidden: bool = True) -> str:
    """The name of a layer with weights and neurons, at random."""
    layers = [layer for layer in one.network().architecture.weighted if layer.spiking or not hidden]
    return str(rng.choice([layer.name for layer in layers if layer.spiking]))


def plant_silent(one: Trained, rng: np.random.Generator) -> list[Finding]:
    network, name = one.network(), weighted(one, rng)
    factor = float(rng.uniform(0.0, 0.05))
    kinds = ("bias", "gain" if f"{name}.gain" in network.parameters else "weight")
    for key in (f"{name}.{kind}" for kind in kinds):
        network.parameters[key] = network.parameters[key].detach() * factor
    return one.findings(network)


def plant_saturated(one: Trained, rng: np.random.Generator) -> list[Finding]:
    network, name = one.network(), weighted(one, rng)
    factor = float(np.exp(rng.uniform(np.log(30), np.log(300))))
    kind = "gain" if f"{name}.gain" in network.parameters else "weight"
    network.parameters[f"{name}.{kind}"] = network.parameters[f"{name}.{kind}"].detach() * factor
    return one.findings(network)


def plant_channel(one: Trained, rng: np.random.Generator) -> list[Finding]:
    network, name = one.network(), weighted(one, rng)
    bias = network.parameters[f"{name}.bias"].detach().clone()
    kept = int(rng.integers(len(bias)))
    low = torch.full_like(bias, -float(rng.uniform(5, 20)))
    low[kept] = float(rng.uniform(2, 4)) * one.design.neuron.threshold  # type: ignore[attr-defined]
    network.parameters[f"{name}.bias"] = low
    return one.findings(network)


def plant_input(one: Trained, rng: np.random.Generator) -> list[Finding]:
    factor = float(rng.uniform(0.01, 0.1))
    white = one.test.white
    assert isinstance(white, int)
    dark = (one.test.images.float() * (255 / white) * factor).round().to(torch.uint8)  # in finer steps
    return one.findings(one.network(), replace(one.test, images=dark, white=255))


def plant_bias(one: Trained, rng: np.random.Generator) -> list[Finding]:
    network = one.network()
    weight, bias = network.parameters["readout.weight"].detach(), network.parameters["readout.bias"].detach()
    network.parameters["readout.weight"] = weight * float(rng.uniform(0.0, 0.1))
    spread = float(rng.uniform(1, 4))
    network.parameters["readout.bias"] = torch.from_numpy(rng.normal(0, spread, len(bias))).float()
    return one.findings(network)


def plant_class(one: Trained, rng: np.random.Generator) -> list[Finding]:
    network = one.network()
    bias = network.parameters["readout.bias"].detach().clone()
    for label in rng.choice(len(bias), int(rng.integers(1, 4)), replace=False):
        bias[label] -= float(rng.uniform(20, 100))
    network.parameters["readout.bias"] = bias
    return one.findings(network)


def plant_steps(one: Trained, rng: np.random.Generator) -> list[Finding] | None:
    """Fewer steps than it needs: what all of them reach is at least 5 points better. None where any number suffices.

    A higher threshold has the network gather for longer.
    """
    asked = {"threshold": round(float(rng.uniform(1.5, 3.5)), 2), "leak": round(float(rng.uniform(1, 2)), 2)}
    network = one.network(**asked)
    by_steps = overview(network, one.design, one.test, Look()).about["by_steps"]
    short = [
        n
        for n in range(2, len(by_steps))
        if by_steps[-1] - by_steps[n - 1] >= 0.05 and by_steps[n - 1] > by_steps[n - 2]
    ]
    return one.findings(network, steps=int(rng.choice(short))) if short else None


PLANTS: dict[Kind, Callable[[Trained, np.random.Generator], list[Finding] | None]] = {
    "silent": plant_silent,
    "saturated": plant_saturated,
    "channel": plant_channel,
    "input": plant_input,
    "bias": plant_bias,
    "class": plant_class,
    "steps": plant_steps,
}
assert set(PLANTS) == set(get_args(Kind))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=list(FIRST_SEED), default="check")
    parser.add_argument("--healthy", type=int, default=40)
    parser.add_argument("--each", type=int, default=20)
    asked = parser.parse_args()
    source, rng = trained_networks(FIRST_SEED[asked.set]), np.random.default_rng(FIRST_SEED[asked.set])
    networks = [next(source) for _ in range(asked.healthy)]
    false = Counter(one.kind for each in networks for one in each.findings(each.network()))
    loud = sum(bool(each.findings(each.network())) for each in networks)
    print(json.dumps({"healthy": len(networks), "with a sentence": loud, "kinds": dict(false)}), flush=True)
    for kind, plant in PLANTS.items():
        found, trials, beside = 0, 0, Counter[str]()
        while trials < asked.each:
            seen = plant(networks[int(rng.integers(len(networks)))], rng)
            if seen is None:
                continue
            trials += 1
            found += any(one.kind == kind for one in seen)
            beside.update(one.kind for one in seen if one.kind != kind)
        print(json.dumps({"planted": kind, "found": found, "of": trials, "also": dict(beside)}), flush=True)


if __name__ == "__main__":
    main()
