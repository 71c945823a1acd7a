"""The bar that a student in a class sees at the top of every page: the class, and what the teacher handed out.
Drawing it also reports that the student is there.

What a teacher opens and shows arrives by it. Sixty pages cost seconds of the server, so only what changes is drawn
anew: where the next step is opened the lesson's panel, where what is right in a step is shown the whole page.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from snnviz.lessons.pages import PAGES
from snnviz.places import TOP
from snnviz.store.classes import Classroom
from snnviz.ui.kit import resetting
from snnviz.ui.kit.fragments import rerun_fragments_instead
from snnviz.ui.kit.linked import open_by_link
from snnviz.ui.kit.refresh_rate import refresh_interval, set_viewer_count
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.ui.learn import active, seat
from snnviz.ui.learn.active import Active

FRAGMENT, LESSON_PANEL = "class-bar", "lesson"
EVERY = 1.0
"""Seconds between two looks at what the teacher has opened and shown."""


def class_bar(page: str, now: Active | None) -> None:
    """Draws the bar if the visitor is in a class. page: the name of the page's file; now: the lesson that is open."""
    room = seat.classroom()
    set_viewer_count(1 if room is None else len(seat.seats_of(room.code)))
    if room is None:
        return
    session = st.session_state
    session.class_drawn, session.class_lets = _opened(room, page, now), now is not None and active.can_go_on(now)
    with st.container(key="class", horizontal=True, vertical_alignment="center", gap="small"):
        st.fragment(_body, key=FRAGMENT, run_every=refresh_interval(EVERY))(page, now)


def _opened(room: Classroom, page: str, now: Active | None) -> tuple[object, ...]:
    """What of a class changes a student's whole page: in a lesson, its step, and whether what is right is shown."""
    if now is None or page == seat.PAGE:
        return room.code, room.pace, room.lesson, room.step, room.shown
    return room.code, now.lesson.name, now.place, active.is_shown(now)


@show_store_errors()
def _body(page: str, now: Active | None) -> None:
    session = st.session_state
    room, mine, latest = seat.classroom(), seat.seat(), active.current()
    if room is None or mine is None or _opened(room, page, latest) != session.get("class_drawn"):
        st.rerun()
        return
    if now is not None and active.can_go_on(now) != session.get("class_lets"):
        session.class_lets = active.can_go_on(now)
        rerun_fragments_instead(FRAGMENT, LESSON_PANEL)
    at = resetting.shown()
    seat.note_place(now.lesson.name if now else "", now.place if now else 0, page, at.query if at else "")
    st.markdown(
        f":material/groups: Class **{room.code}**, you are **{escape_markdown(mine.nickname)}**", width="content"
    )
    is_there = room.lesson in active.lessons().lessons  # a host may take a lesson away
    if room.pace == "together" and is_there and (now is None or now.lesson.name != room.lesson):
        st.button("Go to where the class is", key="class-go", icon=":material/flag:", on_click=_go, args=(room.lesson,))
    if room.handed:
        name = PAGES[room.handed.partition("?")[0]].title
        st.button(
            f"Handed out: {name}", key="class-handed", icon=":material/outbox:", on_click=_open, args=(room.handed,)
        )
    st.button("Leave the class", key="class-leave", type="tertiary", on_click=_leave)


def _go(lesson: str) -> None:
    active.start(lesson)
    active.lead()


def _open(handed: str) -> None:
    page, _, query = handed.partition("?")
    st.session_state.class_opens = (page, query)
    st.rerun()


def go_to_handed() -> None:
    """Opens the page that the teacher handed out, if its button has just been pressed. May raise Streamlit's rerun
    exception.
    """
    if handed := st.session_state.pop("class_opens", None):
        page, query = handed
        open_by_link(page)
        pairs = {**dict(parse_qsl(query, keep_blank_values=True)), seat.CLASS: seat.code()}
        st.switch_page(TOP / "pages" / f"{page}.py", query_params=pairs)


def _leave() -> None:
    seat.leave()
    st.rerun()
