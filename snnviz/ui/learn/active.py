"""The lesson that a visitor is taking: its current step, the restrictions of that step, and the opening of its
page.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from snnviz.design.links import RESERVED_PARAMETERS
from snnviz.errors import InputError, NotFound
from snnviz.lessons.lesson import LESSONS, Lesson, Step
from snnviz.lessons.library import VARIABLE, Library, library
from snnviz.places import TOP
from snnviz.store.learning import StepProgress
from snnviz.ui.components.address import BESIDE
from snnviz.ui.kit import readings, restrictions, services
from snnviz.ui.kit.linked import open_by_link
from snnviz.ui.kit.restrictions import Restrictions
from snnviz.ui.learn import progress, seat

LESSON, STEP = "lesson", "step"
"""Parameters of links: a lesson's name, and the number of a step, from 1."""

PREDICTED, SHOWN = "you have made your prediction", "your teacher shows what is right"
"""Until when controls are locked."""


class Active(NamedTuple):
    """The lesson that is open, and the index of its current step."""

    lesson: Lesson
    place: int

    @property
    def step(self) -> Step:
        """The step of the open lesson at which the learner is."""
        return self.lesson.steps[self.place]


def lessons() -> Library:
    """Returns all lessons, those of files at most half a second old, and those that this visitor has uploaded to try
    out.
    """
    found = services.CACHE.get(("lessons", os.environ.get(VARIABLE, "")), library)
    own = st.session_state.get("learn_own", {})
    return Library({**own, **found.lessons}, found.problems) if own else found


def current() -> Active | None:
    """Returns the open lesson with its step; None if no lesson is open."""
    name, place = st.session_state.get("learn_lesson"), st.session_state.get("learn_step", 0)
    lesson = lessons().lessons.get(name) if name else None
    if lesson is None:
        return None
    last = seat.open_steps(lesson.name, len(lesson.steps)) - 1
    return None if last < 0 else Active(lesson, min(place, last))


def start(name: str, place: int | None = None) -> None:
    """Opens a lesson at the step with index `place`; None: at the first step that is not done."""
    lesson = lessons().get(name)
    steps = progress.of_lesson(name)
    most = min(progress.first_open(lesson, steps), seat.open_steps(name, len(lesson.steps)) - 1)
    if most < 0:
        st.session_state.learn_trouble = "Your teacher has not opened this lesson yet."
        return
    st.session_state.learn_lesson = name
    st.session_state.learn_step = most if place is None else max(0, min(place, most))
    st.session_state.learn_entered = None


def leave() -> None:
    """Closes the lesson; a page on which fields were hidden to be found out (mystery fields) is reset to its link."""
    active = current()
    st.session_state.learn_lesson = st.session_state.learn_entered = None
    restrictions.set_lesson(restrictions.NONE)
    st.session_state[BESIDE] = _beside()
    if active is not None and active.step.mystery is not None:
        open_by_link(active.step.page)


def begin(page: str, query: Mapping[str, str]) -> None:
    """Called at the top of each page, before it is drawn: opens the lesson that a link names, sets which controls are
    hidden and locked, and, when a step has just begun, leads to its page.

    page: the name of its file. May raise Streamlit's rerun exception.
    """
    session = st.session_state
    restrictions.begin(query)
    seat.begin(page, query)
    if "learn_lesson" not in session:
        session.learn_lesson = session.learn_entered = None
        if LESSON in query:
            _from_link(page, query)
    active = current()
    if active is None:
        session.learn_lesson = None
        restrictions.set_lesson(restrictions.NONE)
        session[BESIDE] = _beside()
        return
    session[BESIDE] = _beside(active)
    apply(active, progress.of_lesson(active.lesson.name).get(active.step.name))
    if session.learn_entered != (active.lesson.name, active.place):
        _enter(page, active)


def lead() -> None:
    """At the end of a callback that opened a lesson or a step: leads to its page, without a run of the present one in
    between. Raises Streamlit's rerun exception.
    """
    active = current()
    if active is not None:
        session = st.session_state
        session[BESIDE] = _beside(active)
        try:
            _enter(session.page, active)
        except StreamlitPageNotFoundError:  # nothing was drawn in this server yet: `begin` leads there
            session.learn_entered = None
    st.rerun()


def _beside(active: Active | None = None) -> dict[str, str]:
    """What stands in every page's address: the link's restrictions, the class, and the lesson's step."""
    code = seat.code()
    step = {} if active is None else {LESSON: active.lesson.name, STEP: str(active.place + 1)}
    return {**restrictions.in_address(), **({seat.CLASS: code} if code else {}), **step}


def _from_link(page: str, query: Mapping[str, str]) -> None:
    text = query.get(STEP, "")
    place = int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 4 else None
    try:
        start(query[LESSON], place)
        if text and place is None:
            steps = len(lessons().get(query[LESSON]).steps)
            st.session_state.learn_trouble = f"{InputError(STEP, f'be a whole number from 1 to {steps}', text)}."
    except NotFound as error:
        st.session_state.learn_trouble = str(error)
        return
    active = current()
    settled = query.keys() - RESERVED_PARAMETERS
    if active is not None and settled and active.step.beneath == page and active.step.mystery is None:
        st.session_state.learn_entered = (active.lesson.name, active.place)


def _enter(page: str, active: Active) -> None:
    """Leads to the step's page with the step's setting."""
    session = st.session_state
    session.learn_entered = (active.lesson.name, active.place)
    session.notice = None  # its Undo would lead out of the step
    session.watched = None  # what is shown is what is trained or opened in this step
    readings.clear()
    step = active.step
    pairs = dict(parse_qsl(step.link, keep_blank_values=True))
    if step.beneath == page == LESSONS:
        return
    open_by_link(step.page)
    st.switch_page(TOP / "pages" / f"{step.beneath}.py", query_params={**pairs, **session[BESIDE]})


def apply(active: Active, kept: StepProgress | None) -> None:
    """Sets which controls the current step hides and locks; all are locked until a question that is to be answered
    first has an answer.

    kept: the learner's progress in this step, None if there is none.
    """
    step = active.step
    waits = ""
    if step.question is not None and step.question.before:
        asked = progress.answer_of(step, kept) is None and not progress.is_done(kept)
        waits = PREDICTED if asked else "" if is_shown(active) else SHOWN
    mystery = {}
    if step.mystery is not None:
        values = step.mystery.values
        mystery = {step.mystery.field: values[progress.drawn_number(active.lesson.name, step.name, len(values))]}
    restrictions.set_lesson(
        Restrictions(
            hide=frozenset(step.hide),
            lock=frozenset({"*"} if waits else step.lock),
            open=frozenset() if waits else frozenset(step.open),
            cover=frozenset(step.cover) if waits else frozenset(),
            waits=waits,
            mystery=mystery,
        )
    )


def is_shown(active: Active) -> bool:
    """Returns whether the right answer of the current step may be shown: always outside of a class; in a class the
    teacher decides.
    """
    return active.step.question is None or seat.is_shown(active.lesson.name, active.place)


def can_go_on(active: Active) -> bool:
    """Returns whether the learner may leave the current step for the next one, or finish the lesson."""
    if active.place + 1 == len(active.lesson.steps):
        return is_shown(active)
    return active.place + 1 < seat.open_steps(active.lesson.name, len(active.lesson.steps))


def rerun() -> None:
    """Draws the page again at the end of a callback. Raises Streamlit's rerun exception."""
    st.session_state.notice = None
    st.rerun()
