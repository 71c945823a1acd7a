"""How long a person waits: for the first page, a preview, a run's first numbers, a result that is there already.

    python benchmarks/latency.py

With Debian's Chromium and playwright; without them only what needs no browser is measured. About a minute.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server import Server, machine, quantile, report, serving
from viewers import Viewer
from websockets.asyncio.client import connect

from snnviz.design import adjacency, links
from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork
from snnviz.events import EpochEnd, LayerState
from snnviz.jobs.local import Local
from snnviz.store import Store

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
REPEATS = 20
PATIENCE = 120.0

# Types a skip into a cell and waits for the frame in which the number of parameters has changed.
DRAW = """([cell, key]) => new Promise(done => {
  const shown = () => document.querySelector("[data-testid=stMetricValue]").textContent;
  const before = shown(), begin = performance.now();
  const look = () => shown() === before ? requestAnimationFrame(look) : done(performance.now() - begin);
  cell.focus();
  cell.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, composed: true}));
  requestAnimationFrame(look);
})"""


def until(condition: Callable[[], object]) -> float:
    """Seconds until the condition holds."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > PATIENCE:
            raise SystemExit("what the benchmark waits for does not happen")
        time.sleep(0.005)
    return time.monotonic() - begin


def first_rows() -> dict[str, float]:
    """From submitting the default design to its first row and to its first epoch: without a worker, then with one."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="snnviz-benchmark-") as folder:
        store = Store(Path(folder) / "runs.sqlite")
        engine = Local(store)
        try:
            for seed, worker in enumerate(("cold", "warm")):
                begin = time.monotonic()
                run = engine.submit(Design(seed=seed)).run
                until(lambda run=run: store.rows(run, LayerState))  # type: ignore[misc]
                found[f"first_row_{worker}_s"] = round(time.monotonic() - begin, 2)
                until(lambda run=run: store.rows(run, EpochEnd))  # type: ignore[misc]
                found[f"first_epoch_{worker}_s"] = round(time.monotonic() - begin, 2)
                store.cancel(run)
                until(lambda run=run: store.get(run).ended)  # type: ignore[misc]
        finally:
            engine.stop()
            store.close()
    return found


def previews() -> dict[str, float]:
    """Server time of what the preview computes after a drawn change, each design for the first time."""
    from threadpoolctl import threadpool_limits

    from snnviz.theory import costs, roughness, variance
    from snnviz.ui.components.charts import payload
    from snnviz.views.design import forecast_chart, layer_table

    threadpool_limits(1)  # as pages do

    def computed(design: Design) -> float:
        begin = time.perf_counter()
        costs.parameter_count(design), costs.macs_per_step(design), costs.training_seconds(design)
        forecast = variance.forecast_layers(design)
        roughness.first_verdict(design), roughness.roughness_sentence(design), roughness.overshoot(design)
        payload([forecast_chart(forecast)])
        layer_table(design, forecast)
        links.to_query(design)
        return 1000 * (time.perf_counter() - begin)

    blocks, narrow = [], []
    for seed in range(REPEATS):
        edges = adjacency.with_n_skip(8, 4, adjacency.DSC if seed % 2 else adjacency.ASC, seed)
        blocks.append(computed(Design(network=BlockNetwork(edges=edges))))
        # networks of few neurons are drawn, those that fall silent with what is suggested against it
        mlp = {"network": "mlp", "network.depth": 10 + seed, "network.width": 50, "data.steps": 1}
        narrow.append(computed(links.change(Design(), mlp)))
    return {
        "preview_computed_ms": round(statistics.median(blocks), 1),
        "preview_narrow_computed_ms": round(statistics.median(narrow), 1),
        "preview_narrow_computed_max_ms": round(max(narrow), 1),
    }


async def opened(server: Server, design: Design) -> dict[str, float]:
    """Server time of a new session that opens the page by the link of a finished run, and of its preview drawn anew."""
    times, previews = [], []
    for _ in range(REPEATS):
        viewer = Viewer(server, links.to_query(design))
        address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
        async with connect(address, subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"], max_size=None) as socket:  # type: ignore[list-item]
            begin = time.perf_counter()
            await viewer.ask(socket, fragment="")
            await viewer.answer(socket)
            times.append(1000 * (time.perf_counter() - begin))
            begin = time.perf_counter()
            await viewer.ask(socket, fragment=viewer.preview)
            await viewer.answer(socket)
            previews.append(1000 * (time.perf_counter() - begin))
    return {
        "open_cached_ms": round(statistics.median(times), 1),
        "open_cached_p95_ms": round(quantile(times, 0.95), 1),
        "preview_rerun_ms": round(statistics.median(previews), 1),
    }


def in_the_browser(server: Server, store: Store, finished: Design) -> dict[str, Any]:
    from playwright.sync_api import expect, sync_playwright

    found: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        visits = []
        for _ in range(3):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            begin = time.monotonic()
            page.goto(f"{server.url}/design")
            expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=60_000)
            expect(page.locator('td[data-i="0"][data-j="2"]')).to_be_visible()
            visits.append(time.monotonic() - begin)
        found["first_visit_s"] = round(visits[0], 2)
        found["later_visit_cold_browser_s"] = round(statistics.median(visits[1:]), 2)

        page.wait_for_timeout(1500)
        cell = page.locator('td[data-i="0"][data-j="3"]').element_handle()
        drawn = [page.evaluate(DRAW, [cell, "10"[k % 2]]) for k in range(REPEATS)]
        found["preview_painted_ms"] = round(statistics.median(drawn), 1)
        found["preview_painted_p95_ms"] = round(quantile(drawn, 0.95), 1)

        begin = time.monotonic()
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text(re.compile(r"epoch \d+ of"))).to_be_visible(timeout=60_000)
        found["train_to_live_panel_s"] = round(time.monotonic() - begin, 2)
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".stMarkdownBadge").filter(has_text="cancelled")).to_be_visible(timeout=20_000)

        run = store.submit(finished).run
        until(lambda: store.get(run).ended)
        page = browser.new_page()
        begin = time.monotonic()
        page.goto(f"{server.url}/design?{links.to_query(finished)}")
        expect(page.get_by_text("trained before, shown from the store")).to_be_visible(timeout=60_000)
        expect(page.locator("[data-chart=accuracy] .main-svg").first).to_be_visible(timeout=60_000)
        found["cached_result_drawn_s"] = round(time.monotonic() - begin, 2)
        browser.close()
    return found


def main() -> None:
    before = machine()
    found: dict[str, Any] = {}
    with serving() as server:
        found["server_ready_s"] = round(server.started_seconds, 2)
        finished = links.change(Design(), {"training.epochs": 15, "data.train_samples": 300, "data.test_samples": 100})
        store = server.store()
        if _has_a_browser():
            found |= in_the_browser(server, store, finished)
        run = store.submit(finished).run
        until(lambda: store.get(run).ended)
        found |= asyncio.run(opened(server, finished))
        store.close()
    found |= previews()
    found |= first_rows()
    found |= {"before": before, "after": machine()}
    line = " | ".join(f"{name} {value}" for name, value in found.items() if isinstance(value, float))
    report(found, f"| {line} |")


def _has_a_browser() -> bool:
    return importlib.util.find_spec("playwright") is not None and Path(CHROMIUM).exists()


if __name__ == "__main__":
    main()
