"""The widgets in which each kind of question is answered, and the charts of an answer beside the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st

from snnviz.lessons.questions.choice import ChoiceQuestion
from snnviz.lessons.questions.curve import FULL, POINTS, CurveQuestion
from snnviz.lessons.questions.kind import Question, Truth
from snnviz.lessons.questions.number import NumberQuestion
from snnviz.lessons.questions.order import OrderQuestion
from snnviz.ui.components.curve import curve, drawn_curve
from snnviz.ui.kit.words import escape_markdown
from snnviz.views import classes
from snnviz.views import lessons as views
from snnviz.views.chart import Chart

TICKS = 5


class Together(NamedTuple):
    """All answers of a class to one question, to be drawn: a chart, or rows of a table, each with its number of
    `students`.
    """

    chart: Chart | None = None
    rows: Sequence[dict[str, object]] = ()


class Asking(NamedTuple):
    """Functions for a kind of question. ask: draws its widget, given the question and a key. sent: returns the
    widget's value.

    figure: returns the charts that show an answer beside the truth. together: returns what a class answered, given the
    question, the answers and whether wrong ideas are named.
    """

    ask: Callable[[Any, str], None]
    sent: Callable[[Any, str], object]
    figure: Callable[[Any, Any, Truth], Sequence[Chart]]
    together: Callable[[Any, Sequence[Any], bool], Together]


def _ask_number(question: NumberQuestion, key: str) -> None:
    whole = all(float(one).is_integer() for one in (question.low, question.high, question.step))
    kind: Any = int if whole else float
    st.number_input(
        f"Your prediction{f' in {question.unit}' if question.unit else ''}",
        kind(question.low),
        kind(question.high),
        None,
        kind(question.step),
        key=key,
        format=None if whole else "%g",
        placeholder=f"{question.low:g} to {question.high:g}",
    )


def _number_figure(question: NumberQuestion, answer: Any, truth: Truth) -> Sequence[Chart]:
    number = question.scaled(truth.number) if question.answer_is is None else question.answer_is
    if truth.marks or truth.level is not None:
        predicted = float(answer) if "step" in (question.unit, *question.unit.split()) else None
        return [views.neuron_chart(truth.series, truth.marks, truth.level, truth.axes, truth.words, predicted)]
    if number is None:
        return []
    return [views.number_chart(float(answer), number, question.low, question.high, question.unit, truth.words)]


def _numbers(question: NumberQuestion, answers: Sequence[Any], _named: bool) -> Together:
    return Together(classes.number_histogram(answers, question.low, question.high, question.step, question.unit))


def _ask_choice(question: ChoiceQuestion, key: str) -> None:
    texts = {option.name: escape_markdown(option.text) for option in question.options}
    st.radio("Your prediction", list(texts), index=None, format_func=texts.__getitem__, key=key)


def _choice_figure(question: ChoiceQuestion, answer: Any, truth: Truth) -> Sequence[Chart]:
    texts = {option.name: option.text for option in question.options}
    cases = {name: number for name, number in truth.cases.items() if name in texts}
    if truth.series:
        ends = (0.0, 1.05 * max(y for _, y in truth.series))
        return [views.curve_chart([], truth.series, truth.axes, truth.words, y_range=ends)]
    return [views.cases_chart(cases, texts, [answer], truth.words)] if cases else []


def _choices(question: ChoiceQuestion, answers: Sequence[Any], named: bool) -> Together:
    texts = {option.name: option.text for option in question.options}
    ideas = {option.name: option.idea for option in question.options} if named else {}
    return Together(classes.choice_bars(texts, answers, ideas))


def _ask_order(question: OrderQuestion, key: str) -> None:
    texts = dict(question.items)
    st.multiselect(
        f"Pick them one by one, the {question.first} first",
        list(texts),
        format_func=texts.__getitem__,
        key=key,
        placeholder="the first of them",
    )


def _order_figure(question: OrderQuestion, answer: Any, truth: Truth) -> Sequence[Chart]:
    texts = dict(question.items)
    cases = {name: number for name, number in truth.cases.items() if name in texts}
    ranked = dict(sorted(cases.items(), key=lambda one: -one[1] if question.first == "most" else one[1]))
    return [views.cases_chart(ranked, texts, list(answer), truth.words)] if ranked else []


def _orders(question: OrderQuestion, answers: Sequence[Any], _named: bool) -> Together:
    return Together(rows=classes.order_rows(dict(question.items), answers))


def _labels(low: float, high: float, *, log: bool = False, percent: bool = False) -> list[str]:
    even = [count for count in (4, 5, 3, 2) if not log and (high - low) % count == 0]
    count = even[0] if even else TICKS - 1
    shares = [place / count for place in range(count + 1)]
    values = [low * (high / low) ** share if log else low + share * (high - low) for share in shares]
    return [f"{100 * value:.3g} %" if percent else f"{value:.3g}" for value in values]


def _ask_curve(question: CurveQuestion, key: str) -> None:
    x = _labels(question.x_low, question.x_high)
    y = _labels(question.y_low, question.y_high, log=question.log, percent=question.percent)
    curve((x, y), (question.x, question.y), points=POINTS, full=FULL, key=key, on_draw=_nothing)


def _nothing() -> None:
    """The answer is read when it is kept."""


def _curve_figure(question: CurveQuestion, answer: Any, truth: Truth) -> Sequence[Chart]:
    mine = list(zip(question.places(), question.values(answer), strict=True))
    real = [(x, y) for x, y in truth.series if question.x_low <= x <= question.x_high]
    if question.log:
        real = [(x, y) for x, y in real if y > 0]
    ends = (question.y_low, question.y_high)
    names = (question.x, question.y)
    return [views.curve_chart(mine, real, names, truth.words, y_range=ends, log=question.log, percent=question.percent)]


def _curves(question: CurveQuestion, answers: Sequence[Any], _named: bool) -> Together:
    drawn = [list(zip(question.places(), question.values(answer), strict=True)) for answer in answers]
    x_range, y_range = (question.x_low, question.x_high), (question.y_low, question.y_high)
    kind = {"log": question.log, "percent": question.percent}
    return Together(classes.drawn_curves(drawn, (question.x, question.y), x_range=x_range, y_range=y_range, **kind))


ASKING: dict[type[Question], Asking] = {
    NumberQuestion: Asking(_ask_number, lambda _, key: st.session_state.get(key), _number_figure, _numbers),
    ChoiceQuestion: Asking(_ask_choice, lambda _, key: st.session_state.get(key), _choice_figure, _choices),
    OrderQuestion: Asking(_ask_order, lambda _, key: st.session_state.get(key), _order_figure, _orders),
    CurveQuestion: Asking(_ask_curve, lambda _, key: drawn_curve(key), _curve_figure, _curves),
}
"""By the class of the question."""
