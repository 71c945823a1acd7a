"""Runs a minute through the engine of this machine, and how long somebody waits for a run's first point.

    python benchmarks/throughput.py

Eight small designs, one at a time on one core, one at a time on two, and two at a time, in turns; then the waits of
benchmarks/latency.py that need no browser. Prints one JSON object and a line for a Markdown table. Three minutes, on a
machine that does nothing else: next to other programs two at a time gain less. The processor time of a run tells the
two apart: what it grows by when two go at once is what they take from each other.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from latency import first_rows, opened, until
from server import TICKS, machine, report, serving

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.jobs.local import Local
from snnviz.store import Store

RUNS = 8
WAYS = {"one_core": (1, 1), "one": (1, 2), "two": (2, 2)}
"""Runs at a time, and cores that they may use: a run that is alone takes a second core where there is one."""

ORDER = ("one_core", "two", "one", "one", "two", "one_core")
"""A machine that becomes slower meanwhile slows all alike."""

BARS = {"two_over_one_core": 1.65, "first_row_warm_s": 1.0, "first_row_cold_s": 4.0, "open_cached_ms": 300.0}
"""The first is a least, the others are mosts."""

SMALL = links.change(Design(), {"training.epochs": 4})
FINISHED = links.change(Design(), {"training.epochs": 15, "data.train_samples": 300, "data.test_samples": 100})


def designs(first_seed: int, count: int) -> list[Design]:
    return [links.change(SMALL, {"seed": seed}) for seed in range(first_seed, first_seed + count)]


def minute(children: int, cores: int) -> dict[str, float]:
    """Runs a minute, and processor seconds a run, once the supervisor is there and has worked."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(mine)[:cores])  # the supervisor and its runs inherit it
    try:
        return _minute(children)
    finally:
        os.sched_setaffinity(0, mine)


def _minute(children: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="snnviz-benchmark-") as folder:
        store = Store(Path(folder) / "runs.sqlite")
        engine = Local(store, children=children)
        try:
            _finish(engine, designs(1000, children))
            before = _used(engine)
            begin = time.monotonic()
            _finish(engine, designs(0, RUNS))
            seconds = time.monotonic() - begin
            used = _used(engine) - before
        finally:
            engine.stop()
            store.close()
    return {"runs_a_minute": 60 * RUNS / seconds, "cpu_seconds_a_run": used / RUNS}


def _finish(engine: Local, wanted: list[Design]) -> None:
    runs = [engine.submit(design).run for design in wanted]
    for run in runs:
        until(lambda run=run: engine.store.get(run).ended)  # type: ignore[misc]
        state = engine.store.get(run).state
        if state != "done":
            raise SystemExit(f"a run ended as {state}")


def _used(engine: Local) -> float:
    """Processor seconds of all runs so far: they are forked, and waited for, by a child of the supervisor."""
    time.sleep(0.5)  # the last one says that it is done before it ends
    pid = engine.supervisor_pid()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split() for child in children]
    return sum(int(f[13]) + int(f[14]) for f in fields) / TICKS


def cached() -> dict[str, float]:
    """Server time of a session that opens the page of a finished run."""
    with serving() as server:
        store = server.store()
        run = store.submit(FINISHED).run
        until(lambda: store.get(run).ended)
        found = asyncio.run(opened(server, FINISHED))
        store.close()
    return found


def main() -> None:
    found: dict[str, Any] = {"before": machine(), "runs": RUNS}
    minutes: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for way in ORDER:
        minutes[way].append(minute(*WAYS[way]))
    for way, rows in minutes.items():
        for key in rows[0]:
            found[f"{key}_{way}"] = round(statistics.mean(row[key] for row in rows), 2)
    for base in ("one_core", "one"):
        ratio = found["runs_a_minute_two"] / found[f"runs_a_minute_{base}"]
        found[f"two_over_{base}"] = round(ratio, 2)
    found |= first_rows() | cached() | {"after": machine()}
    found["bars_met"] = {
        name: found[name] >= bar if name == "two_over_one_core" else found[name] <= bar for name, bar in BARS.items()
    }
    line = " | ".join(f"{name} {value}" for name, value in found.items() if isinstance(value, float))
    report(found, f"| {line} |")


if __name__ == "__main__":
    main()
