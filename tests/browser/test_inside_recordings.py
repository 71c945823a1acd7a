"""Look inside a network of an event camera: a recording is chosen, played, and a neuron chosen by its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from snnviz.design import links
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from tests.browser.access import nothing_in_the_way
from tests.browser.test_inside import PATIENCE, figures_say_their_numbers

pytestmark = pytest.mark.browser

RECORDED = (
    "data.name=digits-saccades&data.train_samples=200&data.test_samples=40&data.steps=4&network.edges=002/000/000"
    "&network.channels=4&neuron.threshold=0.5&training.epochs=1&training.learning_rate=0.01"
)

WATCH = """(figure) => {
  const [words, seen] = [figure.querySelector(".cursor output"), figure.querySelector(".cursor canvas")];
  window.played = [];
  new MutationObserver(() => window.played.push([words.textContent, seen.ariaLabel, seen.toDataURL()]))
    .observe(seen, { attributes: true, attributeFilter: ["aria-label"] });
}"""


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_recording_is_chosen_and_played(
    visit: Callable[..., Page], place: tuple[str, Store], width: int, scheme: Literal["light", "dark"]
) -> None:
    url, store = place
    run = Immediate(store).submit(links.from_query(RECORDED)).run
    page = visit(
        f"{url}/inside?look.run={run}", viewport={"width": width, "height": 844}, color_scheme=scheme, has_touch=True
    )
    rasters = page.locator("[data-chart=inside_rasters]")
    expect(rasters.locator(".heatmaplayer image")).to_have_count(3, timeout=PATIENCE)
    expect(page.get_by_text(re.compile("^A click looks at a recording"))).to_be_visible(timeout=PATIENCE)

    chosen = page.locator(".pictures button").nth(3)
    number = (chosen.get_by_role("img").get_attribute("aria-label") or "").split(",")[0].removeprefix("Test recording ")
    assert number.isdecimal()
    chosen.click()
    expect(page).to_have_url(re.compile(rf"look\.image={number}(&|$)"), timeout=PATIENCE)
    expect(page.locator(".pictures button[aria-pressed=true] canvas")).to_have_attribute(
        "aria-label", re.compile(f"^Test recording {number},"), timeout=PATIENCE
    )

    seen = rasters.locator(".cursor canvas")
    expect(seen).to_have_attribute("aria-label", re.compile("^The input, step 4: mean "))
    rasters.evaluate(WATCH)
    player = rasters.get_by_role("button", name="Play: Time step")
    player.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.played.length >= 4")
    expect(player).to_be_visible()
    played = page.evaluate("window.played")
    assert [words.partition(":")[0] for words, _, _ in played] == [f"After step {step}" for step in (1, 2, 3, 4)]
    assert [alt.partition(":")[0] for _, alt, _ in played] == [f"The input, step {step}" for step in (1, 2, 3, 4)]
    assert len({pixels for _, _, pixels in played}) == 4, "what the camera saw is another picture at each step"
    rasters.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(seen).to_have_attribute("aria-label", re.compile("^The input, step 3: mean "))

    page.get_by_text("Feature maps, weights and the input").click()
    expect(page.get_by_role("img", name=re.compile("^The input, step [1-4]: "))).to_have_count(5)  # one at the cursor
    expect(page.get_by_text(re.compile("Blue: events of pixels that became brighter"))).to_be_visible()
    assert figures_say_their_numbers(page) == {"inside_rasters"}
    nothing_in_the_way(page, width)


def test_a_neuron_is_chosen_by_keyboard_and_a_wrong_place_is_a_sentence(
    visit: Callable[..., Page], place: tuple[str, Store]
) -> None:
    url, store = place
    run = Immediate(store).submit(links.from_query(RECORDED)).run
    page = visit(f"{url}/inside?look.run={run}", viewport={"width": 390, "height": 844})
    expect(page.locator("[data-chart=inside_rasters] .heatmaplayer image")).to_have_count(3, timeout=PATIENCE)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
    channel = page.get_by_label("Channel", exact=True)
    channel.fill("3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"look\.focus=stem(\+|%20){3 * 14 * 14}(&|$)"), timeout=PATIENCE)
    neuron = page.locator("figure[data-chart=inside_neuron_0]")
    expect(neuron.get_by_text("stem, channel 3, row 0, column 0")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("Column", exact=True).fill("14")
    page.keyboard.press("Enter")
    expect(page.get_by_text("column must be from 0 to 13 in stem, got 14.")).to_be_visible(timeout=PATIENCE)
    expect(neuron).to_be_visible()
    page.get_by_label("Column", exact=True).fill("13")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("figure[data-chart=inside_neuron_1]")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("column must be from")).to_have_count(0)
    nothing_in_the_way(page, 390)
    assert "inside_neuron_1" in figures_say_their_numbers(page)
