"""Back and Forward lead to the settings before and after, and out of the page only from the first."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import turn_to

pytestmark = pytest.mark.browser

REST = 1200
"""Milliseconds after which the next change is a step of its own."""


def put(page: Page, value: str) -> None:
    """Set the threshold."""
    field = page.get_by_role("spinbutton", name="Threshold θ")
    field.fill(value)
    field.press("Enter")
    expect(page).to_have_url(re.compile(f"neuron.threshold={re.escape(value)}$"))


def shows(page: Page, value: str) -> None:
    """Wait until the form shows this threshold, and no field of before."""
    page.wait_for_function(
        """(value) => {
          const fields = [...document.querySelectorAll('input[aria-label="Threshold θ"]')];
          return fields.length === 1 && fields[0].value === value;
        }""",
        arg=value,
    )


def test_back_leads_to_the_value_before(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{dashboard}/runs")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    turn_to(page, "Design")
    page.get_by_role("tab", name="Neuron").click()
    shows(page, "1")
    page.locator(".st-key-address[data-query='']").wait_for(state="attached")
    page.wait_for_timeout(REST)
    before = page.evaluate("history.length")
    for value in ("0.6", "0.8"):
        put(page, value)
        page.wait_for_timeout(REST)
    for value in ("0.81", "0.82", "0.83"):  # in a row, as while something is dragged
        put(page, value)
    assert page.evaluate("history.length") <= before + 3 + 2  # 3, or a machine so slow that it was no row
    page.go_back(wait_until="commit")
    while address_value(page) not in ("", "0.8"):  # the steps that a slow machine made of one
        page.wait_for_timeout(REST)
        page.go_back(wait_until="commit")
    shows(page, "0.8")
    page.wait_for_timeout(REST)
    page.go_back(wait_until="commit")
    shows(page, "0.6")
    expect(page).to_have_url(re.compile(r"neuron\.threshold=0\.6$"))
    page.wait_for_timeout(REST)
    page.go_forward(wait_until="commit")
    shows(page, "0.8")
    page.reload()
    page.get_by_role("tab", name="Neuron").click()
    shows(page, "0.8")
    for value in ("0.6", "1"):
        page.wait_for_timeout(REST)
        page.go_back(wait_until="commit")
        shows(page, value)
    page.wait_for_timeout(REST)
    page.go_back(wait_until="commit")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()


def address_value(page: Page) -> str:
    """The threshold in the address."""
    found = re.search(r"threshold=([\d.]+)", page.url)
    return found[1] if found else ""


def stands_at(page: Page, view: str) -> None:
    """Wait until there is one switch between views, no other of before, and it stands at this one."""
    page.wait_for_function(
        """(view) => {
          const all = [...document.querySelectorAll('[role=radiogroup][aria-label=View] [role=radio]')];
          const own = all.filter((one) => one.textContent === view);
          return own.length === 1 && own[0].ariaChecked === "true";
        }""",
        arg=view,
    )


def test_back_leads_to_the_view_before_and_its_switch_says_so(dashboard: str, visit: Callable[..., Page]) -> None:
    page = visit(f"{dashboard}/ttfs")
    stands_at(page, "Equivalence")
    page.locator(".st-key-ttfs-address[data-query='']").wait_for(state="attached")
    page.wait_for_timeout(REST)
    page.get_by_role("radio", name="In time", exact=True).click()
    page.locator(".st-key-ttfs-address[data-query='view=time']").wait_for(state="attached")
    expect(page).to_have_url(re.compile("view=time$"))
    page.go_back(wait_until="commit")
    stands_at(page, "Equivalence")
    expect(page).to_have_url(re.compile("/ttfs$"))
    page.wait_for_timeout(REST)
    page.go_forward(wait_until="commit")
    stands_at(page, "In time")
