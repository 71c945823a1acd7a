"""The Runs page in a real browser: a filter as a link, groups that unfold, stars that keep."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from snnviz.design import links
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from tests.browser.conftest import working
from tests.conftest import MakeDesign
from tests.store.test_metrics import end, end_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store]]:
    """A dashboard with two groups of three seeds, which nobody had to train."""
    with working(tmp_path_factory.mktemp("runs") / "cache") as (url, store):
        for kind, better in (("kaiming", 0.2), ("glorot", 0.0)):
            for seed in range(3):
                design = links.change(links.from_query("network.kind=mlp"), {"init": kind, "seed": seed})
                end_run(store, design, end(1, 0.5), end(2, 0.7 + better + seed / 100))
                if kind == "kaiming":
                    store.tag(design.digest, ["homework"])
        yield url, store


def rows(page: Page) -> Locator:
    """The table's rows, as they are said to those who cannot see it; what is chosen may be compared below."""
    return page.get_by_test_id("stDataFrame").first.locator("canvas table[role=grid] tbody tr")


def cell(page: Page, row: int, column: str) -> Locator:
    """One of its cells, by the title of its column."""
    titles = page.get_by_test_id("stDataFrame").locator("canvas table[role=grid] th").all_text_contents()
    return rows(page).nth(row).locator("td").nth(titles.index(column))


def press_cell(page: Page, row: int, x: int) -> None:
    """With the mouse, so far from the table's left end."""
    table = page.get_by_test_id("stDataFrame").locator(".dvn-scroller")
    for share in (0.5, 1):  # it must have seen the pointer come
        table.hover(position={"x": share * x, "y": 36 + 35 * row + 17})
    page.wait_for_timeout(100)
    page.mouse.down()
    page.wait_for_timeout(100)
    page.mouse.up()


def test_a_filter_is_its_link_also_for_others(known: tuple[str, Store], visit: Callable[..., Page]) -> None:
    page = visit(f"{known[0]}/runs")
    text = "init = kaiming and accuracy > 0.905 and tag = homework"
    page.get_by_label("Filter", exact=True).fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 runs of 6 take the filter.")).to_be_visible()
    page.wait_for_url(re.compile(r"/runs\?filter=init"))
    other = visit(page.url, color_scheme="dark")
    expect(other.get_by_text("2 runs of 6 take the filter.")).to_be_visible()
    expect(other.get_by_label("Filter", exact=True)).to_have_value(text)
    other.get_by_label("Filter", exact=True).fill("acuracy > 0.9")
    other.keyboard.press("Enter")
    alert = other.get_by_role("alert").filter(has_text="filter must compare a field, a metric")
    expect(alert).to_contain_text("did you mean 'accuracy'?")
    expect(other.get_by_text("2 runs of 6 take the filter.")).to_be_visible()  # what was shown stays


def test_a_group_unfolds_by_mouse_and_by_its_button(known: tuple[str, Store], visit: Callable[..., Page]) -> None:
    page = visit(f"{known[0]}/runs?sort=-accuracy")
    expect(rows(page)).to_have_count(6)
    page.get_by_text("Group seeds", exact=True).click()
    expect(rows(page)).to_have_count(2)
    expect(cell(page, 0, "Seeds")).to_have_text("▸ 3 seeds")
    expect(cell(page, 0, "Test accuracy")).to_have_text(re.compile(r"^9[01]\."))
    press_cell(page, 0, 190)
    expect(rows(page)).to_have_count(5)
    expect(cell(page, 0, "Seeds")).to_have_text("▾ 3 seeds")
    expect(cell(page, 1, "Seeds")).to_have_text("· seed 0")
    press_cell(page, 4, 18)
    page.get_by_role("button", name="Unfold", exact=True).click()
    expect(rows(page)).to_have_count(8)
    page.wait_for_url(re.compile(r"group=seeds"))


def test_a_star_keeps_a_run_until_it_is_taken_off(
    known: tuple[str, Store], visit: Callable[..., Page], tiny: MakeDesign
) -> None:
    store = known[1]
    run = store.submit(tiny(99)).run
    store.cancel(run)
    page = visit(f"{known[0]}/runs?filter=state%20%3D%20cancelled")
    expect(page.get_by_text("1 run of 7 take the filter.")).to_be_visible()
    press_cell(page, 0, 18)
    page.get_by_role("button", name="Star", exact=True).click()
    expect(page.get_by_role("button", name="Unstar", exact=True)).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("1 starred run cannot be deleted")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Unstar", exact=True).click()
    expect(page.get_by_role("button", name="Star", exact=True)).to_be_visible()
    assert not store.get(run).starred
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("Delete 1 run for everybody").wait_for()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("0 runs of 6 take the filter.")).to_be_visible()
    assert run not in {each.run for each in store.runs()}


def test_a_run_is_taken_out_as_a_script(tmp_path: Path, visit: Callable[..., Page], tiny: MakeDesign) -> None:
    """By a process of its own, which proves it; what is downloaded is a zip with the script."""
    with working(tmp_path / "cache") as (url, store):
        Immediate(store).submit(tiny(epochs=1))
        page = visit(f"{url}/runs")
        expect(rows(page)).to_have_count(1)
        press_cell(page, 0, 100)
        expect(page.get_by_text("Choose one run to open")).to_have_count(0)
        page.get_by_role("button", name="Export").click()
        make = page.get_by_role("button", name="Make it")
        expect(make).to_be_visible()
        make.click()
        expect(page.get_by_text("every spike of 2 layers is equal")).to_be_visible(timeout=60_000)
        with page.expect_download() as waited:
            page.get_by_role("button", name=re.compile("Download script-")).click()
        with zipfile.ZipFile(waited.value.path()) as file:
            names = {name.rpartition("/")[2] for name in file.namelist()}
        assert names == {"network.py", "weights.safetensors", "data.safetensors"}
        page.close()
