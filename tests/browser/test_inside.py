"""Look inside on the real dashboard: trained, pressed, drawn for, a skip silenced, compared with the untrained one."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from snnviz.design import links
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from tests.browser.access import nothing_in_the_way
from tests.browser.drawing import press

pytestmark = pytest.mark.browser

TINY = (
    "data.train_samples=400&data.test_samples=60&data.steps=4&network.edges=002/000/000&network.channels=4"
    "&neuron.threshold=0.5&training.epochs=2&training.learning_rate=0.01"
)
PATIENCE = 90_000


def figures_say_their_numbers(page: Page) -> set[str]:
    """Each figure has its numbers in words, for who cannot see it, and each picture too; the figures' names."""
    charts = page.locator("figure[data-chart]")
    told = charts.evaluate_all(
        "(all) => all.map((one) => [one.dataset.chart, one.querySelector('.unseen').textContent])"
    )
    pictures = page.locator(".pictures canvas").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('aria-label'))"
    )
    for name, words in (*told, *(("picture", words) for words in pictures)):
        assert re.search(r"\d", words), (name, words)
        assert not re.search(r"NaN|undefined|null|Infinity|\[object", words), (name, words)
    return {name for name, _ in told}


def test_a_network_is_trained_looked_into_drawn_for_and_compared(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/design?{TINY}")
    press(page, "Train")
    expect(page.get_by_role("button", name="Show the trained result")).to_be_visible(timeout=PATIENCE)
    press(page, "Look inside")
    rasters = page.locator("[data-chart=inside_rasters] .heatmaplayer image")
    expect(rasters).to_have_count(3, timeout=PATIENCE)
    expect(page.get_by_text("Page 1 of 3.")).to_be_visible(timeout=PATIENCE)
    for width in (390, 1280):
        nothing_in_the_way(page, width)

    slider = page.locator("[data-chart=inside_rasters]").get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text(re.compile("After step 3: answer"))).to_be_visible()
    seen = page.locator("[data-chart=inside_rasters] .cursor canvas")
    expect(seen).to_have_attribute("aria-label", re.compile("^The input, every step: mean "))
    assert seen.evaluate("(one) => [one.width, one.height]") == [8, 8]
    assert page.locator("[data-chart=inside_rasters] .problem").count() == 0

    page.get_by_role("radio", name="Draw one").click()
    canvas = page.get_by_role("img", name=re.compile("A picture to draw"))
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    for k, (x, y) in enumerate(((0.25, 0.2), (0.75, 0.2), (0.45, 0.85))):  # a seven
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if k == 0:
            page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"look.drawn=1x8x8"), timeout=PATIENCE)
    expect(rasters).to_have_count(3)

    page.get_by_text("What if ... a layer were silent").click()
    skip = page.get_by_role("option", name=re.compile("ASC|DSC")).first
    for _ in range(6):  # a list that is opened while the page is drawn anew closes again
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
        page.get_by_role("combobox", name="Silence a skip").click()
        with suppress(AssertionError):
            expect(skip).to_be_visible(timeout=5000)
            break
    skip.click()
    expect(page).to_have_url(re.compile(r"look.muted=L\d"), timeout=PATIENCE)
    expect(page.get_by_text("What if ...: 1 changed")).to_be_visible(timeout=PATIENCE)
    page.get_by_text("Feature maps, weights and the input").click()
    maps = page.get_by_role("img", name=re.compile(r"^L2, channel 3: [\d,]+ spikes, mean "))
    expect(maps).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save L2 as SVG").click()
    drawn = saved.value.path().read_text()
    assert drawn.count("<image ") == 4
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save Input as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    assert figures_say_their_numbers(page) == {"inside_rasters"}

    page.emulate_media(color_scheme="dark")
    page.get_by_role("radio", name="Compare").click()
    expect(page.locator("[data-chart=inside_difference] .heatmaplayer image")).to_have_count(3, timeout=PATIENCE)
    assert "inside_difference" in figures_say_their_numbers(page)
    nothing_in_the_way(page, 390)
    page.get_by_role("radio", name="All test images").click()
    expect(page.locator("[data-chart=inside_confusion] .heatmaplayer image")).to_have_count(1, timeout=PATIENCE)
    expect(page.locator("[data-chart=inside_intervals] .js-plotly-plot")).to_have_count(1, timeout=PATIENCE)
    assert len(figures_say_their_numbers(page)) == 7


def test_the_evidence_of_a_sick_network_is_as_wide_as_a_phone(
    visit: Callable[..., Page], place: tuple[str, Store]
) -> None:
    url, store = place
    sick = links.change(links.from_query(TINY), {"neuron.threshold": 10.0})
    run = Immediate(store).submit(sick).run
    page = visit(f"{url}/inside?look.run={run}&view=why", viewport={"width": 390, "height": 844})
    evidence = page.get_by_text("Evidence", exact=True)
    expect(evidence.first).to_be_visible(timeout=PATIENCE)
    for one in evidence.all():
        one.click()
    plots = page.locator("figure[data-chart] .js-plotly-plot")
    expect(plots).to_have_count(evidence.count(), timeout=PATIENCE)
    widths = "(all) => all.map((one) => [one.scrollWidth, one.clientWidth])"
    sizes = page.locator("figure[data-chart] .view").evaluate_all(widths)
    assert all(inside <= seen for inside, seen in sizes), sizes


def test_a_cell_of_what_is_confused_shows_the_images_that_the_changed_network_reads_so(
    visit: Callable[..., Page], place: tuple[str, Store]
) -> None:
    url, store = place
    run = Immediate(store).submit(links.from_query(TINY)).run
    page = visit(f"{url}/inside?look.run={run}&look.threshold=1.5&view=many")
    chart = page.locator("[data-chart=inside_confusion]")
    cells = chart.locator(".heatmaplayer image")
    expect(cells).to_have_count(1, timeout=PATIENCE)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
    table = chart.locator(".js-plotly-plot").evaluate("(plot) => plot.data[0].customdata")
    most, (true, given) = max(
        (int(count), tuple(map(int, where.split(" "))))
        for row in table
        for count, where in row
        if len(set(where.split(" "))) == 2
    )
    assert most
    chart.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * (given + 0.5) / 10, box["y"] + box["height"] * (true + 0.5) / 10)
    expect(page.get_by_role("button", name=f"True {true}, answer {given}")).to_be_visible(timeout=PATIENCE)
    images = page.locator(".pictures button canvas")
    expect(images).to_have_count(min(most, 24), timeout=PATIENCE)
    for label in images.evaluate_all("(all) => all.map((one) => one.getAttribute('aria-label'))"):
        assert label.endswith(f", {true}, read as {given}")
    expect(page.get_by_text("As the changed network read them.")).to_be_visible()


def test_a_picture_of_40_mb_is_a_sentence(visit: Callable[..., Page], place: tuple[str, Store], tmp_path: Path) -> None:
    url, store = place
    run = Immediate(store).submit(links.from_query(TINY)).run
    page = visit(f"{url}/inside?look.run={run}")
    expect(page.locator("[data-chart=inside_rasters] .heatmaplayer image")).to_have_count(3, timeout=PATIENCE)
    page.get_by_role("radio", name="Your own").click()
    large = tmp_path / "large.png"
    large.write_bytes(bytes(40_000_000))
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(large)
    words = page.get_by_text("File must be 12.0MB or smaller.")
    expect(words).to_be_visible(timeout=PATIENCE)
    box = words.bounding_box()
    assert box is not None
    assert box["width"] > 100, "not only for screen readers"


MOVED = """
window.moved = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize(("width", "view"), [(390, "time"), (390, "compare"), (1280, "many")])
def test_it_hardly_moves_while_it_arrives(
    visit: Callable[..., Page], place: tuple[str, Store], width: int, view: str
) -> None:
    url, store = place
    run = Immediate(store).submit(links.from_query(TINY)).run
    page = visit("about:blank", viewport={"width": width, "height": 844})
    page.add_init_script(MOVED)
    page.goto(f"{url}/inside?look.run={run}&view={view}")
    expect(page.locator("figure[data-chart] .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
    page.wait_for_timeout(1000)
    assert page.evaluate("window.moved") < 0.15
