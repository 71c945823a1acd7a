"""The panel with the current lesson, drawn above the page that its step is about."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from snnviz.errors import InputError
from snnviz.lessons.checks.kind import Found
from snnviz.lessons.checks.neuron import NeuronCheck
from snnviz.lessons.lesson import Step
from snnviz.lessons.pages import PAGES
from snnviz.lessons.questions.kind import Truth, Verdict
from snnviz.places import TOP
from snnviz.store.learning import StepProgress
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.components.neuron import NeuronStart, neuron
from snnviz.ui.kit import readings, resetting, restrictions
from snnviz.ui.kit.fragments import rerun_fragments
from snnviz.ui.kit.refresh_rate import refresh_interval
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.ui.learn import active, class_bar, progress
from snnviz.ui.learn.active import Active
from snnviz.ui.learn.asking import ASKING
from snnviz.ui.learn.prose import to_markdown
from snnviz.ui.learn.world import Visit

FRAGMENT = class_bar.LESSON_PANEL
EVERY = 1.0
"""Seconds between two looks at what happens on the page, while a check waits for it."""

LEVELS = {
    "right": (st.success, ":material/check_circle:", "Right."),
    "near": (st.warning, ":material/target:", "Near."),
    "wrong": (st.error, ":material/close:", "Not so."),
    "open": (st.info, ":material/help:", "Open."),
}

SKIPPED_WORDS = "You went on without this step. It counts neither as right nor as wrong."


def panel(page: str) -> None:
    """Draws the lesson that this visitor is taking, if there is one. page: name of the file of the page below it."""
    if trouble := st.session_state.pop("learn_trouble", ""):
        st.warning(escape_markdown(trouble), icon=":material/school:")
    now = active.current()
    class_bar.class_bar(page, now)
    if now is None:
        return
    kept = progress.of_lesson(now.lesson.name).get(now.step.name)
    waiting = not progress.is_done(kept) and now.step.check is not None and active.is_shown(now)
    unanswered = now.step.question is not None and progress.answer_of(now.step, kept) is None
    with st.container(key="lesson", border=True):
        st.fragment(_body, key=FRAGMENT)(page)
        if waiting and not unanswered and now.step.beneath == page:
            st.fragment(_watch, key="lesson-watch", run_every=refresh_interval(EVERY))(page)


def link_problem(title: str) -> None:
    """Shows a message if `hide` or `lock` in the link name something that is no control of the page. title: of the
    page, which has been drawn.
    """
    if problem := restrictions.problem(title):
        st.warning(escape_markdown(problem), icon=":material/lock:")


@show_store_errors()
def _body(page: str) -> None:
    now = active.current()
    if now is None:
        st.rerun()
        return
    steps = progress.of_lesson(now.lesson.name)
    kept = steps.get(now.step.name)
    _head(now)
    if now.step.beneath != page:
        _elsewhere(now)
        return
    _looked(now, kept, page)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.markdown(to_markdown(now.step.text))
    with right:
        if progress.is_done(kept) and active.is_shown(now):
            _outcome(now.step, kept)
        else:
            _question(now, kept)
            _pending(now, kept)
    if progress.is_done(kept) and active.is_shown(now) and now.step.explanation:
        with left:
            st.markdown(to_markdown(now.step.explanation))
    _neuron(now, kept)
    _feet(now, kept)


@show_store_errors()
def _watch(page: str) -> None:
    """What the check says, and nothing else: so that sixty who wait cost little."""
    now = active.current()
    kept = None if now is None else progress.of_lesson(now.lesson.name).get(now.step.name)
    found = None if now is None else _looked(now, kept, page)
    if found is not None:
        st.caption(f":material/hourglass_top: {escape_markdown(found.words)}")


def _neuron(now: Active, kept: StepProgress | None) -> None:
    """The neuron that the step asks about, to be taken in hand; it would tell the answer before."""
    check = now.step.check
    if not isinstance(check, NeuronCheck) or check.reset == "none":
        return
    if not progress.is_done(kept) or not active.is_shown(now):
        st.caption(":material/visibility_off: Here the neuron will move, for you to play with, when you have answered.")
        return
    reset: Literal["subtract", "zero"] = "zero" if check.reset == "zero" else "subtract"
    start = NeuronStart(check.current, check.beta, check.threshold, reset=reset)
    neuron(start, key=f"lesson-neuron/{now.step.name}")


def _head(now: Active) -> None:
    title, leave = st.columns([10, 3], vertical_alignment="center")
    count = f"step {now.place + 1} of {len(now.lesson.steps)}"
    title.markdown(f"#### {escape_markdown(now.step.title)}")
    title.caption(f":material/school: {escape_markdown(now.lesson.title)}, {count}")
    with leave.container(horizontal=True, horizontal_alignment="right"):
        st.button(
            "Reset the page",
            key="lesson-reset",
            icon=":material/restart_alt:",
            type="tertiary",
            help="Back to the setting that this step begins with. The same seed gives the same weights.",
            on_click=_reset,
            disabled=not now.step.page,
        )
        st.button("Leave", key="lesson-leave", icon=":material/close:", type="tertiary", on_click=_leave)


def _elsewhere(now: Active) -> None:
    title = PAGES[now.step.page].title if now.step.page else "Lessons"
    st.info(f"This step is about the page **{title}**.", icon=":material/arrow_forward:")
    st.button(f"Open {title}", key="lesson-page", type="primary", on_click=_enter)


def _looked(now: Active, kept: StepProgress | None, page: str) -> Found | None:
    """What the check says; where it has found something the step is done, and the page is drawn anew."""
    step = now.step
    if progress.is_done(kept) or not active.is_shown(now):
        return None
    answer = progress.answer_of(step, kept)
    if step.question is not None and answer is None:
        return None
    found: Found | None = None
    truth = Truth()
    if step.check is not None:
        found = step.check.evaluate(Visit(page))
        if found.truth is None:
            return found
        truth = found.truth
    elif step.question is None:
        return None  # a step to read is done when one goes on
    if step.mystery is not None:
        truth = Truth("The value that was hidden.", float(restrictions.mystery_fields()[step.mystery.field]))
    verdict = None if step.question is None else step.question.judge(answer, truth)
    progress.keep_done(now.lesson.name, step.name, truth, verdict)
    st.rerun()
    return found


def _question(now: Active, kept: StepProgress | None) -> None:
    step = now.step
    if step.question is None:
        return
    answer = progress.answer_of(step, kept)
    st.markdown(f"**{escape_markdown(step.question.ask)}**")
    if answer is not None:
        st.markdown(f":material/edit: You predicted: {escape_markdown(step.question.describe_answer(answer))}")
        return
    key = _key(now)
    ASKING[type(step.question)].ask(step.question, key)
    if problem := st.session_state.get("learn_problem"):
        st.error(escape_markdown(problem), icon=":material/error:")
    label = "Keep my prediction" if step.question.before else "Answer"
    st.button(label, key="lesson-keep", type="primary", on_click=_keep)


def _key(now: Active) -> str:
    return f"lesson-answer/{now.lesson.name}/{now.step.name}"


def _pending(now: Active, kept: StepProgress | None) -> None:
    step = now.step
    asked = step.question is not None and progress.answer_of(step, kept) is None
    if step.question is not None and step.question.before and asked and step.page:
        st.caption(":material/lock: The page below opens when you have made your prediction.")
        return
    if not asked and not active.is_shown(now):
        st.info("Your answer is kept. Your teacher shows what is right.", icon=":material/hourglass_top:")
        return
    if step.do:
        st.info(to_markdown(step.do), icon=":material/touch_app:")


def _outcome(step: Step, kept: StepProgress | None) -> None:
    if kept is None:
        return
    truth, answer = progress.truth_of(kept), progress.answer_of(step, kept)
    if progress.is_skipped(kept):
        if step.question is not None:
            st.markdown(f"**{escape_markdown(step.question.ask)}**")
            if answer is not None:
                st.markdown(f":material/edit: You predicted: {escape_markdown(step.question.describe_answer(answer))}")
        st.info(SKIPPED_WORDS, icon=":material/skip_next:")
        return
    if step.question is None or answer is None:
        if truth.words:
            st.success(escape_markdown(truth.words), icon=":material/check_circle:")
        return
    verdict: Verdict = step.question.judge(answer, truth)
    show, icon, word = LEVELS[verdict.level]
    st.markdown(f"**{escape_markdown(step.question.ask)}**")
    st.markdown(f":material/edit: You predicted: {escape_markdown(step.question.describe_answer(answer))}")
    show(f"**{word}** {escape_markdown(verdict.words)}", icon=icon)
    drawn = list(ASKING[type(step.question)].figure(step.question, answer, truth))
    if drawn:
        charts(payload(drawn), key=f"lesson-figure/{step.name}")


def _is_to_read(step: Step) -> bool:
    return step.question is None and step.check is None


def _feet(now: Active, kept: StepProgress | None) -> None:
    done, last = progress.is_done(kept), now.place + 1 == len(now.lesson.steps)
    to_read, at = _is_to_read(now.step), (now.lesson.name, now.place)
    free = active.can_go_on(now)
    with st.container(horizontal=True, gap="small"):
        if now.place:
            st.button("Back", key="lesson-back", icon=":material/arrow_back:", on_click=_go, args=(now.place - 1,))
        if done or to_read:
            label = "Finish" if last else "Next"
            st.button(
                label,
                key="lesson-next",
                type="primary",
                icon=":material/arrow_forward:",
                on_click=_next,
                args=at,
                disabled=not free,
                help=None if free else "Your teacher opens the next step.",
            )
        elif free:
            st.button(
                "Go on without",
                key="lesson-skip",
                type="tertiary",
                help="The step counts as skipped: neither as right nor as wrong.",
                on_click=_next,
                args=at,
            )


# -- callbacks --------------------------------------------------------------------------------------------------------


def _keep() -> None:
    now = active.current()
    if now is None or now.step.question is None:
        return
    question, session = now.step.question, st.session_state
    sent: Any = ASKING[type(question)].sent(question, _key(now))
    try:
        if sent is None or sent == []:
            raise InputError("answer", "be given before it is kept", "")
        answer = question.answer(sent)
        progress.keep_answer(now.lesson.name, now.step.name, answer)
    except InputError as error:
        session.learn_problem = f"{error}." if sent not in (None, []) else "Give your answer first."
        rerun_fragments(FRAGMENT)
    else:
        session.learn_problem = ""
        st.rerun()


def _next(lesson: str, place: int) -> None:
    now = active.current()
    if now is None or (now.lesson.name, now.place) != (lesson, place) or not active.can_go_on(now):
        return  # pressed twice, or held: the step that was pressed for is left already, or not yet
    kept = progress.of_lesson(now.lesson.name).get(now.step.name)
    if not progress.is_done(kept):
        if _is_to_read(now.step):
            progress.keep_done(now.lesson.name, now.step.name, Truth(), None)
        else:
            progress.keep_skipped(now.lesson.name, now.step.name)
    if now.place + 1 == len(now.lesson.steps):
        active.leave()
        st.session_state.learn_finished = now.lesson.name
        st.session_state.learn_list = True
    else:
        _go(now.place + 1)
    st.rerun()


def _go(place: int) -> None:
    session = st.session_state
    session.learn_step, session.learn_entered, session.learn_problem = place, None, ""
    active.lead()


def _enter() -> None:
    """Leads to the page of the step."""
    st.session_state.learn_entered = None
    readings.clear()
    active.lead()


def _reset() -> None:
    now = active.current()
    if now is None or resetting.start() is None or now.step.page != st.session_state.page:
        _enter()
    readings.clear()
    resetting.reset()


def _leave() -> None:
    active.leave()
    st.session_state.learn_list = True
    st.rerun()


def go_to_list() -> None:
    """Opens the page with the list of lessons if a lesson has just been left."""
    if st.session_state.pop("learn_list", False):
        st.switch_page(TOP / "pages" / "lessons.py")
