"""The page of classes: join one by its code, make one, or teach one by its secret link."""

from __future__ import annotations

import streamlit as st

from snnviz.errors import SnnvizError, StoreError
from snnviz.lessons import classes as rules
from snnviz.lessons.library import library
from snnviz.store import classes
from snnviz.ui.components.address import address
from snnviz.ui.kit import services
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, escape_markdown
from snnviz.ui.learn import active, seat, teaching
from snnviz.ui.server.visitors import pseudonym, visitor

TEACH = "teach"
"""Parameter of a teacher's link: the secret."""

PACES = {
    "together": "Together: you open each step, and show what is right when all have answered",
    "alone": "Alone: everybody at their own pace",
}


@show_store_errors()
def panel() -> None:
    """Draws the teacher's page for a secret link, else the places to join a class and to make one."""
    session = st.session_state
    secret = st.query_params.get(TEACH) or session.get("class_teaches", "")
    room = classes.taught_class(services.store(), rules.secret_digest(secret)) if secret else None
    if room is not None:
        session.class_teaches = secret
        address(f"{TEACH}={secret}", key="class-address")
        teaching.panel(room, secret)
        return
    if secret and st.query_params.get(TEACH):
        st.error(
            "There is no class of this link: it was deleted, or a part of the link is missing.", icon=":material/error:"
        )
    session.class_teaches = ""
    wanted = "" if seat.code() else session.get("class_wanted", "")
    address(f"{seat.CLASS}={wanted}" if wanted else "", key="class-address")
    st.title("Classes", anchor=False)
    join, new = st.columns(2, gap="large")
    with join:
        _join()
    with new:
        _new()


def _join() -> None:
    session, name = st.session_state, seat.code()
    st.header("Join a class", anchor=False)
    if name:
        st.markdown(f"You are in the class **{name}**.")
        st.button("Open its lessons", key="class-lessons", type="primary", on_click=_open)
        return
    st.caption("No account: your teacher's code and a nickname. Everybody in the room may see the nickname.")
    with st.form("class-join"):
        st.text_input(
            "Code of the class",
            session.get("class_wanted", ""),
            key="class-join-code",
            max_chars=20,
            placeholder="HKRTPW",
        )
        st.text_input(
            "Nickname", key="class-join-name", max_chars=60, help=f"1 to {rules.LONGEST_NICKNAME} letters and digits."
        )
        st.form_submit_button("Join", key="class-join-go", type="primary", on_click=_take)
    if problem := session.pop("class_trouble", ""):
        st.error(escape_markdown(problem), icon=":material/error:")


def _take() -> None:
    session = st.session_state
    try:
        seat.join(session.get("class-join-code", ""), session.get("class-join-name", ""))
    except SnnvizError as error:
        session.class_trouble = as_sentence(error)
    else:
        _open()


def _open() -> None:
    """Leads to the lesson that a class takes together, or to the list of its lessons."""
    room = seat.classroom()
    if room is not None and room.pace == "together" and room.lesson in active.lessons().lessons:
        active.start(room.lesson)
    st.session_state.learn_list = active.current() is None


def _new() -> None:
    session, known = st.session_state, library().lessons
    st.header("New class", anchor=False)
    st.caption(
        "For teachers: students join with six letters on their phones; you see what they predict, live. A class "
        f"is deleted {classes.KEPT_DAYS} days after it was last used."
    )
    with st.form("class-new"):
        st.text_input(
            "Title", key="class-new-title", max_chars=rules.LONGEST_TITLE, placeholder="Neural networks, Tuesday"
        )
        st.multiselect(
            "Lessons, in order",
            list(known),
            format_func=lambda name: escape_markdown(known[name].title),
            key="class-new-lessons",
            max_selections=rules.MOST_LESSONS,
        )
        st.radio("Pace", list(PACES), format_func=PACES.__getitem__, key="class-new-pace")
        st.form_submit_button("New class", key="class-new-go", type="primary", on_click=_make)
    if problem := session.pop("class_new_trouble", ""):
        st.error(escape_markdown(problem), icon=":material/error:")


def _make() -> None:
    session = st.session_state
    given = {
        "title": session.get("class-new-title", ""),
        "lessons": session.get("class-new-lessons", []),
        "pace": session.get("class-new-pace", "together"),
    }
    try:
        session.class_teaches = rules.new_class(
            services.store_as_person(), library(), maker=pseudonym(visitor()), **given
        )
    except (SnnvizError, StoreError) as error:
        session.class_new_trouble = as_sentence(error)
