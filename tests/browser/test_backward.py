"""Backward connections: drawn by mouse, keyboard and text, undone, found again by address, and trained."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.drawing import START, badge, cell, drag, expect_python, node, on_screen, press

pytestmark = pytest.mark.browser
TINY = "data.train_samples=100&data.test_samples=50&network.channels=4&training.epochs=1&network.edges=000/000/000"


def switch(page: Page) -> Locator:
    return page.get_by_role("switch", name="Backward connections")


def paste(page: Page, text: str) -> None:
    press(page, "Paste")
    page.get_by_label("A row for each source").fill(text)
    press(page, "Apply")


def with_back(*rows: str) -> str:
    """The start with other rows from the third on."""
    return " / ".join([*START.split(" / ")[:2], *rows])


def test_the_switch_offers_the_cells_below_the_diagonal(page: Page) -> None:
    expect(switch(page)).not_to_be_checked()
    expect(page.locator("td.place.back")).to_have_count(0)
    switch(page).click()
    expect(switch(page)).to_be_checked()
    expect(page.locator("td.place.back")).to_have_count(6)
    expect(page.get_by_role("gridcell", name="from layer 4 back to layer 2, one time step late: none")).to_be_visible()
    for (i, j), why in {(3, 0): "0 is the block's input, which no layer feeds", (3, 3): "does not feed itself"}.items():
        expect(cell(page, i, j)).to_have_attribute("title", re.compile(why))
        expect(cell(page, i, j)).to_have_attribute("aria-disabled", "true")
    switch(page).click()
    expect(page.locator("td.place.back")).to_have_count(0)
    expect_python(page, START)


def test_they_are_drawn_by_mouse_in_grid_and_graph(page: Page) -> None:
    switch(page).click()
    for kind, text in [("1", "D"), ("2", "A"), ("0", ""), ("1", "D")]:
        cell(page, 4, 2).click()
        expect(cell(page, 4, 2)).to_have_attribute("data-kind", kind)
        expect(cell(page, 4, 2)).to_have_text(text)
    expect(page.get_by_role("status")).to_have_text(
        "from layer 4 back to layer 2, one time step late: DSC, concatenate"
    )
    page.get_by_role("radio", name="ASC").click()
    drag(page, 3, 1)
    expect(cell(page, 3, 1)).to_have_text("A")
    expect_python(page, with_back("0 0 0 0 2", "0 2 0 0 0", "0 0 1 0 0"))
    expect(page.locator(".count")).to_have_text("2 DSC and 2 ASC in 6 places, 2 backward")
    badge(page, 4, 2).click()
    expect(cell(page, 4, 2)).to_have_text("A")
    page.keyboard.press("Control+z")
    expect(cell(page, 4, 2)).to_have_text("D")


def test_the_keyboard_alone_draws_them(page: Page) -> None:
    switch(page).focus()
    page.keyboard.press("Space")
    expect(switch(page)).to_be_checked()
    cell(page, 0, 2).focus()
    page.keyboard.press("ArrowDown")  # over the path and the diagonal
    expect(cell(page, 3, 2)).to_be_focused()
    page.keyboard.press("2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(cell(page, 4, 1)).to_be_focused()
    page.keyboard.press("Enter")
    expect_python(page, with_back("0 0 0 0 2", "0 0 2 0 0", "0 1 0 0 0"))
    page.keyboard.press("Delete")
    expect_python(page, with_back("0 0 0 0 2", "0 0 2 0 0", "0 0 0 0 0"))


def test_every_cell_is_reached_by_arrows_in_the_smallest_block(page: Page) -> None:
    paste(page, "000/000/010")
    expect_python(page, "0 0 0 / 0 0 0 / 0 1 0")
    cell(page, 0, 2).focus()
    page.keyboard.press("ArrowDown")
    expect(cell(page, 2, 1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(cell(page, 0, 2)).to_be_focused()


def test_arcs_run_below_all_others_late_and_told_apart_by_line_style(page: Page) -> None:
    paste(page, "0 0 0 2 0 / 0 0 0 0 0 / 0 1 0 0 0 / 0 0 0 0 0 / 0 0 2 0 0")
    dashes = "(line) => getComputedStyle(line).strokeDasharray"
    styles = {
        page.locator(f".skip{kind} .line").evaluate(dashes) for kind in (".back.dsc", ".back.asc", ".asc:not(.back)")
    }
    assert len(styles) == 3
    for i, j, text in [(2, 1, "D t−1"), (4, 2, "A t−1")]:
        expect(badge(page, i, j).locator("xpath=../*[local-name()='text']")).to_have_text(text)
    lowest = "(node) => node.getBoundingClientRect().y"
    below = [badge(page, i, j).evaluate(lowest) for i, j in [(0, 3), (2, 1), (4, 2)]]
    assert node(page, 2).evaluate(lowest) < below[0] < below[1] < below[2]
    expect(page.get_by_role("img", name="from layer 2 back to layer 1, one time step late: DSC")).to_be_visible()


def test_switching_off_removes_them_in_one_step_that_can_be_undone(page: Page) -> None:
    switch(page).click()
    cell(page, 2, 1).click()
    cell(page, 4, 3).click()
    drawn = on_screen(page)
    switch(page).click()
    expect(switch(page)).not_to_be_checked()
    expect_python(page, START)
    expect(switch(page)).to_be_focused()
    page.keyboard.press("Control+z")
    expect(switch(page)).to_be_checked()
    assert on_screen(page) == drawn
    page.keyboard.press("Control+y")
    expect_python(page, START)
    press(page, "Undo")
    press(page, "Clear")
    expect_python(page, " / ".join(["0 0 0 0 0"] * 5))
    press(page, "Undo")
    press(page, "Presets")
    page.get_by_role("button", name="sequential").click()
    expect_python(page, " / ".join(["0 0 0 0 0"] * 5))


def test_a_pasted_block_with_one_turns_the_switch_on(page: Page) -> None:
    paste(page, "0 0 1 / 0 0 0 / 0 2 0")
    expect(switch(page)).to_be_checked()
    expect(cell(page, 2, 1)).to_have_text("A")
    expect_python(page, "0 0 1 / 0 0 0 / 0 2 0")
    cell(page, 2, 1).click()  # the last one goes, the places stay
    expect(switch(page)).to_be_checked()
    press(page, "Replace from Python")
    expect(switch(page)).not_to_be_checked()


def test_an_address_brings_them_back_and_a_design_with_one_is_trained(
    visit: Callable[..., Page], dashboard: str
) -> None:
    page = visit(f"{dashboard}/design?{TINY}")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    switch(page).click()
    expect(switch(page)).to_be_checked()
    cell(page, 2, 1).click()
    expect(cell(page, 2, 1)).to_have_text("D")
    page.wait_for_url(re.compile("000/000/010"))
    page.reload()
    expect(switch(page)).to_be_checked()
    expect(cell(page, 2, 1)).to_have_text("D")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".stMarkdownBadge").filter(has_text="done")).to_be_visible(timeout=60_000)
    accuracy = page.get_by_test_id("stMetric").filter(has_text="Test accuracy").get_by_test_id("stMetricValue")
    expect(accuracy).to_have_text(re.compile(r"^\d+\.\d\s%$"))
    expect(page.locator("[data-chart=accuracy] .scatterlayer .point").first).to_be_attached()
    expect(page.get_by_text("1 backward").first).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["network.edges"] == ["000/000/010"]


def test_batch_normalisation_closes_them_with_a_reason(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/design?{TINY}&seed=4")
    switch(page).click()
    cell(page, 2, 1).click()
    press(page, "Undo")
    page.get_by_role("radio", name="batch").click()
    expect(switch(page)).to_be_disabled()
    expect(switch(page)).not_to_be_checked()
    expect(cell(page, 2, 1)).to_have_attribute("title", re.compile("not with batch normalisation"))
    said = page.locator(".editor").get_by_role("status")
    switch(page).click(force=True)
    expect(said).to_contain_text("not with batch normalisation")
    press(page, "Redo")
    paste(page, "0 0 0 / 0 0 0 / 0 1 0")
    expect(page.locator("#text-problem")).to_contain_text("not with batch normalisation")
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="none").click()
    expect(switch(page)).to_be_checked()
    press(page, "Redo")
    expect(cell(page, 2, 1)).to_have_text("D")
    page.wait_for_url(re.compile("000/000/010"))
    page.get_by_role("radio", name="batch").click()
    sentence = "Normalisation must be none in a block with backward connections, not batch."
    expect(page.get_by_test_id("stAlert").get_by_text(sentence)).to_be_in_viewport()
    expect(cell(page, 2, 1)).to_have_text("D")
