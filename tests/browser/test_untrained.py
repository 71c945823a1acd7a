"""In a real browser: untrained networks are measured behind the forecast, and what helps them is applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import working

pytestmark = pytest.mark.browser

PATIENCE = 120_000
"""A process that imports torch starts meanwhile, and the machine may be busy."""

DEEP = "network.kind=mlp&network.depth=12&network.width=30&data.steps=1&neuron.threshold=1.2"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard that measures."""
    with working(tmp_path_factory.mktemp("cache"), SNNVIZ_MEASURE="1") as (address, _):
        yield address


def test_a_network_that_falls_silent_is_measured_and_cured_by_the_keyboard(
    url: str, visit: Callable[..., Page]
) -> None:
    page = visit(f"{url}/design?{DEEP}")
    expect(page.get_by_role("heading", name="Predicted activity at initialisation")).to_be_visible()
    expect(page.get_by_role("heading", name="Activity at initialisation, measured")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("heading", name="Are images told apart?")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Layer L\d+ is silent for \d+.% of images\."))).to_be_visible()
    opened, apply = page.locator(".st-key-cures summary"), page.get_by_role("button", name="Apply", exact=True)
    opened.focus()
    page.keyboard.press("Enter")
    expect(apply.first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("more are being measured")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_text(re.compile("^threshold 0.72"))).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(apply.first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    apply.first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Applied:")).to_be_visible()
    expect(page).not_to_have_url(re.compile(re.escape(DEEP)))
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(page.get_by_text("Applied:")).to_have_count(0)
    page.wait_for_url(re.compile("neuron.threshold=1.2"))
