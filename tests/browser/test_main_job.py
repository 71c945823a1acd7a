"""The main job on the real dashboard: draw, preview, train, watch, leave, come back, share."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from snnviz.jobs.local import Local
from snnviz.store import Store
from tests.browser.conftest import ROOT, turn_to, working
from tests.waiting import until

pytestmark = pytest.mark.browser

QUICK = "data.train_samples=300&data.test_samples=100&network.channels=6&training.epochs=6"
SLOW = "data.train_samples=300&data.test_samples=100&network.channels=6&training.batch_size=4&training.epochs=400"


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As it is started every day."""
    with working(tmp_path_factory.mktemp("cache"), real=True) as (url, _):
        yield url


@pytest.fixture(scope="module")
def editor(dashboard: str, stay: Callable[..., Page]) -> Page:
    """The Design page, open, where nothing is trained."""
    return stay(f"{dashboard}/design?init.kind=kaiming")


@pytest.fixture(scope="module")
def finished(dashboard: str, stay: Callable[..., Page]) -> Page:
    """A page where somebody trained a design to its end, and watched it."""
    page = stay(f"{dashboard}/design?{QUICK}&seed=11")
    train(page)
    expect(metric(page, "Test accuracy")).to_be_in_viewport()  # it stands below what a screen holds
    expect(page.get_by_text("Accuracy", exact=True)).to_be_visible()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.js-plotly-plot')].some((p) => p.data?.[1]?.x?.length)"
    )
    expect(badge(page, "done")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    return page


def cell(page: Page, i: int, j: int) -> Locator:
    return page.locator(f'td[data-i="{i}"][data-j="{j}"]')


def address(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def metric(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def badge(page: Page, state: str) -> Locator:
    """The mark of the watched run's state."""
    return page.locator(".stMarkdownBadge").filter(has_text=state)


def train(page: Page) -> None:
    page.get_by_role("button", name="Train", exact=True).click()


@pytest.mark.parametrize("path", ["/runs", f"/design?{QUICK}&seed=5"])
def test_a_deep_link_into_a_fresh_server_opens_that_page(visit: Callable[..., Page], tmp_path: Path, path: str) -> None:
    with working(tmp_path) as (url, _):
        page = visit(url + path)
        if path == "/runs":
            expect(page.get_by_text("No run yet")).to_be_visible()
        else:
            expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
            assert address(page)["seed"] == "5"
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.close()  # before the server goes


@pytest.mark.alone
def test_an_answer_does_not_wait_for_the_browser_to_confirm_its_header(dashboard: str) -> None:
    """With Nagle's algorithm each of them takes 40 ms: see `ui/server/streamlit_patches.py`."""
    server = http.client.HTTPConnection(urlsplit(dashboard).netloc, timeout=10)
    times = []
    for _ in range(10):
        begin = time.monotonic()
        server.request("GET", "/_stcore/health")
        assert server.getresponse().read() == b"ok"
        times.append(time.monotonic() - begin)
    server.close()
    assert min(times[2:]) < 0.02, times


def test_an_axis_of_shares_ends_at_100_percent_with_one_point_too(editor: Page) -> None:
    plot = editor.locator("[data-chart=forecast] .js-plotly-plot")
    expect(plot).to_be_attached(timeout=60_000)
    editor.wait_for_function("plot => plot._fullLayout?.yaxis?.range", arg=plot.element_handle())
    low, high = plot.evaluate("plot => plot._fullLayout.yaxis.range")
    assert -0.021 <= low < high <= 1.021
    drawn = """async plot => {
      await Plotly.react(plot, [{ x: [1], y: [0.3], error_y: { array: [2] } }], plot.layout, plot._context);
      return [...plot._fullLayout.yaxis.range, ...[...plot.querySelectorAll(".ytick text")].map((t) => t.textContent)];
    }"""
    low, high, *ticks = plot.evaluate(drawn)
    assert -0.021 <= low < high <= 1.021
    assert all(re.fullmatch(r"\d+(\.\d)? %", tick) for tick in ticks)


def test_a_drawn_skip_shows_in_the_preview_and_in_the_address(editor: Page) -> None:
    page = editor
    expect(metric(page, "Parameters")).to_have_text("12.0 k")
    cell(page, 0, 3).click()  # by mouse: none -> DSC
    expect(metric(page, "Parameters")).to_have_text("13.2 k")
    cell(page, 0, 4).focus()  # by keyboard: ASC
    page.keyboard.press("2")
    page.wait_for_url(re.compile(r"network\.edges=00212/"))
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(metric(page, "Parameters")).to_have_text("12.0 k")
    page.wait_for_url(lambda url: "edges" not in url)  # the default is not written
    page.get_by_role("button", name="Paste", exact=True).click()
    page.get_by_label("A row for each source").fill("0 0 1 / 0 0 0 / 0 0 0")
    page.get_by_role("button", name="Apply", exact=True).click()
    page.wait_for_url(re.compile(r"network\.edges=001/000/000"))
    expect(metric(page, "Parameters")).to_have_text("8,522")
    page.get_by_role("button", name="Undo", exact=True).click()
    page.wait_for_url(lambda url: "edges" not in url)


def test_a_form_field_changes_the_verdict_and_the_address(editor: Page) -> None:
    editor.get_by_role("tab", name="Neuron").click()
    field = editor.get_by_role("spinbutton", name="Threshold")
    field.fill("2.5")
    field.press("Enter")
    expect(editor.get_by_text("will be silent at threshold 2.5")).to_be_visible()
    editor.wait_for_url(re.compile("neuron.threshold=2.5"))
    assert address(editor) == {"init.kind": "kaiming", "neuron.threshold": "2.5"}


def test_a_bad_link_is_one_sentence_and_the_default_design(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{dashboard}/design?neuron.threshold=<b>high</b>")
    alert = page.get_by_role("alert").filter(has_text="neuron.threshold must be a number from 0 to 10")
    expect(alert).to_contain_text("'<b>high</b>'")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()


GROW = """() => setTimeout(() => {
  const main = document.querySelector("[data-testid=stMain]"), late = document.createElement("div");
  main.style.overflowAnchor = "none";
  late.style.cssText = "height: 1500px; flex-shrink: 0";
  late.id = "late";
  main.prepend(late);
}, 1500)"""
"""What stands above grows when the panel has been in view for a while, as figures do that come late."""


def test_what_is_trained_stays_in_view_while_the_page_above_it_grows(
    visit: Callable[..., Page], dashboard: str
) -> None:
    page = visit(f"{dashboard}/design?{QUICK}&seed=12")
    train(page)
    page.evaluate(GROW)
    expect(page.locator("#late")).to_be_attached()
    expect(badge(page, "done")).to_be_visible(timeout=60_000)
    expect(metric(page, "Test accuracy")).to_have_count(1)
    expect(metric(page, "Test accuracy")).to_be_in_viewport()


def test_train_watch_leave_and_come_back(finished: Page, visit: Callable[..., Page]) -> None:
    accuracy = metric(finished, "Test accuracy").inner_text()
    assert re.fullmatch(r"\d+\.\d %", accuracy)

    other = visit(finished.url, color_scheme="dark")  # another profile, by the link
    expect(badge(other, "trained before, shown from the store")).to_be_visible()
    expect(metric(other, "Test accuracy")).to_have_text(accuracy)
    expect(other.get_by_role("button", name="Show the trained result")).to_be_visible()

    turn_to(other, "Runs")
    expect(other.get_by_test_id("stDataFrame")).to_be_visible()


def test_what_is_drawn_beside_a_finished_run_is_compared_with_it(finished: Page) -> None:
    link = finished.url
    cell(finished, 0, 3).click()
    words = finished.get_by_text("The editor now holds another design: Skips")
    expect(words).to_be_visible()
    expect(finished.get_by_role("button", name="Train", exact=True)).to_be_visible()
    finished.get_by_role("button", name="Restore its design").click()
    expect(finished.get_by_role("button", name="Show the trained result")).to_be_visible()
    expect(words).to_have_count(0)
    expect(cell(finished, 0, 3)).to_have_text("")
    finished.wait_for_url(link)


def test_a_result_is_there_after_a_reload_and_says_that_it_was(finished: Page) -> None:
    accuracy = metric(finished, "Test accuracy").inner_text()
    finished.reload()
    expect(badge(finished, "trained before, shown from the store")).to_be_visible()
    expect(metric(finished, "Test accuracy")).to_have_text(accuracy)


def test_a_run_survives_the_browser_keeps_a_zoom_and_is_cancelled_from_another(
    dashboard: str, visit: Callable[..., Page]
) -> None:
    link = f"{dashboard}/design?{SLOW}&seed=12"
    first = visit(link)
    train(first)
    expect(first.get_by_test_id("stProgress")).to_contain_text("epoch")
    first.close()
    stranger = visit(link, color_scheme="light")  # finds the run by its design
    expect(stranger.get_by_test_id("stProgress")).to_contain_text("epoch")
    expect(stranger.get_by_role("button", name="Cancel", exact=True)).to_be_disabled()
    second = visit(link)
    expect(second.get_by_test_id("stProgress")).to_contain_text("epoch")

    chart = second.get_by_role("application", name="Firing rate per layer")
    points = "(plot) => plot.data?.[0]?.x?.length ?? 0"
    until(lambda: chart.evaluate(points) > 1)
    chart.evaluate("(plot) => window.Plotly.relayout(plot, {'xaxis.range': [0, 3]})")
    before = chart.evaluate(points)
    until(lambda: chart.evaluate(points) > before)  # the next second of the live run
    assert chart.evaluate("(plot) => plot.layout.xaxis.range") == [0, 3]

    second.get_by_role("button", name="Cancel", exact=True).click()
    expect(badge(second, "cancelled")).to_be_visible()
    expect(second.get_by_role("button", name=re.compile(r"^(Train|Go on from epoch \d+)$"))).to_be_visible()


def test_a_killed_dashboard_finds_its_run_again(visit: Callable[..., Page], tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        env = {**os.environ, "SNNVIZ_CACHE": str(tmp_path)}
        server = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"],
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        until(lambda: _healthy(url))
        return server

    server = start()
    store = Store(tmp_path / "runs.sqlite")
    try:
        page = visit(f"{url}/design?{SLOW.replace('=400', '=20')}&seed=14", color_scheme="light")
        train(page)
        expect(page.get_by_test_id("stProgress")).to_contain_text("epoch")
        link = page.url
        page.goto("about:blank")
        server.send_signal(signal.SIGKILL)
        server.wait()
        server = start()
        again = visit(link, color_scheme="dark")
        expect(badge(again, "done").or_(badge(again, "trained before, shown from the store"))).to_be_visible(
            timeout=90_000
        )
        assert [run.state for run in store.runs()] == ["done"]
        again.goto("about:blank")  # which asks nothing of a server that ends
    finally:
        server.terminate()
        server.wait()
        for run in store.runs(states=("queued", "running")):
            store.cancel(run.run)
        Local(store).stop()
        store.close()


def _healthy(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
    except OSError:
        return False
    return True
