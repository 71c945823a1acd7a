"""The button Reset: sets a page back to the setting of the link or lesson with which it was opened, with Undo.

The start is the first link that a page writes into the address (`components.address`). It holds the seed, so the
weights are the same again. The page reads it as after the browser's Back, whatever its setting is made of.
"""

from __future__ import annotations

from functools import partial
from urllib.parse import parse_qsl

import streamlit as st

from snnviz.ui.components.address import BESIDE, SHOWN, STARTS, Address
from snnviz.ui.kit import notices
from snnviz.views.changes import describe_changes, label

DONE = "Back to the start."
"""Headline of the notice."""

HELP = "Back to the setting that this page was opened with. The same seed gives the same weights."
NOTHING = "This is the setting that the page was opened with."


def shown() -> Address | None:
    """Returns what is in the browser's address of the page that is shown; None if it has no setting."""
    session = st.session_state
    found: Address | None = session.get(SHOWN)
    return found if found is not None and found.page == session.page else None


def start() -> str | None:
    """Returns the query string with which the shown page was opened, to which Reset leads back; None if the page has no
    setting.
    """
    now = shown()
    return None if now is None else st.session_state.get(STARTS, {}).get((now.page, now.key))


def forget_start(page: str) -> None:
    """Forgets to which setting Reset leads back on a page: the next one that the page writes into its address takes
    that role.
    """
    starts = st.session_state.setdefault(STARTS, {})
    for key in [key for key in starts if key[0] == page]:
        del starts[key]


def reset() -> None:
    """Callback of the button: sets the shown page back to the setting with which it was opened, with a notice of the
    changes and Undo.

    Raises Streamlit's rerun exception.
    """
    now, first = shown(), start()
    if now is None or first is None:
        return
    if now.query == first:
        st.toast(NOTHING, icon=":material/restart_alt:")
        return
    there = now._replace(query=first)
    _lead(there)
    notices.show_notice(DONE, changes(now.query, first), partial(_lead, now), lambda: shown() == there)
    st.rerun()


def _lead(to: Address) -> None:
    st.session_state.reset_to = to


def apply_pending(page: str) -> None:
    """Called at the top of each page, before it is drawn: if Reset was pressed, makes the page read the earlier
    setting.

    page: its address, "" for Home.
    """
    session = st.session_state
    to: Address | None = session.pop("reset_to", None)
    if to is None or to.page != page:
        return
    pairs = dict(parse_qsl(to.query, keep_blank_values=True))
    st.query_params.from_dict({**pairs, **session.get(BESIDE, {})})
    session.linked_page, session.resetting = page or "home", True


def changes(before: str, after: str) -> list[str]:
    """Returns the differences between two query strings as texts for people, one for each field.

    >>> changes("neuron.threshold=0.8&seed=3", "seed=1&steps=4")
    ['Seed 1 instead of 3', 'Time steps T 4', 'Threshold θ as usual']
    """
    was, now = (dict(parse_qsl(query, keep_blank_values=True)) for query in (before, after))
    return [*describe_changes(was, now), *(f"{label(path)} as usual" for path in was if path not in now)]
