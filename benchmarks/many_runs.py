"""What a store of 10,000 made-up runs costs the process of the pages: index, groups, filters, the Runs page.

    .venv/bin/python -m benchmarks.many_runs [--runs 10000] [--folder FOLDER]

Seconds of the clock, the median of five; what is read for the first time in a process of its own. In a FOLDER the store
is kept, for another measurement.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any

from snnviz.design import naming
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.store import Store
from snnviz.store.summaries import Kept, _columns
from snnviz.store.tables import RUNS, SUMMARIES
from snnviz.theory.metrics import METRICS

SEEDS = 3
MARKED = "accuracy > 0.9 and neuron.threshold < 1 and tag = homework"

AXES: dict[str, tuple[Any, ...]] = {
    "init": ("variance-preserving", "kaiming", "glorot", "fluctuation-driven"),
    "neuron.threshold": tuple(round(0.5 + 0.05 * n, 2) for n in range(21)),
    "neuron.beta": (0.3, 0.5, 0.7, 0.9),
    "training.learning_rate": (0.001, 0.003, 0.01),
    "network.channels": (8, 16, 32, 64),
}


def designs(count: int) -> Iterator[Design]:
    """So many, each with `SEEDS` seeds."""
    base = Design()
    for levels in product(*AXES.values()):
        one = change(base, dict(zip(AXES, levels, strict=True)))
        for seed in range(SEEDS):
            if count <= 0:
                return
            count -= 1
            yield one.model_copy(update={"seed": seed})


def fill(store: Store, count: int) -> None:
    """Done runs with a summary and no rows."""
    draw, at = random.Random(0), time.time() - 86_400.0
    runs, summaries = [], []
    for number, design in enumerate(designs(count)):
        document = design.document()
        run, ended = naming.task_key(Design.kind, Design, document), at + number
        effect = 0.6 + 0.3 * (design.neuron.threshold < 1.2) + draw.gauss(0, 0.03)
        values = {metric.name: abs(draw.gauss(1000, 200)) for metric in METRICS if metric.form != "flag"}
        values |= {"accuracy": min(effect, 1.0), "rate": draw.random() / 5, "loss": 1 - effect, "probe": 64.0}
        runs.append(
            {
                "run": run,
                "key": run,
                "state": "done",
                "kind": Design.kind,
                "design": naming.to_stored_text(Design, document),
                "attempt": 1,
                "created": at + number,
                "queued": at + number,
                "started": at + number,
                "finished": ended,
                "seconds": 20 * draw.random(),
                "step": 345,
                "steps": 345,
                "tags": "homework" if number % 4 else "",
                "revision": 1,
            }
        )
        for metric in METRICS:
            kept = Kept(values.get(metric.name), metric.revision, ended, None)
            summaries.append(_columns(run, metric.name, kept))
    with store._writing() as connection:
        connection.execute(RUNS.insert(), runs)
        connection.execute(SUMMARIES.insert(), summaries)
    store.fold()


def first(place: Path) -> dict[str, float]:
    """In a new process: seconds and megabytes of the first look of each kind."""
    found: dict[str, float] = {}
    store, before = Store(place), _megabytes()

    def timed(name: str, act: Callable[[], object]) -> None:
        begun = time.perf_counter()
        act()
        found[name] = time.perf_counter() - begun

    from snnviz.store.columns import metric_columns
    from snnviz.store.filters import parse_filter
    from snnviz.store.groups import run_groups
    from snnviz.store.index import indexed_runs

    timed("index", lambda: indexed_runs(store))
    timed("metrics of tables", lambda: metric_columns(store, indexed_runs(store), [m.name for m in METRICS.listed]))
    timed("all groups, three metrics", lambda: run_groups(store, metrics=("accuracy", "rate", "energy")))
    found["megabytes"] = _megabytes() - before
    timed("all groups, all metrics", lambda: run_groups(store))
    for name, act in {
        "again: index": lambda: indexed_runs(store),
        "again: all groups, three metrics": lambda: run_groups(store, metrics=("accuracy", "rate", "energy")),
        "again: groups of a filter": lambda: run_groups(store, parse_filter(MARKED), ("accuracy", "rate", "energy")),
        "again: runs of a filter": lambda: _filtered(store),
    }.items():
        times = []
        for _ in range(5):
            timed(name, act)
            times.append(found[name])
        found[name] = statistics.median(times)
    found["megabytes, all"] = _megabytes() - before
    return found


def _filtered(store: Store) -> object:
    from snnviz.store.columns import metric_columns
    from snnviz.store.filters import parse_filter
    from snnviz.store.index import indexed_runs

    where, now = parse_filter(MARKED), indexed_runs(store)
    columns = metric_columns(store, now, where.metrics)
    return [run for run in now.runs if where.takes(run, {name: columns[name].get(run.run) for name in columns})]


def _megabytes() -> float:
    """Of this process's memory, as the kernel counts it."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--runs", type=int, default=10_000)
    given.add_argument("--folder", type=Path)
    given.add_argument("--first", type=Path, help=argparse.SUPPRESS)
    options = given.parse_args()
    if options.first:
        print(json.dumps(first(options.first)))
        return
    with ExitStack() as stack:
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        place = folder / "runs.sqlite"
        if not place.exists():
            store = Store(place)
            fill(store, options.runs)
            store.close()
        command = [sys.executable, "-m", "benchmarks.many_runs", "--first", str(place)]
        for name, value in json.loads(subprocess.run(command, capture_output=True, check=True).stdout).items():
            print(f"{name:40} {value:8.0f} MB" if name.startswith("mega") else f"{name:40} {1000 * value:8.0f} ms")


if __name__ == "__main__":
    main()
