"""The pages of the app by section of the navigation, including pages that kinds of task define."""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import NamedTuple

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from snnviz.places import TOP
from snnviz.tasks import KINDS, Page, resolve

PAGES = TOP / "pages"


class Entry(NamedTuple):
    """A page in the navigation: the name of its script (and address), its title, and the name of its icon."""

    name: str
    title: str
    symbol: str


HOME = "home"
"""The page at ``/``."""

SECTIONS: dict[str, tuple[Entry, ...]] = {
    "Learn": (
        Entry(HOME, "Home", "home"),
        Entry("lessons", "Lessons", "school"),
        Entry("classes", "Classes", "groups"),
    ),
    "Build": (
        Entry("design", "Design", "hub"),
        Entry("data", "Data", "database"),
        Entry("activity", "Activity", "ssid_chart"),
    ),
    "Questions": (
        Entry("skips", "Skips", "alt_route"),
        Entry("shortcuts", "Shortcuts", "call_split"),
        Entry("cells", "Cells", "grid_view"),
        Entry("ttfs", "TTFS", "timer"),
    ),
    "Results": (
        Entry("runs", "Runs", "stacked_line_chart"),
        Entry("tradeoffs", "Trade-offs", "balance"),
        Entry("inside", "Look inside", "visibility"),
    ),
}


HOST = "Host"
"""The section of what is for the host alone."""


def pages(*, host: bool = False) -> dict[str, list[StreamlitPage]]:
    """Returns all pages by section, as `st.navigation` takes them; pages of kinds are in the section they name.

    host: whether the person may see what is for the host of the server.
    """
    found = _pages(tuple(KINDS.pages())) | ({HOST: [_host_page()]} if host else {})
    # Of one's own, as a page notes whether it is the one that is to run.
    return {section: [copy(page) for page in pages] for section, pages in found.items()}


@lru_cache(1)
def _host_page() -> StreamlitPage:
    return st.Page(resolve("snnviz.ui.host.page:panel"), title=HOST, icon=":material/dns:", url_path="host")


@lru_cache(4)
def _pages(own_pages: tuple[Page, ...]) -> dict[str, list[StreamlitPage]]:
    """All pages; on the disk their scripts are looked for once, and not in each run."""
    found = {section: [_page(entry) for entry in entries] for section, entries in SECTIONS.items()}
    for own in own_pages:
        page = st.Page(resolve(own.body), title=own.title, icon=own.icon, url_path=own.path)
        found.setdefault(own.section, []).append(page)
    return found


MARK = """<style>.stApp [data-testid=stTopNav] > .rc-overflow-item:nth-child({place}) > button {{
  font-weight: 600; color: var(--st-primary-color, inherit); box-shadow: inset 0 -2px currentColor; border-radius: 0;
}}</style>"""
"""Marks a menu: the one in which the page is, which the menu says only while it is open."""


def mark(page: StreamlitPage, offered: dict[str, list[StreamlitPage]]) -> None:
    """Marks the section of the navigation that contains the open page."""
    for place, entries in enumerate(offered.values(), 1):
        if any(entry.url_path == page.url_path for entry in entries):
            st.html(MARK.format(place=place))


def _page(entry: Entry) -> StreamlitPage:
    script, icon = PAGES / f"{entry.name}.py", f":material/{entry.symbol}:"
    if entry.name == HOME:
        return st.Page(script, title=entry.title, icon=icon, default=True)
    return st.Page(script, title=entry.title, icon=icon, url_path=entry.name)
