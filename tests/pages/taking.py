"""Somebody takes a lesson, without a browser: AppTest does not follow a page's own switch to another, so this does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.events import EpochEnd, LayerState
from snnviz.graph.architectures import build_architecture
from snnviz.lessons.checks.compare import CompareCheck
from snnviz.lessons.checks.kind import NoWorld
from snnviz.lessons.checks.run import RunCheck
from snnviz.lessons.checks.score import ScoreCheck
from snnviz.lessons.lesson import Step
from snnviz.lessons.library import library
from snnviz.lessons.questions.choice import ChoiceQuestion
from snnviz.lessons.questions.curve import FULL, POINTS
from snnviz.lessons.questions.number import NumberQuestion
from snnviz.lessons.questions.order import OrderQuestion
from snnviz.store import Store
from snnviz.store.conditions import Comparison, comparisons
from snnviz.store.filters import RunFilter, field_paths
from tests.pages.visit import MAIN, Visit
from tests.waiting import until


class Taking(Visit):
    """A session that takes a lesson, from a step of it on."""

    def __init__(self, lesson: str, page: str = "lessons", query: str = "", step: int = 1) -> None:
        self.lesson = library().get(lesson)
        self.at = AppTest.from_file(str(MAIN), default_timeout=120)
        self.at._page_hash = calc_hash(page)
        pairs = [part.split("=", 1) for part in query.split("&") if part]
        self.at.query_params = {**dict(pairs), "lesson": lesson, "step": str(step)}  # type: ignore[assignment]
        self.look()

    def look(self) -> Taking:
        """Run the page, and the one that it leads to."""
        self.at.run()
        for _ in range(3):
            assert not self.at.exception, self.at.exception
            led = calc_hash(self.at.session_state["page"])
            if led == self.at._page_hash:
                break
            self.at._page_hash = led
            self.at.run()
        return self

    @property
    def step(self) -> Step:
        """The step that is open."""
        return self.lesson.steps[self.at.session_state["learn_step"]]

    def answer(self, sent: Any) -> Taking:
        """Give an answer, and keep it."""
        question = self.step.question
        assert question is not None
        key = f"lesson-answer/{self.lesson.name}/{self.step.name}"
        if question.kind == "number":
            self.at.number_input(key).set_value(sent)
        elif question.kind == "choice":
            self.at.radio(key).set_value(sent)
        elif question.kind == "order":
            self.at.multiselect(key).set_value(sent)
        else:
            self.at.session_state[key] = {"drawn": sent}
        return self.press("lesson-keep")  # type: ignore[return-value]

    @property
    def buttons(self) -> set[str]:
        """Keys of the buttons on the page."""
        return {button.key for button in self.at.button if button.key}

    @property
    def sent(self) -> str:
        """All that is sent to the browser for this page."""
        return "\n".join(str(element.proto) for block in (self.at.main, self.at.sidebar) for element in _all(block))

    def sliders(self) -> dict[str, Any]:
        """The sliders on the Activity page, by name."""
        found = self.component("snnviz_sliders")
        return {} if found is None else {one["name"]: one for one in found["sliders"]}


def _all(block: Any) -> list[Any]:
    found = []
    for child in block.children.values():
        found.extend(_all(child) if hasattr(child, "children") else [child])
    return found


def answer_to(step: Step, right: bool) -> Any:
    """An answer to a step's question: a right one as far as that is known before anything has run, or a wrong one."""
    question = step.question
    if isinstance(question, NumberQuestion):
        truth = step.check.evaluate(NoWorld()).truth if step.check is not None else None
        true = question.answer_is if truth is None else question.scaled(truth.number)
        middle = question.high if true is None else true
        if right:
            return min(max(middle, question.low), question.high)
        return question.low if middle > (question.low + question.high) / 2 else question.high
    if isinstance(question, ChoiceQuestion):
        marked = [option.name for option in question.options if option.right == right]
        return marked[0] if question.states_truth else question.options[0 if right else -1].name
    if isinstance(question, OrderQuestion):
        names = [name for name, _ in question.items]
        return names if right else names[::-1]
    return [FULL // 2 if right else 0] * POINTS


def designs_of(step: Step) -> dict[str, Design]:
    """The designs that a step's check asks for, by case: the link's, with what the case's filter says is equal."""
    if step.page != "design":
        return {}
    base = links.from_query(dict(part.split("=", 1) for part in step.link.split("&") if part))
    if isinstance(step.check, CompareCheck):
        return {name: _with(base, where) for name, where in step.check.cases}
    if isinstance(step.check, RunCheck | ScoreCheck):
        return {"": _with(base, step.check.where)}
    return {}


def _with(base: Design, where: RunFilter) -> Design:
    said = [one for one in comparisons(where.term) if isinstance(one, Comparison) and one.says == "="]
    settings = {one.name: one.values[0] for one in said if one.name in field_paths()}
    shown = links.flatten(base)
    changed = {path: text for path, text in settings.items() if str(shown.get(path)) != text}
    return links.change(base, changed) if changed else base


def end_run(store: Store, design: Design, accuracy: float, share: float = 0.3) -> str:
    """A finished run of a design with made-up rows: what a training says, without a training."""
    known = store.submit(design)
    if known.cached:
        return known.run
    while (claim := store.claim("me", design.digest)) is None:  # a worker that trains for another test was faster
        store.cancel(known.run)
        until(lambda: store.get(known.run).ended)
        store.delete(known.run)
        store.submit(design)
    layers = [layer for layer in build_architecture(design).layers if layer.weighted]
    rows: list[Any] = [EpochEnd(1, 0.9, accuracy, 0.1, 0.3, share, 0.01)]
    for step in (0, 9):
        for place, layer in enumerate(layers):
            state = LayerState(step, float(step > 0), place, layer.name, share, 1.0, 0.1 if step else None, share)
            count = share * layer.fan_in * 10
            rows.append(replace(state, probe=64, synops=count, macs=0.0, additions=count))
    store.append_rows(claim.run, claim.attempt, rows, seconds=1.0)
    store.finish(claim.run, claim.attempt, "done")
    return claim.run
