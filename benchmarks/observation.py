"""What share of a run's time goes into looking at it: statistics on the probe batch, running sums, gradient norms.

    python benchmarks/observation.py [--epochs 3]

Prints one JSON object and one line of a markdown table for each design. Time is this thread's own, so other
programs on the machine hardly count. The test after each epoch is left out on both sides: it is not observation.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from snnviz.core import observe, train
from snnviz.core.execute import execute
from snnviz.design.design import Design

DESIGNS: dict[str, dict[str, Any]] = {
    "default": {},
    "mlp 10 x 300": {"network": {"kind": "mlp", "depth": 10, "width": 300}, "data": {"steps": 3}},
    "cnn 4 x 16": {"network": {"kind": "cnn", "depth": 4, "channels": 16}, "data": {"steps": 5}},
}


class Clock:
    """Adds up the time spent in functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            begin = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds += time.thread_time() - begin

        return call


def measure(document: dict[str, Any], epochs: int) -> dict[str, float]:
    """Seconds of training, testing and observing, in a run of a few epochs."""
    design = Design.check({**document, "training": {**document.get("training", {}), "epochs": epochs}})
    looking, testing = Clock(), Clock()
    look, add, sample, test = (
        observe.observe_layers,
        observe.RunningSums.add,
        observe.RunningSums.sample,
        train.evaluate,
    )
    observe.observe_layers = looking.timed(lambda *arguments: list(look(*arguments)))  # type: ignore[assignment]
    observe.RunningSums.add = looking.timed(add)  # type: ignore[method-assign]
    observe.RunningSums.sample = looking.timed(sample)  # type: ignore[method-assign]
    train.evaluate = testing.timed(test)
    try:
        begin = time.thread_time()
        for _ in execute(design):
            pass
        whole = time.thread_time() - begin
    finally:
        observe.observe_layers, observe.RunningSums.add, observe.RunningSums.sample, train.evaluate = (
            look,
            add,
            sample,
            test,
        )  # type: ignore[method-assign]
    training = whole - testing.seconds
    return {
        "seconds": round(whole, 3),
        "testing": round(testing.seconds, 3),
        "observing": round(looking.seconds, 3),
        "share": round(looking.seconds / training, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3)
    epochs: int = parser.parse_args().epochs
    torch.set_num_threads(1)
    measure({"network": {"kind": "cnn", "depth": 1}, "data": {"train_samples": 64}}, 1)  # warm up
    for document in DESIGNS.values():
        measure(document, 1)  # oneDNN makes its kernels when it first sees a shape
    found = {name: measure(document, epochs) for name, document in DESIGNS.items()}
    print(json.dumps({"epochs": epochs, "torch": torch.__version__, "designs": found}))
    print("| design | training | observing | share |\n|---|---|---|---|")
    for name, row in found.items():
        training = row["seconds"] - row["testing"]
        print(f"| {name} | {training:.2f} s | {row['observing']:.2f} s | {row['share']:.1%} |")


if __name__ == "__main__":
    main()
