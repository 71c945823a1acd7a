"""How far what finished runs let expect can be relied on (`theory.expected`), and what it costs.

    .venv/bin/python -m benchmarks.expected [--designs 200] [--seeds 3] [--draws 3]
    .venv/bin/python -m benchmarks.expected --folder FOLDER --train 200     really trains: ten minutes of one core
    .venv/bin/python -m benchmarks.expected --leaves                        one design in each leaf, or two
    .venv/bin/python -m benchmarks.expected --costs [--runs 5000]

The first makes up a mixed experiment of 600 runs (`tests.surface`: depth, width, threshold, leak, initialisation,
learning rate and time steps of an mlp, with noise from seed to seed), the second trains one of the same axes on digits,
which FOLDER keeps, and goes on where it was interrupted. Both are then judged alike: five-fold by design, all seeds of
a design in one fold; and with each level of each field left out. The third compares two ways to grow the trees, the
last measures seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.places import ROOT
from snnviz.store import Store
from snnviz.store.groups import RunGroup, run_groups
from snnviz.theory.expected import EXPECTED, Model
from snnviz.theory.features import settings_of
from snnviz.theory.metrics import METRICS
from tests import surface

FOLDS = 5

SMALL = {
    "data.train_samples": 400,
    "data.test_samples": 360,
    "training.epochs": 4,
    "training.batch_size": 32,
    "training.gradients": "unwatched",
}
"""What is really trained takes a second."""

AXES = {**surface.AXES, "network.width": (20, 40, 80)}


def train_model(groups: Sequence[RunGroup], names: Sequence[str] = EXPECTED) -> Model:
    """A model of them all."""
    from snnviz.studies.tradeoffs.compute.expecting import train_model

    model = train_model("digits", groups, names)
    assert model is not None
    return model


def five_fold(groups: Sequence[RunGroup]) -> dict[str, tuple[float, float, float, float, float]]:
    """By metric: share of the runs in their intervals, mean error, that of the nearest run, mean width of the
    intervals, share of the designs that were called unknown. Of what is counted in factors' logarithms (base 10)."""
    order = np.random.default_rng(1).permutation(len(groups))
    found: dict[str, list[tuple[bool, float, float, float]]] = {name: [] for name in EXPECTED}
    unknown = 0
    for fold in range(FOLDS):
        new = {*order[fold::FOLDS]}
        model = train_model([group for at, group in enumerate(groups) if at not in new])
        for group in (groups[at] for at in new):
            answer = model.predict(group.design)
            unknown += bool(answer.unknown)
            first = model.runs.index(answer.nearest[0].run)
            for name, said in answer.expected.items():
                scale = np.log10 if METRICS[name].form == "count" else np.asarray
                low, value, high = scale([said.low, said.value, said.high])
                near = scale(model.values[name][first])
                for one in group.values[name].values():
                    truth = scale(one)
                    row = (bool(low <= truth <= high), abs(truth - value), abs(truth - near), high - low)
                    found[name].append(row)
    share = unknown / len(groups)
    return {name: (*map(float, np.mean(rows, axis=0)), share) for name, rows in found.items() if rows}  # type: ignore[misc]


def left_out(groups: Sequence[RunGroup]) -> dict[str, float]:
    """Of each level of each field that was varied the share of its designs that are unknown without it."""
    from snnviz.studies.tradeoffs.compute import expecting

    told, trees = [settings_of(group.design) for group in groups], expecting.TREES
    found = {}
    expecting.TREES = 1  # what is unknown asks none of them
    try:
        for path in AXES:
            for level in sorted({one[path] for one in told}, key=str):
                of_level = [one[path] == level for one in told]
                rest = [group for group, out in zip(groups, of_level, strict=True) if not out]
                model = train_model(rest, ["accuracy"])
                asked = [group for group, out in zip(groups, of_level, strict=True) if out]
                shares = [bool(model.predict(group.design).unknown) for group in asked]
                found[f"{path}={level}"] = float(np.mean(shares))
    finally:
        expecting.TREES = trees
    return found


def judge(groups: Sequence[RunGroup], what: str) -> None:
    """Print both."""
    runs = sum(len(group.values["accuracy"]) for group in groups)
    print(f"{what}: {runs} runs of {len(groups)} designs")
    for name, (inside, error, nearest, width, unknown) in five_fold(groups).items():
        print(
            f"  {name:12} {100 * inside:5.1f} % in 90 % intervals, mean error {error:.4f}, {error / nearest:.2f} of "
            f"the nearest run's ({nearest:.4f}), mean width {width:.3f}, unknown {100 * unknown:.1f} %",
            flush=True,
        )
    found = left_out(groups)
    worst = sorted(found.items(), key=lambda item: item[1])[:3]
    told = ", ".join(f"{name} {100 * share:.0f} %" for name, share in worst)
    mean = 100 * float(np.mean([*found.values()]))
    print(f"  a level left out: unknown for {mean:.1f} % of it (of {len(found)} levels; least {told})")


def leaves(count: int, seeds: int, draws: int) -> None:
    """How much larger errors are where a leaf has two designs at least, as it has beyond `expecting.LARGE` designs."""
    from snnviz.studies.tradeoffs.compute import expecting

    usual, errors = expecting.LARGE, {1: dict.fromkeys(EXPECTED, 0.0), 2: dict.fromkeys(EXPECTED, 0.0)}
    try:
        for draw in range(draws):
            made = surface.groups(surface.designs(count, seed=draw), seeds, seed=draw)
            for least in errors:
                expecting.LARGE = usual if least == 1 else 0
                for name, (_, error, *_) in five_fold(made).items():
                    errors[least][name] += error / draws
    finally:
        expecting.LARGE = usual
    for name in EXPECTED:
        one, two = errors[1][name], errors[2][name]
        more = 100 * (two / one - 1)
        print(f"{name:12} mean error {one:.4f} with one design in a leaf, {two:.4f} with two: {more:+.0f} %")


def train(folder: Path, count: int, seeds: int) -> list[RunGroup]:
    """Really trains, here and now, what is not there yet."""
    from snnviz.jobs.immediate import Immediate

    os.nice(19)
    store, begin = Store(folder / "runs.sqlite"), time.perf_counter()
    asked = [links.change(design, SMALL) for design in surface.designs(count, axes=AXES)]
    for number, design in enumerate(asked):
        for seed in range(seeds):
            Immediate(store).submit(links.change(design, {"seed": seed}))
        if number % 20 == 19:
            print(f"  {number + 1} of {count} designs, {time.perf_counter() - begin:.0f} s", flush=True)
    groups = run_groups(store, metrics=EXPECTED)
    store.close()
    return groups


def costs(runs: int) -> None:
    """Seconds of an answer, of a curve, and of making the models of so many runs anew beside two trainings."""
    from benchmarks import many_runs

    memory = Path("/dev/shm")
    with ExitStack() as stack:
        free = memory if os.access(memory, os.W_OK) else None
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=free)))
        os.environ["SNNVIZ_CACHE"] = str(place)
        os.environ.pop("SNNVIZ_STORE", None)
        store = Store()
        many_runs.fill(store, runs)
        store.close()
        print(f"{runs:,} runs; load {os.getloadavg()[0]:.1f}")
        _refit("alone", place)
        trainings = [_training(stack, number) for number in range(2)]
        time.sleep(8)  # they have loaded torch, and train
        _refit("beside two trainings", place)
        print(f"  both still trained: {all(one.poll() is None for one in trainings)}")
        for one in trainings:
            one.kill()
            one.wait()
        _answers()


def _refit(what: str, place: Path) -> None:
    import resource

    for old in (place / "expected").glob("*.npz"):
        old.unlink()
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    module = "snnviz.studies.tradeoffs.compute.refitting"
    subprocess.run([sys.executable, "-m", module], check=True, cwd=ROOT, preexec_fn=lambda: os.nice(5))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (path,) = (place / "expected").glob("*.npz")
    print(
        f"  made anew {what}: {time.perf_counter() - begin:.1f} s by the clock, {spent:.1f} s of processor time, "
        f"{path.stat().st_size / 1e6:.1f} MB, at most {after.ru_maxrss / 1e3:.0f} MB of memory",
        flush=True,
    )


def _training(stack: ExitStack, seed: int) -> subprocess.Popen[bytes]:
    """One that goes on for minutes, with the niceness of trainings."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    settings = ["--set", f"seed={seed}", "--set", "training.epochs=500"]
    return subprocess.Popen(
        [sys.executable, "-m", "snnviz", "run", "digits", *settings],
        cwd=ROOT,
        env={**os.environ, "SNNVIZ_CACHE": folder},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.nice(5),
    )


def _answers() -> None:
    from snnviz.theory.expected_files import load_model

    begin = time.perf_counter()
    model = load_model("digits")
    assert model is not None
    print(f"  read: {1000 * (time.perf_counter() - begin):.0f} ms")
    draw, taken, curves = np.random.default_rng(0), [], []
    for _ in range(60):
        design = links.change(Design(), {"neuron.threshold": float(draw.uniform(0.5, 1.5)), "neuron.beta": 0.5})
        begin = time.perf_counter()
        model.predict(design)
        taken.append(1000 * (time.perf_counter() - begin))
        several = [links.change(design, {"neuron.threshold": 0.5 + k / 40}) for k in range(41)]
        begin = time.perf_counter()
        model.predict_curve(several, "accuracy")
        curves.append(1000 * (time.perf_counter() - begin))
    for what, some in (("an answer to a design", taken), ("a curve of 41 points", curves)):
        print(f"  {what}: {statistics.median(some):.1f} ms (at most {max(some):.1f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--designs", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=3, help="made-up experiments")
    parser.add_argument("--train", type=int, metavar="DESIGNS", help="really train so many, each with --seeds seeds")
    parser.add_argument("--folder", type=Path, help="of the store of what is trained")
    parser.add_argument("--leaves", action="store_true")
    parser.add_argument("--costs", action="store_true")
    parser.add_argument("--runs", type=int, default=5_000)
    options = parser.parse_args()
    if options.costs:
        costs(options.runs)
    elif options.leaves:
        leaves(options.designs, options.seeds, options.draws)
    elif options.train:
        if options.folder is None:
            parser.error("--train needs a --folder, which keeps the runs")
        options.folder.mkdir(parents=True, exist_ok=True)
        judge(train(options.folder, options.train, options.seeds), "trained")
    else:
        for draw in range(options.draws):
            made = surface.groups(surface.designs(options.designs, seed=draw), options.seeds, seed=draw)
            judge(made, f"made up ({draw})")


if __name__ == "__main__":
    main()
