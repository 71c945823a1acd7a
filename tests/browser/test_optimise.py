"""A search for skips on the real dashboard: start, pause, go on elsewhere, open the best."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.design.links import part_to_query
from snnviz.store import Store
from snnviz.studies.skips.optimisation import Optimisation, optimisation_searches
from snnviz.studies.skips.search import Search, Trial
from tests.waiting import ended, until

pytestmark = pytest.mark.browser

SETTING = Optimisation(
    layers=3, channels=2, steps=2, train_samples=300, validation=100, epochs=1, repeats=1,
    iterations=4, shared_epochs=1, tuning_epochs=3, batch_size=4, random="without",
)  # fmt: skip
PATIENCE = 60_000


def test_a_search_is_paused_goes_on_elsewhere_and_its_best_is_opened(
    place: tuple[str, Store], visit: Callable[..., Page]
) -> None:
    url, store = place
    (search,) = optimisation_searches(SETTING)
    link = f"{url}/skips?view=optimise&{part_to_query(SETTING, 'optimise.')}"
    page = visit(link)
    expect(page.get_by_text("27 candidates: 3 places")).to_be_visible()
    page.get_by_role("button", name="Start 1 search").click()
    until(lambda: len(store.rows(search.digest, Trial)) >= 2 if known(store, search.digest) else None)
    expect(page.get_by_text("Every candidate")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Pause").click()
    assert ended(store, search.digest).state == "cancelled"
    before = store.rows(search.digest, Trial)
    assert len(before) < 8

    other = visit(link)
    other.get_by_role("button", name="Resume 1 search").click()
    until(lambda: store.get(search.digest).state == "done")
    after = store.rows(search.digest, Trial)
    assert after[: len(before)] == before
    assert len(after) == 8
    expect(other.get_by_role("button", name="All searched")).to_be_visible(timeout=PATIENCE)

    other.get_by_role("button", name="Open the best in the editor").click()
    expect(other.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=PATIENCE)
    other.wait_for_url(re.compile("network.edges="))


def known(store: Store, run: str) -> bool:
    return any(found.run == run for found in store.runs(of=Search))
