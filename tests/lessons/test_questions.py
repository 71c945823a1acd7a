"""Kinds of question: what is an answer, and how it is judged beside what happened."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.errors import InputError
from snnviz.lessons.questions import QUESTIONS
from snnviz.lessons.questions.curve import FULL, POINTS, CurveQuestion, shape
from snnviz.lessons.questions.kind import Question, Truth
from snnviz.lessons.table import Table

CHOICE = """
kind = "choice"
ask = "Which?"
best = "most"
[[options]]
name = "a"
text = "A"
idea = "a is large"
says = "It is not."
[[options]]
name = "b"
text = "B"
[[options]]
name = "equal"
text = "Equal"
idea = "nothing matters"
says = "It does."
"""
ORDER = """
kind = "order"
ask = "Which first?"
items = [{name = "a", text = "A"}, {name = "b", text = "B"}, {name = "c", text = "C"}]
"""
NUMBER = """
kind = "number"
ask = "How many?"
unit = "%"
low = 0
high = 100
tolerance = 2
near = 10
[[ideas]]
low = 40
high = 60
idea = "half of them"
says = "Not half."
"""
CURVE = """
kind = "curve"
ask = "Draw it."
x = "layer"
y = "share"
x_low = 0
x_high = 10
y_low = 0
y_high = 1
"""


def question(toml: str) -> Question:
    table = Table.parse(toml, 1)
    found = QUESTIONS[table.one_of("kind", QUESTIONS)].from_table(table)
    table.finish("a question")
    return found


def level(toml: str, answer: object, truth: Truth) -> str:
    one = question(toml)
    return one.judge(one.answer(answer), truth).level


@settings(max_examples=50)
@given(st.floats(0, 100), st.floats(0, 1))
def test_a_number_is_right_within_its_tolerance(answer: float, true: float) -> None:
    off = abs(answer - 100 * true)
    expected = "right" if off <= 2 else "near" if off <= 10 else "wrong"
    if min(abs(off - 2), abs(off - 10)) > 1e-6:
        assert level(NUMBER, answer, Truth(number=true)) == expected


def test_a_number_names_the_idea_behind_it() -> None:
    one = question(NUMBER)
    verdict = one.judge(50.0, Truth(number=0.1))
    assert (verdict.level, verdict.idea) == ("wrong", "half of them")
    assert verdict.words == "It is 10 %; you said 50 %. Not half."
    assert one.judge(90.0, Truth(number=0.1)).words.endswith("Your prediction is much too high.")
    assert one.judge(90.0, Truth()).level == "open"
    assert one.judge(90.0, Truth(number=math.nan)).level == "open"


@pytest.mark.parametrize(
    ("answer", "cases", "margin", "expected"),
    [
        ("b", {"a": 1, "b": 2}, 0.5, "right"),
        ("a", {"a": 1, "b": 2}, 0.5, "wrong"),
        ("equal", {"a": 1, "b": 2}, 0.5, "wrong"),
        ("equal", {"a": 1, "b": 1.2}, 0.5, "right"),
        ("b", {"a": 1, "b": 1.2}, 0.5, "open"),
        ("a", {"a": 1, "b": 1.2}, 0.5, "open"),
        ("a", {}, 0.5, "open"),
    ],
)
def test_a_choice_by_cases_says_no_more_than_they_do(
    answer: str, cases: dict[str, float], margin: float, expected: str
) -> None:
    assert level(CHOICE, answer, Truth(cases=cases, margin=margin)) == expected


def test_an_order_allows_what_the_margin_leaves_open() -> None:
    truth = Truth(cases={"a": 3, "b": 2, "c": 1.9}, margin=0.2)
    assert level(ORDER, ["a", "b", "c"], truth) == "right"
    assert level(ORDER, ["a", "c", "b"], truth) == "right"
    assert level(ORDER, ["b", "a", "c"], truth) == "near"
    assert level(ORDER, ["c", "b", "a"], truth) == "wrong"
    assert level(ORDER, ["c", "b", "a"], Truth(cases={"a": 1, "b": 1, "c": 1})) == "open"
    assert level(ORDER, ["c", "b", "a"], Truth(cases={"a": 1})) == "open"


def test_shapes() -> None:
    x = np.linspace(0, 1, POINTS)
    assert shape(x) == "rises"
    assert shape(1 - x) == "falls"
    assert shape(np.sin(np.pi * x)) == "rises, then falls"
    assert shape(1 - np.sin(np.pi * x)) == "falls, then rises"
    assert shape(0.5 + 0.03 * np.sin(40 * x)) == "flat"


@settings(max_examples=25)
@given(st.lists(st.integers(0, FULL), min_size=POINTS, max_size=POINTS))
def test_a_curve_is_right_where_it_is_what_was_measured(drawn: list[int]) -> None:
    one = question(CURVE)
    assert isinstance(one, CurveQuestion)
    series = tuple(zip(one.places(), one.values(drawn), strict=True))
    assert one.judge(drawn, Truth(series=series)).level == "right"
    assert np.allclose(one.shares(series), np.array(drawn) / FULL, atol=1e-9)


def test_a_curve_of_the_wrong_shape_is_said_to_be() -> None:
    one = question(CURVE)
    falls = tuple((x, 1 - x / 10) for x in range(11))
    verdict = one.judge([round(FULL * x / (POINTS - 1)) for x in range(POINTS)], Truth(series=falls))
    assert verdict.level == "wrong"
    assert verdict.words.startswith("What was measured falls; yours rises.")
    assert verdict.idea == "it rises"
    assert one.judge([0] * POINTS, Truth(series=((0, math.nan),))).level == "open"


HOSTILE: list[Any] = [
    None, "", "<script>", True, -1, 1e308, math.nan, math.inf, [], [1] * 100, {"a": 1}, "a" * 10**6, ["a", "b", "b"],
    ["a"] * 10**5, [None] * POINTS, [math.nan] * POINTS, [FULL + 1] * POINTS, [[1]] * POINTS, b"x", {"__class__": 1},
]  # fmt: skip


@pytest.mark.parametrize("toml", [CHOICE, ORDER, NUMBER, CURVE])
def test_what_is_no_answer_is_one_sentence(toml: str) -> None:
    one = question(toml)
    for sent in HOSTILE:
        told = said(one, sent)
        assert "\n" not in told
        assert len(told) < 300


def said(one: Question, sent: object) -> str:
    """The sentence on what is no answer; "" of one, which reads as itself."""
    try:
        found = one.answer(sent)
    except InputError as error:
        return str(error)
    assert one.answer(found) == found
    return ""
