"""The report of a run, as a browser shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from snnviz.exports import EXPORTS
from snnviz.exports.writing import export
from tests.conftest import MakeDesign
from tests.exports.conftest import Trained, trained

__all__ = ["trained"]


@pytest.mark.browser
def test_figures_are_drawn_without_the_net(
    trained: Trained,
    tiny: MakeDesign,
    tmp_path: Path,
    browser: Browser,
) -> None:
    source = trained(tiny(epochs=1))
    export(EXPORTS["report"], source, tmp_path / "r.html")
    context = browser.new_context(offline=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "r.html").as_uri())
    expect(page.locator("svg.main-svg").first).to_be_visible()
    figures = page.locator("div[data-figure]")
    expect(page.locator("div[data-figure] .plot-container")).to_have_count(figures.count())
    context.close()
    assert errors == []
