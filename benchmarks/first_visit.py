"""How soon a first visitor sees the editor and Train and has drawn, beside a page with one button on the same machine.

    python benchmarks/first_visit.py

Each visit has a new browser with an empty cache; the two pages take turns. Needs Debian's Chromium and playwright.
"""

from __future__ import annotations

import json
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
BUTTON = "[data-testid=stButton] button"
CELL = 'td[data-i="0"][data-j="2"]'
TRAIN = "[data-testid=stBaseButton-primary]:enabled"
SETTLE = 15.0
"""Seconds in which the worker loads torch and trains its first steps."""


BROWSER = 2.0
"""Seconds in which a browser that has just started is left alone: a visitor's is open already."""


WATCH = """(selectors) => {
  // When each was first on the page in a frame that was drawn. Components draw into shadow roots.
  const roots = (root) => [...root.querySelectorAll("*")].flatMap((e) => e.shadowRoot ?? []);
  const found = (root, selector) =>
    root.querySelector(selector) ?? roots(root).map((inner) => found(inner, selector)).find(Boolean);
  window.seen = {};
  const look = () => {
    for (const selector of selectors) {
      if (!(selector in window.seen) && found(document, selector)?.getClientRects().length) {
        requestAnimationFrame(() => (window.seen[selector] ??= performance.now() / 1000));
      }
    }
    if (Object.keys(window.seen).length < selectors.length) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def visit(playwright: Playwright, url: str, *wanted: str) -> tuple[float, float]:
    """Seconds until everything `wanted` is on screen, and until a click on the first of it has changed what it shows.

    The first is the page's own clock, from the navigation; the second includes playwright's checks before a click.
    """
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(f"({WATCH})({json.dumps(wanted)})")
    time.sleep(BROWSER)
    begin = time.monotonic()
    page.goto(url, wait_until="commit")
    first = page.locator(wanted[0]).first
    first.wait_for()
    before = first.inner_text()
    first.click()
    page.locator(wanted[0]).first.filter(has_not_text=before).wait_for()
    usable = time.monotonic() - begin
    page.wait_for_function(f"Object.keys(window.seen).length === {len(wanted)}")
    visible = float(page.evaluate("Math.max(...Object.values(window.seen))"))
    browser.close()
    return visible, usable


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(
            "import streamlit as st\nst.button('Press' if not st.session_state.get('b') else 'Done', key='b')\n"
        )
        with serving(empty) as bare, serving() as ours, sync_playwright() as playwright:
            time.sleep(SETTLE)
            times: dict[str, list[tuple[float, float]]] = {"empty": [], "design": []}
            for _ in range(ROUNDS):
                times["empty"].append(visit(playwright, bare.url, BUTTON))
                times["design"].append(visit(playwright, f"{ours.url}/design", CELL, TRAIN))
    found = {}
    for place, what in enumerate(("visible", "clicked")):
        found[f"empty_page_{what}_s"] = round(statistics.median(time[place] for time in times["empty"][1:]), 2)
        found[f"design_first_of_all_{what}_s"] = round(times["design"][0][place], 2)
        found[f"design_page_{what}_s"] = round(statistics.median(time[place] for time in times["design"][1:]), 2)
    line = " | ".join(f"{name} {value}" for name, value in found.items())
    report(found | {"machine": machine()}, f"| {line} |")


if __name__ == "__main__":
    main()
