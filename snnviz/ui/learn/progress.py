"""The learner's progress in lessons, stored in the store; only in the session if the store cannot be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from snnviz.errors import InputError, StoreError
from snnviz.lessons.lesson import Lesson, Step
from snnviz.lessons.questions.kind import SKIPPED, Truth, Verdict
from snnviz.store import classes, learning
from snnviz.store.learning import StepProgress
from snnviz.ui.kit import services
from snnviz.ui.learn import seat
from snnviz.ui.server.visitors import pseudonym, visitor


def learner() -> str:
    """Returns the name under which this visitor's progress is stored: in a class that of their seat, else a pseudonym
    derived from the browser's cookie.
    """
    code = seat.code()
    return seat.learner_in(code) if code else pseudonym(f"learner:{visitor()}")


def drawn_number(lesson: str, step: str, count: int) -> int:
    """Returns a random number below `count`, which stays the same for this learner, lesson and step."""
    return int(pseudonym(f"mystery:{learner()}:{lesson}:{step}")[:12], 16) % count


def _own() -> dict[tuple[str, str], StepProgress]:
    """Steps of this session whose progress the store could not keep."""
    found: dict[tuple[str, str], StepProgress] = st.session_state.setdefault("learn_steps", {})
    return found


def of_lessons() -> dict[str, dict[str, StepProgress]]:
    """Returns this learner's progress in all lessons, by lesson and step."""
    try:
        kept = learning.steps_of(services.store(), [learner()])
    except StoreError:
        kept = []
    found: dict[str, dict[str, StepProgress]] = {}
    for row in [*kept, *_own().values()]:
        found.setdefault(row.lesson, {}).setdefault(row.step, row)
    return found


def of_lesson(lesson: str) -> dict[str, StepProgress]:
    """Returns this learner's progress in one lesson, by step.

    At most half a second old, but for what this server wrote.
    """
    who = learner()
    try:
        kept = services.CACHE.get(("steps", who, lesson), lambda: learning.steps_of(services.store(), [who], [lesson]))
    except StoreError:
        kept = []
    own = [row for (name, _), row in _own().items() if name == lesson]
    return {row.step: row for row in [*own, *kept]}


def _changed(lesson: str) -> None:
    services.CACHE.drop(("steps", learner(), lesson))


def keep_answer(lesson: str, step: str, answer: Any) -> None:
    """Stores the answer to a step; only the first one counts. Raises `InputError` if a class has too many answers."""
    text = json.dumps(answer)
    try:
        if seat.code():
            classes.check_room_for_answer(services.store(), seat.code(), text)
        learning.keep_answer(services.store_as_person(), learner(), lesson, step, text)
        _changed(lesson)
    except StoreError as error:
        st.session_state.learn_trouble = str(error)
        empty = StepProgress(learner(), lesson, step, text, 0.0, None, "", "", None)
        _own().setdefault((lesson, step), empty)


def keep_done(lesson: str, step: str, truth: Truth, verdict: Verdict | None) -> None:
    """Stores that a step is done, with what happened (the measured truth) and the verdict on the answer, None without a
    question.
    """
    level, idea = ("", "") if verdict is None else (verdict.level, verdict.idea)
    _keep(lesson, step, json.dumps(truth.document()), level, idea)


def keep_skipped(lesson: str, step: str) -> None:
    """Stores that the learner skipped a step: it counts as done, but neither as right nor as wrong."""
    _keep(lesson, step, json.dumps(Truth().document()), SKIPPED, "")


def _keep(lesson: str, step: str, found: str, level: str, idea: str) -> None:
    try:
        learning.keep_done(services.store_as_person(), learner(), lesson, step, found=found, level=level, idea=idea)
        _changed(lesson)
    except StoreError as error:
        st.session_state.learn_trouble = str(error)
        own = _own().get((lesson, step)) or StepProgress(learner(), lesson, step, None, None, None, "", "", None)
        _own()[lesson, step] = own._replace(found=found, level=level, idea=idea, done=1.0)


def forget(lesson: str) -> None:
    """Deletes the learner's progress in a lesson."""
    try:
        learning.forget_steps(services.store_as_person(), learner(), lesson)
        _changed(lesson)
    except StoreError as error:
        st.session_state.learn_trouble = str(error)
    for key in [key for key in _own() if key[0] == lesson]:
        del _own()[key]


def answer_of(step: Step, kept: StepProgress | None) -> Any:
    """Returns the learner's stored answer to a step; None if there is none, or if the question has changed since."""
    if step.question is None or kept is None or kept.answer is None:
        return None
    try:
        return step.question.answer(json.loads(kept.answer))
    except (ValueError, InputError):  # the question has changed since
        return None


def truth_of(kept: StepProgress) -> Truth:
    """Returns the measured truth of a step, stored when it was done; None if it was not done."""
    return Truth.from_document(json.loads(kept.found)) if kept.found else Truth()


def is_done(kept: StepProgress | None) -> bool:
    """Returns whether a step is done."""
    return kept is not None and kept.done is not None


def is_skipped(kept: StepProgress | None) -> bool:
    """Returns whether the learner skipped the step."""
    return kept is not None and kept.level == SKIPPED


def first_open(lesson: Lesson, steps: Mapping[str, StepProgress]) -> int:
    """Returns the index of the first step that is not done; of the last step if all are."""
    for place, step in enumerate(lesson.steps):
        if not is_done(steps.get(step.name)):
            return place
    return len(lesson.steps) - 1
