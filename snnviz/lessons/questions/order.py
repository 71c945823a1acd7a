"""The question "order": things to be put in order of a measured number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Self

from snnviz.errors import InputError
from snnviz.lessons.questions.kind import Question, Truth, Verdict, common
from snnviz.lessons.table import Table


@dataclass(frozen=True, slots=True)
class OrderQuestion(Question):
    """A question that is answered by ordering two to six things, `items`: pairs of name and text.

    first: whether the one with the most or the least of the measured number comes first. The check measures cases
    with the items' names; pairs that differ by no more than its margin may be in either order.
    """

    kind: ClassVar[str] = "order"
    needs: ClassVar = "cases"

    items: tuple[tuple[str, str], ...]
    first: str

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the question from its TOML table in a lesson's file. Raises `InputError`."""
        given, items = common(table), []
        for one in table.tables("items", 2, 6):
            items.append((one.text("name", most=40), one.text("text", most=120)))
            one.finish("an item")
        if len({name for name, _ in items}) < len(items):
            raise table.wrong("items", "have different names", ", ".join(name for name, _ in items))
        return cls(**given, items=tuple(items), first=table.one_of("first", ("most", "least"), "most"))

    def answer(self, sent: object) -> Any:
        """Returns the items' names in the order that the browser sent. Raises `InputError` if it is no order of all
        items.
        """
        names = [name for name, _ in self.items]
        if not isinstance(sent, list) or sorted(map(str, sent[:10])) != sorted(names) or len(sent) != len(names):
            raise InputError("answer", f"be {', '.join(names)}, each once", sent)
        return [str(name) for name in sent]

    def judge(self, answer: Any, truth: Truth) -> Verdict:
        """Returns "right" if no pair of items is in the wrong order, "near" if one is, else "wrong"."""
        if not truth.cases.keys() >= {name for name, _ in self.items}:
            return Verdict("open", "Not all of them were measured.")
        sign = 1 if self.first == "most" else -1
        texts = dict(self.items)
        told = [(a, b) for a, b in combinations(answer, 2) if abs(truth.cases[a] - truth.cases[b]) > truth.margin]
        swapped = [(a, b) for a, b in told if sign * truth.cases[a] < sign * truth.cases[b]]
        if not told:
            return Verdict("open", "They are all so close that no order can be told.")
        if not swapped:
            return Verdict("right", "Your order is what was measured.")
        one, other = swapped[0]
        words = f"{texts[other]} comes before {texts[one]}."
        level = "near" if len(swapped) == 1 and len(told) > 1 else "wrong"
        more = "" if len(swapped) == 1 else f" So {len(swapped)} of {len(told)} pairs stand the other way round."
        return Verdict(level, words + more, f"{one} before {other}")  # type: ignore[arg-type]

    def describe_answer(self, answer: Any) -> str:
        """Returns the items' texts in the given order."""
        texts = dict(self.items)
        return ", then ".join(texts[name] for name in answer)


QUESTION = OrderQuestion
