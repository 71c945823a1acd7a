"""Charts and tables of all answers that a class gave to a question: histogram, bars, curves or orders, with the
misconceptions behind wrong ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from snnviz.lessons.lesson import Lesson, Step
from snnviz.store.classes import Classroom, Seat
from snnviz.store.learning import StepProgress
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.kit.columns import column_config
from snnviz.ui.kit.words import escape_markdown
from snnviz.ui.learn import progress
from snnviz.ui.learn.asking import ASKING

LEVELS = {"right": "right", "near": "near", "wrong": "not right", "open": "open"}


def panel(
    room: Classroom,
    lesson: Lesson,
    place: int,
    seats: Mapping[str, Seat],
    found: Mapping[str, Mapping[str, Mapping[str, StepProgress]]],
) -> None:
    """Draws all answers of a class to a step's question. found: progress by learner, lesson and step."""
    step = lesson.steps[place]
    if step.question is None:
        st.caption("This step asks nothing.")
        return
    rows = [row for who in seats if (row := found.get(who, {}).get(lesson.name, {}).get(step.name)) is not None]
    given = [answer for row in rows if (answer := progress.answer_of(step, row)) is not None]
    st.markdown(f"**{escape_markdown(step.question.ask)}**")
    st.caption(f":material/how_to_vote: {len(given)} of {len(seats)} have answered")
    named = st.toggle(
        "Name wrong ideas",
        key="class-ideas",
        help="Not on the wall before all have answered: it tells which answers are wrong.",
    )
    if given:
        together = ASKING[type(step.question)].together(step.question, given, named)
        if together.chart is not None:
            charts(payload([together.chart]), key=f"class-answers/{lesson.name}/{step.name}")
        else:
            table = pd.DataFrame(together.rows)
            st.dataframe(table, hide_index=True, column_config=column_config(table), key="class-orders")
    if named:
        _ideas(step, rows)
    levels = Counter(row.level for row in rows if row.level)
    if room.shows(lesson.name, place) and levels:
        st.caption(", ".join(f"{levels[name]} {words}" for name, words in LEVELS.items() if levels[name]))


def _ideas(step: Step, rows: list[StepProgress]) -> None:
    """Wrong ideas, the most frequent first: by the verdicts, and of who has none yet by the lesson's file."""
    ideas: Counter[str] = Counter()
    for row in rows:
        answer = progress.answer_of(step, row)
        if answer is None or step.question is None:
            continue
        idea = (row.idea if row.level in ("wrong", "near") else "") if row.level else step.question.idea(answer)
        ideas.update([idea] if idea else [])
    lines = [f"- {escape_markdown(idea)}: {count}" for idea, count in ideas.most_common(12)]
    st.markdown("\n".join(lines) if lines else "No wrong idea so far.")
