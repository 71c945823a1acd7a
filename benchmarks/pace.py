"""How far estimates are from what runs take, after many small runs: as a page says them, by the queue's own processes.

    python -m benchmarks.pace

Trains the small runs of the default sweep over skips, as many at a time as there are cores, and then designs of
several sizes, one at a time. Before each of these it asks for an estimate by the rule of before, one ratio for all
(the median of the last 20), and by `jobs.durations`. The first row is of a machine that has shown nothing. Prints one
JSON object and a markdown table, and exits with 1 where an estimate is off by more than a factor of 3. Time is wall
time of training: what else runs on the machine counts.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.jobs import durations
from snnviz.jobs.local import Local
from snnviz.store import Run, Store, Task
from snnviz.studies.skips import sweep

LARGER: dict[str, dict[str, Any]] = {
    "default, 1 epoch": {"training": {"epochs": 1}},
    "default": {},
    "dense block, 5 epochs": {
        "network": {"kind": "block", "edges": "00111/00011/00001/00000/00000"},
        "training": {"epochs": 5},
    },
    "mlp 10 x 300, 6 epochs": {"network": {"kind": "mlp", "depth": 10, "width": 300}, "training": {"epochs": 6}},
}


def before(store: Store) -> float:
    """The rule of before: the median ratio of the last 20 runs that took more than a second."""
    done = [run for run in store.runs(limit=20, states=("done",)) if run.seconds > 1]
    ratios = [run.seconds / durations.reference_seconds(run.task) for run in done]
    return min(20.0, max(0.05, statistics.median(ratios))) if ratios else 1.0


def trained(engine: Local, tasks: Sequence[Task]) -> list[Run]:
    """The runs, when all have ended."""
    for task in tasks:
        engine.submit(task)
    while True:
        runs = [engine.store.get(task.digest) for task in tasks]
        if all(run.ended for run in runs):
            return runs
        engine.ensure_worker()
        time.sleep(0.1)


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        engine = Local(Store(Path(folder) / "runs.sqlite"))

        def row(name: str, document: dict[str, Any], seed: int = 0) -> None:
            design = Design.check(document | {"seed": seed})
            old, new = (
                before(engine.store) * durations.reference_seconds(design),
                durations.fit_durations(engine.store).seconds(design),
            )
            (run,) = trained(engine, [design])
            assert run.state == "done", run.error
            load = os.getloadavg()[0]
            rows.append({"design": name, "before": old, "estimate": new, "seconds": run.seconds, "load": load})

        row("default, nothing known", {}, seed=1)
        small = trained(engine, distinct_designs(sweep.sweep_points(sweep.SkipSweep())))
        median = statistics.median(run.seconds for run in small)
        for name, document in LARGER.items():
            row(name, document)
        engine.stop(timeout=10.0)
    print(json.dumps({"median": median, "rows": rows}))
    print(f"{len(small)} runs of {median:.1f} s (median) after the first, then the others\n")
    print("| design | rule of before | estimated | took | load |\n|---|---|---|---|---|")
    for one in rows:
        print("| {design} | {before:.1f} s | {estimate:.1f} s | {seconds:.1f} s | {load:.1f} |".format(**one))
    if not all(1 / 3 <= one["estimate"] / one["seconds"] <= 3 for one in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
