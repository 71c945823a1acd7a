"""How long a cell's score takes, against the algorithm as it was published: hooks, a LIF layer for each convolution,
two products for each Hamming distance.

    .venv/bin/python -m benchmarks.cells [--cells 6] [--candidates 1000] [--out FILE]

The published one is in modules of torch, on the same images and with the same weights; making it is not counted. Both
take turns on one thread, cell by cell, and are timed by the thread's processor time, which other work on the machine
moves less than the clock. Then a search's candidates on two processes, by both.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from scipy.stats import kendalltau

from snnviz.core import memory
from snnviz.design.cells import random_cell
from snnviz.studies.cells.compute.score import Scorer
from snnviz.studies.cells.scoring import Scoring
from tests.core.snasnet import PublishedKernel, SnasNet, dressed, watch

SIZES = ((16, 16), (16, 64), (32, 32))
SIDE = 32


def timed(work: Callable[[], float]) -> tuple[float, float]:
    """Milliseconds of this thread, and what came of it."""
    start = time.thread_time()
    value = work()
    return 1000 * (time.thread_time() - start), value


def literally(net: SnasNet, images: torch.Tensor) -> float:
    kernel = PublishedKernel("sahd", "paper", torch.float32)
    watch(net, kernel)
    with torch.no_grad():
        net(images)
    return kernel.score()


def compare(channels: int, batch: int, backward: bool, count: int) -> dict[str, Any]:
    setting = Scoring(data="fashion-mnist", channels=channels, batch=batch, repeats=1)
    scorer = Scorer(setting)
    [images] = scorer.batches
    scorer.score(random_cell(1, 0, backward=backward))  # compiles, and draws what all share
    ours, theirs, values = [], [], []
    for number in range(count):
        cell = random_cell(0, number, backward=backward)
        scorer.score(cell)
        net = dressed(SnasNet(cell, channels, SIDE, setting.hidden, setting.steps), scorer.weights[0], batch)
        theirs.append(timed(lambda net=net: literally(net, images)))
        ours.append(timed(lambda cell=cell: scorer.score(cell)["sahd"].mean or float("nan")))
        values.append((theirs[-1][1], ours[-1][1]))
    milliseconds = [statistics.median(one for one, _ in several) for several in (theirs, ours)]
    return {
        "channels": channels,
        "batch": batch,
        "backward": backward,
        "published ms": round(milliseconds[0], 1),
        "ours ms": round(milliseconds[1], 1),
        "ratio": round(sum(one for one, _ in theirs) / sum(one for one, _ in ours), 2),
        "tau": round(float(kendalltau(*zip(*values, strict=True)).statistic), 3),
        "largest difference of scores": max(abs(a - b) for a, b in values),
    }


def search(start: int, stop: int) -> tuple[list[float | None], float]:
    """The scores of candidates, half of them backward, and seconds of processor time."""
    torch.set_num_threads(1)
    memory.retain_freed_memory()
    scorer = Scorer(Scoring(data="fashion-mnist", channels=16, batch=16, repeats=1))
    begun = time.process_time()
    scores = [
        scorer.score(random_cell(0, number, backward=number % 2 > 0))["sahd"].mean for number in range(start, stop)
    ]
    return scores, time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cells", type=int, default=6, help="of each size and direction; 0 for the search alone")
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    memory.retain_freed_memory()
    rows = []
    for channels, batch in SIZES if given.cells else ():
        for backward in (False, True):
            rows.append(compare(channels, batch, backward, given.cells))
            print(rows[-1], flush=True)
    found: dict[str, Any] = {"against the published": rows}
    if given.candidates:
        half = given.candidates // 2
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            pool.starmap(search, [(0, 1), (0, 1)])  # both have torch and the compiled kernels
            start = time.monotonic()
            first, second = pool.starmap(search, [(0, half), (half, given.candidates)], 1)
            seconds = time.monotonic() - start
        scores = first[0] + second[0]
        found["search"] = {
            "candidates": len(scores),
            "seconds": round(seconds, 1),
            "processor seconds of each": [round(first[1], 1), round(second[1], 1)],
            "invalid": scores.count(None),
            "load": [round(one, 1) for one in os.getloadavg()],
        }
        print(found["search"])
    if given.out:
        given.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
