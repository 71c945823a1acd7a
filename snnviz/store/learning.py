"""Progress in lessons: the answer of each learner to each step, its verdict, and times.

The table is created at the first answer, so that older and read-only stores need no change. A learner is identified
by a pseudonym: of a browser, or of a seat in a class.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Double, Index, MetaData, String, Table, Text, delete, func, select, update

from snnviz.errors import InputError, Unquoted
from snnviz.store.on_demand import TablesOnDemand
from snnviz.store.store import Store

METADATA = MetaData()

STEPS = Table(
    "learning_steps",
    METADATA,
    Column("learner", String(64), primary_key=True),
    Column("lesson", String(40), primary_key=True),
    Column("step", String(40), primary_key=True),  # its name, so that other steps may come and go
    Column("answer", Text),  # JSON; none of a step that asks nothing
    Column("answered", Double),
    Column("found", Text),  # JSON of what really happened, as it was when it was found
    Column("level", String(8), nullable=False, server_default=""),
    Column("idea", Text, nullable=False, server_default=""),
    Column("done", Double),
    Index("learning_by_lesson", "lesson", "step"),
)

TABLES = TablesOnDemand(METADATA)

LONGEST_ANSWER, LONGEST_FOUND = 4_000, 40_000
MOST_ROWS = 400_000
"""Steps that are kept; of more, those answered longest ago go."""

COUNTED_EVERY = 500
"""Answers between two counts of the rows."""

_LOCK = threading.Lock()
_ANSWERS: dict[str, int] = {}
"""Answers since the last count, by the place of the store."""


class StepProgress(NamedTuple):
    """The stored progress of one learner in one step of a lesson: answer, verdict and times.

    answer: JSON text, None without an answer. found: JSON text of what happened (`Truth`), None if not yet. level,
    idea: of the verdict. answered, done: when, in seconds since 1970, None if not yet.
    """

    learner: str
    lesson: str
    step: str
    answer: str | None
    answered: float | None
    found: str | None
    level: str
    idea: str
    done: float | None


def steps_of(store: Store, learners: Sequence[str], lessons: Iterable[str] | None = None) -> list[StepProgress]:
    """Returns the stored progress of these learners, in all lessons (None) or some, the oldest first. Raises
    `StoreError`.
    """
    if not TABLES.exist(store):
        return []
    asked = [STEPS.c.learner.in_([*learners])]
    if lessons is not None:
        asked.append(STEPS.c.lesson.in_([*lessons]))
    columns = [STEPS.c[name] for name in StepProgress._fields]
    query = select(*columns).where(*asked).order_by(func.coalesce(STEPS.c.answered, STEPS.c.done))
    with store._reading() as connection:
        return [StepProgress(*row) for row in connection.execute(query).all()]


def keep_answer(store: Store, learner: str, lesson: str, step: str, answer: str) -> str:
    """Stores a learner's first answer (JSON text) to a step; if there is one already, keeps it. Returns the stored
    answer.

    Raises `InputError` if it is too long, and `StoreError`.
    """
    if len(answer) > LONGEST_ANSWER:
        rule = f"be at most {LONGEST_ANSWER:,} characters long"
        raise InputError("answer", rule, Unquoted(f"{len(answer):,} characters"))
    TABLES.create(store)
    mine = (STEPS.c.learner == learner, STEPS.c.lesson == lesson, STEPS.c.step == step)
    with store._writing() as connection:
        row = {"learner": learner, "lesson": lesson, "step": step, "answer": answer, "answered": time.time()}
        connection.execute(store._insert(STEPS).values(**row).on_conflict_do_nothing())
        first = update(STEPS).where(*mine, STEPS.c.answer.is_(None))
        connection.execute(first.values(answer=answer, answered=time.time()))
        found: str = connection.scalar(select(STEPS.c.answer).where(*mine)) or answer
    _trim(store)
    return found


def keep_done(store: Store, learner: str, lesson: str, step: str, *, found: str, level: str, idea: str) -> None:
    """Stores that a learner has finished a step, with what happened (JSON text), the verdict's level and the
    misconception `idea`; later calls change nothing.
    """
    if len(found) > LONGEST_FOUND:
        raise InputError(
            "found", f"be at most {LONGEST_FOUND:,} characters long", Unquoted(f"{len(found):,} characters")
        )
    TABLES.create(store)
    mine = (STEPS.c.learner == learner, STEPS.c.lesson == lesson, STEPS.c.step == step)
    with store._writing() as connection:
        new = {"found": found, "level": level, "idea": idea[:200], "done": time.time()}
        row = {"learner": learner, "lesson": lesson, "step": step, **new}
        connection.execute(store._insert(STEPS).values(**row).on_conflict_do_nothing())
        connection.execute(update(STEPS).where(*mine, STEPS.c.done.is_(None)).values(**new))


def forget_steps(store: Store, learner: str, lesson: str) -> None:
    """Deletes the stored progress of a learner in one lesson."""
    if TABLES.exist(store):
        with store._writing() as connection:
            connection.execute(delete(STEPS).where(STEPS.c.learner == learner, STEPS.c.lesson == lesson))


def _trim(store: Store) -> None:
    """Have the oldest go where there are too many."""
    with _LOCK:
        _ANSWERS[store.place] = (_ANSWERS.get(store.place, 0) + 1) % COUNTED_EVERY
        if _ANSWERS[store.place]:
            return
    with store._writing() as connection:
        past: Any = select(STEPS.c.answered).where(STEPS.c.answered.is_not(None))
        oldest = connection.scalar(past.order_by(STEPS.c.answered.desc()).offset(MOST_ROWS).limit(1))
        if oldest is not None:
            connection.execute(delete(STEPS).where(STEPS.c.answered <= oldest))
