"""The host's page in a browser: for whoever has the machine, and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from snnviz.design.design import Design
from snnviz.people.person import Person
from snnviz.store import Store
from snnviz.ui.server.local import SWITCH
from tests.browser.access import COLOURS, EVERYTHING, nothing_in_the_way, violations
from tests.browser.conftest import working
from tests.waiting import until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store]]:
    """A dashboard that serves whoever started it, with runs that wait as nobody takes any, and one that failed."""
    with working(tmp_path_factory.mktemp("cache"), **{SWITCH: "1"}) as (url, store):
        ann = store.acting_as(Person("0123456789abcdef" * 2))
        claim = store.claim("test", ann.submit(Design.check({"seed": 99})).run)
        assert claim is not None
        store.finish(claim.run, claim.attempt, "failed", "It broke.", "Traceback\n  line 7")
        yield url, store


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_heard_and_used(own: tuple[str, Store], browser: Browser, theme: str) -> None:
    context = browser.new_context(color_scheme=theme, viewport={"width": 1280, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{own[0]}/host")
    expect(page.get_by_role("heading", level=1)).to_have_text("Host", timeout=60_000)
    expect(page.get_by_role("heading", name="Pages")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
    assert violations(page, EVERYTHING if theme == "light" else COLOURS) == []
    for width in (390, 1280):
        nothing_in_the_way(page, width)
    context.close()


def settled(page: Page) -> None:
    """Until the page is drawn: what is pressed before may be gone by then."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_timeout(200)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def test_a_line_to_all_is_said_and_what_is_read_only_is_told(
    own: tuple[str, Store], visit: Callable[..., Page]
) -> None:
    page = visit(f"{own[0]}/host")
    line = page.get_by_role("textbox", name="A line at the top of every page")
    expect(line).to_be_visible(timeout=60_000)
    line.fill("Upgrade at 18:00")
    line.press("Enter")
    expect(page.get_by_test_id("stAlert").filter(has_text="Upgrade at 18:00")).to_be_visible()
    settled(page)
    page.get_by_text("Read-only", exact=True).click()
    expect(page.get_by_test_id("stAlert").filter(has_text="The server is read-only")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Take it away").click()
    until(lambda: own[1].switches() == ("", True, False))
    expect(page.get_by_test_id("stAlert").filter(has_text="Upgrade at 18:00")).to_have_count(0)
    settled(page)
    page.get_by_text("Read-only", exact=True).click()
    until(lambda: own[1].switches() == ("", False, False))
    expect(page.get_by_test_id("stAlert").filter(has_text="The server is read-only")).to_have_count(0)


def test_a_visitor_of_a_server_of_others_is_not_offered_it(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{dashboard}/runs")
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs", timeout=60_000)
    top = page.get_by_test_id("stTopNav")
    expect(top.get_by_role("button", name="Results")).to_be_visible()
    expect(top.get_by_role("button", name="Host")).to_have_count(0)
    expect(top.get_by_role("link", name=re.compile("Host"))).to_have_count(0)
