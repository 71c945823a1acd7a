"""How soon a first visitor can draw and press Train, beside an empty Streamlit page on the same machine.

    python benchmarks/first_visit.py

Each visit has a new browser with an empty cache; the two pages take turns. Needs Debian's Chromium and playwright.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright
from server import machine, report, serving

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ROUNDS = 6
SETTLE = 8.0
"""Seconds in which the worker loads torch on one of the cores."""


def visit(playwright: Playwright, url: str, *wanted: str) -> float:
    """Seconds until everything `wanted` is visible."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    begin = time.monotonic()
    page.goto(url, wait_until="commit")
    for selector in wanted:
        page.locator(selector).first.wait_for()
    taken = time.monotonic() - begin
    browser.close()
    return taken


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text("import streamlit as st\nst.button('Train')\n")
        with serving(empty) as bare, serving() as ours, sync_playwright() as playwright:
            time.sleep(SETTLE)
            times: dict[str, list[float]] = {"empty": [], "design": []}
            for _ in range(ROUNDS):
                times["empty"].append(visit(playwright, bare.url, "button"))
                times["design"].append(visit(playwright, ours.url, 'td[data-i="0"][data-j="2"]', "text=Train"))
    found = {
        "empty_page_s": round(statistics.median(times["empty"]), 2),
        "design_first_of_all_s": round(times["design"][0], 2),
        "design_page_s": round(statistics.median(times["design"][1:]), 2),
    }
    line = " | ".join(f"{name} {value}" for name, value in found.items())
    report(found | {"machine": machine()}, f"| {line} |")


if __name__ == "__main__":
    main()
