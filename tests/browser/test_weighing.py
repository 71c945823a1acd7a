"""The view Weigh on the real dashboard: runs come while one watches, the front's point is opened, lines are chosen."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.access import nothing_in_the_way
from tests.browser.drawing import press

pytestmark = pytest.mark.browser

TINY = (
    "data.train_samples=100&data.test_samples=50&data.steps=2&network.kind=mlp&network.depth=2&network.width=8"
    "&training.epochs=1&vary.1=neuron.threshold=0.5,1&vary.2=init=kaiming,glorot&vary.seeds=2"
)
PATIENCE = 120_000

AXES = """() => {
    const plot = document.querySelector("[data-chart=parallel] .plot");
    const {xaxis, yaxis} = plot._fullLayout, {left, top} = plot.getBoundingClientRect();
    const up = (y) => top + yaxis._offset + yaxis.c2p(y);
    return [left + xaxis._offset + xaxis.c2p(0), up(1), up(0)];
}"""
"""Of the first axis: where it is across, and its upper and lower end."""

LYING = """() => {
    const plot = document.querySelector("[data-chart=parallel] .plot.turned");
    const {xaxis, yaxis} = plot._fullLayout, {left, top} = plot.getBoundingClientRect();
    const across = (x) => left + xaxis._offset + xaxis.c2p(x);
    return [across(0.6), across(1.03), top + yaxis._offset + yaxis.c2p(0)];
}"""
"""Of the first of axes that lie: from where to where a finger moves, and how far down it is."""


def test_a_point_of_the_front_is_opened_and_edited(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/tradeoffs?{TINY}&view=weigh")
    expect(page.get_by_text("No run of this experiment is done yet")).to_be_visible()
    page.get_by_role("radio", name="Ask").click()
    ask(page)
    page.get_by_role("radio", name="Weigh").click()
    expect(page.get_by_text(re.compile(r"4 groups \(8 runs\)"))).to_be_visible(timeout=PATIENCE)
    front = page.locator("[data-chart=front] .plot")
    expect(page.locator("[data-chart=front] .scatterlayer .point").first).to_be_visible()
    for width in (390, 1280):
        nothing_in_the_way(page, width)

    front.focus()  # by keyboard: to the first point of the front
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Edit on the Design page")).to_be_visible()
    expect(page).to_have_url(re.compile(r"weigh\.point=[0-9a-f]+"))
    opened = page.get_by_role("heading", name=re.compile("On the front|Beaten by another"))
    expect(opened).to_have_count(1)
    page.reload()
    expect(opened).to_have_count(1)
    ring = page.locator("[data-chart=front] .legend").get_by_text("open below")
    expect(ring).to_have_count(1)
    press(page, "Close")
    expect(opened).to_have_count(0)
    expect(ring).to_have_count(0)  # drawn anew

    point = page.locator("[data-chart=front] .scatterlayer .trace").last.locator(".point").last
    point.evaluate("one => one.scrollIntoView({block: 'center', behavior: 'instant'})")  # not below the page's head
    box = point.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 30, y)
    page.mouse.move(x, y, steps=4)
    expect(page.locator("[data-chart=front] .hoverlayer .hovertext")).to_be_visible()  # what was set
    page.mouse.click(x, y, delay=100)  # as long as a finger's
    expect(page.get_by_role("heading", name="On the front")).to_have_count(1)
    expect(ring).to_have_count(1)
    other, option = page.get_by_role("combobox", name="Compare with"), page.get_by_role("option").first
    for _ in range(6):  # a list that is opened while the page is drawn anew closes again
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        other.focus()
        page.keyboard.press("ArrowDown")
        with suppress(AssertionError):
            expect(option).to_be_visible(timeout=5000)
            break
    option.click()
    page.get_by_role("button", name="Each seed, and more seeds").click()
    expect(page.get_by_role("radio", name="Compare")).to_be_checked()  # the view turns, too
    expect(page.get_by_role("heading", name=re.compile("^Test accuracy: "))).to_be_visible()
    page.get_by_role("radio", name="Weigh").click()
    page.get_by_role("button", name="Edit on the Design page").click()
    expect(page.get_by_text("Taken from Trade-offs.")).to_be_visible()


def ask(page: Page) -> None:
    """Queues the experiment's runs, unless an earlier test did, and waits until it is so."""
    train = page.get_by_role("button", name=re.compile("^(Train|All trained)"))
    expect(train).to_be_visible()
    if train.is_enabled():
        train.click()
    expect(page.get_by_role("button", name=re.compile("^(Training|All trained)"))).to_be_visible()


def weighed_lines(page: Page) -> Locator:
    """The parallel coordinates of the experiment, once its runs are done."""
    ask(page)
    page.get_by_role("radio", name="Weigh").click()
    expect(page.get_by_text(re.compile(r"4 groups \(8 runs\)"))).to_be_visible(timeout=PATIENCE)
    lines = page.locator("[data-chart=parallel]")
    expect(lines.locator(".scatterlayer .js-line").first).to_be_attached()
    lines.locator(".plot").scroll_into_view_if_needed()
    return lines


def test_a_box_over_an_axis_chooses_lines(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/tradeoffs?{TINY}")
    lines = weighed_lines(page)
    across, high, low = page.evaluate(AXES)
    page.mouse.move(across - 15, high - 8)
    page.mouse.down()
    page.mouse.move(across, high + 20, steps=3)
    page.mouse.move(across + 15, (high + low) / 2, steps=3)
    page.mouse.up()
    expect(lines.get_by_text("2 of 4 lines are inside the box.")).to_be_visible()
    lines.get_by_role("button", name="Keep all lines").click()
    expect(lines.get_by_role("button", name="Keep all lines")).to_be_hidden()


def test_on_a_phone_the_axes_lie_and_a_finger_along_one_chooses_lines(
    visit: Callable[..., Page], dashboard: str
) -> None:
    page = visit(
        f"{dashboard}/tradeoffs?{TINY}", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    lines = weighed_lines(page)
    view = lines.locator(".view")
    assert view.evaluate("view => view.scrollWidth <= view.clientWidth")
    begin, end, height = page.evaluate(LYING)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": begin, "y": height}]})
    for step in range(1, 7):
        place = {"x": begin + (end - begin) * step / 6, "y": height}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(lines.get_by_text("2 of 4 lines are inside the box.")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})  # turned round, they stand again, with the box
    expect(lines.locator(".plot:not(.turned) .scatterlayer .js-line").first).to_be_attached()
    expect(lines.get_by_text("2 of 4 lines are inside the box.")).to_be_visible()
    lines.get_by_role("button", name="Keep all lines").click()
    expect(lines.get_by_role("button", name="Keep all lines")).to_be_hidden()
