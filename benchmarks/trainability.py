"""Does what is measured before training say which networks learn? Depth x threshold x slope, predicted and trained.

    .venv/bin/python -m benchmarks.trainability [--minutes 0] [--processes 2] [--work DIR] [--to FILE]

Fully connected networks on digits and on 2,000 images of MNIST (if it is installed), each trained with several seeds,
one thread each. Resumable: a line for each network that is done; the result is made from all that are there. It prints
how well the accuracy follows from what was measured before training, beside a predictor that measures nothing, the
depth.
"""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.resumable import make_parser, read_rows, rows_file, run_jobs
from snnviz.catalog.inits import spike_probability
from snnviz.data.datasets import is_available
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import Choice
from snnviz.jobs import machine
from snnviz.theory.gradient_flow import gradient_keeping_slope
from snnviz.theory.intervals import confidence_interval

DEPTHS = (2, 4, 8, 12, 16, 24)
THRESHOLDS = (0.5, 1.0, 1.5)
SLOPES = ("1", "kept", "8")
"""Slopes of the surrogate: flat, the one that keeps gradients, steep."""
SEEDS = range(3)
HELD_OUT = "fashion-mnist"
"""Networks on this data set, at thresholds of their own, were not used to set the verdict's limits."""
HELD_OUT_DEPTHS, HELD_OUT_THRESHOLDS, HELD_OUT_SEEDS = (4, 8, 12, 16), (0.7, 1.2), range(2)
WIDTH, STEPS, EPOCHS = 100, 3, 10
LEARNT = 0.5
"""A network whose mean accuracy is above has learnt: chance is 0.1."""

Job = tuple[str, int, float, str, int]
"""Data set, depth, threshold, slope, seed."""


def design_of(data: str, depth: int, threshold: float, slope: str, seed: int) -> Design:
    """Returns one network of the experiment."""
    gain = 1 / spike_probability(threshold)
    atan = Choice({"kind": "atan", "slope": 2.0})
    value = gradient_keeping_slope(atan, threshold, gain) if slope == "kept" else float(slope)
    assert value is not None
    return change(
        Design(),
        {
            "data.name": data, "data.steps": STEPS, "data.train_samples": 2000 if data != "digits" else 0,
            "data.test_samples": 1000 if data != "digits" else 0,
            "network": "mlp", "network.depth": depth, "network.width": WIDTH,
            "neuron.threshold": threshold, "neuron.surrogate.slope": round(value, 3),
            "training.epochs": EPOCHS, "seed": seed,
        },
    )  # fmt: skip


def jobs() -> list[Job]:
    """Returns all networks, seed by seed; MNIST with the slope that keeps gradients alone."""
    sets = ["digits", *(["mnist"] if is_available("mnist") else [])]
    held_out = [
        (HELD_OUT, depth, threshold, slope, seed)
        for seed in HELD_OUT_SEEDS
        for depth in HELD_OUT_DEPTHS
        for threshold in HELD_OUT_THRESHOLDS
        for slope in SLOPES
    ]
    return [
        (data, depth, threshold, slope, seed)
        for seed in SEEDS
        for data in sets
        for depth in DEPTHS
        for threshold in THRESHOLDS
        for slope in (SLOPES if data == "digits" else ("kept",))
    ] + (held_out if is_available(HELD_OUT) else [])


def train(job: Job) -> dict[str, Any]:
    """Trains one network, measures it before (with its first seed alone), and returns its row."""
    from snnviz.core.execute import execute
    from snnviz.core.untrained import measure_untrained
    from snnviz.events import EpochEnd
    from snnviz.theory.trainability import judge

    design, begun = design_of(*job), time.perf_counter()
    last = [event for event in execute(design) if isinstance(event, EpochEnd)][-1]
    row: dict[str, Any] = {"job": list(job), "accuracy": last.test_accuracy, "train": last.train_accuracy}
    if job[-1] == 0:
        found = measure_untrained(design, 6.0)
        verdict = judge(found)
        hidden = [layer for layer in found.layers if layer.gradient is not None]
        start = (found.cosine_within or 0) - (found.cosine_between or 0)
        row |= {
            "tone": verdict.tone,
            "sentence": verdict.sentence,
            "networks": found.networks,
            "silent": max(layer.silent_share or 0 for layer in hidden),
            "apart": max((hidden[-1].told_apart or 0.0) / start, 0.0),
            "alike_from": verdict.alike_from,
            "gradient": (hidden[0].gradient or 0) / max(hidden[-1].gradient or 0, 1e-300),
        }
    return {**row, "seconds": round(time.perf_counter() - begun, 2), "machine": machine.description()}


def table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns a row for each design: the accuracies of its seeds and what was measured before training."""
    by: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by[tuple(row["job"][:4])].append(row)
    found = []
    for (data, depth, threshold, slope), each in sorted(by.items(), key=str):
        measured = next((row for row in each if row["job"][4] == 0), None)
        if measured is None:
            continue
        interval = confidence_interval([row["accuracy"] for row in each])
        known = {name: measured[name] for name in ("tone", "sentence", "silent", "apart", "alike_from", "gradient")}
        found.append(
            {
                "data": data, "depth": depth, "threshold": threshold, "slope": slope, "seeds": len(each),
                "accuracy": interval.mean, "low": interval.low, "high": interval.high, **known,
            }
        )  # fmt: skip
    return found


def area_under_curve(scores: Sequence[float], learnt: Sequence[bool]) -> float:
    """Returns the probability that a network that learnt has the higher score than one that did not; ties half.

    >>> area_under_curve([0.1, 0.4, 0.4, 0.9], [False, False, True, True])
    0.875
    """
    good = [score for score, ok in zip(scores, learnt, strict=True) if ok]
    bad = [score for score, ok in zip(scores, learnt, strict=True) if not ok]
    if not good or not bad:
        return math.nan
    return float(np.mean([(a > b) + 0.5 * (a == b) for a in good for b in bad]))


def with_interval(scores: Sequence[float], learnt: Sequence[bool]) -> tuple[float, float, float]:
    """Returns `area_under_curve` and its 95 % interval, by 2,000 bootstrap samples of designs."""
    rng, s, ok = np.random.default_rng(0), np.asarray(scores, float), np.asarray(learnt, bool)
    draws = []
    for _ in range(2000):
        chosen = rng.integers(0, len(s), len(s))
        draws.append(area_under_curve(s[chosen].tolist(), ok[chosen].tolist()))
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return area_under_curve(scores, learnt), float(low), float(high)


DEPTH, GROWTH = "depth alone (nothing is measured)", "images told apart, divided by what gradients grow"

PREDICTORS = {
    DEPTH: lambda row: -row["depth"],
    "images for which no layer is silent": lambda row: 1 - row["silent"],
    "images told apart in the last layer": lambda row: row["apart"],
    "gradient at the first layer, neither vanished nor exploded": lambda row: (
        -abs(math.log(max(row["gradient"], 1e-30)))
    ),
    GROWTH: lambda row: math.log(max(row["apart"], 1e-4)) - max(0.0, math.log(max(row["gradient"], 1e-30))),
    "verdict (good, warning, bad)": lambda row: -("good", "warning", "bad").index(row["tone"]),
}


def above_depth(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float, float]:
    """Returns by how much `GROWTH` ranks better than the depth, as a difference of `area_under_curve`, and its 95 %
    interval, by 2,000 bootstrap samples of designs, both scores on the same ones.
    """
    rng, learnt = np.random.default_rng(0), np.array([row["accuracy"] > LEARNT for row in rows])
    scores = [np.array([PREDICTORS[name](row) for row in rows]) for name in (GROWTH, DEPTH)]

    def difference(chosen: Any) -> float:
        one, other = (area_under_curve(score[chosen].tolist(), learnt[chosen].tolist()) for score in scores)
        return one - other

    draws = [difference(rng.integers(0, len(rows), len(rows))) for _ in range(2000)]
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return difference(slice(None)), float(low), float(high)


def boundaries(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns how many designs of each data set are told right by the boundary of `GROWTH`, and of the depth, that is
    best on digits.
    """
    digits = [row for row in found if row["data"] == "digits"]
    lines = [
        "### The boundaries that are best on digits",
        "",
        "| data | told apart by growth | depth |",
        "|---|---|---|",
    ]

    def right(rows: Sequence[Mapping[str, Any]], name: str, boundary: float) -> int:
        return sum((PREDICTORS[name](row) >= boundary) == (row["accuracy"] > LEARNT) for row in rows)

    best = {
        name: max((PREDICTORS[name](row) for row in digits), key=lambda value, name=name: right(digits, name, value))
        for name in (GROWTH, DEPTH)
    }
    for data in dict.fromkeys(row["data"] for row in found):
        rows = [row for row in found if row["data"] == data]
        lines.append(
            f"| {data}, {len(rows)} designs | {right(rows, GROWTH, best[GROWTH])} | {right(rows, DEPTH, best[DEPTH])} |"
        )
    return [*lines, "", f"Boundaries: {math.exp(best[GROWTH]):.2g}, {-best[DEPTH]:g} layers.", ""]


def report(found: Sequence[Mapping[str, Any]]) -> str:
    """Returns the result as Markdown."""
    lines = []
    for data in dict.fromkeys(row["data"] for row in found):
        mine = [row for row in found if row["data"] == data]
        learnt = [row["accuracy"] > LEARNT for row in mine]
        lines += [
            f"### {data}",
            "",
            f"{len(mine)} designs, {sum(learnt)} of which learnt (mean test accuracy above {LEARNT:.0%}).",
            "",
            "| depth | threshold | slope | accuracy (95 %) | silent | told apart | gradient, first / last | verdict |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for row in sorted(mine, key=lambda row: (row["threshold"], row["slope"], row["depth"])):
            low, high = max(0.0, row["low"]), min(1.0, row["high"])
            span = f"{100 * row['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
            lines.append(
                f"| {row['depth']} | {row['threshold']:g} | {row['slope']} | {span} | {100 * row['silent']:.0f} % | "
                f"{100 * row['apart']:.1f} % | {row['gradient']:.2g} | {row['tone']} |"
            )
        lines += ["", "| predictor | learnt above not learnt (95 %) |", "|---|---|"]
        for name, score in PREDICTORS.items():
            mean, low, high = with_interval([score(row) for row in mine], learnt)
            lines.append(f"| {name} | {mean:.2f} ({low:.2f} to {high:.2f}) |")
        mean, low, high = above_depth(mine)
        good = [row["accuracy"] for row in mine if row["tone"] == "good"]
        others = [row["accuracy"] for row in mine if row["tone"] != "good"]
        lines += [
            "",
            f"The last but one above the first: {mean:.2f} ({low:.2f} to {high:.2f}). Of {len(good)} good verdicts "
            f"{sum(one > LEARNT for one in good)} learnt (least {min(good):.1%}), of {len(others)} others "
            f"{sum(one > LEARNT for one in others)}.",
            "",
        ]
    lines += boundaries(found)
    return "\n".join(lines)


def main() -> None:
    parser = make_parser(__doc__, machine.available_cores())
    parser.add_argument("--to", type=Path, default=None, help="a file for the result, as JSON")
    options = parser.parse_args()
    file = rows_file(options.work, "trainability-work")
    done = {tuple(row["job"]) for row in read_rows(file)}
    left = [job for job in jobs() if job not in done]
    print(f"{len(done)} networks are done, {len(left)} to go on {options.processes} processes", flush=True)
    run_jobs(train, left, file, processes=options.processes, minutes=options.minutes)
    rows = [*read_rows(file)]
    found = table(rows)
    print(report(found))
    print(f"{sum(row['seconds'] for row in rows):.0f} s of one core; {', '.join({row['machine'] for row in rows})}")
    if options.to is not None:
        options.to.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
