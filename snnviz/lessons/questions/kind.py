"""What a kind of question is: what is asked, how an answer is read, how it is judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

from snnviz.lessons.table import Table

Level = Literal["right", "near", "wrong", "open"]
"""How an answer compares with what happened; "open": what happened cannot tell."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened: what a check found, or what the question knows by itself.

    words: one sentence of what was measured and where. number: one number. cases: numbers by the name of a case.
    margin: differences of cases up to it tell nothing. series: points (x, y) of a curve; marks: places on its x axis;
    level: a horizontal line. axes: what x and y are.
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
        """Returns the truth as JSON can hold it."""
        return {
            "words": self.words, "number": self.number, "cases": dict(self.cases), "margin": self.margin,
            "series": [list(point) for point in self.series], "marks": list(self.marks), "level": self.level,
            "axes": list(self.axes),
        }  # fmt: skip

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Truth:
        """Returns the truth of what `document` wrote."""
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
    """How an answer was: its level, a sentence, and the name of the wrong idea behind it, "" where none is known."""

    level: Level
    words: str
    idea: str = ""


@dataclass(frozen=True, slots=True)
class Question(ABC):
    """A question. ask: what is asked. before: whether it is asked before anything on the page may be changed."""

    kind: ClassVar[str]
    needs: ClassVar[Literal["number", "cases", "series"]]
    """What of a truth it is judged by."""

    ask: str
    before: bool

    @classmethod
    @abstractmethod
    def read(cls, table: Table) -> Self:
        """Returns the question of a lesson's TOML. Raises `InputError`."""

    @property
    def knows(self) -> bool:
        """Whether it is judged without a check."""
        return False

    @abstractmethod
    def answer(self, sent: object) -> Any:
        """Returns what a browser sent as an answer, in its one form that JSON can hold. Raises `InputError`."""

    @abstractmethod
    def judge(self, answer: Any, truth: Truth) -> Verdict:
        """Returns how an answer compares with what happened."""

    @abstractmethod
    def say(self, answer: Any) -> str:
        """Returns an answer in words."""


def common(table: Table) -> dict[str, Any]:
    """Returns the fields that all questions have."""
    ask = table.text("ask")
    return {"ask": ask, "before": table.one_of("when", ("before", "after"), "before") == "before"}


def one_to_many(least: float, most: float) -> str:
    """Returns a range as a text.

    >>> one_to_many(0, 1)
    '0 to 1'
    """
    return f"{least:g} to {most:g}"
