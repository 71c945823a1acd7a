"""The person who looks at the page, and what their host lets them do."""

from __future__ import annotations

import logging

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from snnviz.data.owners import Owner
from snnviz.errors import InputError
from snnviz.people.hosting import Hosting, Retention, hosting
from snnviz.people.person import Person, data_mark, is_anonymous
from snnviz.store.switches import DRAINING, READ_ONLY, Switches
from snnviz.ui.kit import signing_in
from snnviz.ui.server import visitors
from snnviz.ui.server.local import is_local, serves_one

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
    if found.people.sign_in == "oidc" and (person := signing_in.signed_in(found, st.user.to_dict())) is not None:
        return person, found
    return Person(visitors.pseudonym(visitors.visitor())), found


def host_settings() -> Hosting:
    """Returns what the host decided, for whoever has the machine the defaults."""
    return Hosting() if is_local() else _hosting()


def retention() -> Retention:
    """Returns what goes by itself on this server; nothing on one that serves whoever started it."""
    return Retention(days=0.0, megabytes=0.0) if serves_one() else _hosting().retention


def is_host() -> bool:
    """Returns whether the person who looks at the page has the machine, or is an admin."""
    person, _ = current_person()
    return person is None or person.is_admin


def current_owner() -> Owner:
    """Returns the person who looks at the page as the owner of a data set: who signed in, or the visitor, and a hash of
    the internet address.
    """
    person, _ = current_person()
    found = visitors.current_owner()
    return found if person is None else found._replace(visitor=data_mark(person.id))


def role_and_how_known() -> tuple[str, str]:
    """Returns the role of the person who looks at the page, and where they are the same person again, in words."""
    person, _ = current_person()
    if person is None or is_anonymous(person.id):
        return "visitor", "in this browser, which knows you by a cookie"
    return person.role, "wherever you sign in"


def announcements(switched: Switches) -> list[str]:
    """Returns what the host shows to all: lines from `snnviz.toml` and from their page, and what is held."""
    found = [switched.notice] if is_local() else [_hosting().notice.text, switched.notice]
    found += [READ_ONLY] * switched.read_only + [DRAINING] * (switched.draining and not switched.read_only)
    return [line for line in found if line]


def _hosting() -> Hosting:
    """What the host decided; where the file is invalid, what it said before, or the defaults, and a line in the log."""
    try:
        _VALID[0] = hosting()
    except InputError as error:
        if (said := str(error)) not in _SAID and len(_SAID) < 100:
            _SAID.add(said)
            LOG.error("The host's file is invalid, and counts as it was before, or not at all: %s.", said)
    return _VALID[0]
