"""The editor of a block whose size is given, up to a DenseNet's 26 vertices."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC, Edges
from tests.browser.drawing import badge, cell, drag, node, press

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(visit: Callable[..., Page], scratch: str) -> Page:
    page = visit(f"{scratch}/stage")
    expect(cell(page, 0, 25)).to_be_visible()
    return page


def expect_matrix(page: Page, edges: Edges) -> None:
    expect(page.get_by_text(re.compile("^matrix "))).to_have_text(f"matrix {adjacency.to_compact_text(edges)}")


def paste(page: Page, text: str) -> None:
    page.get_by_label("A row for each source").fill(text)
    press(page, "Apply")


def test_a_skip_is_drawn_by_mouse_keyboard_and_drag_among_26_vertices(stage: Page) -> None:
    expect(stage.get_by_role("group", name="Depth of the block")).to_have_count(0)
    cell(stage, 3, 9).click()
    pointed = stage.locator(".pointed")
    expect(pointed).to_have_text("L3 → L9: DSC")
    lit = re.compile(r"\blit\b")
    for head in ("thead [data-vertex='9']", "tbody [data-vertex='3']"):
        expect(stage.locator(f".grid {head}")).to_have_class(lit)
    stage.keyboard.press("ArrowDown")
    stage.keyboard.press("2")
    expect(pointed).to_have_text("L4 → L9: ASC")
    drag(stage, 10, 25)
    expect(stage.get_by_role("status")).to_have_text("layer 10 to output: DSC, concatenate")
    badge(stage, 10, 25).hover()
    expect(pointed).to_have_text("L10 → out: DSC")
    drag(stage, 12, 5)
    expect(stage.get_by_role("status")).to_have_text("layer 12 to layer 5: not in this stage")
    drawn = adjacency.edges_from_skips(25, {(3, 9): DSC, (4, 9): ASC, (10, 25): DSC})
    expect_matrix(stage, drawn)
    stage.keyboard.press("Control+z")
    expect_matrix(stage, adjacency.edges_from_skips(25, {(3, 9): DSC, (4, 9): ASC}))


def test_only_text_of_its_size_is_taken(stage: Page) -> None:
    press(stage, "Paste")
    problem = stage.locator("#text-problem")
    paste(stage, "0 0 1 / 0 0 0 / 0 0 0")
    expect(problem).to_have_text("block must be a square matrix with 26 rows, got 3 rows")
    paste(stage, adjacency.to_text(adjacency.edges_from_skips(25, {(9, 3): DSC})))
    expect(problem).to_have_text("Backward connections: not in this stage")
    expect_matrix(stage, adjacency.sequential(25))
    text = adjacency.to_text(adjacency.resnet_like(25))
    paste(stage, text.replace(" / ", "\n"))
    expect_matrix(stage, adjacency.resnet_like(25))


def test_presets_and_draws_have_its_size_and_another_block_begins_anew(stage: Page) -> None:
    press(stage, "Presets")
    stage.get_by_label("Skips into each layer").fill("3")
    press(stage, "Draw")
    expect_matrix(stage, adjacency.with_n_skip(25, 3, DSC, 0))
    stage.get_by_role("button", name="all DSC everywhere").click()
    expect_matrix(stage, adjacency.densenet_like(25))
    stage.get_by_text("3", exact=True).click()
    expect(cell(stage, 2, 2)).to_be_visible()
    expect(node(stage, 2)).to_have_text("out")
    expect(node(stage, 3)).to_have_count(0)
    expect(stage.get_by_role("button", name="Undo")).to_be_disabled()
    cell(stage, 0, 2).click()
    expect_matrix(stage, adjacency.densenet_like(2))


@pytest.mark.parametrize("width", [1280, 700, 390])
def test_26_vertices_fit_the_page(stage: Page, width: int) -> None:
    stage.set_viewport_size({"width": width, "height": 800})
    press(stage, "Presets")
    stage.get_by_role("button", name="all DSC everywhere").click()
    stage.wait_for_timeout(200)
    over = stage.locator(".editor").evaluate(
        """(editor) => {
            const right = (part) => part.getBoundingClientRect().right;
            const parts = [...editor.querySelectorAll("table, .graph svg, .bar, .legend")];
            return Math.max(...parts.map(right)) - right(editor);
        }"""
    )
    assert over <= 0
    assert stage.evaluate("document.documentElement.scrollWidth <= innerWidth")
