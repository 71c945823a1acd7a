"""A search of cells on the real dashboard: start, pause, go on after a reload, choose a cell, open it in the editor."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.design.cells import parse
from snnviz.store import Store
from snnviz.studies.cells.page import search_setting
from snnviz.studies.cells.scoring import Candidate, CellSearch
from snnviz.studies.cells.theory.candidates import rank_candidates
from tests.waiting import ended, until

pytestmark = pytest.mark.browser

SEARCH = CellSearch(candidates=400, connections="backward", steps=8, best=6, fine_batch=16, seed=5)
PATIENCE = 90_000


def test_from_the_click_to_the_table_and_after_a_reload(place: tuple[str, Store], visit: Callable[..., Page]) -> None:
    url, store = place
    page = visit(f"{url}/cells?{search_setting.SEARCH.to_link(SEARCH)}")
    expect(page.get_by_text("400 cells are drawn")).to_be_visible()
    expect(page.get_by_text("The first candidates")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_text("The best cells")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile(r"of 400 candidates, \d+ a second, about"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Pause").click()
    assert ended(store, SEARCH.digest).state == "cancelled"
    before = store.rows(SEARCH.digest, Candidate)
    assert 0 < len(before) < 406

    page.reload()
    expect(page.get_by_text(re.compile("Paused: .* of 400 candidates kept"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Resume the search").click()
    until(lambda: store.get(SEARCH.digest).state == "done")
    after = store.rows(SEARCH.digest, Candidate)
    assert after[: len(before)] == before
    assert len(after) == 406
    expect(page.get_by_role("button", name="Searched")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Scored again", exact=True).last).to_be_visible()

    best = rank_candidates([row for _, row in after], "sahd")
    third = best[2].coarse.cell
    expect(page.get_by_text(re.compile(f"No. 1 of .*{best[0].coarse.cell}"))).to_be_visible()
    page.locator('rect.nsewdrag[data-subplot="x3y3"]').click()
    expect(page.get_by_text(re.compile(f"No. 3 of .*{third}"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Open the chosen in the editor").click()
    page.wait_for_url(re.compile("cell=" + third.replace(" ", r"(\+|%20)")))
    assert parse(third) == SEARCH.cell(best[2].coarse.number)
