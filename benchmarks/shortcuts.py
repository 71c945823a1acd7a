"""Training with shortcut branches and without, on Fashion-MNIST and on digits; and what the branches cost.

    python benchmarks/shortcuts.py [--seeds 3] [--images 10000] [--only mlp,cnn,digits,cost]

Deep fully connected and convolutional networks (Kaiming's weights, threshold 0.5 or 1) are trained without branches,
with constant and with linearly falling ones, as ordinary runs of the store that SNNVIZ_STORE or SNNVIZ_CACHE names: a
second call goes on where the first stopped. As a training step with branches costs more, the control is trained without
them for more epochs, at least as many operations more as branches take (5 epochs become 6), and for twice as many.
Prints, as a markdown table, mean and 95 % interval (t, over the seeds) of the test accuracy, of its difference from
either control with the same seed, and of the first layer's gradient norm before training (on one batch) and over the
last window of training steps. "cost" takes turns between training steps of one network with and without
branches, and prints the ratio of their processor time.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from snnviz.core import data, gradients, measured_inits, train
from snnviz.core.networks import Network
from snnviz.core.shortcuts import shortcut_branches
from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.events import EpochEnd, LayerState
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.theory import intervals

MODES = {
    "none": ("zero", 0),
    "none, as many operations": ("zero", 1),
    "none, twice the epochs": ("zero", 2),
    "constant": ("constant", 0),
    "linear": ("linear", 0),
}
"""The schedule of the branches' weight; and what is trained more: 4 % of the epochs for each branch in whole epochs (1;
3 branches took 3 to 11 % of a step more), or as many again (2)."""

CONTROLS = ("none, as many operations", "none, twice the epochs")

DIGITS: dict[str, object] = {
    "data.name": "digits", "data.train_samples": 0, "data.test_samples": 0, "network.kind": "mlp", "network.depth": 12,
    "network.width": 128, "data.steps": 4, "training.epochs": 12, "training.schedule": "constant",
    "training.shortcut.layers": "3,6,9",
}  # fmt: skip

NETWORKS: dict[str, dict[str, object]] = {
    "mlp, 12 x 128, T = 4": {
        "network.kind": "mlp", "network.depth": 12, "network.width": 128, "data.steps": 4, "training.epochs": 5,
    },
    "cnn, 12 x 8 channels, T = 2": {
        "network.kind": "cnn", "network.depth": 12, "network.channels": 8, "network.pool_every": 2, "data.steps": 2,
        "training.epochs": 3,
    },
    "cnn, the same, threshold 1": {
        "network.kind": "cnn", "network.depth": 12, "network.channels": 8, "network.pool_every": 2, "data.steps": 2,
        "training.epochs": 3, "neuron.threshold": 1,
    },
    **{f"digits, {name}": DIGITS | own for name, own in {
        "variance-preserving, threshold 1": {"init": "variance-preserving", "neuron.threshold": 1},
        "Kaiming, threshold 0.5": {},
        "Kaiming with batch normalisation, threshold 1": {"network.norm": "batch", "neuron.threshold": 1},
    }.items()},
}  # fmt: skip


def design(network: dict[str, object], mode: str, seed: int, images: int) -> Design:
    """One run of the study."""
    schedule, more = MODES[mode]
    epochs = network["training.epochs"]
    assert isinstance(epochs, int)
    common: dict[str, object] = {
        "data.name": "fashion-mnist", "data.train_samples": images, "data.test_samples": 5000, "seed": seed,
        "init": "kaiming", "neuron.threshold": 0.5, "training.learning_rate": 0.002,
        "training.shortcut.schedule": schedule,
    }  # fmt: skip
    return change(
        Design(), common | network | {"training.epochs": epochs + (0, math.ceil(0.12 * epochs), epochs)[more]}
    )


def before_training(made: Design) -> float:
    """The first layer's gradient norm on one batch, with the branches of the first epoch."""
    [layer, *_] = gradients.gradient_profile(made).layers
    norm = layer.grad_norm if made.training.shortcut.schedule.kind == "zero" else layer.with_branches
    assert norm is not None
    return norm


def study(wanted: list[str], seeds: int, images: int) -> None:
    """A row for each network and mode."""
    store = Store()
    names = [name for name in NETWORKS if name.split(",")[0] in wanted]
    for name in names:
        for seed in range(seeds):  # all of a seed first, so that a table of fewer seeds is whole
            for mode in MODES:
                run = Immediate(store).submit(design(NETWORKS[name], mode, seed, images))
                print(f"{name}, {mode}, seed {seed}: {store.get(run.run).seconds:.0f} s", file=sys.stderr, flush=True)
        table(store, name, seeds, images)


def table(store: Store, name: str, seeds: int, images: int) -> None:
    """The rows of a network."""
    less = " | ".join(f"less {control}" for control in CONTROLS)
    print(f"| {name} | test accuracy, % | {less} | first layer's gradient before | in the last steps | s |")
    print("|---|---|---|---|---|---|---|")
    reached: dict[str, list[float]] = {}
    for mode in MODES:
        runs = [store.get(design(NETWORKS[name], mode, seed, images).digest) for seed in range(seeds)]
        ends = [store.last_rows(EpochEnd, [run.run])[run.run] for run in runs]
        reached[mode] = [100 * end.test_accuracy for end in ends]
    for mode, found in reached.items():
        made = [design(NETWORKS[name], mode, seed, images) for seed in range(seeds)]
        runs = [store.get(each.digest) for each in made]
        looks = [[row for _, row in store.rows(run.run, LayerState) if row.layer == 0] for run in runs]
        columns = [
            interval(found, "{:.1f}"),
            *("" if mode == each else interval(minus(found, reached[each]), "{:+.1f}") for each in CONTROLS),
            interval(list(map(before_training, made)), "{:.2g}"),
            interval([float(rows[-1].grad_norm or 0) for rows in looks], "{:.2g}"),
            f"{statistics.mean(run.seconds for run in runs):.0f}",
        ]
        print(f"| {mode} | {' | '.join(columns)} |", flush=True)


def minus(one: list[float], other: list[float]) -> list[float]:
    """Seed by seed."""
    return [a - b for a, b in zip(one, other, strict=True)]


def interval(values: list[float], form: str) -> str:
    """The mean, and half the width of its 95 % interval by Student's t."""
    found = intervals.confidence_interval(values)
    return form.format(found.mean) + ("" if found.half is None else f" ± {form.replace('+', '').format(found.half)}")


def cost(images: int, rounds: int = 30) -> None:
    """Processor time of a training step with branches, as a share of one without, in turns."""
    print("| network | step, ms | with branches, ms | more |\n|---|---|---|---|")
    for name, network in NETWORKS.items():
        plain, with_branches = (Stepping(design(network, mode, 0, images)) for mode in ("none", "constant"))
        times: list[tuple[float, float]] = []
        for _ in range(rounds):
            times.append((plain.step(), with_branches.step()))
        one, two = (sorted(column)[len(column) // 2] for column in zip(*times[3:], strict=True))
        print(f"| {name} | {1000 * one:.1f} | {1000 * two:.1f} | {two / one - 1:+.1%} |", flush=True)


class Stepping:
    """A network that learns from the same batch, step by step."""

    def __init__(self, made: Design) -> None:
        training, _ = data.load(made)
        self.labels = training.labels[: made.training.batch_size]
        self.image = data.encode(training.images[: len(self.labels)], training.white, made, "probe")
        self.network = Network(made)
        measured_inits.initialise_from_data(self.network, self.image)
        beside = shortcut_branches(self.network)
        self.objective = beside.objective(0) if beside else None
        self.optimizer = train.Optimizer(self.network, beside.parameters if beside else None)
        self.optimizer.start_epoch(0)

    def step(self) -> float:
        """Seconds of processor time."""
        start = time.process_time()
        found = train.loss_and_gradients(self.network, self.image, self.labels, None, None, self.objective)
        self.optimizer.step(found.gradients)
        return time.process_time() - start


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--only", default="mlp,cnn,digits,cost")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    datasets.ensure_downloaded("fashion-mnist", lambda words: print(words, file=sys.stderr))
    wanted = given.only.split(",")
    if "cost" in wanted:
        cost(given.images)
    if wanted != ["cost"]:
        study(wanted, given.seeds, given.images)


if __name__ == "__main__":
    main()
