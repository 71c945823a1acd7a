"""How long a training step waits for its data, on N-MNIST (or on what SNNVIZ_DATA has of it).

    SNNVIZ_DATA=... python benchmarks/loading.py [--steps 10] [--epochs 2]

Frames are made once and mapped into memory from a file. For some designs, one epoch after the other, each training step
as a run takes it, on one thread: `wait` is fetching the batch's frames from the file, and augmentation where the design
has some; `encode` makes the network's input of them; the rest is forward, backward and the optimizer. Prints processor
time, which other work on the machine does not lengthen, with the system's part of it (page faults) counted in, and the
share by the clock beside. "cold": the system was asked to forget the file before the epoch.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from snnviz.catalog.examples import get_example
from snnviz.core import data, measured_inits, recordings, train
from snnviz.core.networks import Network
from snnviz.core.randomness import generator
from snnviz.data import datasets, samples
from snnviz.design.design import Design
from snnviz.design.links import change

DESIGNS: dict[str, dict[str, object]] = {
    "mlp 2 x 200": {"network.kind": "mlp", "network.depth": 2, "network.width": 200},
    "cnn 3 x 16 (nmnist-small)": {},
    "cnn, flip, shift 2, drop 0.1": {"data.augment.flip": "on", "data.augment.shift": 2, "data.augment.drop": 0.1},
}


class Clock:
    """Seconds of processor and of the clock, by what they were spent on."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}
        self.last = (time.process_time(), time.perf_counter())

    def tick(self, what: str) -> None:
        """All since the last tick was spent on this."""
        now = (time.process_time(), time.perf_counter())
        sums = self.spent.setdefault(what, [0.0, 0.0])
        for place in (0, 1):
            sums[place] += now[place] - self.last[place]
        self.last = now

    def share(self, what: str, by: int) -> float:
        return self.spent[what][by] / sum(sums[by] for sums in self.spent.values())


def forget(design: Design) -> None:
    """Asks the system to drop the design's frames from its memory."""
    part = samples.list_recordings(design.data.name, design.seed)[0]
    wanted = design.data.train_samples
    if 0 < wanted < len(part):
        part = part.subset(data._drawn(len(part), wanted, design.seed).tolist())
    place = recordings.frames_path(part, design.data.steps, design.data.events)
    with place.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def epoch(design: Design, network: Network, optimizer: train.Optimizer, number: int) -> Clock:
    """One epoch, on frames that are mapped anew."""
    images, _ = data.load(design)
    size = design.training.batch_size
    order = torch.randperm(len(images), generator=generator(design.seed, "order", number))
    clock = Clock()
    for batch, chosen in enumerate(order.split(size)):
        some = data.fetch_batch(images, chosen, design, number, batch)
        clock.tick("wait")
        image = data.encode(some, images.white, design, number, batch)
        clock.tick("encode")
        found = train.loss_and_gradients(
            network, image, images.labels[chosen], None, network.draw_dropout_masks(len(chosen), number, batch)
        )
        optimizer.step(found.gradients)
        clock.tick("learn")
    return clock


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--steps", type=int, default=10, help="time steps T")
    given.add_argument("--epochs", type=int, default=2)
    asked = given.parse_args()
    torch.set_num_threads(1)
    datasets.recordings_folder("nmnist")
    print("| design | epoch | ms a step | waits (processor) | waits (clock) | encodes |\n|---|---|---|---|---|---|")
    for name, fields in DESIGNS.items():
        design = change(get_example("nmnist-small"), {**fields, "data.steps": asked.steps})
        images, _ = data.load(design)
        network = Network(design)
        measured_inits.initialise_from_data(network, data.encode(images.images[:32], images.white, design, "probe"))
        optimizer = train.Optimizer(network)
        epoch(design, network, optimizer, 0)  # loads and compiles what the first step needs
        for number in range(1, asked.epochs + 1):
            for cold in (True, False):
                if cold:
                    del images
                    forget(design)
                    images, _ = data.load(design)
                clock = epoch(design, network, optimizer, number)
                steps = -(-len(images) // design.training.batch_size)
                total = sum(sums[0] for sums in clock.spent.values()) / steps
                waits = [f"{clock.share('wait', by):.1%}" for by in (0, 1)]
                words = f"{number}, {'cold' if cold else 'warm'}"
                print(
                    f"| {name} | {words} | {1e3 * total:.1f} | {' | '.join(waits)} | {clock.share('encode', 0):.1%} |"
                )


if __name__ == "__main__":
    main()
