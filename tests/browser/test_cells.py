"""The Cells page on the real dashboard: draw a cell, score it, find it again by its address; and on the Design page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.drawing import cell, drag, press

pytestmark = pytest.mark.browser

TINY = "channels=2&hidden=16&steps=2&batch=8&repeats=1"
PATIENCE = 60_000


def test_a_drawn_cell_is_scored_and_its_address_brings_all_of_it_back(
    visit: Callable[..., Page], dashboard: str
) -> None:
    page = visit(f"{dashboard}/cells?{TINY}")
    expect(cell(page, 3, 1)).to_have_text("1×1")
    page.get_by_role("radio", name="average pool").click()
    drag(page, 3, 0)
    expect(cell(page, 3, 0)).to_have_text("pool")
    expect(cell(page, 0, 3)).to_have_text("")
    page.wait_for_url(re.compile(r"cell=0300\+0030\+2002\+4200"))
    press(page, "Undo")
    page.wait_for_url(lambda url: "cell=" not in url)
    press(page, "Redo")
    press(page, "Score the cell")
    expect(page.locator("[data-chart=score_kernel] .heatmaplayer image")).to_be_visible(timeout=PATIENCE)
    score = page.get_by_test_id("stMetric").filter(has_text="Score by SAHD").get_by_test_id("stMetricValue")
    expect(score).to_have_text(re.compile(r"^-?\d+\.\d$"))
    said = score.inner_text()
    expect(page.locator("[data-chart=score_silence] .heatmaplayer image")).to_have_count(2)
    cell(page, 0, 2).click()
    expect(page.get_by_text("The figures are of another setting")).to_be_visible()
    press(page, "Undo")
    expect(page.get_by_text("The figures are of another setting")).to_have_count(0)
    page.wait_for_url(re.compile(r"cell=0300\+0030\+2002\+4200"))
    page.reload()
    expect(cell(page, 3, 0)).to_have_text("pool")
    expect(score).to_have_text(said)
    expect(page.locator("[data-chart=score_kernel] .heatmaplayer image")).to_be_visible()
    expect(page.get_by_role("button", name="Scored")).to_be_disabled()


def test_the_design_page_draws_a_network_of_cells(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/design?network.kind=cell")
    expect(cell(page, 2, 0)).to_have_text("1×1")
    cell(page, 0, 2).focus()
    page.keyboard.press("1")
    expect(cell(page, 2, 0)).to_have_text("")
    page.wait_for_url(re.compile(r"network\.cell=0313"))
    press(page, "Clear")
    expect(page.get_by_text("must lead from node 0 to node 3")).to_be_visible()
    page.get_by_role("radio", name="skip").click()
    drag(page, 0, 3)
    expect(page.get_by_text("must lead from node 0 to node 3")).to_have_count(0)
    page.wait_for_url(re.compile(r"network\.cell=0001"))
    page.reload()
    expect(cell(page, 0, 3)).to_have_text("skip")
    expect(page.locator("td.place").filter(has_text="3×3")).to_have_count(0)


def test_a_cell_goes_from_its_score_to_its_training(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/cells?{TINY}&cell=0001+0000+0000+0000")
    press(page, "Train this cell")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    expect(cell(page, 0, 3)).to_have_text("skip")
    page.wait_for_url(re.compile(r"network\.cell=0001"))
