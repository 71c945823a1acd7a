"""The activity of random layers, drawn exactly without weights, beside explicit weights in torch on the same machine.

    python benchmarks/activity.py [--rounds 3]

Micheli et al. 2024, Fig. 6: 8 initialisations x 10 seeds x 100 layers of 1000 neurons, T = 20; and T = 1 (Fig. 3). The
peers draw every weight matrix: one all of them, one only for networks that still spike. Each takes its turn; medians.
Prints one JSON object and a markdown table. Also how long the server takes for a slider's move.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as on the server, whose threads are ours

import torch
from server import machine

from snnviz.catalog.inits import InputStatistics, weight_distribution
from snnviz.studies.activity.theory.activity import ActivityConfig, expected_statistics
from snnviz.studies.activity.theory.propagation import propagate_activity


@torch.no_grad()
def explicit(setting: ActivityConfig, *, skip: bool) -> None:
    """The same layers with their weights. `skip`: no more of a network that fell silent."""
    n, steps = setting.width, setting.steps
    for init in setting.inits:
        for seed in range(setting.seeds):
            draw = torch.Generator().manual_seed(seed)
            current, x = torch.randn(1, n, generator=draw).expand(steps, n), torch.zeros(steps, n)
            for layer in range(setting.layers):
                if layer:
                    law = weight_distribution(init, n, n, setting.neuron, InputStatistics(float(x.mean()), steps))
                    weight = torch.empty(n, n)
                    if law.uniform:
                        weight.uniform_(-law.limit, law.limit, generator=draw)
                    else:
                        weight.normal_(0, math.sqrt(law.variance) or 1e-30, generator=draw)
                    current = x @ weight.T
                u, s = torch.zeros(n), torch.zeros(n)
                us, x = torch.empty(steps, n), torch.empty(steps, n)
                for t in range(steps):
                    u = setting.beta * u + current[t] - setting.threshold * s
                    s = (u > setting.threshold).float()
                    us[t], x[t] = u, s
                us.var(1).mean(), x.sum()
                if skip and not x.any():
                    break


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    found: dict[str, object] = {"before": machine()}
    rows = []
    for name, steps in (("Fig. 6, T = 20", 20), ("Fig. 3, T = 1", 1)):
        setting = ActivityConfig.check({"steps": steps, "seeds": 10})
        ways: dict[str, Callable[[], object]] = {
            "ours": lambda setting=setting: propagate_activity(setting),
            "explicit_of_the_living": lambda setting=setting: explicit(setting, skip=True),
            "explicit": lambda setting=setting: explicit(setting, skip=False),
        }
        propagate_activity(setting)
        times: dict[str, list[float]] = {way: [] for way in ways}
        for k in range(rounds):
            for way, work in ways.items():
                if way != "explicit" or k == 0:  # a minute
                    times[way].append(seconds(work))
        took = {way: statistics.median(values) for way, values in times.items()}
        found[name] = {way: round(value, 4) for way, value in took.items()}
        ratios = [f"{took[way] / took['ours']:.0f}" for way in ("explicit_of_the_living", "explicit")]
        rows.append(f"| {name} | {took['ours']:.2f} s | {' | '.join(ratios)} |")
    moves = {
        "default": ActivityConfig(),
        "T = 20, dragged": ActivityConfig.check({"steps": 20, "seeds": 3}).affordable(2e7),
        "T = 20, threshold 0.2, dragged": ActivityConfig.check({"steps": 20, "seeds": 3, "threshold": 0.2}).affordable(
            2e7
        ),
    }
    for name, setting in moves.items():
        taken = [
            seconds(
                lambda setting=setting: [
                    propagate_activity(setting),
                    *(expected_statistics(setting, i) for i in setting.inits),
                ]
            )
            for _ in range(10)
        ]
        found[f"move: {name}"] = round(statistics.median(taken) * 1000, 1)
        rows.append(f"| a slider's move, {name} | {statistics.median(taken) * 1000:.0f} ms | | |")
    found["after"] = machine()
    print(json.dumps(found, indent=2))
    print("| what | ours | weights of living networks, times ours | all weights, times ours |")
    print("|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
