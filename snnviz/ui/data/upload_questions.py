"""Questions to the visitor about an uploaded file that can be read in several ways, and the answers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import streamlit as st

from snnviz.data.uploads import ChoiceNeeded, UploadChoices
from snnviz.ui.kit.words import escape_markdown

QUESTIONS = {
    "scale": "Which values are black and white?",
    "split": "Which are for testing?",
    "stream": "Which camera?",
    "classes": "Which folders are the classes?",
    "columns": "What are the columns?",
    "size": "How large shall they be?",
    "kind": "Which of them?",
}
WORDS = {
    "scale": {
        "unit": "from 0 to 1",
        "bytes": "from 0 to 255",
        "max": "from 0 to the largest",
        "range": "from the smallest to the largest",
        "each": "each by itself",
    },
    "split": {"folders": "as they are called", "seed": "drawn"},
    "stream": {},
    "classes": {"1": "around the files", "2": "one above", "3": "two above"},
}


def answers(upload: Hashable) -> UploadChoices:
    """Returns the answers that the visitor gave about this upload; empty answers for another upload."""
    session = st.session_state
    if session.get("data_asked_of") != upload:
        session.data_asked_of, session.data_asked = upload, {}
    return UploadChoices(**{option: value for option, (_, value) in session.data_asked.items() if value})


def ask(asked: ChoiceNeeded) -> None:
    """Adds a question about the upload and shows it, below those that were answered."""
    st.session_state.data_asked.setdefault(asked.option, (asked, ""))
    show_questions()


def show_questions() -> None:
    """Shows the questions about the upload so far, whose answers can be changed."""
    for option, (asked, value) in st.session_state.get("data_asked", {}).items():
        values = list(asked.choices)
        if not value:
            st.warning(f"There are several ways to read this: {escape_markdown(asked.why)}.", icon=":material/help:")
        key = f"data-choice-{option}-{hash(st.session_state.data_asked_of)}"
        st.radio(
            QUESTIONS[option],
            values,
            index=values.index(value) if value else None,
            format_func=lambda one, asked=asked: _label(asked, one),
            key=key,
            on_change=_answer,
            args=(option, key),
        )


def _label(asked: ChoiceNeeded, value: str) -> str:
    title, words = WORDS.get(asked.option, {}).get(value, value), asked.choices[value]
    return escape_markdown(f"{title}: {words}" if words else title)


def _answer(option: str, key: str) -> None:
    asked: dict[str, tuple[Any, str]] = st.session_state.data_asked
    value = st.session_state[key]
    asked[option] = asked[option][0], value
    for later in list(asked)[list(asked).index(option) + 1 :]:  # what was asked because of the old answer
        del asked[later]
