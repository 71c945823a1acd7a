"""What a person does with the block editor, and sees of it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

START = "0 0 1 2 0 / 0 0 0 1 0 / 0 0 0 0 2 / 0 0 0 0 0 / 0 0 0 0 0"
"""The block that the scratch editor begins with."""


def cell(page: Page, i: int, j: int) -> Locator:
    return page.locator(f'td[data-i="{i}"][data-j="{j}"]')


def node(page: Page, k: int) -> Locator:
    return page.locator(f'.node[data-vertex="{k}"]')


def badge(page: Page, i: int, j: int) -> Locator:
    return page.locator(f'.skip[data-i="{i}"][data-j="{j}"] .badge')


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def drag(page: Page, i: int, j: int) -> None:
    node(page, i).hover()
    page.mouse.down()
    node(page, j).hover()
    page.mouse.up()


def expect_python(page: Page, text: str) -> None:
    """What Python holds, as the preview fragment shows it."""
    expect(page.get_by_text(re.compile("^matrix "))).to_have_text(f"matrix {text}")


def on_screen(page: Page) -> str:
    """What the grid shows, read from its cells."""
    kinds: list[list[int]] = page.locator(".editor tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.dataset.kind ?? 0)))"
    )
    return " / ".join(" ".join(map(str, row)) for row in kinds)
