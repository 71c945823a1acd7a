"""The check "score": the best metric among the learner's runs within a limit on their cost, for challenges."""

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
class ScoreCheck(Check):
    """Check: the largest `metric` among finished runs that match the filter `where` and whose metric `cost` is at
    most `limit`.

    least: the score from which the step counts as done; the learner may improve it afterwards.
    """

    kind: ClassVar[str] = "score"

    where: RunFilter
    metric: str
    cost: str
    limit: float
    least: float

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the check from its TOML table in a lesson's file. Raises `InputError`."""
        return cls(
            where=read_filter(table),
            metric=read_metric(table),
            cost=read_metric(table, "cost"),
            limit=table.number("limit", low=0),
            least=table.number("least", default=0.0),
        )

    @property
    def result_kinds(self) -> frozenset[str]:
        """The kinds of result that the check measures: "number", the score."""
        return frozenset(["number"])

    def evaluate(self, world: World) -> Found:
        """Returns the score; without `truth` until a run within the limit reaches `least`."""
        runs = list(world.runs(self.where, [self.metric, self.cost]))
        done = [run for run in runs if run.done and run.values.get(self.cost) is not None]
        if not done:
            return Found("Not yet: train it, or open its result." if not runs else "Not yet: it is still training.")
        within = [run for run in done if (run.values[self.cost] or 0.0) <= self.limit]
        label, cost = METRICS[self.metric].label, METRICS[self.cost].label
        if not within:
            least = min(run.values[self.cost] or 0.0 for run in done)
            return Found(f"Not yet: {cost} must be at most {self.limit:,.0f}; your cheapest run has {least:,.0f}.")
        best = max(within, key=lambda run: run.values.get(self.metric) or 0.0)
        score, spent = best.values.get(self.metric) or 0.0, best.values[self.cost] or 0.0
        words = f"{label} {score:.4g} with {cost} {spent:,.0f}, within the limit of {self.limit:,.0f}."
        if score < self.least:
            return Found(f"Not yet: {words} Reach {self.least:g}.")
        return Found(words, Truth(words, score))


CHECK = ScoreCheck
