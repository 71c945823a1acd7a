"""The first page on the real dashboard: the neuron is taken in hand, words explain themselves, old links lead on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.views import glossary
from tests.browser.conftest import turn_to

pytestmark = pytest.mark.browser

PICTURE = "canvas => canvas.toDataURL()"


@pytest.fixture(scope="module")
def home(stay: Callable[..., Page], dashboard: str) -> Page:
    page = stay(dashboard, reduced_motion="reduce")
    expect(page.get_by_text("Is one spike enough?")).to_be_visible()
    return page


def says(page: Page, words: str) -> None:
    """Waits until the sentence below the neuron says so; it changes when the hand rests."""
    expect(page.locator(".neuron .sentence")).to_contain_text(words)


def test_the_neuron_follows_the_keyboard_and_the_hand_and_asks_the_server_nothing(home: Page) -> None:
    asked: list[str] = []
    home.on("request", lambda request: asked.append(request.url))
    says(home, "spikes about every")
    threshold = home.get_by_role("slider", name="Threshold")
    threshold.focus()
    home.keyboard.press("End")
    says(home, "never rises above")
    threshold.fill("0.5")
    says(home, "spikes about every")
    home.get_by_role("slider", name="Current").fill("0")
    says(home, "Nothing flows in")
    home.get_by_role("slider", name="Current").fill("0.3")
    home.locator(".neuron .pattern").get_by_text("pulses").click()
    traces = home.locator(".neuron .traces")
    before = traces.evaluate(PICTURE)
    place = traces.bounding_box()
    assert place is not None
    line = threshold.evaluate(
        """(rail) => {
          const canvas = rail.getRootNode().querySelector(".traces");
          for (let y = 0; y < canvas.clientHeight; y++) {
            const event = { clientY: canvas.getBoundingClientRect().top + y, clientX: 300, pointerType: "mouse" };
            canvas.dispatchEvent(new PointerEvent("pointermove", event));
            if (canvas.classList.contains("grab")) return y;
          }
        }"""
    )
    value = float(threshold.input_value())
    home.mouse.move(place["x"] + 300, place["y"] + line + 5)
    home.mouse.down()
    home.mouse.move(place["x"] + 300, place["y"] + line - 25, steps=3)
    home.mouse.up()
    assert float(threshold.input_value()) > value
    assert traces.evaluate(PICTURE) != before
    assert asked == []


def test_who_wants_less_motion_has_a_still_picture_and_a_step(home: Page) -> None:
    traces = home.locator(".neuron .traces")
    expect(home.get_by_role("button", name="Play", exact=True)).to_be_visible()
    still = traces.evaluate(PICTURE)
    home.wait_for_timeout(400)
    assert traces.evaluate(PICTURE) == still
    home.get_by_role("button", name="One step").click()
    assert traces.evaluate(PICTURE) != still
    home.get_by_role("button", name="Play", exact=True).click()
    now = traces.evaluate(PICTURE)
    home.wait_for_timeout(400)
    assert traces.evaluate(PICTURE) != now
    home.get_by_role("button", name="Pause", exact=True).click()


def test_a_word_says_what_it_means_on_hover_on_a_press_and_by_the_keyboard(home: Page) -> None:
    words = home.locator("a[href^='#word-']")
    anchors = [word.get_attribute("href") for word in words.all()]
    assert len(anchors) == len(set(anchors)) >= 2
    word, meaning = home.locator("a[href='#word-spike']"), home.get_by_role("tooltip")
    word.hover()
    expect(meaning).to_contain_text(glossary.meaning("spike"))
    home.keyboard.press("Escape")
    expect(meaning).to_have_count(0)
    address = home.url
    word.click()
    expect(meaning).to_contain_text(glossary.meaning("spike"))
    assert home.url == address
    home.locator("h2").first.click()
    expect(meaning).to_have_count(0)
    word.focus()
    expect(meaning).to_contain_text(glossary.meaning("spike"))
    expect(word).to_have_attribute("aria-describedby", "word-meaning")
    word.blur()


def test_an_old_link_is_at_the_design_page_before_anything_is_painted(
    dashboard: str, visit: Callable[..., Page]
) -> None:
    page = visit("about:blank")
    answers: list[tuple[int, str]] = []
    page.on("response", lambda answer: answers.append((answer.status, answer.url)))
    page.goto(f"{dashboard}/?neuron.threshold=0.8&seed=3", wait_until="commit")
    assert answers[:2] == [
        (307, f"{dashboard}/?neuron.threshold=0.8&seed=3"),
        (200, f"{dashboard}/design?neuron.threshold=0.8&seed=3"),
    ]
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{dashboard}/design?neuron.threshold=0.8&seed=3")


def test_a_card_opens_its_page_and_back_leads_home(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(dashboard)
    card = page.get_by_role("link", name=re.compile("Is one spike enough"))
    expect(card).to_have_attribute("href", "ttfs?view=time")
    card.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="TTFS", exact=True)).to_be_visible()
    expect(page.get_by_role("radio", name="In time", exact=True)).to_be_checked()
    menu = page.get_by_test_id("stTopNav").get_by_role("button", name="Questions")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="TTFS")).to_have_attribute("aria-current", "page")
    page.keyboard.press("Escape")
    turn_to(page, "Home")
    expect(page.get_by_text("Is one spike enough?")).to_be_visible()
    main = page.get_by_test_id("stMain")
    main.evaluate("(one) => one.scrollTo(0, 600)")
    turn_to(page, "TTFS")
    expect(page.get_by_role("radio", name="In time", exact=True)).to_be_visible()
    assert main.evaluate("(one) => one.scrollTop") == 0
