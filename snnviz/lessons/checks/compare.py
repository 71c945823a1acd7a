"""The check "compare": a metric of several finished runs of the learner, one for each case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from snnviz.lessons.checks.kind import Check, Found, World
from snnviz.lessons.checks.run import read_filter, read_metric
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table
from snnviz.store.filters import RunFilter
from snnviz.theory.metrics import METRICS


@dataclass(frozen=True, slots=True)
class CompareCheck(Check):
    """Check "compare": a metric of the learner's newest finished run for each case (a name with a filter of runs).

    cases: names, with the filter that selects the runs of each. margin: differences up to it count as equal. ratio:
    two cases, of which the first one's metric is divided by the second one's; () for none.
    """

    kind: ClassVar[str] = "compare"

    cases: tuple[tuple[str, RunFilter], ...]
    metric: str
    margin: float
    ratio: tuple[str, ...]

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the check from its TOML table in a lesson's file. Raises `InputError`."""
        cases = []
        for one in table.tables("cases", 2, 6):
            cases.append((one.text("name", most=40), read_filter(one)))
            one.finish("a case")
        ratio = table.texts("ratio")
        if ratio and (len(ratio) != 2 or {*ratio} - {name for name, _ in cases}):
            raise table.wrong("ratio", f"be two of {', '.join(name for name, _ in cases)}", list(ratio))
        return cls(tuple(cases), read_metric(table), table.number("margin", low=0), ratio)

    @property
    def result_kinds(self) -> frozenset[str]:
        """The kinds of result that the check measures: "cases", and "number" if a ratio is computed."""
        return frozenset(["cases", "number"] if self.ratio else ["cases"])

    def evaluate(self, world: World) -> Found:
        """Returns the metric of each case; without `truth` until every case has a finished run."""
        numbers, open_cases = {}, []
        for name, where in self.cases:
            done = [run for run in world.runs(where, [self.metric]) if run.done]
            value = done[0].values.get(self.metric) if done else None
            if value is None:
                open_cases.append(name)
            else:
                numbers[name] = value
        if open_cases:
            have = f" You have {', '.join(numbers)}." if numbers else ""
            return Found(f"Not yet: {', '.join(open_cases)}.{have}")
        words = f"{METRICS[self.metric].label} of your runs."
        number = None
        if self.ratio:
            first, second = (numbers[name] for name in self.ratio)
            number = first / second if second else None
            words = f"{METRICS[self.metric].label}: {first:,.4g} against {second:,.4g}."
        return Found(words, Truth(words, number, cases=numbers, margin=self.margin))


CHECK = CompareCheck
