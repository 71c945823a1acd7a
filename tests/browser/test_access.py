"""Every page, in both themes: axe finds nothing, nothing is cut or moves, and everything can be hit.

axe-core comes with the package axe-playwright-python; nothing is fetched. What axe does not look for is in `access.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from snnviz.store import Store
from tests.browser.access import COLOURS, EVERYTHING, WIDTHS, nothing_in_the_way, violations
from tests.browser.conftest import ROOT, working

pytestmark = pytest.mark.browser

PAGES = ["" if file.stem == "home" else file.stem for file in sorted((ROOT / "pages").glob("*.py"))]
VIEWS = [
    "skips?view=optimise", "shortcuts?view=before", "cells?view=search", "cells?view=study", "ttfs?view=time",
    "ttfs?view=naive", "ttfs?view=limits", "ttfs?view=penalty",
]  # fmt: skip
SMALL = "data.train_samples=300&data.test_samples=100&network.channels=6&training.epochs=6&seed=5"
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


class Visitor:
    """A browser profile in one theme; what the browser reports as an error is kept."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.errors: list[str] = []
        self.page = context.new_page()
        self.page.add_init_script(SHIFTS)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def open(self, path: str) -> Page:
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.goto(f"{self.url}/{path}")
        self.settled()
        return self.page

    def settled(self) -> None:
        """All that a page draws by itself is there."""
        expect(self.page.locator("h1")).to_have_count(1, timeout=60_000)
        app = self.page.get_by_test_id("stApp")
        for _ in range(2):  # a component may begin to draw as the script ends
            expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
            expect(self.page.locator("[data-testid=stSkeleton], .plot.waiting")).to_have_count(0, timeout=60_000)
            self.page.wait_for_timeout(200)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store]]:
    """A dashboard where nobody else trains."""
    with working(tmp_path_factory.mktemp("cache")) as found:
        yield found


@pytest.fixture(scope="module", params=["light", "dark"])
def visitor(request: pytest.FixtureRequest, browser: Browser, place: tuple[str, Store]) -> Iterator[Visitor]:
    context = browser.new_context(color_scheme=request.param)
    context.set_default_timeout(40_000)
    yield Visitor(context, place[0])
    context.close()


@pytest.fixture(scope="module")
def trained(browser: Browser, place: tuple[str, Store]) -> str:
    """The link of a run that was trained on a phone, where Train is in reach and its end is said."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{place[0]}/design?{SMALL}")
    button = page.get_by_role("button", name="Train", exact=True)
    expect(button).to_be_visible(timeout=60_000)
    expect(button).to_be_in_viewport(ratio=1)
    button.click()
    status = page.locator(".st-key-announced").get_by_role("status")
    expect(status).to_have_text("")
    expect(status).to_contain_text("The training is done: test accuracy", timeout=120_000)
    context.close()
    return f"design?{SMALL}"


def looked_at(visitor: Visitor, path: str, theme: str) -> None:
    """All that is to be said of a page, in one visit."""
    visitor.errors.clear()
    page = visitor.open(path)
    shifts = [page.evaluate("window.shifted")]
    while shifts[-1] >= 0.1 and len(shifts) < 3:  # on a busy machine parts of a page arrive apart
        shifts.append(visitor.open(path).evaluate("window.shifted"))
    assert shifts[-1] < 0.1, shifts
    assert page.title() == f"{page.locator('h1').inner_text()} · snnviz"
    assert violations(page, EVERYTHING if theme == "light" else COLOURS) == []
    for width in WIDTHS if theme == "light" else WIDTHS[-1:]:  # a theme changes colours, and no sizes
        nothing_in_the_way(page, width)
    assert visitor.errors == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_heard_and_used(visitor: Visitor, path: str, request: pytest.FixtureRequest) -> None:
    looked_at(visitor, path, request.node.callspec.params["visitor"])


def test_a_finished_run_can_be_read_heard_and_used(
    visitor: Visitor, trained: str, request: pytest.FixtureRequest
) -> None:
    theme = request.node.callspec.params["visitor"]
    looked_at(visitor, trained, theme)
    page = visitor.page
    tools = page.get_by_role("button", name="Tools of the chart Accuracy")
    tools.click()
    page.get_by_role("menuitemcheckbox", name="Table").click()
    tools.click()
    expect(page.get_by_role("menu")).to_be_visible()
    assert violations(page, EVERYTHING if theme == "light" else COLOURS) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", VIEWS)
def test_a_view_can_be_read_heard_and_used(visitor: Visitor, path: str, request: pytest.FixtureRequest) -> None:
    looked_at(visitor, path, request.node.callspec.params["visitor"])


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands_still_on_a_phone(browser: Browser, place: tuple[str, Store], path: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    visitor = Visitor(context, place[0])
    visitor.page.goto(f"{place[0]}/{path}")
    visitor.settled()
    shifted = visitor.page.evaluate("window.shifted")
    context.close()
    assert shifted < 0.1


@pytest.mark.parametrize("width", [390, 1280])
def test_what_a_refusal_covers_can_be_scrolled_to(browser: Browser, place: tuple[str, Store], width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"{place[0]}/design")
    page.get_by_role("radio", name="when it spikes once").click(timeout=60_000)
    box = page.locator(".st-key-refusal")
    expect(box).to_be_visible(timeout=60_000)
    main = page.get_by_test_id("stMain")
    main.evaluate("main => main.scrollTo(0, main.scrollHeight)")
    last = page.get_by_test_id("stMainBlockContainer").evaluate(
        "all => all.getBoundingClientRect().bottom - parseFloat(getComputedStyle(all).paddingBottom)"
    )
    over = box.bounding_box()
    context.close()
    assert over is not None
    assert last <= over["y"]
