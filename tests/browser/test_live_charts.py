"""Charts in a real browser: drawn once, updated in place."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import APPS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab(stay: Callable[..., Page], scratch: str) -> Page:
    return stay(f"{scratch}/charts")


@pytest.fixture
def page(tab: Page) -> Page:
    """Fresh charts at step 0."""
    expect(tab.locator(".js-plotly-plot .nsewdrag").first).to_be_attached()
    tab.evaluate("document.querySelector('.snnviz-charts').dataset.old = 'yes'")
    tab.get_by_role("button", name="Begin again").click()
    expect(tab.locator("[data-old]")).to_have_count(0)
    expect(tab.locator(".js-plotly-plot .nsewdrag")).to_have_count(3)
    return tab


def plot(page: Page, name: str) -> Locator:
    return page.locator(f'[data-chart="{name}"] .plot')


def step(page: Page, n: int) -> None:
    page.get_by_role("button", name="Next step").click()
    expect(page.get_by_text(f"step {n}", exact=True)).to_be_visible()
    page.wait_for_function("(n) => document.querySelector('[data-chart=loss] .plot')._fullData?.[0].y[0] === n", arg=n)


def test_zoom_and_legend_survive_an_update(page: Page) -> None:
    page.evaluate("Plotly.relayout(document.querySelector('[data-chart=loss] .plot'), {'xaxis.range': [10, 30]})")
    page.locator('[data-chart="loss"] .legendtoggle').first.click()
    expect(page.locator('[data-chart="loss"] .scatterlayer .trace')).to_have_count(1)
    plot(page, "loss").evaluate("(node) => { node.mark = 'same element' }")
    step(page, 1)
    assert plot(page, "loss").evaluate("(node) => node._fullLayout.xaxis.range") == [10, 30]
    assert plot(page, "loss").evaluate("(node) => node.mark") == "same element"
    expect(page.locator('[data-chart="loss"] .scatterlayer .trace')).to_have_count(1)


def test_a_zoom_by_mouse_survives_an_update(page: Page) -> None:
    box = page.locator('[data-chart="loss"] .nsewdrag').bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 140, steps=4)
    page.mouse.up()
    zoomed = plot(page, "loss").evaluate("(node) => node._fullLayout.xaxis.range")
    assert zoomed[0] > 5
    step(page, 1)
    assert plot(page, "loss").evaluate("(node) => node._fullLayout.xaxis.range") == zoomed


def test_an_unchanged_chart_is_left_alone(page: Page) -> None:
    page.evaluate("""() => {
        window.drawn = [];
        for (const node of document.querySelectorAll(".js-plotly-plot")) {
            node.on("plotly_afterplot", () => window.drawn.push(node.closest("figure").dataset.chart));
        }
    }""")
    step(page, 1)
    page.wait_for_function("window.drawn.includes('heat')")
    assert "still" not in page.evaluate("window.drawn")


def test_charts_appear_in_order_and_disappear(page: Page) -> None:
    step(page, 1)
    step(page, 2)
    expect(page.locator(".js-plotly-plot")).to_have_count(4)
    order = "(all) => all.map((figure) => figure.dataset.chart)"
    assert page.locator("[data-chart]").evaluate_all(order) == ["loss", "late", "still", "heat"]
    page.get_by_role("button", name="Fewer").click()
    expect(page.locator("[data-chart]")).to_have_count(3)


def test_the_page_does_not_jump(page: Page) -> None:
    heights = "(all) => all.map((figure) => figure.getBoundingClientRect().height)"
    before = page.locator("[data-chart]").evaluate_all(heights)
    step(page, 1)
    assert page.locator("[data-chart]").evaluate_all(heights) == before
    assert plot(page, "loss").evaluate("(node) => node.getBoundingClientRect().height") == 300


def test_a_chart_has_a_name_and_says_its_numbers(page: Page) -> None:
    chart = page.get_by_role("application", name="Loss", exact=True)
    expect(chart).to_have_accessible_description(
        "loss over epoch, 0 to 99. train 1: first 0, last 99, lowest 0, highest 99. "
        "train 2: first 0, last 198, lowest 0, highest 198. Arrow keys move from point to point."
    )
    step(page, 1)
    expect(chart).to_have_accessible_description(re.compile("train 2: first 1, last 199"))
    expect(page.get_by_role("application", name="Var[u]")).to_have_accessible_description(
        re.compile(r"Map of 8 rows by 30 columns; lowest 0 at 1, 6, highest 6 at 1, 5")
    )


def test_the_arrow_keys_move_between_points_that_are_spoken(page: Page) -> None:
    chart, spoken = page.get_by_role("application", name="Loss", exact=True), page.locator(".snnviz-charts .spoken")
    chart.focus()
    for key, said in (
        ("ArrowRight", "train 1, epoch 0: 0"),
        ("ArrowRight", "train 1, epoch 1: 1"),
        ("ArrowDown", "train 2, epoch 1: 2"),
        ("End", "train 2, epoch 99: 198"),
        ("PageUp", "train 2, epoch 89: 178"),
        ("ArrowLeft", "train 2, epoch 88: 176"),
    ):
        page.keyboard.press(key)
        expect(spoken).to_have_text(said)
    expect(plot(page, "loss").locator(".hoverlayer .hovertext")).to_have_count(1)  # for who sees it, too
    page.keyboard.press("Escape")
    expect(plot(page, "loss").locator(".hoverlayer .hovertext")).to_have_count(0)
    page.get_by_role("application", name="Var[u]").focus()
    for key, said in (("ArrowRight", "0, 0: 0"), ("ArrowDown", "1, 0: 0"), ("ArrowRight", "1, 1: 1")):
        page.keyboard.press(key)
        expect(spoken).to_have_text(said)


def test_a_chart_is_two_stops_of_the_tab_key(page: Page) -> None:
    stops = """(figure) => [...figure.querySelectorAll("*")]
        .filter((node) => node.tabIndex >= 0 && node.checkVisibility()).length"""
    assert page.locator('[data-chart="loss"]').evaluate(stops) == 2
    page.get_by_role("button", name="Tools of the chart Loss").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("application", name="Loss", exact=True)).to_be_focused()


def test_the_tools_are_a_menu_for_the_keyboard(page: Page) -> None:
    button = page.get_by_role("button", name="Tools of the chart Loss")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitemcheckbox", name="Table")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Whole chart")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("menu")).to_have_count(0)
    button.click()
    page.get_by_role("menuitem", name="Zoom in").click()
    reach = "(node) => node._fullLayout.xaxis.range[1] - node._fullLayout.xaxis.range[0]"
    page.wait_for_function(f"(({reach})(document.querySelector('[data-chart=loss] .plot'))) < 80")
    step(page, 1)
    assert plot(page, "loss").evaluate(reach) < 80
    button.click()
    page.get_by_role("menuitem", name="Whole chart").click()
    page.wait_for_function(f"(({reach})(document.querySelector('[data-chart=loss] .plot'))) > 95")
    button.click()
    page.locator("h3").first.click()
    expect(page.get_by_role("menu")).to_have_count(0)


def test_a_chart_is_a_table_too(page: Page) -> None:
    page.get_by_role("button", name="Tools of the chart Loss").click()
    page.get_by_role("menuitemcheckbox", name="Table").click()
    table = page.get_by_role("region", name="Loss, as a table")
    expect(table).to_be_focused()
    expect(plot(page, "loss")).to_be_hidden()
    expect(table.get_by_role("row")).to_have_count(101)
    assert table.get_by_role("row").nth(0).all_inner_texts() == ["epoch\ttrain 1\ttrain 2"]
    assert table.get_by_role("row").nth(4).all_inner_texts() == ["3\t3\t6"]
    assert table.evaluate("(node) => node.clientHeight") == 300
    page.get_by_role("button", name="Next step").click()
    expect(table.get_by_role("row").nth(4)).to_have_text("347")
    page.get_by_role("button", name="Tools of the chart Loss").click()
    page.get_by_role("menuitemcheckbox", name="Table").click()
    expect(plot(page, "loss")).to_be_visible()


def test_colours_follow_a_switch_to_dark(page: Page) -> None:
    paper = "(node) => node._fullLayout.paper_bgcolor"
    light = plot(page, "loss").evaluate(paper)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "(light) => document.querySelector('[data-chart=loss] .plot')._fullLayout.paper_bgcolor !== light", arg=light
    )
    expect(page.locator('[data-chart="loss"] .xtick text').first).to_have_css("fill", re.compile(r"rgb\(2\d\d"))
    page.emulate_media(color_scheme="light")


def test_charts_follow_the_width(page: Page) -> None:
    page.set_viewport_size({"width": 500, "height": 800})
    page.wait_for_function("document.querySelector('[data-chart=loss] .plot')._fullLayout.width < 460")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_chart_can_be_downloaded(page: Page) -> None:
    beginnings = {
        "Picture (PNG)": b"\x89PNG",
        "Picture (SVG)": b"<svg",
        "Numbers (CSV)": b"epoch,train 1,train 2\n0,0,0\n1,1,2",
    }
    for item, beginning in beginnings.items():
        page.get_by_role("button", name="Tools of the chart Loss").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=item).click()
        assert download.value.suggested_filename == f"snnviz-loss.{item[-4:-1].lower()}"
        assert Path(download.value.path()).read_bytes().startswith(beginning)


def test_nothing_lies_over_a_chart(page: Page) -> None:
    plot(page, "loss").hover()
    expect(page.locator(".modebar-btn")).to_have_count(0)  # over the legend; one of them sends the chart away


def test_until_plotly_is_here_there_is_a_skeleton(visit: Callable[..., Page], scratch: str) -> None:
    page = visit("about:blank", color_scheme="light")
    page.route("**/plotly.min.js*", lambda _: None)  # never answered
    page.goto(f"{scratch}/charts")
    expect(page.locator(".plot.waiting")).to_have_count(3)
    assert page.locator(".plot.waiting").first.evaluate("(node) => node.clientHeight") == 300


def test_what_fails_is_a_sentence_and_can_be_mended(browser: Browser, scratch: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{scratch}/broken")
        expect(page.get_by_role("alert").filter(has_text="could not be loaded")).to_be_visible()
        page.get_by_role("button", name="Mend").click()
        expect(page.locator('[data-chart="fine"] .js-plotly-plot')).to_be_visible()
        expect(plot(page, "bad")).to_have_text("This chart could not be drawn: it has no traces.")
        expect(page.get_by_role("alert").filter(has_text="could not be loaded")).to_have_count(0)


def test_plotly_is_served_to_be_kept(scratch: str) -> None:
    from snnviz.ui.server.routes import plotly_url

    request = urllib.request.Request(scratch + plotly_url(), headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.read()) < 2_000_000
    with urllib.request.urlopen(f"{scratch}/assets/plotly.min.js?v=other") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


def test_below_a_base_path_the_charts_still_find_plotly(visit: Callable[..., Page], serve: Callable[..., str]) -> None:
    page = visit(serve(APPS / "launch.py", base="/snn") + "/charts")
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
