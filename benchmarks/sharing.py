"""What shared weights and GP-UCB save against random search, and whether shared weights rank candidates rightly.

    .venv/bin/python -m benchmarks.sharing [--data digits] [--repeats 5]

A block of 4 layers, 729 matrices. Random search trains its candidates from scratch; its final best accuracy is the
mark, and what is counted is after how many epochs, those of the shared weights included, the other search has reached
it. So that what is due to sharing is told from what is due to the Gaussian process, a random search with shared weights
stands between the two. Then Kendall's tau over 20 matrices between what shared weights and what training from scratch
say of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from snnviz.jobs import machine
from snnviz.studies.skips.compute.candidates import CandidateTrainer
from snnviz.studies.skips.compute.searching import run_skip_search
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches
from snnviz.studies.skips.search import Search, Trial, candidate_design, parse_code
from snnviz.tasks import EMPTY_HISTORY
from snnviz.theory.ranks import RankCorrelation, rank_correlation


def trials(search: Search) -> list[Trial]:
    found = [
        event for event in run_skip_search(search, EMPTY_HISTORY, machine.ThreadBudget()) if isinstance(event, Trial)
    ]
    return sorted(found, key=lambda trial: trial.number)


def reached(found: list[Trial], mark: float) -> float | None:
    """Epochs spent when the best accuracy so far is at the mark."""
    return next((trial.epochs for trial in found if trial.accuracy >= mark), None)


def compare(setting: Optimisation) -> list[dict[str, float | int | None]]:
    """A row a seed."""
    rows = []
    pairs = optimisation_searches(setting)
    for ours, theirs in zip(pairs[::2], pairs[1::2], strict=True):
        start = time.monotonic()
        found, at_random = trials(ours), trials(theirs)
        neither = trials(ours.model_copy(update={"strategy": "random"}))
        mark = max(trial.accuracy for trial in at_random)
        row = {
            "seed": ours.seed,
            "random best": mark,
            "random epochs": at_random[-1].epochs,
            "random reached it after": reached(at_random, mark),
            "ucb best": max(trial.accuracy for trial in found),
            "ucb epochs": found[-1].epochs,
            "ucb reached random's best after": reached(found, mark),
            "random with shared weights best": max(trial.accuracy for trial in neither),
            "random with shared weights reached it after": reached(neither, mark),
            "ucb lowest loss": min(trial.loss for trial in found),
            "random with shared weights lowest loss": min(trial.loss for trial in neither),
            "seconds": round(time.monotonic() - start, 1),
        }
        print(row, flush=True)
        rows.append(row)
    return rows


def rank(setting: Optimisation, count: int) -> dict[str, RankCorrelation | float]:
    """Kendall's tau between the two ways to judge `count` random matrices; from scratch twice, for the noise.

    "scratch" is the mean of two trainings, save in "scratch twice", which compares the one with the other.
    """
    ours = optimisation_searches(setting)[0]
    trainer = CandidateTrainer(ours)
    torch.set_num_threads(1)
    random = trials(optimisation_searches(setting.model_copy(update={"iterations": count, "parallel": 1}))[1])
    codes = [parse_code(trial.code) for trial in random]

    def nothing() -> None:
        return None

    import random as chance

    for epoch in range(ours.shared_epochs):
        draw = chance.Random(epoch)
        trainer.train_shared_weights(
            epoch, lambda _, draw=draw: candidate_design(ours, draw.choice(ALL)), nothing, None
        )
    shared = [trainer.evaluate(candidate_design(ours, code), nothing, None)[0] for code in codes]
    other = ours.model_copy(update={"weights": "scratch"})
    again = CandidateTrainer(other)
    twice = []
    for code in codes:
        design = candidate_design(ours, code)
        twice.append(again.evaluate(design.model_copy(update={"seed": 1000}), nothing, None)[0])
    means = [(a.accuracy + b.accuracy) / 2 for a, b in zip(random, twice, strict=True)]
    losses = [(a.loss + b.loss) / 2 for a, b in zip(random, twice, strict=True)]
    skips = [sum(choice > 0 for choice in code) for code in codes]
    concatenated = [code.count(1) for code in codes]
    return {
        "shared accuracy, scratch accuracy": tau([f.accuracy for f in shared], means),
        "shared loss, scratch loss": tau([f.loss for f in shared], losses),
        "shared loss, scratch accuracy": tau([-f.loss for f in shared], means),
        "scratch twice, accuracy": tau([t.accuracy for t in random], [f.accuracy for f in twice]),
        "scratch twice, loss": tau([t.loss for t in random], [f.loss for f in twice]),
        "number of skips, scratch accuracy": tau(skips, means),
        "number of DSC, scratch accuracy": tau(concatenated, means),
        "number of DSC, scratch loss": tau(concatenated, [-loss for loss in losses]),
        "sd of scratch accuracy": statistics.stdev(means),
        "standard error of one accuracy": statistics.mean((m * (1 - m) / ours.validation) ** 0.5 for m in means),
    }


ALL = [(a, b, c, d, e, f) for a in range(3) for b in range(3) for c in range(3) for d in range(3) for e in range(3)
       for f in range(3)]  # fmt: skip


def tau(a: Sequence[float], b: Sequence[float]) -> RankCorrelation:
    found = rank_correlation(tuple(map(float, a)), tuple(map(float, b)))
    assert found is not None
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--train-samples", type=int, default=0)
    parser.add_argument("--validation", type=int, default=400)
    parser.add_argument("--iterations", type=int, default=12)
    parser.add_argument("--shared-epochs", type=int, default=24)
    parser.add_argument("--tuning-epochs", type=int, default=2)
    parser.add_argument("--matrices", type=int, default=20)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    setting = Optimisation(
        data=given.data,
        repeats=given.repeats,
        train_samples=given.train_samples,
        validation=given.validation,
        iterations=given.iterations,
        parallel=2,
        shared_epochs=given.shared_epochs,
        tuning_epochs=given.tuning_epochs,
    )
    rows, ranks = compare(setting), rank(setting, given.matrices) if given.matrices else {}
    for name, value in ranks.items():
        known = isinstance(value, RankCorrelation)
        print(f"{name:40} {f'{value.tau:+.2f} ({value.low:+.2f} to {value.high:+.2f})' if known else f'{value:.3f}'}")
    for name in rows[0]:
        values = [row[name] for row in rows if row[name] is not None]
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{name:40} {statistics.mean(values):.4g} ± {spread:.2g} ({len(values)} of {len(rows)})")
    if given.out:
        told = {name: asdict(value) if isinstance(value, RankCorrelation) else value for name, value in ranks.items()}
        given.out.write_text(json.dumps({"setting": setting.model_dump(mode="json"), "rows": rows, "tau": told}))


if __name__ == "__main__":
    main()
