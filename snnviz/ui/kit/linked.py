"""Reading a page's setting from its address: after Back or Forward, from links, and where a link names an uploaded data
set that is not on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from snnviz.data import owndata
from snnviz.design.menus import DATASETS
from snnviz.errors import InputError
from snnviz.ui.kit import resetting

T = TypeVar("T")


def detect_back_navigation(page: str) -> None:
    """Records at the top of each page whether the browser's Back or Forward led from one setting of this page to
    another, or a link with a setting from another page to this one.
    """
    session, context = st.session_state, get_script_run_ctx()
    led, before = context is not None and context.is_history_navigation, session.get("page", page)
    lesson, session.linked_page = session.get("linked_page") == (page or "home"), None
    session.by_link = not led and not lesson and before != page and bool(st.query_params)
    session.came_back, session.page = (led and before == page) or session.by_link or lesson, page
    if session.by_link or (lesson and not session.get("resetting")):
        resetting.forget_start(page)  # the page begins anew
    session.resetting = False
    if session.came_back:
        _renew()


def open_by_link(page: str) -> None:
    """Makes this page, when it is shown next, take its setting from the address, as after Back."""
    st.session_state.linked_page = page


def _renew() -> None:
    """Widgets whose keys carry a revision are drawn anew, and switches between views (`view_key`)."""
    session = st.session_state
    session.backs = session.get("backs", 0) + 1
    for name in [name for name in map(str, session) if name.endswith("_revision")]:
        if isinstance(revision := session[name], int):
            session[name] = revision + 1


def view_key(name: str) -> str:
    """Returns the session key of the switch between the views of a page; a new one after each Back, so that the switch
    is reset.
    """
    backs: int = st.session_state.get("backs", 0)
    return f"{name}@{backs}" if backs else name


def is_back_navigation() -> bool:
    """Returns whether Back or Forward led here from another setting of this page, so that the address must be read.

    True, too, where a link on another page led here. When Back comes from another page, the address is the one of when
    this page was left, and later changes count.
    """
    found: bool = st.session_state.get("came_back", False)
    return found


def followed_link() -> bool:
    """Returns whether a link on another page, with a setting in it, led here."""
    found: bool = st.session_state.get("by_link", False)
    return found


def read_link(read: Callable[[Mapping[str, str]], T], query: Mapping[str, str]) -> tuple[T, str]:
    """Returns the value that `read` makes of a link's parameters, and a message, "" if there is none.

    query: the link's parameters. If it names an uploaded data set that is missing, a default one is used instead, and
    the message says so. Raises `InputError`.
    """
    absent = {name: text for name, text in query.items() if _is_absent(text)}
    if not absent:
        return read(query), ""
    kept = {name: text for name, text in query.items() if name not in absent}
    instead = [kept, {**kept, **dict.fromkeys(absent, "digits-saccades")}]
    last = {name: text for name, text in kept.items() if not name.startswith(("data.events.", "data.augment."))}
    name = next(iter(absent.values()))
    for number, query_ in enumerate([*instead, last]):
        try:
            found = read(query_)
        except InputError:
            if number == len(instead):
                raise
            continue
        used = "digits-saccades" if number == 1 else "the default data set"
        return found, (
            f"The data set {name} is not on this machine: upload it, and it has this name. "
            f"The rest of the link is kept, with {used}."
        )
    raise AssertionError


def _is_absent(text: str) -> bool:
    return owndata.is_own_name(text.removesuffix("-saccades")) and text not in DATASETS
