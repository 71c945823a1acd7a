"""The teacher's page of a class: where each student is, what they predict, and controls for what is open and shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from snnviz.design import links
from snnviz.errors import SnnvizError
from snnviz.jobs.durations import format_duration
from snnviz.lessons import classes as rules
from snnviz.lessons.lesson import Lesson
from snnviz.lessons.library import library
from snnviz.store import classes, learning
from snnviz.store.classes import Classroom, Seat
from snnviz.store.learning import StepProgress
from snnviz.ui.kit import services, state
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.server_url import server_url
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import as_sentence, escape_markdown, pluralise
from snnviz.ui.learn import answers, seat
from snnviz.views.qr import qr_svg
from snnviz.views.sharing import class_link

FRAGMENT = "class-live"
EVERY = 2.0
"""Seconds between two looks at the class."""

HERE = 15.0
"""Seconds without a sign of life for which a student counts as here."""

QR_PIXELS = 132
"""Width of the code that students scan from the wall."""

PACES = {"together": "together", "alone": "alone, each at their own pace"}

Progress = Mapping[str, Mapping[str, Mapping[str, StepProgress]]]
"""By learner, lesson and step."""


def panel(room: Classroom, secret: str) -> None:
    """Draws the teacher's page of a class. secret: the secret text in the teacher's link."""
    st.title(escape_markdown(room.title) or f"Class {room.code}", anchor=False)
    if room.ended is not None:
        st.info(
            "This class has ended: nobody can join or answer. Scores stay until you delete it.", icon=":material/lock:"
        )
    _invite(room, secret)
    st.fragment(_live, key=FRAGMENT, run_every=EVERY if room.ended is None else None)(room.code)
    _hand_out(room)
    _scores(room)
    _manage(room)


def _invite(room: Classroom, secret: str) -> None:
    code, scan, where, own = st.columns([3, 2, 6, 3], vertical_alignment="center")
    root = server_url(seat.PAGE)
    address = class_link(root, room.code)
    if drawn := qr_svg(address):
        scan.image(drawn, width=QR_PIXELS)
    with code.container(key="class-code"):
        st.markdown(f"**{room.code}**")
    with where.container(gap="small"):
        st.caption("Students scan this, open this address, or choose Classes in the menu Learn and type the code.")
        st.code(address, language=None, wrap_lines=True)
    with own.popover("Your own link", icon=":material/key:"):
        st.caption("Keep it: whoever has it sees and leads the class, and it cannot be sent to you again.")
        st.code(f"{root}{seat.PAGE}?teach={secret}", language=None, wrap_lines=True)


# -- live -------------------------------------------------------------------------------------------------------------


def progress_of(room: Classroom) -> Progress:
    """Returns the progress of all students of a class, at most half a second old."""

    def read() -> Progress:
        found: dict[str, dict[str, dict[str, StepProgress]]] = {}
        for row in learning.steps_of(services.store(), [*seat.seats_of(room.code)], room.lessons):
            found.setdefault(row.learner, {}).setdefault(row.lesson, {})[row.step] = row
        return found

    return services.CACHE.get(("class progress", room.code), read)


@show_store_errors()
def _live(code: str) -> None:
    room = seat.class_of(code)
    if room is None:
        st.rerun()
        return
    seats, progress, lessons = seat.seats_of(code), progress_of(room), rules.lessons_of(room, library())
    if not lessons:
        st.warning("None of this class's lessons is on this server any more.", icon=":material/error:")
        return
    lesson, place = _choose(room, lessons)
    if room.pace == "together" and room.ended is None:
        _steer(room, lessons)
    answers.panel(room, lesson, place, seats, progress)
    _students(lessons, seats, progress)
    if seats:
        _take_off(code, seats)


def _choose(room: Classroom, lessons: Sequence[Lesson]) -> tuple[Lesson, int]:
    """The lesson and the step that the teacher looks at: where the class is, until another one is chosen."""
    session, by_name = st.session_state, {lesson.name: lesson for lesson in lessons}
    if session.get("class_at") != (room.lesson, room.step):
        session.class_at = (room.lesson, room.step)
        session["class-lesson"], session["class-step"] = room.lesson, room.step
    if session.get("class-lesson") not in by_name:
        session["class-lesson"] = lessons[0].name
    which, where = st.columns(2)
    which.selectbox(
        "Lesson", list(by_name), format_func=lambda name: by_name[name].title, key="class-lesson", on_change=_first_step
    )
    lesson = by_name[session["class-lesson"]]
    steps = range(len(lesson.steps))
    if session.get("class-step") not in steps:
        session["class-step"] = 0
    where.selectbox("Step", list(steps), format_func=lambda at: f"{at + 1}. {lesson.steps[at].title}", key="class-step")
    return lesson, session["class-step"]


def _first_step() -> None:
    st.session_state["class-step"] = 0


def _steer(room: Classroom, lessons: Sequence[Lesson]) -> None:
    """Buttons that open and hold steps, and show what is right."""
    now = next((lesson for lesson in lessons if lesson.name == room.lesson), lessons[0])
    step, after = now.steps[min(room.step, len(now.steps) - 1)], lessons.index(now) + 1
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        at = f"step {room.step + 1} of {len(now.steps)}, **{escape_markdown(step.title)}**"
        st.markdown(f":material/flag: The class is at {at}", width="content")
        asks = step.question is not None
        if asks and not room.shown:
            _button("Show what is right", "show", "visibility", room, {"shown": True}, primary=True)
        elif asks:
            _button("Hide what is right", "hide", "visibility_off", room, {"shown": False})
        if room.step + 1 < len(now.steps):
            label = f"Open step {room.step + 2}"
            _button(
                label,
                "open",
                "lock_open",
                room,
                {"step": room.step + 1, "shown": False},
                primary=not asks or room.shown,
            )
        elif after < len(lessons):
            fields = {"lesson": lessons[after].name, "step": 0, "shown": False}
            _button("Open the next lesson", "open", "lock_open", room, fields, primary=not asks or room.shown)
        if room.step:
            _button(f"Hold at step {room.step}", "hold", "lock", room, {"step": room.step - 1, "shown": True})


def _button(
    label: str, key: str, icon: str, room: Classroom, fields: dict[str, object], *, primary: bool = False
) -> None:
    st.button(
        label,
        key=f"class-{key}",
        icon=f":material/{icon}:",
        type="primary" if primary else "secondary",
        on_click=_change,
        args=(room, fields),
    )


def _change(room: Classroom, fields: dict[str, object]) -> None:
    """Changes the class as it was drawn; where it was changed since, elsewhere or by a second press, nothing."""
    now = classes.get_class(services.store(), room.code)
    if now is not None and replace(now, seen=room.seen) == room:
        classes.change_class(services.store(), room.code, **fields)
    seat.changed(room.code)


def _students(lessons: Sequence[Lesson], seats: Mapping[str, Seat], progress: Progress) -> None:
    here = [one for one in seats.values() if one.left is None and time.time() - one.seen < HERE]
    st.markdown(f"**{pluralise(len(seats), 'student')}**, {len(here)} here now")
    if seats:
        table = students_table(lessons, seats, progress, server_url(seat.PAGE) or "/")
        link = st.column_config.LinkColumn("Their page", display_text="open", help="In a new tab, with their setting.")
        columns = {"page": link, "seen": st.column_config.TextColumn("Last sign of life")}
        st.dataframe(
            table, hide_index=True, key="class-students", column_config=column_config(table, columns),
            height=min(38 + 35 * len(table), 560),
        )  # fmt: skip


def students_table(lessons: Sequence[Lesson], seats: Mapping[str, Seat], progress: Progress, root: str) -> pd.DataFrame:
    """Returns a row for each student: nickname, where they are, the last sign of life, answers and points, and the
    link of what they see. root: address of the server, with a slash.
    """
    by_name, rows = {lesson.name: lesson for lesson in lessons}, []
    for one in seats.values():
        lesson, mine = by_name.get(one.lesson), progress.get(one.learner, {})
        scores = [rules.lesson_score(each, mine.get(each.name, {})) for each in lessons]
        ago = time.time() - one.seen
        rows.append(
            {
                "nickname": one.nickname,
                "where": _where(lesson, one.step),
                "seen": "left" if one.left else "now" if ago < HERE else f"{format_duration(ago)} ago",
                "answers": sum(score.answered for score in scores),
                "points": sum(score.points for score in scores),
                "page": _link(root, one),
            }
        )
    return pd.DataFrame(rows)


def _take_off(code: str, seats: Mapping[str, Seat]) -> None:
    with st.popover("Take a student off the class", icon=":material/person_remove:"):
        st.selectbox(
            "Nickname", list(seats), None, format_func=lambda who: seats[who].nickname, key="class-who",
            help="With all answers. The nickname is free again.",
        )  # fmt: skip
        st.button("Take off", key="class-remove", on_click=_remove, args=(code,))


def _link(root: str, one: Seat) -> str | None:
    if not one.page:
        return None
    return f"{root}{'' if one.page == 'home' else one.page}?{one.link}".removesuffix("?")


def _where(lesson: Lesson | None, step: int) -> str:
    if lesson is None or not 0 <= step < len(lesson.steps):
        return "in no lesson"
    return f"{step + 1}. {lesson.steps[step].title}"


# -- handing out, scores, the end -------------------------------------------------------------------------------------


def _hand_out(room: Classroom) -> None:
    if room.ended is not None:
        return
    with st.expander("Hand out a design or a setting", icon=":material/outbox:"):
        if room.handed:
            st.markdown(f"Handed out: `{room.handed[:200].replace('`', '')}`")
            st.button("Take it back", key="class-hand-back", on_click=_hand, args=(room.code, ""))
        st.caption(
            "Students get a button that opens it. Copy the address of a page, or hand out what you edit on Design."
        )
        st.text_input("Address", key="class-hand-link", placeholder="/design?neuron.threshold=0.5")
        with st.container(horizontal=True, gap="small"):
            st.button("Hand out this address", key="class-hand", on_click=_hand_address, args=(room.code,))
            st.button("Hand out my design", key="class-hand-mine", on_click=_hand_mine, args=(room.code,))
        if problem := st.session_state.pop("class_hand_trouble", ""):
            st.error(escape_markdown(problem), icon=":material/error:")


def _hand_address(code: str) -> None:
    _hand(code, st.session_state.get("class-hand-link", ""))


def _hand_mine(code: str) -> None:
    _hand(code, f"design?{links.to_query(state.design())}")


def _hand(code: str, text: str) -> None:
    try:
        classes.change_class(services.store(), code, handed=rules.read_handout(text) if text else "")
        seat.changed(code)
    except SnnvizError as error:
        st.session_state.class_hand_trouble = as_sentence(error)


def _scores(room: Classroom) -> None:
    with st.expander("Scores", icon=":material/grade:"):
        st.caption(
            "Percent of a lesson's questions: 1 for right, 1/2 for near; what the data cannot tell does not count. "
            "By nickname: have students choose their login as nickname, and your course's system finds them."
        )
        with st.container(horizontal=True, gap="small"):
            for name, write in (("Moodle", rules.moodle_csv), ("Canvas", rules.canvas_csv)):
                st.download_button(
                    f"CSV for {name}",
                    partial(_csv, room, write),  # when it is pressed
                    f"class-{room.code}-{name.lower()}.csv",
                    "text/csv",
                    key=f"class-csv-{name.lower()}",
                    icon=":material/download:",
                    on_click="ignore",
                )


def _csv(room: Classroom, write: Callable[[Sequence[Lesson], Mapping[str, Sequence[rules.Score]]], str]) -> str:
    services.CACHE.drop(("class progress", room.code))
    seat.SEATS.drop(room.code)
    return write(rules.lessons_of(room, library()), scores_of(room))


def scores_of(room: Classroom) -> dict[str, list[rules.Score]]:
    """Returns each student's score in each lesson, by nickname."""
    progress, lessons = progress_of(room), rules.lessons_of(room, library())
    return {
        one.nickname: [rules.lesson_score(lesson, progress.get(learner, {}).get(lesson.name, {})) for lesson in lessons]
        for learner, one in seat.seats_of(room.code).items()
    }


def _manage(room: Classroom) -> None:
    with st.expander("The class", icon=":material/settings:"):
        paces = list(PACES)
        st.radio(
            "Pace", paces, paces.index(room.pace), format_func=PACES.__getitem__, key="class-pace", horizontal=True,
            on_change=_set_pace, args=(room.code,), disabled=room.ended is not None,
        )  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            if room.ended is None:
                st.button("End the class", key="class-end", on_click=_end, args=(room.code,))
            sure = st.checkbox("Delete it with all answers", key="class-sure")
            st.button("Delete", key="class-delete", disabled=not sure, on_click=_delete, args=(room.code,))


def _set_pace(code: str) -> None:
    classes.change_class(services.store(), code, pace=st.session_state.get("class-pace", "together"))
    seat.changed(code)


def _remove(code: str) -> None:
    if who := st.session_state.get("class-who"):
        classes.remove_seat(services.store(), code, who)
        seat.changed(code)
        st.session_state["class-who"] = None


def _end(code: str) -> None:
    classes.change_class(services.store(), code, ended=time.time())
    seat.changed(code)


def _delete(code: str) -> None:
    classes.delete_class(services.store(), code)
    seat.changed(code)
    st.session_state.class_teaches = ""
