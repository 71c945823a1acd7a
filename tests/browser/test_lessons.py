"""A lesson in a real browser, on a phone in the dark, by the keyboard alone: predicted, measured, kept."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
OUT = "Every layer hears fewer spikes"
"""Words of an explanation that must not be sent before the answer."""


def press(place: Locator) -> None:
    """By the keyboard."""
    place.focus()
    place.press("Enter")


def test_a_lesson_on_a_phone_by_keyboard(visit: Callable[..., Page], dashboard: str) -> None:
    said: list[str] = []
    page = visit("about:blank", **PHONE)
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: said.append(str(frame))))
    page.goto(f"{dashboard}/lessons")
    press(page.locator(".st-key-lesson-start-why-silent button"))
    expect(page.get_by_text("What share of the neurons of the last layer")).to_be_visible()
    slider = page.get_by_label("Threshold θ", exact=True)
    expect(slider).to_be_disabled()
    expect(page.get_by_text("This is shown when you have made your prediction.")).to_be_visible()
    assert "lesson=why-silent&step=1" in page.url
    assert not any(OUT in frame for frame in said)

    number = page.get_by_label("Your prediction in %")
    number.focus()
    page.keyboard.type("15")
    page.keyboard.press("Enter")
    press(page.locator(".st-key-lesson-keep button"))
    expect(page.get_by_text("It is 0 %; you said 15 %.")).to_be_visible()
    expect(page.get_by_text(OUT)).to_be_visible()
    assert any(OUT in frame for frame in said)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    press(page.locator(".st-key-lesson-next button"))
    pad = page.locator(".pad")
    expect(pad).to_be_visible()
    pad.focus()
    for _ in range(10):  # from the middle up, then down along the axis
        page.keyboard.press("ArrowUp")
    for place in range(40):
        page.keyboard.press("ArrowRight")
        if place < 12:
            page.keyboard.press("PageDown")
    expect(pad.locator("polyline")).to_have_attribute("points", _ends_at_right(41))
    page.wait_for_timeout(400)  # the curve is told a moment after the last key
    press(page.locator(".st-key-lesson-keep button"))
    expect(page.get_by_text("a curve that falls")).to_be_visible()
    expect(page.locator(".st-key-lesson .js-plotly-plot")).to_be_visible()

    page.reload()
    expect(page.get_by_text("a curve that falls")).to_be_visible()  # kept by the cookie
    press(page.locator(".st-key-lesson-next button"))
    expect(page.get_by_text("Below which threshold do spikes reach layer 99?")).to_be_visible()
    expect(page.get_by_label("Threshold θ", exact=True)).to_be_disabled()
    page.get_by_label("Your prediction").focus()
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    press(page.locator(".st-key-lesson-keep button"))
    slider = page.get_by_label("Threshold θ", exact=True)
    expect(slider).to_be_enabled()
    expect(page.get_by_label("Leak β", exact=True)).to_be_disabled()  # what the step locks stays so
    typed = page.get_by_label("Threshold θ, typed")
    typed.fill("0.4")
    typed.press("Enter")
    typed.blur()
    expect(page.get_by_text("It is 0.576; you said 0.5.")).to_be_visible()


def _ends_at_right(points: int) -> re.Pattern[str]:

    return re.compile(rf"{points - 1},\d+$")
