"""What a store of 10,000 made-up runs costs: index, groups and filters in a process, and the pages in a browser.

    .venv/bin/python -m benchmarks.many_runs [--runs 10000] [--folder FOLDER] [--pages]

Milliseconds of the clock, with the processor time of the process in parentheses; "again" is the median of five. In a
FOLDER the store is kept, for another measurement. --pages: also in Chromium, the median of five visits.
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
from snnviz.store.summaries import StoredMetric, _columns
from snnviz.store.tables import RUNS, SUMMARIES
from snnviz.theory.metrics import METRICS

SEEDS = 3
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
MARKED = "accuracy > 0.9 and neuron.threshold < 1 and tag = homework"

FILTERED = """() => {
  window.filtered = new Promise((done) => {
    let begun = 0;
    addEventListener("keydown", () => { begun = performance.now(); }, { once: true, capture: true });
    const seen = () => [...document.querySelectorAll("p")].some((p) => p.textContent.includes("take the filter"));
    const watch = new MutationObserver(() => {
      if (!seen()) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
    });
    watch.observe(document, { subtree: true, childList: true, characterData: true });
  });
}"""
"""Milliseconds from the key to the frame in which the rows of a filter and their number are painted, as the page's own
clock has them: the browser's driver adds 10 to 20."""

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
            kept = StoredMetric(values.get(metric.name), metric.revision, ended, None)
            summaries.append(_columns(run, metric.name, kept))
    with store._writing() as connection:
        connection.execute(RUNS.insert(), runs)
        connection.execute(SUMMARIES.insert(), summaries)
    store.flush_log()


def first(place: Path) -> dict[str, tuple[float, float]]:
    """In a new process: seconds by the clock and of the processor of each look; megabytes."""
    found: dict[str, tuple[float, float]] = {}
    store, before = Store(place), _megabytes()

    def timed(name: str, act: Callable[[], object]) -> None:
        begun, spent = time.perf_counter(), time.process_time()
        act()
        found[name] = time.perf_counter() - begun, time.process_time() - spent

    from snnviz.store.columns import metric_columns
    from snnviz.store.filters import parse_filter
    from snnviz.store.groups import run_groups
    from snnviz.store.index import indexed_runs

    three = ("accuracy", "rate", "energy")
    listed = [metric.name for metric in METRICS.listed]
    timed("all runs", lambda: indexed_runs(store))
    timed("all groups with three metrics", lambda: run_groups(store, metrics=three))
    timed("eight metrics of all runs", lambda: metric_columns(store, indexed_runs(store), listed))
    found["megabytes until here"] = _megabytes() - before, 0
    timed("all groups with all metrics", lambda: run_groups(store))
    found["megabytes with all metrics"] = _megabytes() - before, 0
    for name, act in {
        "again: whether anything changed": store.version,
        "again: all groups with three metrics": lambda: run_groups(store, metrics=three),
        "again: groups of a filter": lambda: run_groups(store, parse_filter(MARKED), three),
        "again: runs of a filter": lambda: _filtered(store),
        "again: after one run changed": lambda: _changed(store),
    }.items():
        times = []
        for _ in range(5):
            timed(name, act)
            times.append(found[name])
        found[name] = sorted(times)[2]
    return found


def _changed(store: Store) -> object:
    from snnviz.store.index import indexed_runs

    run = indexed_runs(store).runs[5000]
    store.rename(run.run, f"{time.time()}")
    return indexed_runs(store)


def _filtered(store: Store) -> object:
    from snnviz.store.columns import metric_columns
    from snnviz.store.filters import parse_filter
    from snnviz.store.index import indexed_runs

    where, now = parse_filter(MARKED), indexed_runs(store)
    columns = metric_columns(store, now, where.metrics)
    return [run for run in now.runs if where.matches(run, {name: columns[name].get(run.run) for name in columns})]


def _megabytes() -> float:
    """Of this process's memory, as the kernel counts it."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _choose(page: Any, section: str, title: str) -> None:
    """In the menus at the top."""
    page.get_by_test_id("stTopNav").get_by_role("button", name=section).click()
    page.get_by_role("menuitem", name=title, exact=True).click()


def pages(place: Path) -> Iterator[tuple[str, float]]:
    """In a browser that has the dashboard's files: milliseconds from a press to what it asks for."""
    from playwright.sync_api import BrowserContext, sync_playwright

    from benchmarks.server import serving

    rows = "[data-testid=stDataFrame] canvas table[role=grid] tbody tr"
    points = "[data-chart=front] .scatterlayer .point"

    table = "[data-testid=stDataFrame] canvas"

    def visit(browser: BrowserContext, url: str, number: int) -> dict[str, float]:
        page = browser.new_page()
        found = {}
        begun = time.perf_counter()
        page.goto(f"{url}/runs")
        page.locator(rows).nth(5).wait_for(state="attached")
        found["Runs page, from the address to its table"] = time.perf_counter() - begun
        page.wait_for_timeout(1000)
        # Another one at each visit, as what one visitor asks for is kept for all.
        page.get_by_label("Filter", exact=True).fill(MARKED.replace("0.9", f"0.90{number}"))
        page.evaluate(FILTERED)
        page.keyboard.press("Enter")
        found["Runs page, from Enter to a filter's rows"] = page.evaluate("() => window.filtered") / 1000
        page.wait_for_timeout(500)
        begun = time.perf_counter()
        page.get_by_text("Group seeds", exact=True).click()
        page.get_by_text("groups of").wait_for()
        found["Runs page, from the switch to groups"] = time.perf_counter() - begun
        _choose(page, "Build", "Data")
        page.get_by_role("heading", name="Data", exact=True).wait_for()
        page.wait_for_timeout(1000)
        begun = time.perf_counter()
        _choose(page, "Results", "Runs")
        page.locator(table).first.wait_for()
        found["Runs page, from the menu to its table"] = time.perf_counter() - begun
        page.locator(rows).nth(5).wait_for(state="attached")  # the grid waits 200 ms before it makes them
        found["Runs page, from the menu to its table for screen readers"] = time.perf_counter() - begun
        page.goto(f"{url}/tradeoffs?view=weigh&weigh.of=store")
        page.locator(points).first.wait_for(state="attached")
        page.wait_for_timeout(2500)  # charts below the front are drawn after it
        _choose(page, "Learn", "Home")
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_timeout(1000)
        begun = time.perf_counter()
        _choose(page, "Results", "Trade-offs")
        page.locator(points).first.wait_for(state="attached")
        found["Trade-offs of all runs, from the menu to the front"] = time.perf_counter() - begun
        page.close()
        return found

    with serving(store=place) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(120_000)
        for name, seconds in visit(context, server.url, 0).items():
            yield f"first: {name}", seconds
        several = [visit(context, server.url, number) for number in range(1, 6)]
        for name in several[0]:
            yield name, statistics.median(found[name] for found in several)
        browser.close()


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--runs", type=int, default=10_000)
    given.add_argument("--folder", type=Path)
    given.add_argument("--pages", action="store_true")
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
        for times in ("a new store", "a store that was looked at before"):
            print(f"{times}:")
            told = subprocess.run(command, capture_output=True, check=True).stdout
            for name, (value, spent) in json.loads(told).items():
                number = f"{value:8.0f} MB" if name.startswith("mega") else f"{1e3 * value:8.0f} ms ({1e3 * spent:.0f})"
                print(f"  {name:42} {number}", flush=True)
        if options.pages:
            print("in a browser:")
            for name, value in pages(place):
                print(f"  {name:50} {1e3 * value:8.0f} ms", flush=True)


if __name__ == "__main__":
    main()
