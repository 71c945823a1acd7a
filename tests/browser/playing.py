"""Somebody who plays a whole lesson in a browser, right or wrong, by the mouse or by the keyboard alone.

Runs that a lesson asks for are in the store already, with made-up results; they are opened on the Design page.
"""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.lessons.conditions import Condition
from snnviz.lessons.lesson import Lesson, Step
from snnviz.lessons.questions.curve import FULL, POINTS
from snnviz.store import Store
from snnviz.views.words import word
from tests.pages.taking import answer_to, designs_of, end_run

GO_TO = """address => {
  history.pushState(history.state, "", address);
  history.pushState(history.state, "", `${address}&sent=1`);
  history.back();
}"""
"""As Back does, which stays in the visit."""

COUNTING = """
globalThis.runs = 0;
new MutationObserver((changes) => {
  for (const { target, oldValue } of changes) {
    if (target.dataset.testScriptState === "notRunning" && oldValue !== "notRunning") runs += 1;
  }
}).observe(document, {
  subtree: true, attributes: true, attributeOldValue: true, attributeFilter: ["data-test-script-state"],
});
"""
"""Counts how often the page was drawn."""


class Player:
    """Plays `lesson` on `page`, a dashboard at `url` with `store`."""

    def __init__(self, page: Page, url: str, store: Store, lesson: Lesson, *, right: bool, keyboard: bool) -> None:
        self.page, self.url, self.store, self.lesson = page, url, store, lesson
        self.right, self.keyboard = right, keyboard
        self.opened: set[str] = set()
        page.add_init_script(COUNTING)

    def press(self, place: Locator) -> None:
        """A button; one with a help is there twice, for a finger and for a pointer."""
        place = place.locator("visible=true").first
        if self.keyboard:
            place.focus()
            place.press("Enter")
        else:
            place.click()

    def settled(self) -> None:
        """Waits until the page is drawn: what is pressed before may be gone by then."""
        app = self.page.get_by_test_id("stApp")
        expect(app).to_have_attribute("data-test-script-state", "notRunning")
        self.page.wait_for_timeout(200)
        expect(app).to_have_attribute("data-test-script-state", "notRunning")

    def begin(self) -> None:
        """Opens the lesson by its short link."""
        self.page.goto(f"{self.url}/l/{self.lesson.name}")

    def take(self, place: int, step: Step) -> None:
        """One step, to the sentence on what happened."""
        page = self.page
        expect(page.get_by_text(f"step {place + 1} of {len(self.lesson.steps)}")).to_be_visible()
        expect(page.get_by_role("heading", name=step.title, exact=True, level=4)).to_be_visible()
        if step.question is not None:
            self.answer(step)
            self.press(page.locator(".st-key-lesson-keep button"))
            expect(page.get_by_text("You predicted:")).to_be_visible()
        self.do(step)
        expect(page.locator(f".st-key-lesson-{_end(step)} button:visible").first).to_be_visible()

    def go_on(self, step: Step) -> None:
        """From this step to the next one, or to the end."""
        self.settled()
        self.press(self.page.locator(f".st-key-lesson-{_end(step)} button"))

    # -- answers

    def answer(self, step: Step) -> None:
        """The prediction, given but not kept."""
        question, answer = step.question, answer_to(step, self.right)
        if question is None:
            return
        {"number": self._number, "choice": self._choice, "order": self._order, "curve": self._curve}[question.kind](
            question, answer
        )

    def _number(self, _: Any, answer: float) -> None:
        field = self.page.get_by_label(re.compile("^Your prediction"))
        if self.keyboard:
            field.focus()
            self.page.keyboard.type(f"{answer:g}")
            self.page.keyboard.press("Enter")
        else:
            field.click()
            field.fill(f"{answer:g}")
            field.blur()

    def _choice(self, question: Any, answer: str) -> None:
        text = next(option.text for option in question.options if option.name == answer)
        option = self.page.get_by_role("radio", name=text, exact=True)
        if self.keyboard:
            option.focus()
            option.press("Space")
        else:
            self.page.get_by_test_id("stRadio").get_by_text(text, exact=True).click()
        expect(option).to_be_checked()

    def _order(self, question: Any, answer: list[str]) -> None:
        texts = dict(question.items)
        field = self.page.get_by_test_id("stMultiSelect").get_by_role("combobox")
        for name in answer:
            if self.keyboard:
                field.focus()
                self.page.keyboard.type(texts[name])
                self.page.keyboard.press("Enter")
            else:
                field.click()
                self.page.get_by_role("option", name=texts[name], exact=True).click()
        self.page.keyboard.press("Escape")

    def _curve(self, _: Any, answer: list[int]) -> None:
        pad = self.page.locator(".pad")
        if self.keyboard:
            pad.focus()
            start = FULL // 2
            for _each in range(abs(answer[0] - start) * 4 // FULL):
                self.page.keyboard.press("PageUp" if answer[0] > start else "PageDown")
            self.page.keyboard.press("End")
        else:
            box = pad.bounding_box()
            assert box is not None
            heights = [box["y"] + (1 - share / FULL) * box["height"] for share in (answer[0], answer[-1])]
            self.page.mouse.move(box["x"] + 1, heights[0])
            self.page.mouse.down()
            self.page.mouse.move(box["x"] + box["width"] - 1, heights[1], steps=8)
            self.page.mouse.up()
        expect(pad.locator("polyline")).to_have_attribute("points", re.compile(rf"{POINTS - 1},\d+$"))
        self.page.wait_for_timeout(400)  # the curve is told a moment after the last key

    # -- what a step asks for

    def do(self, step: Step) -> None:
        """What the check waits for."""
        for place, design in enumerate(designs_of(step).values()):
            end_run(self.store, design, 0.92 - 0.1 * place, 0.05 + 0.1 * place)
            if design.digest not in self.opened:  # an earlier step's runs are known for the whole visit
                self.open(design, step)
                self.opened.add(design.digest)
        if step.check is not None and step.check.kind in ("reading", "setting"):
            for condition in step.check.where:  # type: ignore[attr-defined]
                self.set(condition, step)

    def open(self, design: Design, step: Step) -> None:
        """A result on the Design page, in this visit."""
        at = self.lesson.places[step.name] + 1
        query = "&".join(part for part in (links.to_query(design), f"lesson={self.lesson.name}&step={at}") if part)
        self.page.evaluate(GO_TO, f"{self.url}/design?{query}")
        shown = self.page.locator("[data-query]").first
        expect(shown).to_have_attribute("data-query", query)
        self.settled()
        train, came = (self.page.locator(f".st-key-{key} button") for key in ("train", "train-came"))
        if came.count():
            self.press(came)
            train = self.page.locator(".st-key-train-show button")
        drawn = self.page.evaluate("runs")
        self.press(train)
        self.page.wait_for_function("before => runs > before", arg=drawn, timeout=40_000)  # else there is no run
        self.settled()

    def set(self, condition: Condition, step: Step) -> None:
        """A slider of the Activity page, typed, where the step's link does not say so already."""
        given = dict(part.split("=", 1) for part in step.link.split("&") if "=" in part)
        if condition.path not in given or condition.holds(given) or condition.path == "inits":
            return
        value = float(condition.value) - (0.05 if "<" in condition.says else 0)
        typed = self.page.get_by_label(f"{word(condition.path).label}, typed")
        typed.fill(json.dumps(value))
        typed.press("Enter")
        typed.blur()


def can_be_done(step: Step) -> bool:
    """Whether made-up results are enough: they have no weights to look into."""
    return step.check is None or step.check.kind != "look"


def _end(step: Step) -> str:
    return "next" if can_be_done(step) else "skip"
