"""Where the time of a visit by address goes, with 10,000 made-up runs: the server, the browser, and a bare page beside.

    .venv/bin/python -m benchmarks.arriving [--runs 10000] [--folder FOLDER] [--rounds 5]

Milliseconds from the navigation, by the browser's clock, the median of some visits to a server that has been looked at
before: when the browser asks for the page's script ("asked"), when the server has sent all of it ("answered"; the
difference is the server's share), and when what is looked for is on the screen ("shown"). "first": the very first visit
of a new server. "bare": a page of one sentence and a button of a server that has nothing else. FOLDER: see `many_runs`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.many_runs import CHROMIUM, fill
from benchmarks.server import machine, serving
from snnviz.store import Store

ROWS = "[data-testid=stDataFrame] canvas table[role=grid] tbody tr:nth-child(6)"
POINTS = "[data-chart=front] .scatterlayer .point"
BUTTON = "[data-testid=stButton] button"
PAGES = {
    "Runs, its controls": ("runs", "[data-testid=stTextInput] input"),
    "Runs, its table": ("runs", ROWS),
    "Trade-offs, Weigh, all runs: the front": ("tradeoffs?view=weigh&weigh.of=store", POINTS),
}

WATCH = """(selector) => {
  const roots = (root) => [...root.querySelectorAll("*")].flatMap((one) => one.shadowRoot ?? []);
  const found = (root) => root.querySelector(selector) ?? roots(root).map(found).find(Boolean);
  const Real = window.WebSocket;
  window.seen = {};
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", () => (window.seen.answered = performance.now()));
    }
    send(data) {
      window.seen.asked ??= performance.now();
      super.send(data);
    }
  };
  const look = () => {
    if (found(document)) requestAnimationFrame(() => (window.seen.shown ??= performance.now()));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
"""Notes when the page's script is asked for, when the last message came before all was shown, and when it was."""

Times = dict[str, float]


def visit(browser: Browser, url: str, selector: str) -> Times:
    """One visit in a profile whose cache has the dashboard's files."""
    page = browser.contexts[0].new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(f"({WATCH})({selector!r})")
    page.goto(url, wait_until="commit")
    while not page.evaluate("window.seen?.shown ?? 0"):  # our policy forbids `wait_for_function`
        page.wait_for_timeout(50)
    found: Times = page.evaluate("({...window.seen, answered: Math.min(window.seen.answered, window.seen.shown)})")
    page.close()
    return found


def measured(browser: Browser, url: str, rounds: int) -> Iterator[tuple[str, Times]]:
    """The first visit of each page, then the median of the others."""
    for name, (path, selector) in PAGES.items():
        first = visit(browser, f"{url}/{path}", selector)
        yield f"first: {name}", first
        yield name, median([visit(browser, f"{url}/{path}", selector) for _ in range(rounds)])


def median(several: list[Times]) -> Times:
    """Of each time."""
    return {name: statistics.median(one[name] for one in several) for name in several[0]}


def main() -> None:
    """Make the store, start both servers, and print a line for each page."""
    given = argparse.ArgumentParser()
    given.add_argument("--runs", type=int, default=10_000)
    given.add_argument("--folder", type=Path)
    given.add_argument("--rounds", type=int, default=5)
    options = given.parse_args()
    with ExitStack() as stack:
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        file, bare = folder / "runs.sqlite", folder / "bare.py"
        if not file.exists():
            store = Store(file)
            fill(store, options.runs)
            store.close()
        bare.write_text("import streamlit as st\nst.write('One sentence.')\nst.button('Press')\n")
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        browser.new_context(viewport={"width": 1280, "height": 800})
        print(machine())
        with serving(store=file) as server:
            for name, times in measured(browser, server.url, options.rounds):
                _print(name, times)
        with serving(bare) as server:
            visit(browser, server.url, BUTTON)
            _print("bare", median([visit(browser, server.url, BUTTON) for _ in range(options.rounds)]))
        browser.close()


def _print(name: str, times: Times) -> None:
    words = ", ".join(f"{what} {times[what]:5.0f}" for what in ("asked", "answered", "shown"))
    print(f"{name:48} {words}; server {times['answered'] - times['asked']:5.0f} ms", flush=True)


if __name__ == "__main__":
    main()
