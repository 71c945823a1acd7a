"""The Shortcuts page on the real dashboard: compare a tiny design, see the gradients, before training too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.access import nothing_in_the_way
from tests.browser.drawing import press

pytestmark = pytest.mark.browser

TINY = (
    "network.kind=mlp&network.depth=4&network.width=8&data.train_samples=100&data.test_samples=50&data.steps=2"
    "&training.epochs=2&training.shortcut.schedule.kind=linear&study.seeds=1&study.deepest=6"
)
PATIENCE = 60_000


def test_a_design_is_compared_and_its_gradients_are_seen(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/shortcuts?{TINY}")
    expect(page.get_by_text("training only")).to_have_count(3)
    press(page, "Compare these 3 runs")
    expect(page.get_by_role("button", name="Compared")).to_be_disabled(timeout=PATIENCE)
    expect(page.locator("[data-chart=shortcut_gradients] .heatmaplayer image")).to_have_count(3)
    expect(page.locator("[data-chart=shortcut_share] .heatmaplayer image")).to_have_count(2)
    expect(page.locator("[data-chart=shortcut_saturation] .heatmaplayer image")).to_have_count(3)
    expect(page.get_by_text(re.compile("of the time of those without"))).to_be_visible()
    for width in (390, 1280):
        nothing_in_the_way(page, width)
    page.reload()
    expect(page.locator("[data-chart=shortcut_gradients] .heatmaplayer image")).to_have_count(3)
    page.get_by_role("radio", name="Before training").click()
    page.wait_for_url(re.compile("view=before"))
    press(page, "Compute the gradients before training")
    expect(page.locator("[data-chart=before_kaiming] .heatmaplayer image")).to_have_count(2, timeout=PATIENCE)
    expect(page.get_by_role("button", name="Computed")).to_be_disabled(timeout=PATIENCE)
    for width in (390, 1280):
        nothing_in_the_way(page, width)
