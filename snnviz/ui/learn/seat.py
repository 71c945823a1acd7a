"""The place ("seat") of this visitor in a class: joining and leaving, and what the teacher has opened and shown.

A student is who their browser's cookie says; their answers are kept under a pseudonym of cookie and class. Classes and
seats are read once for all students every second or two, and places are written in batches.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import streamlit as st

from snnviz.errors import InputError, NotFound, StoreError
from snnviz.lessons.classes import fold_nickname, read_code, read_nickname
from snnviz.lessons.lesson import LESSONS
from snnviz.places import TOP
from snnviz.store import classes
from snnviz.store.classes import Classroom, Seat
from snnviz.ui.kit import services
from snnviz.ui.server.visitors import pseudonym, visitor

CLASS = "class"
"""Parameter of links: a class's code."""

PAGE = "classes"
"""Name of the file, and address, of the page of classes."""

WRITTEN_EVERY = 4.0
"""Seconds between two writes of where the students of this server are."""

SEATS = services.TtlCache(2.0)
"""Seats by code of their class: read once for all students, and anew when one is taken, left or removed."""

ENDED = "The class {} has ended, or you were taken off it. Lessons are your own again."


def learner_in(code: str) -> str:
    """Returns the pseudonym under which this visitor's answers in a class are kept."""
    known: dict[str, str] = st.session_state.setdefault("class_learners", {})  # a cookie's signature costs 0.1 ms
    if code not in known:
        known[code] = pseudonym(f"seat:{code}:{visitor()}")
    return known[code]


def code() -> str:
    """Returns the code of the class in which this session is, or ""."""
    found: str = st.session_state.get("class_code", "")
    return found


def class_of(code: str) -> Classroom | None:
    """Returns the class with this code, at most half a second old; None if there is none."""
    return services.CACHE.get(("class", code), lambda: classes.get_class(services.store(), code))


def seats_of(code: str) -> Mapping[str, Seat]:
    """Returns the seats of a class by learner, at most two seconds old."""

    def read() -> Mapping[str, Seat]:
        return {seat.learner: seat for seat in classes.seats_of(services.store(), code)}

    return SEATS.get(code, read)


def changed(code: str) -> None:
    """Drops cached values of a class, so that a change that this session made is shown at once."""
    services.CACHE.drop(("class", code))
    SEATS.drop(code)


def classroom() -> Classroom | None:
    """Returns the class that this session is in; None if it is in none, or if the class has ended, which the session
    then leaves.
    """
    name = code()
    if not name:
        return None
    room = class_of(name)
    if room is None or room.ended is not None or _seat_in(name) is None:
        st.session_state.class_code = ""
        st.session_state.learn_trouble = ENDED.format(name)
        return None
    return room


def seat() -> Seat | None:
    """Returns this visitor's seat in the class; None if there is none."""
    name = code()
    return _seat_in(name) if name else None


def _seat_in(name: str) -> Seat | None:
    """This visitor's seat in a class; looked for once more before it is said that there is none."""
    learner = learner_in(name)
    found = seats_of(name).get(learner)
    if found is None:
        SEATS.drop(name)
        found = seats_of(name).get(learner)
    return None if found is None or found.left is not None else found


def open_steps(lesson: str, steps: int) -> int:
    """Returns how many of a lesson's `steps` this visitor may open: all of them outside of a class."""
    room = classroom()
    return steps if room is None else room.open_steps(lesson, steps)


def is_shown(lesson: str, step: int) -> bool:
    """Returns whether the right answer of a step may be shown to this visitor: always outside of a class."""
    room = classroom()
    return room is None or room.shows(lesson, step)


def begin(page: str, query: Mapping[str, str]) -> None:
    """Called at the top of each page: joins the class that a link names, or that this browser was in on its last visit;
    a visitor without a nickname is led to the page of classes. May raise Streamlit's rerun exception.
    """
    session = st.session_state
    first = "class_code" not in session
    if first:
        session.class_code = ""
    wanted = query.get(CLASS, "")
    if not (wanted and (first or page == PAGE)):
        if first and ("lesson" in query or page in (LESSONS, PAGE)):
            session.class_code = classes.last_seat(services.store(), pseudonym(visitor()))
        return
    try:
        name = read_code(wanted)
    except InputError as error:
        session.class_trouble = f"{error}."
    else:
        session.class_wanted = name
        if _seat_in(name) is not None:
            session.class_code = name
            return
    if page != PAGE:
        st.switch_page(TOP / "pages" / f"{PAGE}.py", query_params={CLASS: wanted})


def join(text: str, nickname: str) -> None:
    """Joins a class under a nickname. Raises `InputError`, `NotFound` and `StoreError`."""
    name = read_code(text)
    room = classes.get_class(services.store(), name)
    if room is None or room.ended is not None:
        raise NotFound(f"class must be the code of a class that goes on, got {name!r}")
    who = {"learner": learner_in(name), "visitor": pseudonym(visitor())}
    mine = classes.seats_of(services.store(), name)
    known = next((seat.nickname for seat in mine if seat.learner == who["learner"]), "")
    called = read_nickname(known or nickname)
    classes.take_seat(services.store_as_person(), name, **who, nickname=called, folded=fold_nickname(called))
    changed(name)
    st.session_state.class_code = st.session_state.class_wanted = name


def leave() -> None:
    """Leaves the class; the teacher keeps the answers."""
    name = code()
    if name:
        classes.leave_seat(services.store(), name, learner_in(name))
        changed(name)
    st.session_state.class_code = st.session_state.class_wanted = ""


class _Places:
    """Where students are, until the next write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], Seat] = {}
        self._written = 0.0

    def note(self, place: Seat) -> None:
        with self._lock:
            self._waiting[place.code, place.learner] = place
            if time.monotonic() - self._written < WRITTEN_EVERY:
                return
            self._written, waiting, self._waiting = time.monotonic(), [*self._waiting.values()], {}
        try:
            classes.note_places(services.store(), waiting)
        except StoreError:  # the next write has later places
            return


_PLACES = _Places()


def note_place(lesson: str, step: int, page: str, link: str) -> None:
    """Records on which page, lesson and step this student is; it is stored within some seconds."""
    mine = seat()
    if mine is not None:
        _PLACES.note(mine._replace(seen=time.time(), lesson=lesson, step=step, page=page, link=link))
