"""From the Design page to the runs of an experiment, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.access import nothing_in_the_way
from tests.browser.drawing import press
from tests.browser.test_runs import press_cell

pytestmark = pytest.mark.browser

TINY = (
    "network.kind=mlp&network.depth=2&network.width=10&data.train_samples=100&data.test_samples=50&data.steps=2"
    "&training.epochs=1"
)
PATIENCE = 90_000
MOST_TABS = 120


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab, or the key given, until the button or field of this name has the focus."""
    focused = page.locator("button:focus, input:focus")
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        if focused.count() and name in (focused.get_attribute("aria-label"), *focused.inner_text().split("\n")):
            return  # an icon's name is a line of its own
    raise AssertionError(f"Tab does not lead to {name!r}")


def test_by_mouse_from_the_design_page_to_runs_that_are_done(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/design?{TINY}")
    press(page, "What if ...")
    expect(page.get_by_role("heading", name="Trade-offs")).to_be_visible(timeout=PATIENCE)
    values = page.get_by_role("textbox", name="Values")
    values.fill("0.5,9")
    values.press("Enter")
    expect(page.get_by_text("6 runs: 2 groups, 3 seeds each")).to_be_visible(timeout=PATIENCE)
    page.wait_for_url(re.compile(r"vary\.1=neuron\.threshold=0\.5,9"))
    press(page, "Another field")
    expect(page.get_by_text("18 runs: 2 × 3 = 6 groups, 3 seeds each")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Remove").nth(1).click()
    expect(page.get_by_text("6 runs: 2 groups, 3 seeds each")).to_be_visible(timeout=PATIENCE)
    press(page, "Train these 6 runs")
    expect(page.get_by_role("button", name="All trained")).to_be_disabled(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("The forecast was right of . of 6 runs"))).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="All trained")).to_be_disabled(timeout=PATIENCE)
    for width in (390, 1280):
        nothing_in_the_way(page, width)
    page.get_by_test_id("stDataFrame").scroll_into_view_if_needed()
    pair = page.get_by_role("button", name="Compare by seed")
    expect(pair).to_be_disabled()
    press_cell(page, 0, 18)
    press_cell(page, 1, 18)
    expect(pair).to_be_enabled()
    pair.click()
    expect(page.get_by_role("radio", name="Compare")).to_be_checked()
    expect(page.get_by_role("heading", name=re.compile("^Test accuracy: "))).to_be_visible(timeout=PATIENCE)


def test_by_keyboard_from_a_link_to_runs_that_are_done(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/tradeoffs?{TINY}&seed=7&vary.1=neuron.threshold=0.5,1&vary.seeds=1")
    expect(page.get_by_text("2 runs: 2 groups, one seed each")).to_be_visible(timeout=PATIENCE)
    tab_to(page, "Values")
    page.keyboard.press("Control+A")
    page.keyboard.type("0.6,50")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Threshold θ must be a number from 0 to 10, not 50.")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Control+A")
    page.keyboard.type("0.6,1.1,1.2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 runs: 3 groups, one seed each")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Threshold θ must be a number")).to_have_count(0)
    tab_to(page, "Train these 3 runs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="All trained")).to_be_disabled(timeout=PATIENCE)
