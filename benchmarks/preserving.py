"""Do networks learn better whose initial weights keep gradients, too? The rule `gradient-preserving` against the
variance-preserving one: the same networks, of as many parameters and operations, with the same seeds.

    .venv/bin/python -m benchmarks.preserving [--minutes 0] [--processes 1] [--work DIR]

Fully connected networks of width 100, LIF, T = 3, direct coding, Adam, 10 epochs, as in `benchmarks.trainability`.
Resumable: a line for each network that is done. It prints accuracies and their paired differences with 95 % intervals.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from benchmarks.resumable import make_parser, read_rows, rows_file, run_jobs
from benchmarks.trainability import EPOCHS, STEPS, WIDTH
from snnviz.data.datasets import is_available
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.theory.intervals import confidence_interval

RULES = ("variance-preserving", "gradient-preserving")
DEPTHS, THRESHOLDS, SLOPES, SEEDS = (8, 12), (0.5, 1.0, 1.5), (1.0, 2.0), range(4)
MNIST_DEPTHS, MNIST_SEEDS = (8, 12), range(3)

SGD_RATES, SGD_DEPTHS, SGD_SEEDS = (0.01, 0.03, 0.1, 0.3), (8, 12), range(3)
"""Adam divides a gradient by its size; SGD does not, and is tried at several learning rates."""

Job = tuple[str, int, float, float, float, str, int]
"""Data set, depth, threshold, slope, learning rate of SGD (0: Adam), initialisation, seed."""


def design_of(data: str, depth: int, threshold: float, slope: float, sgd: float, rule: str, seed: int) -> Design:
    """Returns one network of the comparison."""
    return change(
        Design(),
        {
            "data.name": data, "data.steps": STEPS, "data.train_samples": 2000 if data != "digits" else 0,
            "data.test_samples": 1000 if data != "digits" else 0,
            "network": "mlp", "network.depth": depth, "network.width": WIDTH, "init": rule,
            "neuron.threshold": threshold, "neuron.surrogate.slope": slope, "training.epochs": EPOCHS, "seed": seed,
            **({"training.optimizer": "sgd", "training.learning_rate": sgd} if sgd else {}),
        },
    )  # fmt: skip


def jobs() -> list[Job]:
    """Returns all networks, seed by seed."""
    digits = [
        ("digits", depth, threshold, slope, 0.0, rule, seed)
        for seed in SEEDS
        for depth in DEPTHS
        for threshold in THRESHOLDS
        for slope in SLOPES
        for rule in RULES
    ]
    mnist = [
        ("mnist", depth, 1.0, 2.0, 0.0, rule, seed) for seed in MNIST_SEEDS for depth in MNIST_DEPTHS for rule in RULES
    ]
    sgd = [
        ("digits", depth, 1.0, 2.0, rate, rule, seed)
        for seed in SGD_SEEDS
        for depth in SGD_DEPTHS
        for rate in SGD_RATES
        for rule in RULES
    ]
    return [*digits, *(mnist if is_available("mnist") else []), *sgd]


def train(job: Job) -> dict[str, Any]:
    """Trains one network, measures it before (with its first seed alone), and returns its row."""
    from snnviz.core.execute import execute
    from snnviz.core.untrained import measure_untrained
    from snnviz.events import EpochEnd

    design, begun = design_of(*job), time.perf_counter()
    last = [event for event in execute(design) if isinstance(event, EpochEnd)][-1]
    row: dict[str, Any] = {"job": list(job), "accuracy": last.test_accuracy, "rate": last.rate}
    if job[-1] == 0:
        hidden = [layer for layer in measure_untrained(design, 3.0).layers if layer.gradient is not None]
        rates = [layer.rate or 0.0 for layer in hidden]
        row |= {
            "rate_before": sum(rates) / len(rates),
            "gradient": (hidden[0].gradient or 0) / max(hidden[-1].gradient or 0, 1e-300),
        }
    return {**row, "seconds": round(time.perf_counter() - begun, 2)}


def report(rows: Sequence[dict[str, Any]]) -> str:
    """Returns the result as Markdown."""
    by: dict[tuple[Any, ...], dict[str, dict[int, dict[str, Any]]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        *setting, rule, seed = row["job"]
        by[tuple(setting)][rule][seed] = row
    lines = [
        "| data, depth, threshold, slope, optimizer | variance-preserving | gradient-preserving | difference (95 %) | "
        "spiking before | gradient, first / last | spiking after |",
        "|---|---|---|---|---|---|---|",
    ]
    differences: dict[str, list[float]] = defaultdict(list)
    for setting, rules in sorted(by.items(), key=str):
        plain, ours = (rules[rule] for rule in RULES)
        both = sorted(set(plain) & set(ours))
        if 0 not in both or len(both) < 2:
            continue
        less = confidence_interval([100 * (ours[seed]["accuracy"] - plain[seed]["accuracy"]) for seed in both])
        learns = f"SGD {setting[4]:g}" if setting[4] else "Adam"
        differences[f"{setting[0]}, {learns}"].append(less.mean)
        half = math.nan if less.half is None else less.half

        def pair(key: str, form: str, plain: Any = plain, ours: Any = ours) -> str:
            return f"{plain[0][key]:{form}} → {ours[0][key]:{form}}"

        means = [sum(rule[seed]["accuracy"] for seed in both) / len(both) for rule in (plain, ours)]
        lines.append(
            f"| {setting[0]}, {setting[1]}, {setting[2]:g}, {setting[3]:g}, {learns} ({len(both)} seeds) | "
            f"{means[0]:.1%} | {means[1]:.1%} | {less.mean:+.1f} ({less.mean - half:.1f} to {less.mean + half:.1f}) | "
            f"{pair('rate_before', '.0%')} | {pair('gradient', '.2g')} | {pair('rate', '.0%')} |"
        )
    lines.append("")
    for data, some in differences.items():
        mean = confidence_interval(some)
        half = math.nan if mean.half is None else mean.half
        lines.append(
            f"{data}: {mean.mean:+.1f} points of accuracy ({mean.mean - half:.1f} to {mean.mean + half:.1f}), mean "
            f"over {len(some)} settings; better in {sum(one > 0 for one in some)}."
        )
    return "\n".join(lines)


def main() -> None:
    options = make_parser(__doc__, 1).parse_args()
    file = rows_file(options.work, "preserving-work")
    done = {tuple(row["job"]) for row in read_rows(file)}
    left = [job for job in jobs() if job not in done]
    print(f"{len(done)} networks are done, {len(left)} to go on {options.processes} processes", flush=True)
    run_jobs(train, left, file, processes=options.processes, minutes=options.minutes)
    rows = [*read_rows(file)]
    print(report(rows))
    print(f"{len(rows)} networks, {sum(row['seconds'] for row in rows):.0f} s of one core")


if __name__ == "__main__":
    main()
