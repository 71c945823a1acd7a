"""The Data page on the real dashboard: a data set is opened by its card, played, and taken into the design."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.drawing import press

pytestmark = pytest.mark.browser

PATIENCE = 60_000


def milliseconds(page: Page) -> float:
    return float(page.locator(".clock").inner_text().split()[0])


def test_events_are_played_and_taken_into_the_design(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/data")
    page.locator("[data-pick=digits-saccades]").click(timeout=PATIENCE)
    expect(page.get_by_text("until you take this instead")).to_be_visible(timeout=PATIENCE)
    page.wait_for_url(re.compile("data.name=digits-saccades"))
    expect(page.locator(".strip button")).to_have_count(5)
    page.get_by_label("Speed").select_option("1/33")  # ten seconds, however busy the machine is
    first = milliseconds(page)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".clock")).not_to_have_text(re.compile(f"^{first:.1f} "))
    page.get_by_role("button", name="Pause").click()
    assert milliseconds(page) > first
    page.locator(".strip button").nth(3).click()
    expect(page.locator(".strip button").nth(3)).to_have_class("now")
    assert milliseconds(page) == pytest.approx(0.7 * 292.3, abs=0.2)  # the middle of the fourth of five frames
    colours = page.locator(".stages canvas").first.evaluate(
        "(canvas) => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    )
    assert colours > 4  # there are events of both polarities, and the ground
    page.locator("[data-pick='3']").click()
    page.wait_for_url(re.compile("show.number=3"))
    press(page, "Train on this")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=PATIENCE)
    page.wait_for_url(re.compile(r"/design\?data.name=digits-saccades"))
