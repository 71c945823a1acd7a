"""A search for a Pareto front along the axes of an experiment, of whose combinations only few are trained.

>>> asked = FrontSearch(design=Design(), vary=("neuron.threshold=0.5..1.5", "init=kaiming,glorot"))
>>> asked.sizes, asked.trials, asked.objectives
((9, 2), 18, ('accuracy', 'operations'))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log10, prod
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, PlainSerializer, PlainValidator, field_validator, model_validator

from snnviz.design import links
from snnviz.design.axes import MOST_LEVELS, Axis, level_count, parse_axis
from snnviz.design.design import Design
from snnviz.design.experiment import MOST_AXES
from snnviz.design.registry import Range
from snnviz.design.submitted import Document, Task
from snnviz.errors import InputError, Unquoted, did_you_mean
from snnviz.events import Row
from snnviz.theory.choosing import Criterion, criterion
from snnviz.theory.metrics import METRICS

Code = tuple[int, ...]
"""A candidate: its level on each axis."""

PARTS = 100
"""Steps of the progress of one training."""

MOST_COSTS = 2
NO_COST = ("accuracy", "loss", "validation_accuracy", "validation_loss", "seconds")
"""Metrics that are no cost: what is weighed against costs, and what another machine measures otherwise."""

RATE = "rate"
"""Of which less is a cost here, and neither better nor worse in itself."""

COUNTED = ("count", "energy")
"""Forms of metrics that are weighed by their orders of magnitude."""

Iterations = Annotated[int, Range(1, 200, "How often candidates are chosen.", 1)]
Parallel = Annotated[int, Range(1, 16, "Candidates chosen at a time.", 1, "Chosen at a time")]
Repeats = Annotated[int, Range(1, 10, "Trainings of each candidate, other seeds each; it is told their mean.", 1)]
Levels = Annotated[int, Range(2, 64, "Values of a range without a count, such as 0.5..1.5.", 1, "Values of a range")]


def offered_costs() -> tuple[str, ...]:
    """Returns the names of the metrics that can be traded off against accuracy.

    >>> {"operations", "rate", "energy", "parameters"} <= {*offered_costs()}, "accuracy" in offered_costs()
    (True, False)
    """
    return tuple(
        metric.name for metric in METRICS if (metric.better or metric.name == RATE) and metric.name not in NO_COST
    )


def check_costs(text: str) -> str:
    """Returns a text with the names of one or two cost metrics, separated by commas, without spaces. Raises
    `InputError`.
    """
    names, known = [name.strip() for name in text[:200].split(",")], offered_costs()
    for name in names:
        if name not in known:
            raise InputError("costs", f"be of {', '.join(known)}", name, did_you_mean(name, known))
    if len(names) > MOST_COSTS or len({*names}) < len(names):
        raise InputError("costs", f"be one or {MOST_COSTS} different metrics", text)
    return ",".join(names)


def _design(value: object) -> Design:
    try:
        return value if isinstance(value, Design) else Design.check(value)
    except InputError as error:
        raise error.inside("design") from None


Costs = Annotated[str, AfterValidator(check_costs)]


class FrontSearch(Task):
    """Task: find the designs along some axes that are Pareto optimal in accuracy and one or two costs, by training a
    few.

    Candidates are chosen by qLogNEHVI (Ament et al. 2023) or at random. Accuracy is measured on the images that the
    design holds out (`data.validation`); if it holds none out, on the test images, and the result says so.
    """

    kind = "front"
    noun = "a search for a front"
    field = "search for a front"

    design: Annotated[Design, PlainValidator(_design), PlainSerializer(lambda design: design.document())]
    """The base: what the axes leave as it is. It is the first candidate, where it lies on all axes."""

    vary: tuple[str, ...]
    """The axes, as an experiment's (`design.axes`)."""

    costs: Costs = "operations"
    """One or two metrics beside accuracy, separated by commas."""

    strategy: Literal["qlognehvi", "random"] = "qlognehvi"
    iterations: Iterations = 10
    parallel: Parallel = 2
    repeats: Repeats = 1
    levels: Levels = 9
    seed: Annotated[int, Range(0, 2**31 - 1, "Seed of the choice of candidates.", 1)] = 0

    @field_validator("vary", mode="before")
    @classmethod
    def _texts(cls, value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
            raise InputError("vary", "be texts of the form path=values", value)
        if not 1 <= len(value) <= MOST_AXES:
            raise InputError("vary", f"be 1 to {MOST_AXES} axes", Unquoted(f"{len(value)}"))
        return tuple(text.strip() for text in value)

    @model_validator(mode="after")
    def _can_be_searched(self) -> FrontSearch:
        for text in self.vary:
            if level_count(text, self.design) > MOST_LEVELS:
                raise InputError("vary", f"have at most {MOST_LEVELS:,} values of a field", text)
        fields = [name for axis in self.axes for name in axis.fields]
        if twice := [name for place, name in enumerate(fields) if name in fields[:place]]:
            raise InputError("vary", "vary each field once", twice[0])
        if fixed := {"seed", "data.validation"} & {*fields}:
            raise InputError("vary", "leave seed and data.validation as they are in a search", min(fixed))
        if self.design.seed + self.repeats > 2**31:
            raise InputError("design.seed", "leave room for the seeds of all trainings", self.design.seed)
        return self

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The varied fields with their levels; a range without a count is divided into `levels` values."""
        shares = [place / (self.levels - 1) for place in range(self.levels)]
        return tuple(parse_axis(text, self.design, shares) for text in self.vary)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each axis of the search."""
        return tuple(len(axis.levels) for axis in self.axes)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of the metrics that are traded off: accuracy, then the costs."""
        return ("accuracy", *self.costs.split(","))

    @property
    def trials(self) -> int:
        """Largest number of candidate designs that are trained: fewer if not all combinations are valid designs."""
        return min(self.iterations * self.parallel, prod(self.sizes))

    @property
    def criterion(self) -> Criterion:
        """The accuracy by which candidate designs are judged (validation or test), with a text that says so."""
        held = 1.0 if self.design.data.validation else None
        return criterion([{"accuracy": 1.0, "validation_accuracy": held}])

    def seeds(self) -> range:
        """Returns the seeds with which each candidate design is trained, the same for all candidates."""
        return range(self.design.seed, self.design.seed + self.repeats)


class FrontSetting(Document):
    """Settings of searches for a Pareto front along an experiment's axes, on the page or on the command line."""

    noun = "a search for a front"

    costs: Costs = "operations"
    iterations: Iterations = 10
    parallel: Parallel = 2
    repeats: Repeats = 1
    searches: Annotated[int, Range(1, 10, "Searches of each kind, each with a seed of its own.", 1)] = 1
    random: Literal["with", "without"] = "with"
    """Whether a random search stands beside each search."""


@lru_cache(maxsize=64)
def front_searches(base: Design, vary: tuple[str, ...], setting: FrontSetting) -> tuple[FrontSearch, ...]:
    """Returns the search tasks for a Pareto front along the axes `vary`: for each seed one by qLogNEHVI and, if set, a
    random one for comparison.

    >>> [(one.strategy, one.seed) for one in front_searches(Design(), ("neuron.threshold=0.5..1.5",), FrontSetting())]
    [('qlognehvi', 0), ('random', 0)]
    """
    kinds = ("qlognehvi", "random") if setting.random == "with" else ("qlognehvi",)
    shared = {name: getattr(setting, name) for name in ("costs", "iterations", "parallel", "repeats")}
    own = {"design": base, "vary": vary, **shared}
    return tuple(
        FrontSearch.from_sparse({**own, "strategy": kind, "seed": seed})
        for seed in range(setting.searches)
        for kind in kinds
    )


@lru_cache(maxsize=4096)
def candidate_design(search: FrontSearch, code: Code) -> Design | str:
    """Returns the design of a candidate (given by its levels) with the first seed; a sentence that says why not if its
    settings do not fit together.
    """
    settings = {
        path: value for axis, level in zip(search.axes, code, strict=True) for path, value in axis.levels[level].items()
    }
    try:
        return links.change(search.design, settings)
    except InputError as error:
        return str(error)


@lru_cache(maxsize=256)
def base_code(search: FrontSearch) -> Code | None:
    """Returns the code (level on each axis) of the base design; None if one of its values is not on the axis."""
    flat, found = links.flatten(search.design), []
    for axis in search.axes:
        places = [n for n, level in enumerate(axis.levels) if all(flat.get(k) == v for k, v in level.items())]
        if not places:
            return None
        found.append(places[0])
    return tuple(found)


def format_code(code: Code) -> str:
    """Returns a candidate design's code, its level on each axis, as text.

    >>> format_code((0, 12)), parse_code("0-12")
    ('0-12', (0, 12))
    """
    return "-".join(map(str, code))


def parse_code(text: str) -> Code:
    """Returns the code, a level for each axis, from a text by `format_code`."""
    return tuple(map(int, text.split("-")))


@dataclass(frozen=True, slots=True)
class FrontTrial(Row):
    """Row: one training of a candidate design in a search for a Pareto front.

    number: index of the candidate, in the order in which they were chosen. iteration: in which it was chosen. code:
    text by `format_code`. accuracy: on the test images, in [0, 1]; validation_accuracy: on those that are held out,
    None if there are none. cost, second: the metrics in `FrontSearch.costs`. why: a sentence if the training failed,
    for example by divergence; then the numbers are None.
    """

    table: ClassVar[str] = "front_trials"
    key: ClassVar[tuple[str, ...]] = ("number", "seed")

    number: int
    seed: int
    iteration: int
    code: str
    accuracy: float | None
    validation_accuracy: float | None
    cost: float | None
    second: float | None
    seconds: float
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate design of a search for a front whose trainings have all ended, with means over them.

    number: its index in the order in which they were chosen. iteration: in which it was chosen. code: its level on
    each axis. accuracy: on the test images, None if a training failed. values: the accuracy by which it is judged,
    and the costs; () if a training failed. why: a sentence on the failure, else "".
    """

    number: int
    iteration: int
    code: Code
    design: Design
    accuracy: float | None
    values: tuple[float, ...]
    why: str = ""


def finished_candidates(search: FrontSearch, trials: Sequence[FrontTrial]) -> list[Candidate]:
    """Returns the candidate designs of a search for a Pareto front whose trainings have all ended, with means over
    them, in the order in which they were chosen.
    """
    several: dict[int, list[FrontTrial]] = {}
    for trial in sorted(trials, key=lambda trial: (trial.number, trial.seed)):
        several.setdefault(trial.number, []).append(trial)
    return [_candidate(search, own) for own in several.values() if len(own) == search.repeats or own[-1].why]


def _candidate(search: FrontSearch, trials: Sequence[FrontTrial]) -> Candidate:
    first, code = trials[0], parse_code(trials[0].code)
    design = candidate_design(search, code)
    assert isinstance(design, Design)
    why = next((trial.why for trial in trials if trial.why), "")
    names = (search.criterion.metric, "cost", "second")[: len(search.objectives)]
    columns = [[getattr(trial, name) for trial in trials] for name in names]
    means = () if why else tuple(sum(column) / len(column) for column in columns)
    tested = None if why else sum(trial.accuracy or 0.0 for trial in trials) / len(trials)
    return Candidate(first.number, first.iteration, code, design, tested, means, why)


def to_minimise(search: FrontSearch, values: tuple[float, ...]) -> tuple[float, ...]:
    """Returns a candidate's objective `values` as quantities to minimise: 1 - accuracy, and the costs, where counts
    become log10(1 + cost).
    """
    found = [1 - values[0]]
    for name, value in zip(search.costs.split(","), values[1:], strict=True):
        metric = METRICS[name]
        number = log10(1 + value) if metric.form in COUNTED and value >= 0 else value
        found.append(-number if metric.better == "more" else number)
    return tuple(found)
