"""Every table and every chart can be had as CSV, also with a finger on a phone; what stands above is not covered."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from snnviz.design import links
from snnviz.design.experiment import from_query
from snnviz.jobs.local import Local
from snnviz.places import ROOT
from snnviz.store import Store, shipped
from snnviz.studies.cells.page.study import STUDY
from snnviz.studies.cells.study import CellStudy, distinct_designs, study_runs, study_searches
from tests.browser.conftest import working
from tests.browser.test_runs import press_cell, rows
from tests.made_up import candidates
from tests.store.test_metrics import end, end_run

pytestmark = pytest.mark.browser

TINY = "network.kind=mlp&network.depth=2&network.width=6&vary.seeds=2&vary.1=init=kaiming,glorot"
TWO_AXES = TINY.replace("width=6", "width=7") + "&vary.2=neuron.threshold=0.5,1"
CELLS = CellStudy(question="steps", samples=10, random=1, seeds=1, channels=2, steps=2, epochs=1, train_samples=64)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
OTHERS = ("table", "data_editor", "write_table")
"""Ways to draw a table that have no CSV."""

COVERED = """(tools) => {
  const own = tools.getBoundingClientRect(), found = [];
  for (const one of document.querySelectorAll("[data-testid=stMain] :is(p, button, input, h1, h2, h3, figcaption)")) {
    const box = one.getBoundingClientRect();
    if (!box.width || tools.contains(one) || one.closest(".st-key-train")) continue;  // Train lies over the lower edge
    const beside = box.left >= own.right || box.right <= own.left || box.top >= own.bottom || box.bottom <= own.top;
    if (!beside) found.push(one.innerText);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def finished(place: tuple[str, Store]) -> str:
    """The dashboard, with a finished experiment that nobody had to train."""
    Local(place[1]).stop()  # who waits for work there would take these runs
    for run in (*from_query(TINY).runs(), *from_query(TWO_AXES).runs()):
        kaiming = links.flatten(run.design)["init.kind"] == "kaiming"
        end_run(place[1], run.design, end(1, 0.5), end(2, 0.7 + 0.1 * kaiming + 0.01 * run.design.seed))
    return place[0]


def test_tables_of_pages_are_those_that_have_csv() -> None:
    for script in sorted((ROOT / "snnviz").rglob("*.py")):
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in OTHERS:
                assert getattr(node.value, "id", "") != "st", (script, node.lineno)


@pytest.mark.parametrize(
    ("path", "tables", "charts"),
    [
        ("design", 1, 1),
        (f"tradeoffs?{TINY}", 1, 0),
        (f"tradeoffs?{TINY}&view=compare", 1, 3),
        (f"tradeoffs?{TINY},variance-preserving&view=compare&compare.b=*", 1, 0),
        (f"tradeoffs?{TWO_AXES}&view=compare&compare.axis=init.kind&compare.seeds=2", 2, 3),
        (f"tradeoffs?{TINY}&view=weigh&weigh.objectives=accuracy,parameters", 1, 4),
    ],
)
def test_every_table_and_chart_has_its_csv_on_a_phone(
    finished: str, visit: Callable[..., Page], path: str, tables: int, charts: int
) -> None:
    page = visit(f"{finished}/{path}", **PHONE)
    if path == "design":
        page.get_by_text("Layers", exact=True).click()
    each_table_has_its_csv(page, tables)
    figures = page.locator("[data-chart]")
    if charts:
        expect(figures.nth(charts - 1)).to_be_attached()
    assert page.get_by_role("button", name=re.compile("^Tools of the chart ")).count() == figures.count()


def each_table_has_its_csv(page: Page, tables: int) -> None:
    drawn = page.get_by_test_id("stDataFrame")
    expect(drawn).to_have_count(tables)
    tools = page.get_by_test_id("stElementToolbar")
    for one in tools.all():
        expect(one.get_by_role("button", name="Download as CSV")).to_have_css("opacity", "1")
        assert one.evaluate(COVERED) == []
    for one in drawn.all():
        assert one.evaluate(COVERED) == []  # nor is what stands below
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(tables)


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard where each page of a study has the results that come with snnviz."""
    with working(tmp_path_factory.mktemp("came") / "cache", real=True, SNNVIZ_GALLERY=str(shipped.FOLDER)) as (url, _):
        yield url


@pytest.mark.parametrize(
    ("path", "tables", "opened"),
    [
        ("design?network.edges=00112/00021/00001/00000/00000", 2, "The atlas of 4 layers"),
        ("activity", 1, ""),
        ("skips", 1, ""),
        ("skips?view=optimise", 3, ""),
        ("shortcuts", 1, ""),
        ("cells?view=search", 1, ""),
        ("ttfs", 1, ""),
        ("ttfs?view=penalty", 1, ""),
        ("inside?view=many", 2, "Which neurons never spike, or always"),
        ("tradeoffs?view=weigh", 1, "The front as a table"),
        ("tradeoffs?view=search", 1, ""),
    ],
)
def test_every_table_of_the_studies_has_its_csv_on_a_phone(
    came: str, visit: Callable[..., Page], path: str, tables: int, opened: str
) -> None:
    page = visit(f"{came}/{path}", **PHONE)
    if opened:
        page.get_by_text(opened).first.click()
    each_table_has_its_csv(page, tables)


def test_the_tables_of_a_study_of_cells_have_their_csv(place: tuple[str, Store], visit: Callable[..., Page]) -> None:
    url, store = place
    Local(store).stop()
    (search,) = study_searches(CELLS).values()
    store.submit(search)
    claim = store.claim("test", search.digest)
    assert claim is not None
    store.append_rows(claim.run, claim.attempt, candidates(search))
    store.finish(claim.run, claim.attempt, "done")
    for design in distinct_designs(study_runs(CELLS, {search.digest: candidates(search)})):
        end_run(store, design, end(1, 0.6 + 0.01 * design.seed))
    page = visit(f"{url}/cells?{STUDY.to_link(CELLS)}", **PHONE)
    each_table_has_its_csv(page, 3)  # ours, the paper's, and that of the runs


def test_what_differs_between_runs_has_its_csv(finished: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{finished}/runs?filter=network.width%20%3D%206")
    expect(rows(page)).to_have_count(4)
    press_cell(page, 0, 18)
    press_cell(page, 1, 18)
    expect(page.get_by_role("heading", name="What differs")).to_be_visible()
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(2)


def test_what_a_finger_gets_are_the_rows(finished: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{finished}/runs?filter=network.width%20%3D%206", **PHONE)
    expect(rows(page)).to_have_count(4)
    page.evaluate("window.showSaveFilePicker = undefined")  # a phone has none
    with page.expect_download() as loading:
        page.get_by_role("button", name="Download as CSV").tap()
    found = list(csv.DictReader(Path(loading.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert sorted(round(float(row["accuracy"])) for row in found) == [70, 71, 80, 81]
    with page.expect_download() as loading:
        page.get_by_role("button", name="CSV", exact=True).tap()
    assert len(Path(loading.value.path()).read_text(encoding="utf-8").splitlines()) == 5
