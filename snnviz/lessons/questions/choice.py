"""The question "choice": one of several options; each wrong option names the misconception behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from snnviz.errors import InputError
from snnviz.lessons.questions.kind import Question, Truth, Verdict, common
from snnviz.lessons.table import Table


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a multiple-choice question.

    idea: name of the misconception that leads to it, "" if it is right. words: feedback after it was chosen. right:
    whether the lesson's file marks it as right.
    """

    name: str
    text: str
    idea: str
    words: str
    right: bool


@dataclass(frozen=True, slots=True)
class ChoiceQuestion(Question):
    """A multiple-choice question with two to six options.

    best: "most" or "least": the option whose case has the largest or smallest number in the check is right; "" if the
    file marks the right option. Then an option's name is that of its case, and an option "equal" is right if the
    cases differ by no more than the margin.
    """

    kind: ClassVar[str] = "choice"
    needs: ClassVar = "cases"

    options: tuple[Option, ...]
    best: str

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the question from its TOML table in a lesson's file. Raises `InputError`."""
        given, best = common(table), table.one_of("best", ("", "most", "least"), "")
        options = []
        for place, one in enumerate(table.tables("options", 2, 6), 1):
            text = one.text("text", most=200)
            right = one.flag("right")
            idea = one.text("idea", "" if right or best else None, most=80)
            options.append(
                Option(one.text("name", str(place), most=40), text, idea, one.text("says", "" if best else None), right)
            )
            one.finish("an option")
        if len({option.name for option in options}) < len(options):
            raise table.wrong("options", "have different names", ", ".join(option.name for option in options))
        marked = sum(option.right for option in options)
        if not best and marked != 1:
            raise table.wrong("options", "have right = true on exactly one", marked)
        if best and marked:
            raise table.wrong("best", "be left out where an option is marked as right", best)
        return cls(**given, options=tuple(options), best=best)

    @property
    def states_truth(self) -> bool:
        """Whether the lesson's file marks the right option, so that no check is needed to judge an answer."""
        return not self.best

    def option(self, name: str) -> Option:
        """Returns the option with this name. Raises `InputError`."""
        for option in self.options:
            if option.name == name:
                return option
        raise InputError("answer", f"be one of {', '.join(option.name for option in self.options)}", name)

    def answer(self, sent: object) -> Any:
        """Returns the name of the option that the browser sent. Raises `InputError` if there is no such option."""
        return self.option(sent if isinstance(sent, str) else "").name

    def judge(self, answer: Any, truth: Truth) -> Verdict:
        """Returns the verdict on a chosen option: "right" if it is marked as right, or if its case is the best by more
        than the margin.
        """
        chosen = self.option(answer)
        if self.states_truth:
            return Verdict("right" if chosen.right else "wrong", chosen.words, chosen.idea)
        cases = {name: truth.cases[name] for name in truth.cases if any(name == o.name for o in self.options)}
        if not cases:
            return Verdict("open", "Nothing was measured that could tell.")
        sign = 1 if self.best == "most" else -1
        ranked = sorted(cases, key=lambda name: -sign * cases[name])
        close = [name for name in ranked if abs(cases[name] - cases[ranked[0]]) <= truth.margin]
        said = f" {chosen.words}" if chosen.words else ""
        if len(close) == 1:
            right = chosen.name == ranked[0]
            return Verdict("right" if right else "wrong", (chosen.words if right else said).strip(), chosen.idea)
        if chosen.name == "equal":
            return Verdict("right", chosen.words)
        if chosen.name in close:
            return Verdict("open", "The difference is too small to say which it is.")
        return Verdict("wrong", chosen.words, chosen.idea)

    def describe_answer(self, answer: Any) -> str:
        """Returns the text of the chosen option."""
        return self.option(answer).text

    def idea(self, answer: Any) -> str:
        """Returns the misconception behind the chosen option, as the lesson's file words it."""
        return self.option(answer).idea


QUESTION = ChoiceQuestion
