"""Share and Reset in a real browser: the link is copied, framed and printed; a press leads back, and forth again."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.access import violations

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@pytest.mark.parametrize(
    "options", [{"permissions": ["clipboard-read", "clipboard-write"]}, PHONE], ids=["desk", "phone"]
)
def test_a_page_is_shared(options: dict[str, Any], visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/design?neuron.threshold=0.7&lock=neuron", **options)
    page.locator(".st-key-share button:visible").first.click()
    dialog = page.get_by_role("dialog")
    link = dialog.get_by_label("Link", exact=True)
    expect(link).to_have_value(f"{dashboard}/design?neuron.threshold=0.7&lock=neuron")
    hide = dialog.get_by_role("combobox", name="Hide")
    hide.fill("editor")
    hide.press("Enter")
    hide.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(link).to_have_value(f"{dashboard}/design?neuron.threshold=0.7&hide=editor&lock=neuron")
    assert violations(page, but=("[data-testid=stSidebar]",)) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    dialog.get_by_role("button", name="Copy: Link").click()
    if "permissions" in options:
        expect(dialog.get_by_text("Copied.")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == link.input_value()
    dialog.get_by_text("QR code", exact=True).click()
    code = dialog.get_by_role("img").last
    expect(code).to_be_visible()
    assert code.evaluate("image => image.complete && image.naturalWidth > 0")
    dialog.get_by_text("Embed in a page of a course").click()
    frame = dialog.get_by_label("HTML", exact=True)
    expect(frame).to_be_visible()
    with page.expect_popup() as opened:
        dialog.get_by_role("link", name="Page to print").click()
    sheet = opened.value
    expect(sheet.get_by_role("heading", name="Design")).to_be_visible()
    expect(sheet.get_by_text(link.input_value())).to_be_visible()
    sheet.emulate_media(media="print")
    expect(sheet.get_by_text("Ctrl+P")).to_be_hidden()
    expect(sheet.locator("svg")).to_be_visible()
    address = re.search(r'src="([^"]+)"', frame.input_value())
    assert address is not None
    sheet.goto(unescape(address[1]))
    expect(sheet.get_by_text("Parameters", exact=True)).to_be_visible()
    expect(sheet.locator(".st-key-reset-page button:visible").first).to_be_visible()
    expect(sheet.get_by_label("Block editor")).to_have_count(0)
    expect(sheet.locator(".st-key-share")).to_have_count(0)
    sheet.close()


def test_reset_leads_back_to_the_link_and_undo_forth_again(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/activity?threshold=0.5&layers=12")
    slider = page.get_by_label("Threshold θ, typed")
    expect(slider).to_have_value("0.5")
    slider.fill("0.8")
    slider.press("Enter")
    slider.blur()
    address = page.locator("[data-query]").first
    expect(address).to_have_attribute("data-query", "threshold=0.8&layers=12")
    page.locator(".st-key-reset-page button:visible").first.click()
    expect(page.get_by_text("Back to the start.")).to_be_visible()
    expect(address).to_have_attribute("data-query", "threshold=0.5&layers=12")
    expect(slider).to_have_value("0.5")
    page.locator(".st-key-undo button").click()
    expect(slider).to_have_value("0.8")
    expect(address).to_have_attribute("data-query", "threshold=0.8&layers=12")
