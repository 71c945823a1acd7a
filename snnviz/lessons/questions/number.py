"""The question "number": a number, right within a tolerance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from snnviz.errors import InputError
from snnviz.lessons.questions.kind import Question, Truth, Verdict, common, one_to_many
from snnviz.lessons.table import Table


@dataclass(frozen=True, slots=True)
class Idea:
    """A misconception that leads to answers from `low` to `high`: its name, and feedback for the learner."""

    low: float
    high: float
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class NumberQuestion(Question):
    """A question that is answered by a number from `low` to `high` in steps of `step`.

    unit: of the number; "%" if a share is measured. tolerance: error up to which an answer is right; near: up to
    which it is near. ideas: misconceptions behind ranges of answers. answer_is: the right number, None if a check
    measures it.
    """

    kind: ClassVar[str] = "number"
    needs: ClassVar = "number"

    low: float
    high: float
    step: float
    unit: str
    tolerance: float
    near: float
    ideas: tuple[Idea, ...]
    answer_is: float | None

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the question from its TOML table in a lesson's file. Raises `InputError`."""
        given = common(table)
        low, high = table.number("low"), table.number("high")
        if low >= high:
            raise table.wrong("high", f"be more than low, {low:g}", high)
        tolerance = table.number("tolerance", low=0, high=high - low)
        ideas = []
        for one in table.tables("ideas", 0, 8):
            ideas.append(Idea(one.number("low"), one.number("high"), one.text("idea", most=80), one.text("says")))
            one.finish("an idea")
        fixed = table.take("answer")
        if fixed is not None:
            table.values["answer"] = fixed
            fixed = table.number("answer", low=low, high=high)
        return cls(
            **given,
            low=low,
            high=high,
            step=table.number("step", default=(high - low) / 100, low=1e-9, high=high - low),
            unit=table.text("unit", "", most=20),
            tolerance=tolerance,
            near=table.number("near", default=min(3 * tolerance, high - low), low=tolerance, high=high - low),
            ideas=tuple(ideas),
            answer_is=fixed,
        )

    @property
    def states_truth(self) -> bool:
        """Whether the lesson's file states the right number."""
        return self.answer_is is not None

    def answer(self, sent: object) -> Any:
        """Returns the number that the browser sent. Raises `InputError` if it is out of range."""
        number = isinstance(sent, int | float) and not isinstance(sent, bool) and math.isfinite(sent)
        if not number or not self.low <= sent <= self.high:  # type: ignore[operator]
            raise InputError("answer", f"be a number from {one_to_many(self.low, self.high)}", sent)
        return float(sent) + 0.0  # type: ignore[arg-type]

    def judge(self, answer: Any, truth: Truth) -> Verdict:
        """Returns "right" within the tolerance, "near" within `near`; else the misconception, or whether it is too
        high or low.
        """
        true = self.scaled(truth.number) if self.answer_is is None else self.answer_is
        if true is None:
            return Verdict("open", "Nothing was measured that this number could be compared with.")
        off, is_was = (
            abs(float(answer) - true),
            f"It is {self.describe_answer(true)}; you said {self.describe_answer(answer)}.",
        )
        slack = 1e-9 * max(1.0, abs(true))
        if off <= self.tolerance + slack:
            return Verdict("right", is_was)
        for idea in self.ideas:
            if idea.low <= answer <= idea.high:
                return Verdict("near" if off <= self.near + slack else "wrong", f"{is_was} {idea.words}", idea.name)
        level, much = ("near", "a little") if off <= self.near + slack else ("wrong", "much")
        direction = f"{much} too {'high' if answer > true else 'low'}"
        return Verdict(level, f"{is_was} Your prediction is {direction}.", direction)  # type: ignore[arg-type]

    def scaled(self, number: float | None) -> float | None:
        """Returns a measured number in the question's unit (times 100 for "%"); None for None."""
        return None if number is None or not math.isfinite(number) else number * 100 if self.unit == "%" else number

    def describe_answer(self, answer: Any) -> str:
        """Returns the answered number as text with its unit; if the unit is a step, such as "time step 3"."""
        if self.unit.endswith("step"):
            return f"{self.unit} {float(answer):.4g}"
        unit = f" {self.unit}" if self.unit else ""
        return f"{float(answer):.4g}{unit}"

    def idea(self, answer: Any) -> str:
        """Returns the misconception in whose range of numbers the answer is first found, by its name."""
        if self.answer_is is not None and abs(float(answer) - self.answer_is) <= self.tolerance:
            return ""
        return next((idea.name for idea in self.ideas if idea.low <= answer <= idea.high), "")


QUESTION = NumberQuestion
