"""The report: one file, every figure, nothing fetched, no text that is code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from snnviz.exports import EXPORTS, Source
from snnviz.exports.writing import export
from tests.browser.conftest import browser
from tests.conftest import MakeDesign
from tests.exports.conftest import Trained

__all__ = ["browser"]

HOSTILE = "</title><script>document.title='taken'</script>"


def test_everything_of_a_run_is_in_one_file(trained: Trained, tiny: MakeDesign, tmp_path: Path) -> None:
    source = trained(tiny(epochs=1))
    source.store.rename(source.run.run, HOSTILE)
    source = Source(source.store, source.store.get(source.run.run))
    export(EXPORTS["report"], source, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    head, _, body = text.partition("<body>")
    figures = re.findall(r'<script type="application/json" id="(figure-\d+)">(.*?)</script>', body, re.DOTALL)
    assert len(figures) >= 5
    assert all(json.loads(figure)["data"] for _, figure in figures)
    assert HOSTILE not in text
    assert "CC BY 4.0" in body
    assert source.run.run in body
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", text.replace(head, head.partition("<script>")[0]))


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
