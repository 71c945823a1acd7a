"""The default experiment on the page: seconds from the press on Train to a front of all its runs, in Chromium.

    .venv/bin/python -m benchmarks.pressing [--warm 15]

A new store and a new server; --warm: seconds in which it and its worker get ready before the press, as a visitor's who
reads the page. The front is finished when the sentence above it counts all groups and runs, and its points are drawn.
"""

from __future__ import annotations

import argparse
import re
import time

from playwright.sync_api import expect, sync_playwright

from benchmarks.many_runs import CHROMIUM
from benchmarks.server import machine, report, serving
from snnviz.studies.tradeoffs.experiments import DEFAULT

PATIENCE = 600_000


def main() -> None:
    """Measure once."""
    given = argparse.ArgumentParser()
    given.add_argument("--warm", type=float, default=15.0)
    options = given.parse_args()
    runs, groups = len(DEFAULT.runs()), len(DEFAULT.groups())
    found: dict[str, float] = {}
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{server.url}/tradeoffs")
        train = page.get_by_role("button", name=f"Train these {runs} runs")
        train.wait_for()
        time.sleep(options.warm)
        before = machine()
        begun = time.perf_counter()
        train.click()
        expect(page.get_by_text(re.compile(rf"[1-9]\d* of {runs} runs done"))).to_be_visible(timeout=PATIENCE)
        found["first_run_s"] = time.perf_counter() - begun
        page.get_by_role("radio", name="Weigh").click()
        counted = page.get_by_text(re.compile(rf"^{groups} groups \({runs} runs\)"))
        expect(counted).to_be_visible(timeout=PATIENCE)
        page.locator("[data-chart=front] .scatterlayer .point").first.wait_for(state="attached")
        found["finished_front_s"] = time.perf_counter() - begun
        browser.close()
    told = {name: round(value, 1) for name, value in found.items()}
    report(told | {"runs": runs, "before": before, "machine": machine()}, f"| {told} |")


if __name__ == "__main__":
    main()
