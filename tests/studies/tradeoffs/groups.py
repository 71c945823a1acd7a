"""Groups of runs that nobody had to train."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np

from snnviz.store.groups import RunGroup

THRESHOLDS, INITS = (0.5, 1.0, 1.5, 2.0), ("variance-preserving", "kaiming", "glorot")


def group(number: int, settings: Mapping[str, object], seeds: int = 3, **values: float | list[float]) -> RunGroup:
    """One group; each value of all its seeds, or a list of them."""
    told = {
        name: dict(enumerate(value)) if isinstance(value, list) else dict.fromkeys(range(seeds), value)
        for name, value in values.items()
    }
    return RunGroup(f"{number:016x}", settings, {seed: f"run{number}-{seed}" for seed in range(seeds)}, told)


def factorial(seeds: int = 3) -> list[RunGroup]:
    """Threshold by initialisation: accuracy falls with the threshold, and so do operations; half noise."""
    rng = np.random.default_rng(0)
    found = []
    for number, (threshold, init) in enumerate(product(THRESHOLDS, INITS)):
        usual = {"neuron.threshold": 1.0, "init.kind": "variance-preserving"}
        settings = {"neuron.threshold": threshold, "init.kind": init}
        sparse = {path: value for path, value in settings.items() if usual[path] != value}  # as a link says it
        accuracy = 0.95 - 0.2 * threshold + 0.02 * INITS.index(init) + 0.01 * rng.normal(size=seeds)
        operations = 1e5 / threshold + 500 * rng.normal(size=seeds)
        silent = float(threshold > 1.2) * INITS.index(init)
        found.append(
            group(number, sparse, seeds, accuracy=accuracy.tolist(), operations=operations.tolist(), macs=1000.0,
                  additions=(operations - 1000).tolist(), rate=(0.3 / threshold + 0.01 * rng.random(seeds)).tolist(),
                  parameters=12_000.0, silent_layers=silent, silent_before=silent, loss=0.3)
        )  # fmt: skip
    return found
