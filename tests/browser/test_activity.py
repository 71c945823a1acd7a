"""The activity page in a real browser: figures that follow the hand, and a link that is the figure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import turn_to
from tests.waiting import until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab(stay: Callable[..., Page], dashboard: str) -> Page:
    """The activity page as a link opens it; few initialisations, so that a busy machine is quick enough."""
    page = stay(f"{dashboard}/activity?inits=variance-preserving,kaiming&layers=40&width=300")
    points(page)
    return page


def slider(page: Page, label: str) -> Locator:
    return page.get_by_role("slider", name=label, exact=True)


def points(page: Page) -> list[Any]:
    """The figures as they are drawn."""
    charts = page.locator("[data-chart=var_u] .js-plotly-plot, [data-chart=spikes] .js-plotly-plot")
    expect(charts).to_have_count(2)
    found: list[Any] = charts.evaluate_all("(plots) => plots.map((plot) => plot.data)")
    return found


def changed(page: Page, before: list[Any]) -> list[Any]:
    until(lambda: points(page) != before)
    return points(page)


def still(page: Page) -> list[Any]:
    """The figures once nothing changes any more."""
    seen: list[list[Any]] = [[], []]

    def quiet() -> bool:
        page.wait_for_timeout(400)
        seen[0], seen[1] = seen[1], points(page)
        return seen[0] == seen[1]

    until(quiet)
    return seen[1]


def test_the_figures_follow_a_slider_while_it_is_dragged(tab: Page) -> None:
    before = still(tab)
    tab.locator("[data-chart=var_u] .js-plotly-plot").evaluate("(plot) => { plot.dataset.mark = 'same' }")
    box = slider(tab, "Threshold θ").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.27, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    for step in range(8):
        tab.mouse.move(x - 3 * step, y)
        tab.wait_for_timeout(30)
    during = changed(tab, before)  # the button is still down
    tab.mouse.move(x - 60, y)
    changed(tab, during)
    tab.mouse.up()
    tab.wait_for_url(re.compile(r"threshold=0\.\d"))
    assert tab.locator("[data-mark=same]").count() == 1  # the chart is the one that was there, with its zoom


def test_the_keyboard_and_typing_move_a_slider_and_a_double_click_sets_it_back(tab: Page) -> None:
    threshold = slider(tab, "Threshold θ")
    typed = tab.get_by_label("Threshold θ, typed")
    typed.fill("0.8")
    typed.press("Enter")
    tab.wait_for_url(re.compile("threshold=0.8(&|$)"))
    before = still(tab)
    threshold.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_url(re.compile(r"threshold=0\.81"))
    expect(threshold).to_have_attribute("aria-valuetext", "0.81")
    changed(tab, before)
    typed.fill("high")
    typed.press("Enter")
    expect(typed).to_have_value("0.81")  # what is no number changes nothing
    typed.fill("99")
    typed.press("Enter")
    tab.wait_for_url(re.compile("threshold=4"))  # the nearest that there is
    threshold.dblclick()
    tab.wait_for_url(lambda url: "threshold" not in url)
    expect(typed).to_have_value("1")


def test_what_is_being_typed_is_not_overwritten_by_an_answer(tab: Page) -> None:
    leak = tab.get_by_label("Leak β, typed")
    before = still(tab)
    slider(tab, "Threshold θ").focus()
    tab.keyboard.press("ArrowLeft")
    leak.fill("0.7")  # the answer to the arrow arrives while this is not yet confirmed
    changed(tab, before)
    expect(leak).to_have_value("0.7")
    leak.press("Enter")
    tab.wait_for_url(re.compile("beta=0.7"))
    slider(tab, "Leak β").dblclick()
    slider(tab, "Threshold θ").dblclick()
    tab.wait_for_url(lambda url: "beta" not in url and "threshold" not in url)


def test_the_address_gives_another_visitor_the_same_figure(tab: Page, visit: Callable[..., Page]) -> None:
    tab.get_by_text("Numbers of the initialisations").click()
    gain = tab.get_by_label("kaiming: gain, typed")
    gain.fill("5")
    gain.press("Enter")
    tab.get_by_role("button", name="fresh").or_(tab.get_by_role("radio", name="fresh")).first.click()
    tab.wait_for_url(re.compile("input=fresh"))
    assert "inits=variance-preserving,kaiming:gain=5" in tab.url
    mine = still(tab)
    other = visit(tab.url, color_scheme="dark")
    until(lambda: json.dumps(points(other)) == json.dumps(mine))
    expect(slider(other, "kaiming: gain")).to_have_attribute("aria-valuetext", "5")
    expect(other.get_by_test_id("stAlert")).to_have_count(0)


def test_a_point_of_the_survival_map_can_be_picked(tab: Page) -> None:
    tab.get_by_role("tab", name="Why does it die?").click()
    points_of_map = tab.locator("[data-chart=survival] .js-plotly-plot .scatterlayer .trace:has(.textpoint) .point")
    expect(points_of_map).to_have_count(2)
    menu = tab.get_by_role("combobox", name="Shown below")
    expect(menu.or_(tab.get_by_test_id("stSelectbox").first).first).to_be_visible()
    expect(tab.locator("[data-chart=cobweb] h3")).to_contain_text("variance preserving")
    points_of_map.nth(1).scroll_into_view_if_needed()
    box = points_of_map.nth(1).bounding_box()
    assert box is not None
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    tab.wait_for_timeout(300)  # Plotly clicks what it hovers
    tab.mouse.down()
    tab.mouse.up()
    expect(tab.locator("[data-chart=cobweb] h3")).to_contain_text("kaiming")


def test_a_drawn_design_is_there_again_after_a_look_at_its_activity(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{dashboard}/design")
    cell = page.locator('td[data-i="0"][data-j="3"]')
    cell.click()
    page.wait_for_url(re.compile("network.edges="))
    drawn = page.url
    turn_to(page, "Activity")
    points(page)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert "network" not in page.url
    page.get_by_role("button", name="Load from Design").click()
    page.wait_for_url(re.compile("width=144"))  # 3 x 3 x 16 inputs
    turn_to(page, "Design")
    expect(cell).to_have_attribute("data-kind", "1")
    page.wait_for_url(drawn)
    page.get_by_role("button", name="See its activity").click()
    page.wait_for_url(re.compile("/activity.*width=144"))
    page.get_by_role("button", name="Send to Design").click()
    expect(cell).to_have_attribute("data-kind", "1")
    page.wait_for_url(drawn)
