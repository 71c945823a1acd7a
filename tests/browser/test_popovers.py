"""What a closed popover holds is not in the browser: opened later, it shows the values as they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.store import Store
from tests.browser.test_runs import rows
from tests.conftest import MakeDesign
from tests.store.test_metrics import end, end_run

pytestmark = pytest.mark.browser


def test_columns_are_added_to_those_that_are_shown(
    place: tuple[str, Store], visit: Callable[..., Page], tiny: MakeDesign
) -> None:
    url, store = place
    end_run(store, tiny(71), end(1, 0.7))
    page = visit(f"{url}/runs")
    page.get_by_label("Filter", exact=True).fill("seed = 71")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Columns", exact=True).click()
    offered = page.get_by_test_id("stPopoverBody")
    offered.get_by_role("button", name="Test loss", exact=True).click()
    head = page.locator("[data-testid=stDataFrame] canvas table thead")
    for name in ("Test accuracy", "Test loss", "Firing rate"):
        expect(head.get_by_text(name, exact=True)).to_be_attached()  # not by its role: the popover covers the rest


def test_a_number_that_may_be_empty_is_not_shown_as_all(visit: Callable[..., Page], dashboard: str) -> None:
    page = visit(f"{dashboard}/skips?view=optimise&optimise.train_samples=1000")
    tried = page.get_by_label("Iterations", exact=True)
    tried.fill("11")
    tried.press("Enter")
    expect(page).to_have_url(f"{dashboard}/skips?view=optimise&optimise.train_samples=1000&optimise.iterations=11")
    page.get_by_role("button", name="More").click()
    images = page.get_by_test_id("stPopoverBody").get_by_label("Training images", exact=True)
    expect(images).to_have_value("1000")
    images.fill("")
    images.press("Enter")
    expect(page).to_have_url(f"{dashboard}/skips?view=optimise&optimise.iterations=11")
