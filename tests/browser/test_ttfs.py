"""The TTFS page on the real dashboard: a slider through time that asks nobody, and a spike that is clicked."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.store import Store

pytestmark = pytest.mark.browser

PATIENCE = 60_000
LINE = "plot => { const s = plot.layout.shapes; return [s.at(-1).x0, s.at(-2).x0, s.at(-1).x1]; }"


def test_one_image_in_time(visit: Callable[..., Page], place: tuple[str, Store]) -> None:
    page = visit(f"{place[0]}/ttfs?network.kind=mlp&network.depth=2&network.width=12&view=time")
    chart = page.locator("[data-chart=ttfs_time]")
    plot = chart.locator(".js-plotly-plot")
    expect(plot.locator(".scatterlayer .trace").first).to_be_attached(timeout=PATIENCE)
    words, slider = chart.locator("output"), chart.get_by_role("slider", name="Time in τ_c")
    expect(words).to_contain_text("the logits are read")
    slider.fill("60")
    expect(words).to_contain_text(re.compile(r"t = [\d.]+ τ_c · "))
    expect(words).not_to_contain_text("the logits are read")
    end = plot.evaluate("plot => plot.layout.xaxis.range[1] / 1.015")
    page.wait_for_function(
        "([plot, at]) => Math.abs(plot.layout.shapes.at(-1).x0 - at) < 0.01", arg=[plot.element_handle(), end / 4]
    )
    assert len(set(plot.evaluate(LINE))) == 1
    slider.press("ArrowRight")
    expect(slider).to_have_value("61")

    plot.scroll_into_view_if_needed()
    marks = plot.locator(".scatterlayer .trace").nth(1).locator(".points path")
    box = marks.first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    page.wait_for_timeout(300)  # Plotly clicks what it hovers
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(re.compile(r"study.neurons=\d+"))
    expect(page.get_by_role("textbox", name="Neurons")).to_have_value(re.compile(r"^\d+$"))
    expect(slider).to_have_value("61")  # the place in time stays


def test_a_choice_follows_what_is_offered(visit: Callable[..., Page], place: tuple[str, Store]) -> None:
    """The menu of layers names their sizes: it must not say, nor send, a size that is no longer there."""
    page = visit(f"{place[0]}/ttfs?network.kind=mlp&network.depth=2&network.width=12")
    layer = page.get_by_role("combobox", name=re.compile("Hidden layer$"))
    width = page.get_by_role("spinbutton", name="Neurons a layer")
    layer.click(timeout=PATIENCE)
    page.get_by_role("option", name="L2 (12 neurons)").click()
    page.wait_for_url(re.compile("study.layer=2"))
    for neurons in (20, 30):
        width.fill(str(neurons))
        width.press("Enter")
        expect(layer).to_have_value(f"L2 ({neurons} neurons)")
    expect(page.get_by_text("must be a whole number")).to_have_count(0)
