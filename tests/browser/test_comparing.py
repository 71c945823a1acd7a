"""From the Design page to a finished comparison, by mouse and by keyboard; until decided; in a second profile."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.access import nothing_in_the_way
from tests.browser.drawing import press
from tests.browser.test_tradeoffs import tab_to

pytestmark = pytest.mark.browser

TINY = (
    "network.kind=mlp&network.depth=2&network.width=16&data.train_samples=150&data.test_samples=60&data.steps=2"
    "&training.epochs=2&training.learning_rate=0.02"
)
PATIENCE = 90_000


def said(page: Page) -> str:
    """The sentence about the accuracy."""
    sentence = page.get_by_role("heading", name=re.compile("^Test accuracy: (B is|not told apart)"))
    expect(sentence).to_be_visible(timeout=PATIENCE)
    return sentence.inner_text()


def test_from_the_design_page_to_a_finished_comparison_by_mouse(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/design?{TINY}")
    press(page, "What if ...")
    page.wait_for_url(re.compile("/tradeoffs"))
    page.get_by_role("radio", name="Compare").click()
    page.wait_for_url(re.compile("view=compare"))
    press(page, "Train 6 runs")
    expect(page.get_by_role("button", name="All trained")).to_be_disabled(timeout=PATIENCE)
    assert "3 seeds" in said(page)
    expect(page.locator("[data-chart=compare_accuracy] .scatterlayer .point")).to_have_count(4)
    expect(page.locator("[data-chart=compare_test_accuracy] .scatterlayer .trace")).to_have_count(4)
    expect(page.get_by_text(re.compile("^The two disagree on"))).to_be_visible()
    for width in (390, 1280):
        nothing_in_the_way(page, width)
    other = visit(page.url, viewport={"width": 1280, "height": 800})  # in a second profile: all from the store
    assert said(other) == said(page)


def test_from_the_design_page_to_a_finished_comparison_by_keyboard(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/design?{TINY}&seed=11")
    expect(page.get_by_role("button", name="What if ...")).to_be_enabled(timeout=PATIENCE)
    tab_to(page, "What if ...")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/tradeoffs"))
    expect(page.get_by_role("textbox", name="Values")).to_be_visible(timeout=PATIENCE)
    tab_to(page, "Values")
    page.keyboard.press("Control+A")
    page.keyboard.type("0.5,9")
    page.keyboard.press("Enter")
    expect(page.get_by_text("6 runs: 2 groups, 3 seeds each")).to_be_visible(timeout=PATIENCE)
    tab_to(page, "Seeds")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 runs: 2 groups, 2 seeds each")).to_be_visible(timeout=PATIENCE)
    tab_to(page, "Train these 4 runs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="All trained")).to_be_disabled(timeout=PATIENCE)
    tab_to(page, "Ask", key="Shift+Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("view=compare"))
    expect(page.get_by_role("button", name="Train 2 runs")).to_be_enabled(timeout=PATIENCE)  # the third seed
    tab_to(page, "Train 2 runs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="All trained")).to_be_disabled(timeout=PATIENCE)
    assert "3 seeds" in said(page)


def test_two_levels_of_an_axis_over_all_else(visit: Callable[..., Page], dashboard: str) -> None:
    axes = "vary.1=neuron.threshold=0.5,4&vary.2=init=kaiming,glorot"
    page = visit(f"{dashboard}/tradeoffs?{TINY}&{axes}&view=compare")
    choice = page.get_by_role("radio", name="Threshold θ", exact=True)
    choice.click()
    expect(choice).to_be_checked()
    page.wait_for_url(re.compile("compare.axis=neuron.threshold"))
    press(page, "Train 12 runs")
    expect(page.get_by_role("button", name="All trained")).to_be_disabled(timeout=PATIENCE)
    assert "3 seeds" in said(page)
    expect(page.get_by_text("so 3 seeds, not 6 pairs, say how certain the mean is")).to_be_visible(timeout=PATIENCE)
    drawn = page.locator("[data-chart=compare_accuracy] .scatterlayer .trace")
    expect(drawn).to_have_count(3)
    for trace, points in enumerate((6, 3, 1)):
        expect(drawn.nth(trace).locator(".point")).to_have_count(points)
    for width in (390, 1280):
        nothing_in_the_way(page, width)
    other = visit(page.url, viewport={"width": 1280, "height": 800})
    assert said(other) == said(page)


def test_by_keyboard_until_it_is_decided(visit: Callable[..., Page], dashboard: str) -> None:
    """A network without a chance beside one that learns: decided early. What was queued beyond is cancelled."""
    b = TINY.replace("&", "%26").replace("=", "%3D").replace("learning_rate%3D0.02", "learning_rate%3D0.0001")
    a = TINY.replace("&", "%26").replace("=", "%3D")
    page = visit(f"{dashboard}/tradeoffs?view=compare&compare.a={a}&compare.b={b}")
    button = page.get_by_role("button", name="Until decided", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"^Decided after \d+ seeds"))).to_be_visible(timeout=PATIENCE)
    assert said(page).startswith("Test accuracy: B is worse by")
    expect(page.locator("[data-chart=compare_looks] .scatterlayer .point").first).to_be_visible()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_disabled(timeout=PATIENCE)
    assert "compare.looks=each" in page.url
