"""What pages wait for the store: a page of 60 runs among 10,000, with 15 epochs and 3 looks each.

    .venv/bin/python -m benchmarks.reads [--runs 10000] [--shown 60] [--times 15] [--folder FOLDER]

Every line is what one redraw reads, with nothing kept from the one before, in processor time of the thread that reads
(SQLite works in it): the median of so many, and the shortest and longest by the clock. Made in memory where there is a
/dev/shm, as a store is read from the kernel's cache too; in a FOLDER it is kept, for another measurement.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from snnviz.design.design import Design
from snnviz.events import EpochEnd, LayerState, Progress
from snnviz.store import Store

EPOCHS, LOOKS, LAYERS = 15, 3, 5


def design(number: int) -> Design:
    """One of many designs alike."""
    return Design.check({"seed": number, "training": {"learning_rate": 0.001 + number % 7 / 1000}})


def fill(store: Store, runs: int) -> None:
    """Done runs, as they are after a class has used the store for some weeks."""
    for number in range(runs):
        run = store.submit(design(number)).run
        claim = store.claim("benchmark", run)
        assert claim is not None
        ends = [EpochEnd(n, 0.5 + n / 40, 0.5 + n / 50, 1 / n, 1 / n, 0.2, 0.003) for n in range(1, EPOCHS + 1)]
        looks = [
            LayerState(look * 50, look * 5, layer, f"L{layer}", 0.1, 0.5, 0.1, 0.2, 0.1, probe=64, synops=10.0)
            for look in range(LOOKS)
            for layer in range(LAYERS)
        ]
        store.append_rows(run, claim.attempt, [*ends, *looks], Progress(EPOCHS, EPOCHS), seconds=float(number % 9))
        store.finish(run, claim.attempt, "done")


def reads(designs: list[Design]) -> dict[str, Callable[[], object]]:
    """What is read for each of the pages, and by the shell."""
    from snnviz.store.metrics import _read as from_rows
    from snnviz.store.metrics import metrics
    from snnviz.theory.metrics import METRICS
    from snnviz.ui.kit import rows, services, task_runs
    from snnviz.ui.runs.reads import current, page
    from snnviz.ui.runs.view import RunsView

    store = services.store()

    def study() -> None:
        rows.clear()
        task_runs.epochs_of(designs)

    def nothing_new() -> None:
        task_runs.epochs_of(designs)

    def listing() -> None:
        services.CACHE.clear()
        page.cache_clear()
        page(current(), RunsView(), (0, 100), frozenset())

    names = [one.digest for one in designs]
    newest, listed = store.runs(limit=500), [metric.name for metric in METRICS.listed]
    return {
        "a study's runs": lambda: task_runs.runs_of(designs),
        "a study's runs and epochs": study,
        "the same where nothing is new": nothing_new,
        "a page of 100 of the Runs page": listing,
        "metrics of its runs": lambda: metrics(store, newest, listed),
        "all of them": lambda: metrics(store, newest),
        "the same from their rows": lambda: from_rows(store, newest),
        "whether anything changed": store.version,
        "one run by its name": lambda: store.get(names[0]),
        "one run by the start of it": lambda: store.get(names[0][:8]),
        "how long runs take here": lambda: services.duration_model(),
        "its last epochs": lambda: store.last_rows(EpochEnd, names),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--shown", type=int, default=60)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    memory = Path("/dev/shm")
    with ExitStack() as stack:
        place = options.folder
        if place is None:
            free = memory if os.access(memory, os.W_OK) else None
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=free)))
        measure(place, options.runs, options.shown, options.times)


def measure(place: Path, count: int, shown: int, times: int) -> None:
    """Print the lines."""
    os.environ["SNNVIZ_CACHE"] = str(place)
    os.environ.pop("SNNVIZ_STORE", None)
    store, begin = Store(), time.perf_counter()
    if not store.runs(limit=1):
        fill(store, count)
        print(f"{count:,} runs made in {time.perf_counter() - begin:.0f} s")
    size = sum(path.stat().st_size for path in place.glob("runs.sqlite*")) / 1e6
    print(f"{sum(store.counts().values()):,} runs, {size:.0f} MB; milliseconds:")
    designs = [design(number * 131 % count) for number in range(shown)]
    from snnviz.ui.kit import services

    for name, read in reads(designs).items():
        taken, clock = [], []
        for _ in range(times):
            for kept in (services.CACHE, services.PACES):
                kept.clear()
            begin, spent = time.perf_counter(), time.thread_time()
            read()
            taken.append((time.thread_time() - spent) * 1000)
            clock.append((time.perf_counter() - begin) * 1000)
        print(f"{name:32} {statistics.median(taken):8.1f}   ({min(clock):.1f} to {max(clock):.1f})", flush=True)
    store.close()


if __name__ == "__main__":
    main()
