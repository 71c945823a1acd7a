"""The view Search of Trade-offs on the real dashboard: start, pause, go on in a second profile, the front opens."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.design.experiment import from_query
from snnviz.store import Store
from snnviz.studies.tradeoffs.search import FrontSearch, FrontSetting, FrontTrial, front_searches
from tests.browser.access import nothing_in_the_way
from tests.browser.test_runs import press_cell
from tests.waiting import ended, until

pytestmark = pytest.mark.browser

EXPERIMENT = (
    "data.train_samples=300&data.test_samples=60&data.steps=2&data.validation=0.2&network.kind=mlp&network.depth=1"
    "&network.width=8&training.epochs=2&training.batch_size=4"
    "&vary.1=neuron.threshold=0.5,1,1.5&vary.2=network.width=4,8,12"
)
SETTING = FrontSetting(iterations=4, random="without")
PATIENCE = 120_000


def test_a_search_is_paused_goes_on_elsewhere_and_its_front_is_opened(
    place: tuple[str, Store], visit: Callable[..., Page]
) -> None:
    url, store = place
    asked = from_query(EXPERIMENT)
    (search,) = front_searches(asked.base, asked.vary, SETTING)
    link = f"{url}/tradeoffs?{EXPERIMENT}&view=search&search.iterations=4&search.random=without"
    page = visit(link)
    expect(page.get_by_text("8 of 9 combinations (3 × 3) in each search")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Each candidate is chosen by validation accuracy")).to_be_visible()
    page.get_by_role("button", name="Start 1 search").click()
    until(lambda: known(store, search.digest) and len(store.rows(search.digest, FrontTrial)) >= 1)
    page.get_by_role("button", name="Pause").click(timeout=PATIENCE)
    assert ended(store, search.digest).state == "cancelled"
    before = store.rows(search.digest, FrontTrial)
    assert 1 <= len(before) < 8

    other = visit(link, color_scheme="dark")  # a second profile
    other.get_by_role("button", name="Resume 1 search").click(timeout=PATIENCE)
    until(lambda: store.get(search.digest).state == "done")
    after = store.rows(search.digest, FrontTrial)
    assert after[: len(before)] == before
    assert len(after) == 8
    expect(other.get_by_role("button", name="All searched")).to_be_visible(timeout=PATIENCE)
    expect(other.get_by_role("heading", name="On the front")).to_be_visible(timeout=PATIENCE)
    expect(other.locator("[data-chart=search_operations] .scatterlayer .point").first).to_be_attached(timeout=PATIENCE)
    for width in (390, 1280):
        nothing_in_the_way(other, width)
    other.get_by_test_id("stDataFrame").scroll_into_view_if_needed()
    press_cell(other, 0, 18)
    other.get_by_role("button", name="Open in the editor").click()
    expect(other.get_by_text(re.compile(r"Candidate no\. \d of qLogNEHVI"))).to_be_visible(timeout=PATIENCE)
    other.wait_for_url(re.compile("network.kind=mlp"))


def known(store: Store, run: str) -> bool:
    return any(found.run == run for found in store.runs(of=FrontSearch))
