"""The check "run": a metric or a curve of a finished run of the learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from snnviz.errors import InputError
from snnviz.lessons.checks.kind import SERIES, Check, Found, SeenRun, World
from snnviz.lessons.questions.kind import Truth
from snnviz.lessons.table import Table
from snnviz.store.filters import RunFilter, parse_filter
from snnviz.theory.metrics import METRICS


def read_filter(table: Table, name: str = "where") -> RunFilter:
    """Returns the filter of runs in a field of a lesson's TOML, in the syntax of the Runs page. Raises
    `InputError`.
    """
    text = table.text(name)
    try:
        return parse_filter(text)
    except InputError as error:
        raise table.wrong(name, error.rule, error.value) from None


def read_metric(table: Table, name: str = "metric", default: str | None = None) -> str:
    """Returns the name of a metric in a field of a lesson's TOML. Raises `InputError` for an unknown one."""
    return table.one_of(name, METRICS.names, default)


def unfinished(runs: tuple[SeenRun, ...] | list[SeenRun]) -> str:
    """Returns a sentence on why there is no result yet: the state of the matching runs, none of which is done."""
    return "Not yet: it is still training." if runs else "Not yet: train it, or open its result."


@dataclass(frozen=True, slots=True)
class RunCheck(Check):
    """Check: the newest finished run that the learner started or opened and that matches the filter `where`.

    metric: name of the metric to measure, "" for none. curve: name of the curve to measure, "" for none.
    """

    kind: ClassVar[str] = "run"

    where: RunFilter
    metric: str
    curve: str

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Returns the check from its TOML table in a lesson's file. Raises `InputError`."""
        where = read_filter(table)
        return cls(where, read_metric(table, default=""), table.one_of("curve", SERIES, ""))

    @property
    def result_kinds(self) -> frozenset[str]:
        """The kinds of result that the check measures: "number" for a metric, "series" for a curve; empty if only the
        run itself is required.
        """
        return frozenset([*(["number"] if self.metric else []), *(["series"] if self.curve else [])])

    def evaluate(self, world: World) -> Found:
        """Returns the run's metric or curve; without `truth` until such a run is done."""
        metrics = [self.metric] if self.metric else []
        runs = list(world.runs(self.where, metrics))
        done = next((run for run in runs if run.done), None)
        if done is None:
            return Found(unfinished(runs))
        number = done.values.get(self.metric) if self.metric else None
        if self.metric and number is None:
            return Found(f"Not yet: that run has no {METRICS[self.metric].label.lower()}.")
        words = (
            f"{METRICS[self.metric].label} of the run “{done.title}”." if self.metric else f"“{done.title}” is done."
        )
        if not self.curve:
            return Found(words, Truth(words, number))
        curve = world.series(done.run, self.curve)
        if curve is None:
            return Found(f"Not yet: that run has no curve of its {self.curve}.")
        return Found(curve.words, Truth(curve.words, number, series=curve.series, axes=curve.axes))


CHECK = RunCheck
