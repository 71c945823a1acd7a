"""A network of blocks on the real dashboard: choose it, open a block, draw, share."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.access import WIDTHS, nothing_in_the_way
from tests.browser.conftest import VIEWPORT
from tests.browser.drawing import cell, press

pytestmark = pytest.mark.browser


def card(page: Page, block: int) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^Block {block}"))


def parameters(page: Page) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text="Parameters").get_by_test_id("stMetricValue")


def test_a_block_is_opened_and_drawn_and_its_link_opens_it_again(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{dashboard}/design")
    page.get_by_role("radio", name="resnet18").click()
    expect(card(page, 1)).to_have_attribute("aria-pressed", "true")
    expect(parameters(page)).to_have_text(re.compile(r"^176\sk$"))
    card(page, 2).click()
    expect(card(page, 2)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Its input has 8 channels, a layer 16")).to_be_visible()
    cell(page, 0, 5).click()  # input to output: ASC -> none
    cell(page, 1, 5).click()  # DSC: block 3 reads 16 channels more, in 32 3x3 kernels and a projection
    expect(card(page, 2)).to_contain_text("1 DSC · 2 ASC")
    expect(card(page, 2)).to_have_attribute("title", re.compile("Changed"))
    expect(parameters(page)).to_have_text(re.compile(r"^181\sk$"))
    page.wait_for_url(re.compile("network.blocks=%3B000200/000001/"))

    card(page, 3).click()  # each block has its own history
    expect(card(page, 3)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".editor tbody")).to_have_count(1)  # until the run is over the editor before is there, too
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    expect(cell(page, 1, 5)).to_have_text("")
    card(page, 2).click()
    expect(card(page, 2)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".editor tbody")).to_have_count(1)
    expect(cell(page, 1, 5)).to_have_text("D")
    press(page, "Undo")
    expect(card(page, 2)).to_contain_text("2 ASC")
    expect(card(page, 2)).not_to_contain_text("DSC")
    press(page, "Redo")
    expect(parameters(page)).to_have_text(re.compile(r"^181\sk$"))

    page.wait_for_url(re.compile("network.blocks=%3B000200/000001/"))
    other = visit(page.url, color_scheme="dark")
    expect(parameters(other)).to_have_text(re.compile(r"^181\sk$"))
    expect(card(other, 2)).to_have_attribute("aria-pressed", "true")  # what is drawn is seen first
    expect(cell(other, 1, 5)).to_have_text("D")
    expect(cell(other, 0, 5)).to_have_text("")


def test_a_matrix_is_copied_and_taken_back(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{dashboard}/design?network.kind=mobilenetv2&network.width=0.125")
    card(page, 3).click()
    expect(page.get_by_text("3 layers, each an inverted residual")).to_be_visible()
    press(page, "Presets")
    page.get_by_role("button", name="densenet-like").click()
    expect(card(page, 3)).to_contain_text("6 DSC")
    page.get_by_role("button", name="Copy to blocks 5, 6").click()
    for block in (3, 5, 6):
        expect(card(page, block)).to_contain_text("6 DSC")
    card(page, 5).click()
    expect(cell(page, 0, 2)).to_have_text("D")
    page.get_by_role("button", name="All blocks as the original").click()
    expect(cell(page, 0, 2)).to_have_text("")
    expect(card(page, 3)).to_contain_text("3 ASC")
    page.wait_for_url(lambda url: "blocks" not in url)


def test_every_kind_fits_the_page_with_its_layers_names(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{dashboard}/design?network.kind=resnet18")
    for kind in ("resnet18", "densenet121", "mobilenetv2", "vgg"):
        page.set_viewport_size(VIEWPORT)
        page.get_by_role("radio", name=kind, exact=True).click()
        page.wait_for_url(re.compile(f"network.kind={kind}(&|$)"))
        shown = page.get_by_role("list" if kind == "vgg" else "group", name="The network")
        for name in ["readout (output layer)"] if kind == "vgg" else ["stem (input layer)", "readout (output layer)"]:
            expect(shown.get_by_text(name, exact=True)).to_be_visible()
        for width in WIDTHS:
            nothing_in_the_way(page, width)
            for each in page.locator(".card").all():
                box = each.bounding_box()
                assert box is not None
                assert box["x"] + box["width"] <= width
