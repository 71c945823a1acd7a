"""The address bar in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(stay: Callable[..., Page], scratch: str) -> Page:
    page = stay(f"{scratch}/address?old=1&embed_options=show_padding#part")
    expect(page).to_have_url(re.compile(r"/address\?a=0012&seed=3&embed_options=show_padding#part$"))
    return page


def type_query(page: Page, query: str) -> None:
    field = page.get_by_label("query")
    field.fill(query)
    field.press("Enter")


def test_the_query_is_replaced_and_the_rest_stays(page: Page) -> None:
    type_query(page, "a=0")
    expect(page).to_have_url(re.compile(r"/address\?a=0&embed_options=show_padding#part$"))


def test_changes_make_no_history_and_python_sees_them(page: Page) -> None:
    before = page.evaluate("history.length")
    for seed in (4, 5, 6):
        type_query(page, f"a=0&seed={seed}")
        expect(page).to_have_url(re.compile(f"seed={seed}&"))
    assert page.evaluate("history.length") == before
    page.reload()
    expect(page.get_by_text("python sees")).to_contain_text("'seed': '6'")


def test_an_empty_query_clears_it(page: Page) -> None:
    type_query(page, "?")
    expect(page).to_have_url(re.compile(r"/address\?embed_options=show_padding#part$"))


def test_a_hostile_query_stays_text(page: Page) -> None:
    type_query(page, "a=<img src=x onerror=alert(1)>&b='\"#//evil.example/")
    expect(page).to_have_url(re.compile("a=%3Cimg"))
    assert page.evaluate("location.pathname") == "/address"


def test_it_takes_no_space(page: Page) -> None:
    below, above = page.get_by_text("python sees"), page.get_by_test_id("stTextInput")
    gap = below.bounding_box()["y"] - above.bounding_box()["y"] - above.bounding_box()["height"]
    assert gap < 24
