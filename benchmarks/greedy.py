"""One person queues 200 runs, others one each: how many of the greedy one's runs come before another's first.

    python -m benchmarks.greedy [--runs 200] [--others 5] [--every 6]

A store and a worker of its own. For each of the others: runs of the greedy person that were started after they
submitted and before their own was, seconds from submitting to the start and to the first epoch's row, and how long the
runs that were at work had to go.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.events import EpochEnd
from snnviz.jobs.local import Local
from snnviz.people.person import Person
from snnviz.store import Store

SMALL = "network.kind=mlp&network.depth=2&network.width=32&data.train_samples=600&data.test_samples=100&data.steps=5"
"""About two seconds of a core."""


def design(seed: int) -> Design:
    return links.change(links.from_query(SMALL), {"seed": seed, "training.epochs": 8})


def main() -> None:
    """Prints a line for each of the others, and the most that any of them waited for."""
    given = argparse.ArgumentParser()
    given.add_argument("--runs", type=int, default=200)
    given.add_argument("--others", type=int, default=5)
    given.add_argument("--every", type=float, default=6.0)
    options = given.parse_args()
    with tempfile.TemporaryDirectory(prefix="snnviz-benchmark-") as folder:
        os.environ["SNNVIZ_CACHE"] = folder
        store = Store(Path(folder) / "runs.sqlite")
        engine = Local(store)
        greedy = Local(store.acting_as(Person("greedy", "teacher")))
        names = {greedy.submit(design(number)).run for number in range(options.runs)}
        begun, passed = [], []
        for number in range(options.others):
            time.sleep(options.every)
            run = Local(store.acting_as(Person(f"other {number}"))).submit(design(10_000 + number)).run
            at = time.time()
            while (own := store.get(run)).state == "queued":
                time.sleep(0.02)
            started = own.started or at
            between = [one for one in store.get_many(names).values() if at < (one.started or 0.0) < started]
            while not store.rows(run, EpochEnd):
                time.sleep(0.02)
            passed.append(len(between))
            begun.append(started - at)
            print(f"other {number}: {passed[-1]} of the greedy one's were started before; it started after "
                  f"{begun[-1]:.1f} s, its first epoch came after {time.time() - at:.1f} s")  # fmt: skip
        left = store.counts()["queued"]
        print(f"{left} of {options.runs} still wait; at most {max(passed)} passed, {statistics.median(begun):.1f} s")
        for one in store.runs(states=("queued", "running"), limit=5000):
            store.cancel(one.run)
        engine.stop()
        store.close()


if __name__ == "__main__":
    main()
