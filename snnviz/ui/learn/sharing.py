"""The buttons Reset and Share on every page: Reset sets the page back to how it was opened; Share makes links, HTML to
embed the page, and a handout.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from snnviz.design.links import flatten, one_line_summary
from snnviz.lessons.classes import secret_digest
from snnviz.lessons.lesson import LESSONS
from snnviz.lessons.library import library
from snnviz.lessons.pages import PAGES
from snnviz.store import classes
from snnviz.ui.components.copying import copying
from snnviz.ui.kit import people, resetting, restrictions, services, signing_in, state
from snnviz.ui.kit.server_url import server_url
from snnviz.ui.kit.words import pluralise
from snnviz.ui.learn import active, seat
from snnviz.ui.learn.active import Active
from snnviz.ui.server.handouts import handout_address
from snnviz.ui.server.middleware import headers, hosts
from snnviz.views.qr import LONGEST, qr_svg
from snnviz.views.sharing import (
    HEIGHT,
    LEAST_HEIGHT,
    MOST_HEIGHT,
    class_link,
    embed_snippet,
    groups,
    lesson_link,
    page_link,
)
from snnviz.views.words import word

EVERYTHING = "*"
FRAGMENT = "tools"

ALONE = (
    "This server listens to its own machine alone, so only you can open this link. For others it must be started as in "
    "docs/hosting.md."
)
TOO_LONG = f"The link is too long for a QR code, which has room for {LONGEST:,} letters."
QR_PIXELS = 320

OWN_LESSON = "This lesson is in your browser alone. For others its file must be in the server's folder of lessons."


@st.fragment(key=FRAGMENT)
def tools(page: str, title: str) -> None:
    """Draws the buttons Reset and Share. page: address of the page, "" for Home; title: its name."""
    session = st.session_state
    with st.container(horizontal=True, gap="small"):
        signing_in.button(people.host_settings(), page)
        if page not in (LESSONS, seat.PAGE) and resetting.shown() is not None and active.current() is None:
            st.button(
                "Reset",
                key="reset-page",
                icon=":material/restart_alt:",
                type="tertiary",
                help=resetting.HELP,
                on_click=resetting.reset,
            )
        if not _embedded():
            st.button(
                "Share",
                key="share",
                icon=":material/share:",
                type="tertiary",
                help="A link for others with what you hide and lock, for a course page, or on paper.",
                on_click=session.update,
                args=({"share_open": True},),
            )
    if session.pop("share_open", False):
        _dialog(page, title)


def _embedded() -> bool:
    return bool(st.context.is_embedded)


@st.dialog("Share", width="medium")
def _dialog(page: str, title: str) -> None:
    now, root = active.current(), server_url(page)
    if page == seat.PAGE:
        link, about, words = _of_class(title, root)
    elif now is None:
        link, about, words = _of_page(page, title, root)
    else:
        link, about, words = _of_lesson(now, root)
    copying("Link", link, key="share-link")
    if hosts.is_alone() and not hosts.named():
        st.caption(ALONE)
    named = st.text_input("Title", about, key=f"share-title/{about}", max_chars=100) or about
    st.link_button("Page to print", handout_address(named, link, words), icon=":material/print:")
    with st.expander("QR code", icon=":material/qr_code_2:"):
        if code := qr_svg(link):
            st.image(code, width=QR_PIXELS)
        else:
            st.caption(TOO_LONG)
    with st.expander("Embed in a page of a course", icon=":material/code:"):
        height = st.number_input("Height in pixels", LEAST_HEIGHT, MOST_HEIGHT, HEIGHT, 50, key="share-height")
        copying("HTML", embed_snippet(link, named, int(height)), key="share-embed")
        st.caption(_framing())


def _of_page(page: str, title: str, root: str) -> tuple[str, str, tuple[str, ...]]:
    """The link of a page, its title, and words for paper."""
    names = control_names(page)
    hide = _pick("Hide", "hide", names)
    lock = _pick("Lock", "lock", [EVERYTHING, *names])
    shown = resetting.shown()
    query = "" if shown is None else shown.query
    words = (one_line_summary(state.design()),) if page in ("design", "data") else ()
    return page_link(root, page, query, hide, lock), title, words


def _of_class(title: str, root: str) -> tuple[str, str, tuple[str, ...]]:
    """The link by which students join, never the teacher's own."""
    secret = st.session_state.get("class_teaches", "")
    room = classes.taught_class(services.store(), secret_digest(secret)) if secret else seat.classroom()
    if room is None:
        return page_link(root, seat.PAGE, ""), title, ()
    st.caption("By this link students join. Your own, which leads the class, is in the address of this page alone.")
    return class_link(root, room.code), room.title or f"Class {room.code}", (f"The code of the class: {room.code}",)


def _of_lesson(now: Active, root: str) -> tuple[str, str, tuple[str, ...]]:
    lesson = now.lesson
    here = st.toggle(f"Begin at this step, {now.place + 1} of {len(lesson.steps)}", key="share-step")
    st.caption("Who has not done the steps before it begins with those.")
    if lesson.name not in library().lessons:
        st.caption(OWN_LESSON)
    told = f"{pluralise(len(lesson.steps), 'step')}, about {pluralise(lesson.minutes, 'minute')}."
    return lesson_link(root, lesson.name, now.place + 1 if here else None), lesson.title, (lesson.summary, told)


def control_names(page: str) -> list[str]:
    """Returns the names of what can be hidden or locked on the page that is shown: panels, fields, groups of fields."""
    asked = restrictions.asked_names()
    if page in ("design", "data"):  # only the open tab of the form asks
        asked = [*asked, *flatten(state.design())]
    panels = PAGES[page].panels if page in PAGES else ()
    fields = [name for name in dict.fromkeys(asked) if name not in panels]
    return groups([*(name for name in panels if name in asked), *fields])


def _pick(label: str, name: str, names: list[str]) -> list[str]:
    given = restrictions.in_address().get(name, "").split(",")
    kept = [one for one in given if one]
    more: dict[str, Any] = {"key": f"share-{name}", "placeholder": "nothing"}
    return st.multiselect(label, list(dict.fromkeys([*names, *kept])), default=kept, format_func=_called, **more)


def _called(name: str) -> str:
    """A name as it stands in links, after the words of the page."""
    if name == EVERYTHING:
        return "everything (*)"
    label = "Train" if name == "train" else word(name).label
    return name if label.lower() == name else f"{label} ({name})"


def _framing() -> str:
    places = headers.places()
    allowed = f"This server allows {', '.join(places)}." if places else "This server allows no other site."
    return (
        f"Whoever runs this server must allow the site with `{headers.SWITCH}=https://course.example` "
        f"(docs/hosting.md). {allowed} In a frame of another site browsers keep no cookie: progress in lessons ends "
        "with the visit."
    )
