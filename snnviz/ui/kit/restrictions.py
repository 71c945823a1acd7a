"""Controls and panels of a page that a lesson or a link (`hide=`, `lock=`) hides or locks; enforced on the server.

Names are paths of fields as in links (`neuron.threshold`, `init`; a name includes everything below it), names of
panels (`editor`, `details`), `train`, and `*` for everything. Widgets of hidden fields are not drawn, those of locked
ones are disabled, and a change of a locked field is refused with a sentence (`refusal`), however it reached the
server.

A *mystery* is a field whose value is drawn for each visitor: hidden, locked, and in no link (`mystery_fields`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import parse_qsl, quote

import streamlit as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.errors import InputError, Unquoted, did_you_mean
from snnviz.lessons.pages import page_names
from snnviz.ui.kit.words import as_sentence
from snnviz.views.words import word

P = ParamSpec("P")

HIDE, LOCK = "hide", "lock"
MOST_NAMES = 60
MOST_LISTED = 5
"""Names that a sentence lists."""

_NAME = re.compile(r"\*|[A-Za-z][\w.-]{0,60}")


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Names of the fields, panels and actions that are hidden or locked; `open`: exceptions from `lock`.

    cover: panels that are hidden for a while. waits: until when, such as "you have made your prediction", which the
    message of locked controls then says; "" if they stay locked. mystery: values of mystery fields, by path.
    """

    hide: frozenset[str] = frozenset()
    lock: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    cover: frozenset[str] = frozenset()
    waits: str = ""
    mystery: Mapping[str, Any] = field(default_factory=dict)


NONE = Restrictions()


def set_lesson(found: Restrictions) -> None:
    """Sets the restrictions of the current step of a lesson; `NONE` if no lesson is open."""
    st.session_state.lesson_restrictions = found


def begin(query: Mapping[str, str]) -> None:
    """Reads the restrictions from a link's parameters `hide` and `lock`, for the rest of the visit."""
    session = st.session_state
    session.asked_names = {}
    if "link_restrictions" in session:
        return
    session.link_restrictions, session.restriction_problem = NONE, ""
    try:
        hide, lock = (frozenset(read_names(name, query)) for name in (HIDE, LOCK))
        session.link_restrictions = Restrictions(hide, lock)
    except InputError as error:
        session.restriction_problem = f"{error}."


def know(names: Iterable[str]) -> None:
    """Remembers names of fields that belong to a page, also those whose controls only another view of the page
    draws.
    """
    st.session_state.setdefault("known_names", {}).update(dict.fromkeys(names))


def problem(title: str) -> str:
    """Returns a sentence on names in the parameters `hide` and `lock` of the visit's first link that no control of the
    page has; "" if there are none.

    title: of the page that is drawn. Its names are known only when it is, so this is asked after it.
    """
    session = st.session_state
    if "restriction_checked" not in session:
        session.restriction_checked = True
        found: Restrictions = session.get("link_restrictions", NONE)
        for parameter, names in ((HIDE, found.hide), (LOCK, found.lock)):
            for name in sorted(names):
                if not session.restriction_problem and not _is_known(name):
                    session.restriction_problem = as_sentence(_unknown(parameter, name, title))
    sentence: str = session.restriction_problem
    return sentence


def _is_known(name: str) -> bool:
    others: Iterable[str] = st.session_state.get("known_names", ())
    asked = asked_names()
    return (
        name == "*"
        or name in page_names()
        or name in asked
        or any(one.startswith(f"{name}.") for one in (*asked, *others))
        or covers(others, name)
    )


def _unknown(parameter: str, name: str, title: str) -> InputError:
    asked = asked_names()
    known = [*page_names(), *st.session_state.get("known_names", ()), *asked]
    rule = f"have names of controls or panels of the page {title}"
    if heads := [*dict.fromkeys(one.partition(".")[0] for one in asked)]:
        rule += f", such as {', '.join(heads[:MOST_LISTED])} (Share has all of them)"
    return InputError(parameter, rule, name, did_you_mean(name, known))


def read_names(name: str, query: Mapping[str, str]) -> list[str]:
    """Returns the names in a link's parameter, which are separated by commas. Raises `InputError`."""
    found = [one.strip() for one in query.get(name, "").split(",") if one.strip()]
    if len(found) > MOST_NAMES:
        raise InputError(name, f"have at most {MOST_NAMES} names", Unquoted(f"{len(found)} names"))
    for one in found:
        if not _NAME.fullmatch(one):
            raise InputError(name, "have names of controls, such as neuron.threshold, separated by commas", one)
    return found


def in_address() -> dict[str, str]:
    """Returns the link parameters `hide` and `lock` with which this visit began, so that the page can keep them in its
    address.
    """
    found: Restrictions = st.session_state.get("link_restrictions", NONE)
    return {name: ",".join(sorted(names)) for name, names in ((HIDE, found.hide), (LOCK, found.lock)) if names}


def _all() -> tuple[Restrictions, Restrictions]:
    session = st.session_state
    return session.get("lesson_restrictions", NONE), session.get("link_restrictions", NONE)


def covers(names: Iterable[str], path: str) -> bool:
    """Returns whether a field or panel, by its path, is one of `names` or part of one of them; "*" stands for
    everything.

    >>> covers({"neuron"}, "neuron.threshold"), covers({"neuron.threshold"}, "neuron"), covers({"*"}, "seed")
    (True, False, True)
    """
    return any(name == "*" or path == name or path.startswith(f"{name}.") for name in names)


def _ask(name: str) -> None:
    """Remembers that the page has a control or a panel of this name."""
    st.session_state.setdefault("asked_names", {})[name] = None


def asked_names() -> list[str]:
    """Returns the names of the controls and panels that the page has drawn, or asked whether to draw, in the order of
    the page.
    """
    return [*st.session_state.get("asked_names", {})]


def is_hidden(path: str) -> bool:
    """Returns whether a field or a panel is hidden."""
    _ask(path)
    return any(covers(one.hide, path) or path in one.mystery for one in _all())


def is_locked(path: str) -> bool:
    """Returns whether a field or an action is locked."""
    _ask(path)
    return any((covers(one.lock, path) and not covers(one.open, path)) or path in one.mystery for one in _all())


def locked_sentence(path: str) -> str:
    """Returns a sentence on why a field or an action is locked."""
    label = word(path).label if path != "train" else "Train"
    for one in _all():
        if one.waits and covers(one.lock, path):
            return f"{label}: locked until {one.waits}."
    return f"{label} is locked here."


def lock_note(path: str) -> str:
    """Returns the sentence on why a field is locked; ``""`` if it is not."""
    return locked_sentence(path) if is_locked(path) else ""


def refusal(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> str:
    """Returns the sentence that refuses a change of fields, by path; "" where none of the changed ones is locked.

    prefix: of their paths in links.
    """
    lesson, link = _all()
    if not (lesson.lock or link.lock or lesson.mystery):
        return ""
    for path in {**before, **after}:
        if before.get(path) != after.get(path) and is_locked(f"{prefix}{path}"):
            return locked_sentence(f"{prefix}{path}")
    return ""


def mystery_fields() -> Mapping[str, Any]:
    """Returns the hidden values of the mystery fields (fields drawn for each visitor, to be found out in a lesson), by
    path.
    """
    return _all()[0].mystery


def with_mysteries(design: Design) -> Design:
    """Returns the design with the mystery fields (drawn for each visitor, to be found out) set to their hidden
    values.
    """
    known = links.flatten(design) if mystery_fields() else {}
    hidden = {path: value for path, value in mystery_fields().items() if path in known}
    return links.change(design, hidden) if hidden else design


def without_mysteries(query: str) -> str:
    """Returns a link's query string without the mystery fields (drawn for each visitor, to be found out in a lesson),
    whose values must not be shown.
    """
    hidden = mystery_fields()
    if not hidden:
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(f"{name}={quote(text, safe='/,;:')}" for name, text in pairs if name not in hidden)


def hideable(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Returns a decorator of a function that draws a panel, so that it draws nothing where `name` is hidden."""

    def decorate(draw: Callable[P, None]) -> Callable[P, None]:
        @wraps(draw)
        def panel(*args: P.args, **kwargs: P.kwargs) -> None:
            _ask(name)
            waits = [one.waits for one in _all() if covers(one.cover, name)]
            if waits:
                st.info(f"This is shown when {waits[0]}.", icon=":material/visibility_off:")
            elif not is_hidden(name):
                draw(*args, **kwargs)

        return panel

    return decorate
