"""Chromium, a Streamlit server for a script, and pages that fail their test when the browser reports an error."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from snnviz.jobs.local import Local
from snnviz.store import Store
from snnviz.ui.navigation import SECTIONS
from tests.browser.drawing import START, expect_python, press
from tests.forked import BESIDE

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).resolve().parent / "apps"
# The same browser without a window to draw needs half the processor time.
DEBIANS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
CHROMIUM = os.environ.get("CHROMIUM") or next((place for place in DEBIANS if Path(place).exists()), DEBIANS[-1])
VIEWPORT = {"width": 1280, "height": 800}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=40_000)  # the machine may be busy

LOGS: list[Path] = []
"""Of all servers of this session."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The report of a test that failed has what servers wrote last."""
    report = yield
    if report.failed:
        for log in LOGS[-3:]:
            if log.exists() and (text := log.read_text(errors="replace")[-6000:].strip()):
                report.sections.append((f"server {log.parent.name}/{log.name}", text))
    return report


collect_ignore = ["apps"]  # scripts for a server, not modules with doctests


@contextmanager
def serving(script: Path, log: Path, base: str = "", real: bool = False, **environment: str) -> Iterator[str]:
    """A Streamlit server for a script on a free port of this machine, below the path `base`: its address.

    Its worker is forked (`tests.forked`), or started as in everyday use (`real`).
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    streamlit = ["-m", "streamlit"] if real else ["-c", "from tests import forked; forked.streamlit()"]
    command = [sys.executable, *streamlit, "run", str(script), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.baseUrlPath", base]
    quiet = {"SNNVIZ_MEASURE": "0"}  # measuring untrained networks takes two seconds for each design that is looked at
    env = {**os.environ, "PYTHONPATH": str(ROOT), BESIDE: "", **quiet, **environment}
    LOGS.append(log)
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}{base}"
        _await_health(url, server, log)
        yield url
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts servers that run until all tests are over; their addresses."""
    with ExitStack() as running:

        def start(script: Path, **options: Any) -> str:
            return running.enter_context(serving(script, tmp_path_factory.mktemp("server") / "log.txt", **options))

        yield start


def _await_health(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120  # the machine may be busy
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
        if server.poll() is not None:
            break
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def scratch(serve: Callable[..., str]) -> str:
    """The address of the server of our scratch pages."""
    return serve(APPS / "launch.py")


@pytest.fixture(scope="session")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """One browser profile for all tests that need nothing special: what Streamlit's own files weigh is fetched once."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(40_000)
    yield context
    context.close()


@contextmanager
def visiting(browser: Browser, profile: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Opens an address in a new tab; with options, as for `Browser.new_context`, in a profile of its own.

    An error that the browser reports in one of the tabs fails the test at the end.
    """
    errors: list[str] = []
    closing = ExitStack()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def open_page(url: str, **options: Any) -> Page:
        context = profile
        if options:
            context = browser.new_context(**{"viewport": VIEWPORT, **options})
            context.set_default_timeout(40_000)
            closing.callback(context.close)
        page = context.new_page()
        closing.callback(page.close)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", note)
        page.goto(url)
        return page

    with closing:
        yield open_page
    assert not errors, errors


def turn_to(page: Page, title: str) -> None:
    """Chooses a page in the menus at the top."""
    section = next(name for name, entries in SECTIONS.items() if title in [entry.title for entry in entries])
    page.get_by_test_id("stTopNav").get_by_role("button", name=section).click()
    page.get_by_role("menuitem", name=title, exact=True).click()


@pytest.fixture
def visit(browser: Browser, profile: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Opens pages that are closed after the test."""
    with visiting(browser, profile) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def stay(browser: Browser, profile: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Opens pages that all tests of a module share."""
    with visiting(browser, profile) as open_page:
        yield open_page


@contextmanager
def working(cache: Path, **options: Any) -> Iterator[tuple[str, Store]]:
    """A dashboard with this cache, and its store; at the end nobody is left working in it."""
    with serving(ROOT / "app.py", cache.with_name(f"{cache.name}.log"), SNNVIZ_CACHE=str(cache), **options) as url:
        store = Store(cache / "runs.sqlite")
        yield url, store
        for run in store.runs(states=("queued", "running"), of=None):
            store.cancel(run.run)
    Local(store).stop()
    store.close()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store]]:
    """One dashboard for all tests that do not mind what others have trained there, and its store."""
    with working(tmp_path_factory.mktemp("cache")) as found:
        yield found


@pytest.fixture(scope="session")
def dashboard(place: tuple[str, Store]) -> str:
    """Its address."""
    return place[0]


@pytest.fixture(scope="module")
def tab(stay: Callable[..., Page], scratch: str) -> Page:
    """The scratch editor, open."""
    return stay(f"{scratch}/block")


@pytest.fixture
def page(tab: Page) -> Page:
    """A fresh editor."""
    tab.locator(".editor").evaluate("(editor) => { editor.dataset.old = 'yes' }")
    press(tab, "Begin again")
    expect(tab.locator(".editor[data-old]")).to_have_count(0)
    expect(tab.locator(".editor")).to_have_count(1)
    expect_python(tab, START)
    return tab
