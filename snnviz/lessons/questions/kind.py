"""Base class of questions, the measured truth with which answers are compared, and the verdict on an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

from snnviz.lessons.table import Table

Level = Literal["right", "near", "wrong", "open"]
"""How an answer compares with what happened; "open": what happened cannot tell."""

SKIPPED = "skipped"
"""Level that is kept of a step which a learner went on without: neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened in a step: the result of a check, or what the lesson's file states.

    words: a sentence on what was measured. number: a single number. cases: numbers by name of the case. margin:
    differences of cases up to it count as equal. series: points (x, y) of a curve; marks: positions on its x axis;
    level: a horizontal line. axes: labels of x and y.
    """

    words: str = ""
    number: float | None = None
    cases: Mapping[str, float] = field(default_factory=dict)
    margin: float = 0.0
    series: tuple[tuple[float, float], ...] = ()
    marks: tuple[float, ...] = ()
    level: float | None = None
    axes: tuple[str, str] = ("", "")

    def document(self) -> dict[str, Any]:
        """Returns the truth as a dictionary for JSON, which `from_document` reads."""
        return {
            "words": self.words, "number": self.number, "cases": dict(self.cases), "margin": self.margin,
            "series": [list(point) for point in self.series], "marks": list(self.marks), "level": self.level,
            "axes": list(self.axes),
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Truth:
        """Returns the truth read from a dictionary that `Truth.document` returned."""
        return cls(
            words=str(document["words"]),
            number=document["number"],
            cases=dict(document["cases"]),
            margin=float(document["margin"]),
            series=tuple((float(x), float(y)) for x, y in document["series"]),
            marks=tuple(map(float, document["marks"])),
            level=document["level"],
            axes=(str(document["axes"][0]), str(document["axes"][1])),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on an answer: its level ("right", "near", "wrong", or "open" if it cannot be judged), and a
    sentence.

    idea: the misconception that the answer suggests, "" if none is known.
    """

    level: Level
    words: str
    idea: str = ""


@dataclass(frozen=True, slots=True)
class Question(ABC):
    """Base class of the questions that a step of a lesson asks. `ask`: the text of the question.

    before: whether it must be answered before anything on the page can be changed.
    """

    kind: ClassVar[str]
    needs: ClassVar[Literal["number", "cases", "series"]]
    """The kind of measured result that an answer is judged by: one number, a number for each case, or a curve."""

    ask: str
    before: bool

    @classmethod
    @abstractmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the question from its TOML table in a lesson's file. Raises `InputError`."""

    @property
    def states_truth(self) -> bool:
        """Whether the lesson's file states the right answer, so that no check is needed to judge an answer."""
        return False

    @abstractmethod
    def answer(self, sent: object) -> Any:
        """Returns the answer that a browser sent (untrusted), validated and as a JSON value. Raises `InputError`."""

    @abstractmethod
    def judge(self, answer: Any, truth: Truth) -> Verdict:
        """Returns the verdict on an answer, compared with the measured truth."""

    @abstractmethod
    def describe_answer(self, answer: Any) -> str:
        """Returns an answer as text for the learner."""

    def idea(self, answer: Any) -> str:  # noqa: ARG002
        """Returns the name of the misconception that the lesson's file has for an answer, "" if it has none."""
        return ""


def common(table: Table) -> dict[str, Any]:
    """Returns the fields that all questions have, read from a question's TOML table, as keyword arguments."""
    ask = table.text("ask")
    return {"ask": ask, "before": table.one_of("when", ("before", "after"), "before") == "before"}


def one_to_many(least: float, most: float) -> str:
    """Returns the range from `least` to `most` as text.

    >>> one_to_many(0, 1)
    '0 to 1'
    """
    return f"{least:g} to {most:g}"
