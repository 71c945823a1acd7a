"""The page with the list of lessons: all of them with one's own progress; a teacher can also try out a file of their
own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

import streamlit as st

from snnviz.errors import InputError
from snnviz.lessons.classes import lessons_of
from snnviz.lessons.lesson import Lesson
from snnviz.lessons.reading import MOST_BYTES, read_lesson
from snnviz.store.learning import StepProgress
from snnviz.ui.components.address import address
from snnviz.ui.kit import headings
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown, pluralise
from snnviz.ui.learn import active, progress, seat
from snnviz.ui.learn.prose import to_markdown

MOST_TRIED = 10
"""Files of one's own that a visit remembers."""


@show_store_errors()
def panel() -> None:
    """Draws a card for each lesson, and below them the place for a file of one's own; nothing while one is taken."""
    if active.current() is not None:
        headings.hidden_heading("Lessons")
        address("", key="lessons-address")  # the step is in it, for a reload
        return
    st.title("Lessons", anchor=False)
    st.caption(
        "Each asks before it shows: predict, then let the network answer. Ten minutes at most; where you are is kept "
        "in this browser, without an account."
    )
    found = active.lessons()
    if done := st.session_state.pop("learn_finished", ""):
        lesson = found.lessons.get(done)
        if lesson is not None:
            st.success(f"You have finished **{escape_markdown(lesson.title)}**.", icon=":material/celebration:")
    steps, room = progress.of_lessons(), seat.classroom()
    for lesson in found.lessons.values() if room is None else lessons_of(room, found):
        _card(lesson, steps.get(lesson.name, {}))
    for problem in found.problems:
        st.warning(escape_markdown(problem), icon=":material/error:")
    _own()


def _card(lesson: Lesson, steps: Mapping[str, StepProgress]) -> None:
    done = [step for step in lesson.steps if progress.is_done(steps.get(step.name))]
    right = sum(steps[step.name].level == "right" for step in done)
    skipped = sum(progress.is_skipped(steps[step.name]) for step in done)
    asked = sum(step.question is not None and not progress.is_skipped(steps[step.name]) for step in done)
    with st.container(border=True, key=f"lesson-card-{lesson.name}"):
        words, action = st.columns([9, 3], vertical_alignment="center")
        words.markdown(f"**{escape_markdown(lesson.title)}**")
        words.markdown(escape_markdown(lesson.summary))
        told = f"about {pluralise(lesson.minutes, 'minute')}, {pluralise(len(lesson.steps), 'step')}"
        if done:
            told += f"; {len(done) - skipped} done, {right} of {asked} predictions right"
            told += f", {skipped} skipped" if skipped else ""
        words.caption(told + ("" if lesson.own else "; of this server"))
        over, in_class = len(done) == len(lesson.steps), bool(seat.code())
        label = ("Look again" if in_class else "Take it again") if over else "Go on" if done else "Start"
        is_open = seat.open_steps(lesson.name, len(lesson.steps)) > 0
        action.button(
            label,
            key=f"lesson-start-{lesson.name}",
            type="secondary" if over else "primary",
            width="stretch",
            on_click=_start,
            args=(lesson.name, over and not in_class),
            disabled=not is_open,
            help=None if is_open else "Your teacher opens it.",
        )


def _start(name: str, anew: bool) -> None:
    if anew:
        progress.forget(name)
    active.start(name)


def _own() -> None:
    with st.expander("Try out a lesson of your own", icon=":material/upload_file:"):
        st.caption(
            "A Markdown file, as docs/lessons.md describes it. It is read and shown to you alone, and forgotten when "
            "you close the page. `python -m snnviz lessons check FILE` says the same on the command line."
        )
        file = st.file_uploader("Lesson", type=["md"], key="lesson-file", max_upload_size=1)
        if file is None:
            return
        try:
            if file.size > MOST_BYTES:
                raise InputError("file", f"be at most {MOST_BYTES // 1000} kB", f"{file.size:,} bytes")
            text = file.getvalue().decode("utf-8")
            lesson = read_lesson(text, PurePath(file.name).stem)
        except UnicodeDecodeError:
            st.error("file must be text in UTF-8.", icon=":material/error:")
        except InputError as error:
            st.error(escape_markdown(f"{error}."), icon=":material/error:")
        else:
            _preview(lesson)


def _preview(lesson: Lesson) -> None:
    st.success(f"A lesson of {pluralise(len(lesson.steps), 'step')}.", icon=":material/check_circle:")
    st.button("Take it", key="lesson-try", type="primary", on_click=_try, args=(lesson,))
    for place, step in enumerate(lesson.steps, 1):
        st.markdown(f"**{place}. {escape_markdown(step.title)}**")
        st.markdown(to_markdown(step.text))
        facts = [f"page {step.page}" if step.page else "no page"]
        for name in ("hide", "lock", "open", "cover"):
            if names := getattr(step, name):
                facts.append(f"{name} {', '.join(names)}")
        if step.question is not None:
            facts.append(f"asks a {step.question.kind}: {step.question.ask}")
        if step.check is not None:
            facts.append(f"checks a {step.check.kind}")
        st.caption(escape_markdown("; ".join(facts)))
        if step.explanation:
            st.markdown(to_markdown(step.explanation))


def _try(lesson: Lesson) -> None:
    own = st.session_state.get("learn_own", {})
    st.session_state.learn_own = dict([*own.items(), (lesson.name, lesson)][-MOST_TRIED:])
    progress.forget(lesson.name)
    active.start(lesson.name)
