"""The cell editor in a real browser: by mouse, by keyboard and by text; a pair of nodes has one direction."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.design.cells import PUBLISHED_CELLS, parse, random_cell, to_text
from snnviz.errors import InputError
from tests.browser.drawing import badge, cell, drag, expect_python, node, on_screen, press

pytestmark = pytest.mark.browser
START = "0303 0030 2002 0200"


@pytest.fixture(scope="module")
def cell_tab(stay: Callable[..., Page], scratch: str) -> Page:
    return stay(f"{scratch}/cell")


@pytest.fixture
def page(cell_tab: Page) -> Page:
    """A fresh cell editor."""
    cell_tab.locator(".editor").evaluate("(editor) => { editor.dataset.old = 'yes' }")
    press(cell_tab, "Begin again")
    expect(cell_tab.locator(".editor[data-old]")).to_have_count(0)
    expect(cell_tab.locator(".editor")).to_have_count(1)
    expect_python(cell_tab, START)
    return cell_tab


def shown(page: Page) -> str:
    return on_screen(page).replace(" ", "").replace("/", " ")


def paste(page: Page, text: str) -> None:
    press(page, "Paste")
    page.get_by_label("A row for each node").fill(text)
    press(page, "Apply")


def test_a_click_cycles_the_five_operations(page: Page) -> None:
    for text in ("skip", "1×1", "3×3", "pool", ""):
        cell(page, 0, 2).click()
        expect(cell(page, 0, 2)).to_have_text(text)
        expect(cell(page, 2, 0)).to_have_text("")  # the pair's other direction went at the first click
    expect_python(page, "0303 0030 0002 0200")


def test_dragging_from_right_to_left_draws_a_backward_connection(page: Page) -> None:
    page.get_by_role("radio", name="average pool").click()
    drag(page, 3, 2)
    expect(cell(page, 3, 2)).to_have_text("pool")
    expect(cell(page, 2, 3)).to_have_text("")
    expect(page.get_by_role("status")).to_have_text(
        "from node 3 back to node 2, one time step late: average pool 3×3; that from node 2 to node 3 is gone"
    )
    arc = page.locator('.skip.back[data-i="3"][data-j="2"]')
    assert arc.locator(".line").evaluate("(line) => getComputedStyle(line).strokeDasharray") != "none"
    expect(arc.locator("text")).to_have_text("avg pool · t−1")
    expect_python(page, "0303 0030 2000 0240")
    page.keyboard.press("Control+z")
    assert shown(page) == START
    expect_python(page, START)
    page.keyboard.press("Control+y")
    expect_python(page, "0303 0030 2000 0240")


def test_dragging_forward_clears_the_backward_connection(page: Page) -> None:
    page.get_by_role("radio", name="skip").click()
    drag(page, 1, 3)
    expect_python(page, "0303 0031 2002 0000")
    page.get_by_role("radio", name="zeroize").click()
    drag(page, 0, 3)
    expect_python(page, "0300 0031 2002 0000")
    drag(page, 2, 2)
    node(page, 2).hover()
    assert shown(page) == "0300 0031 2002 0000"


def test_the_keyboard_alone_draws(page: Page) -> None:
    cell(page, 0, 1).focus()
    page.keyboard.press("4")
    page.keyboard.press("ArrowRight")
    expect(cell(page, 0, 2)).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("ArrowDown")
    expect(cell(page, 1, 2)).to_be_focused()
    page.keyboard.press("ArrowLeft")  # over the diagonal
    expect(cell(page, 1, 0)).to_be_focused()
    page.keyboard.press("2")
    expect_python(page, "0013 2030 0002 0200")
    page.keyboard.press("5")  # there is no such operation
    page.keyboard.press("Delete")
    expect_python(page, "0013 0030 0002 0200")


def test_cells_and_graph_have_names(page: Page) -> None:
    expect(page.get_by_role("grid", name="Operations of the cell")).to_be_visible()
    expect(page.get_by_role("gridcell", name="node 0 to node 3: conv 3×3")).to_be_visible()
    expect(
        page.get_by_role("gridcell", name="from node 2 back to node 0, one time step late: conv 1×1")
    ).to_be_visible()
    expect(page.get_by_role("img", name="Cell of 4 nodes, node 0 to node 1: conv 3×3")).to_be_visible()
    expect(page.get_by_role("radiogroup", name="Operation that dragging draws")).to_be_visible()
    for k in range(4):
        closed = cell(page, k, k)
        expect(closed).to_have_attribute("aria-disabled", "true")
        expect(closed).to_have_accessible_name(re.compile("a node does not feed itself"))
    expect(page.locator("td[tabindex='0']")).to_have_count(1)
    expect(page.locator(".count")).to_contain_text(f"4 forward and 2 backward · {START}")


def test_clicking_an_arc_cycles_it(page: Page) -> None:
    badge(page, 2, 0).click()
    expect(cell(page, 2, 0)).to_have_text("3×3")
    expect_python(page, "0303 0030 3002 0200")


def test_published_and_random_cells(page: Page) -> None:
    press(page, "Presets")
    name, published = list(PUBLISHED_CELLS.items())[1]
    page.get_by_role("button", name=name).click()
    expect_python(page, to_text(published))
    press(page, "Presets")
    page.get_by_label("Connections of the random cell").select_option("with backward")
    page.get_by_label("Number of the random cell").fill("6")
    page.get_by_label("Seed", exact=True).fill("11")
    press(page, "Draw")
    expect_python(page, to_text(random_cell(11, 6, backward=True)))
    press(page, "Next number")
    expect_python(page, to_text(random_cell(11, 7, backward=True)))
    page.keyboard.press("Escape")
    press(page, "Clear")
    expect_python(page, "0000 0000 0000 0000")
    expect(page.locator(".count")).to_contain_text("no connections")


@pytest.mark.parametrize(
    "text", ["0 3 0 3 / 0 0 3 0 / 1 0 0 2 / 0 2 0 0", "0303\n0030\n1002\n0200", "0303003010020200"]
)
def test_text_is_pasted_in_any_form(page: Page, text: str) -> None:
    paste(page, text)
    expect_python(page, "0303 0030 1002 0200")


@pytest.mark.parametrize("text", ["0303 2030 2002 0200", "0305 0030 2002 0200", "0303", "nonsense", "9" * 600])
def test_a_bad_paste_says_one_sentence_and_changes_nothing(page: Page, text: str) -> None:
    with pytest.raises(InputError) as error:
        parse(text)
    paste(page, text)
    expect(page.locator("#text-problem")).to_have_text(" ".join(str(error.value).split()))
    page.keyboard.press("Escape")
    assert shown(page) == START
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


@pytest.mark.parametrize("width", [1280, 700, 390])
def test_nothing_scrolls_sideways(page: Page, width: int) -> None:
    paste(page, "0123 0042 0003 0000")
    expect_python(page, "0123 0042 0003 0000")
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(200)
    over = page.locator(".editor").evaluate(
        """(editor) => {
            const parts = [...editor.querySelectorAll("table, .graph svg, .bar, .legend, .brush")];
            return Math.max(...parts.map((part) => part.getBoundingClientRect().right)) - innerWidth;
        }"""
    )
    page.set_viewport_size({"width": 1280, "height": 800})
    assert over <= 0
