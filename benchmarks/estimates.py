"""How far the estimated training time of a design is from the time that it takes on this machine.

    python benchmarks/estimates.py

Prints one JSON object and a markdown table. Exits with 1 where an estimate is off by more than a factor of 3. Time is
this thread's own, so other programs on the machine hardly count. The dashboard corrects the estimate by what runs on
the machine really took; this is what it says before there are any.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from snnviz.core.execute import execute
from snnviz.design.design import Design
from snnviz.theory.costs import training_seconds

DESIGNS: dict[str, dict[str, Any]] = {
    "default, 2 epochs": {"training": {"epochs": 2}},
    "dense block": {"network": {"kind": "block", "edges": "00111/00011/00001/00000/00000"}, "training": {"epochs": 2}},
    "block of 64 channels": {
        "network": {"kind": "block", "channels": 64},
        "data": {"train_samples": 300, "test_samples": 50},
        "training": {"epochs": 1},
    },
    "mlp 10 x 300": {"network": {"kind": "mlp", "depth": 10, "width": 300}, "training": {"epochs": 2}},
    "mlp 2 x 2000": {
        "network": {"kind": "mlp", "depth": 2, "width": 2000},
        "data": {"train_samples": 500},
        "training": {"epochs": 1},
    },
    "small batches": {"network": {"kind": "mlp", "depth": 3, "width": 50}, "training": {"epochs": 1, "batch_size": 8}},
    "large maps, few channels": {
        "network": {"kind": "cnn", "depth": 3, "channels": 6, "pool_every": 0},
        "data": {"steps": 30, "train_samples": 500, "test_samples": 50},
        "training": {"epochs": 1},
    },
    "many steps, rate coded": {
        "network": {"kind": "cnn", "depth": 3, "channels": 8},
        "data": {"steps": 40, "encoding": "rate", "train_samples": 500, "test_samples": 50},
        "training": {"epochs": 1},
    },
    "one spike a neuron, mlp": {
        "network": {"kind": "mlp", "depth": 2, "width": 500, "code": "ttfs"},
        "neuron": {"kind": "relu"},
        "data": {"steps": 1},
        "training": {"epochs": 2},
    },
    "one spike a neuron, cnn": {
        "network": {"kind": "cnn", "depth": 3, "channels": 16, "code": "ttfs"},
        "neuron": {"kind": "relu"},
        "data": {"steps": 1},
        "training": {"epochs": 1},
    },
    "cells": {
        "network": {"kind": "cell", "cell": "0333 0033 0003 0000", "channels": 8, "hidden": 128, "enlarge": 2},
        "data": {"train_samples": 500, "test_samples": 50},
        "training": {"epochs": 1},
    },
    "cells with backward connections": {
        "network": {"kind": "cell", "channels": 16, "enlarge": 2},
        "data": {"train_samples": 500, "test_samples": 50},
        "training": {"epochs": 1},
    },
}


def main() -> None:
    torch.set_num_threads(1)
    list(execute(Design.check({"data": {"train_samples": 64}, "training": {"epochs": 1}})))  # warm up
    found = {}
    for name, document in DESIGNS.items():
        design = Design.check(document)
        begin = time.thread_time()
        for _ in execute(design):
            pass
        real, estimate = time.thread_time() - begin, training_seconds(design)
        found[name] = {"seconds": round(real, 3), "estimate": round(estimate, 3), "ratio": round(estimate / real, 2)}
    print(json.dumps({"torch": torch.__version__, "designs": found}))
    print("| design | real | estimated | ratio |\n|---|---|---|---|")
    for name, row in found.items():
        print(f"| {name} | {row['seconds']:.2f} s | {row['estimate']:.2f} s | {row['ratio']:.2f} |")
    if not all(1 / 3 <= row["ratio"] <= 3 for row in found.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
