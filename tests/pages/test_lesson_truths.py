"""What each lesson calls right is what happens: its networks are really trained, its neurons and layers computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest

from snnviz.design import links
from snnviz.lessons.checks.kind import Reading
from snnviz.lessons.lesson import Step
from snnviz.lessons.library import library
from snnviz.lessons.questions.choice import ChoiceQuestion
from snnviz.lessons.questions.curve import CurveQuestion
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.questions.number import NumberQuestion
from snnviz.lessons.questions.order import OrderQuestion
from snnviz.store import Run
from snnviz.ui.kit import opened, services
from snnviz.ui.learn.world import Visit as World
from tests.pages.taking import designs_of
from tests.pages.visit import Session, by_link

STEPS = [
    pytest.param(step, more, id=f"{lesson.name}-{step.name}-{more}")
    for lesson in library().lessons.values()
    for step in lesson.steps
    for more in range(3 if step.page == "design" else 1)
    if step.question is not None and step.check is not None
]

ORDERS = {"which-needs-more-weights": ["joined", "none", "added"]}
"""The right order of each question that asks for one, as its explanation says it."""


BETTER: dict[str, dict[str, Any]] = {"your-design": {"training.epochs": 20}}
"""What a learner changes who is asked for something better than the step's link: it can be reached."""


class Trained(World):
    """A learner who has opened these runs, and sees these readings."""

    def __init__(self, readings: Callable[[str], Reading | None], fields: Mapping[str, Any]) -> None:
        super().__init__("design")
        self.readings, self.fields = readings, fields

    def setting(self) -> Mapping[str, Any]:
        return self.fields

    def reading(self, name: str) -> Reading | None:
        return self.readings(name)


def truth(step: Step, trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, more: int = 0) -> Truth:
    """What really happens in a step; `more`: that the seed of its link is larger by."""
    assert step.check is not None
    fields: Mapping[str, Any] = {}
    readings: Callable[[str], Reading | None] = lambda _: None  # noqa: E731
    if step.page == "activity":
        given = dict(part.split("=", 1) for part in step.link.split("&"))
        for one in getattr(step.check, "where", ()):
            if not one.holds(given) and one.path != "inits":
                given[one.path] = f"{float(one.value) - (0.01 if '<' in one.says else 0):g}"
        shown = by_link("activity", given).at.session_state["readings"]["activity"]
        fields, readings = shown.fields, shown.find
    runs = []
    for design in designs_of(step).values():
        changed = {"seed": design.seed + more, **BETTER.get(step.name, {})}
        runs.append(trained(links.change(design, changed)).run)
    session: Any = {"opened_runs": runs, "watched": None, "readings": {}}
    monkeypatch.setattr(opened.st, "session_state", Session(session))
    services.CACHE.clear()
    found = step.check.evaluate(Trained(readings, fields))
    assert found.truth is not None, found.words
    return found.truth


@pytest.mark.slow
@pytest.mark.parametrize(("step", "more"), STEPS)
def test_what_a_lesson_calls_right_is_what_happens(
    step: Step, more: int, trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the seed that its link names, and by the next two, so that it is no luck of one: another machine rounds
    otherwise.
    """
    found, question = truth(step, trained, monkeypatch, more), step.question
    if isinstance(question, ChoiceQuestion):
        levels = {option.name: question.judge(option.name, found).level for option in question.options}
        right = {name for name, level in levels.items() if level == "right"}
        held = {option.name for option in question.options if not option.idea}
        assert right, (levels, found)
        assert right <= held, (levels, found)  # what it calls a wrong idea is wrong
        assert not question.states_truth or right == held
    elif isinstance(question, OrderQuestion):
        order = ORDERS[step.name]
        assert question.judge(order, found).level == "right", found
        assert question.judge(order[::-1], found).level != "right", found
    elif isinstance(question, NumberQuestion):
        _number(step, question, found)
    elif isinstance(question, CurveQuestion):
        y = [value for _, value in found.series]
        assert question.y_low <= min(y) <= max(y) <= question.y_high, found
        assert question.x_low <= found.series[0][0] <= found.series[-1][0] <= question.x_high


def _number(step: Step, question: NumberQuestion, found: Truth) -> None:
    """It is on the scale, and no answer that counts as right or near is called a wrong idea."""
    number = question.answer_is if question.answer_is is not None else question.scaled(found.number)
    assert number is not None
    assert question.low <= number <= question.high, (step.name, number)
    assert question.judge(number, found).level == "right"
    for idea in question.ideas:
        assert not idea.low - question.tolerance <= number <= idea.high + question.tolerance, (idea.name, number)


@pytest.mark.slow
def test_the_silent_layers_get_the_least_gradient(trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    """Which the lesson's file states, and its check only draws."""
    step = library().get("gradients").steps[1]
    series = [value for _, value in truth(step, trained, monkeypatch).series]
    assert series[-1] == 0
    assert max(series) == max(series[:4]) > 0


def test_a_threshold_below_the_limit_reaches_the_last_layer() -> None:
    """What the third step of why-silent states as a number of theory."""
    step = library().get("why-silent").steps[2]
    assert isinstance(step.question, NumberQuestion)
    limit = step.question.answer_is
    assert limit is not None
    alive = []
    for threshold in (limit - 0.05, limit + 0.05):
        link = step.link.replace("threshold=1", f"threshold={threshold:g}")
        reading = by_link("activity", link).at.session_state["readings"]["activity"].find("spikes.kaiming.99")
        assert reading is not None
        alive.append(reading.number)
    assert alive[0] > 0.05
    assert alive[1] < 0.001
    assert all(one > other for one, other in pairwise(alive))
