"""The person who looks at the page, and what their host lets them do."""

from __future__ import annotations

import logging

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from snnviz.errors import InputError
from snnviz.people.hosting import Hosting, hosting
from snnviz.people.person import Person
from snnviz.ui.server import visitors
from snnviz.ui.server.local import is_local

LOG = logging.getLogger(__name__)
_VALID: list[Hosting] = [Hosting()]
"""What the host last decided in a valid file."""

_SAID: set[str] = set()


def current_person() -> tuple[Person | None, Hosting]:
    """Returns the person who looks at the page, and what the host decided.

    None: whoever has the machine (as with `make run`, and outside of a page), who may do everything. With a proxy that
    signs people in, a request without its header is a visitor's.
    """
    if get_script_run_ctx() is None or is_local():
        return None, Hosting()
    found = _hosting()
    if found.people.sign_in == "proxy" and (address := str(st.user.get("email") or "")):
        return found.person(address), found
    return Person(visitors.pseudonym(visitors.visitor())), found


def announcement() -> str:
    """Returns the line that the host shows to all, "" for none."""
    return "" if is_local() else _hosting().notice.text


def _hosting() -> Hosting:
    """What the host decided; where the file is invalid, what it said before, or the defaults, and a line in the log."""
    try:
        _VALID[0] = hosting()
    except InputError as error:
        if (said := str(error)) not in _SAID and len(_SAID) < 100:
            _SAID.add(said)
            LOG.error("The host's file is invalid, and counts as it was before, or not at all: %s.", said)
    return _VALID[0]
