"""The settings of the view Weigh: objectives with their directions, and limits.

>>> asked = Weighing.check({"objectives": "accuracy,operations", "limits": "rate<0.06,parameters<=50000"})
>>> [f"{one.label}: {one.direction}" for one in asked.parsed_objectives]
['Test accuracy: more', 'Operations: less']
>>> asked.bounds
(Limit(metric='rate', above=None, below=0.06), Limit(metric='parameters', above=None, below=50000.0))
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, PlainSerializer, field_validator

from snnviz.design.links import format_number
from snnviz.design.submitted import Document
from snnviz.errors import InputError, Unquoted, did_you_mean
from snnviz.theory.directions import Direction
from snnviz.theory.metrics import METRICS, Metric

T = TypeVar("T")

NO_OBJECTIVE = ("estimated", "probe", "rate_before", "silent_before")
"""Metrics that say how others came about, or how a network began: nobody chooses by them."""

VALIDATION = {"accuracy": "validation_accuracy", "loss": "validation_loss"}
"""Metrics of the test images, and the same of images that were held out of training."""

MOST_LIMITS = 8

_LIMIT = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(<=|>=|<|>)\s*([-+0-9.eE]{1,40})\s*(%?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric to optimise, with its direction; less is better for a metric that has none (the firing rate)."""

    metric: Metric

    @property
    def name(self) -> str:
        """Name of the metric that is the objective, such as "accuracy"."""
        return self.metric.name

    @property
    def label(self) -> str:
        """Label of the metric for pages, such as "Test accuracy"."""
        return self.metric.label

    @property
    def direction(self) -> Direction:
        """The direction in which the metric is better: "more" or "less"."""
        return "more" if self.metric.better == "more" else "less"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on a metric's mean over seeds: at least `above` and at most `below`; None for no bound."""

    metric: str
    above: float | None = None
    below: float | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The bounds as texts, as they are written in a link, such as "rate<=0.06"."""
        ends = (("<=", self.below), (">=", self.above))
        return tuple(f"{self.metric}{sign}{format_number(end)}" for sign, end in ends if end is not None)


def available_objectives() -> tuple[Objective, ...]:
    """Returns all metrics that can be chosen as objectives, with their directions."""
    return tuple(Objective(metric) for metric in METRICS if metric.name not in NO_OBJECTIVE)


def get_objective(name: str) -> Objective:
    """Returns the objective with this metric's name. Raises `InputError` if there is none."""
    known = [one.name for one in available_objectives()]
    if name not in known:
        raise InputError(
            "objectives", "be metrics of runs, such as accuracy and synops", name, did_you_mean(name, known)
        )
    return Objective(METRICS[name])


def parse_limit(text: str) -> Limit:
    """Returns the limit of a text such as ``rate<0.06`` or ``rate<6%``. Raises `InputError`."""
    found = _LIMIT.fullmatch(text)
    try:
        number = float(found[3]) if found else math.nan
    except ValueError:
        number = math.nan
    if found is None or not math.isfinite(number):
        raise InputError("limits", "have the form metric<number or metric>number", text[:80])
    name = check_limit_metric(found[1])
    end = number / 100 if found[4] else number
    return Limit(name, below=end) if "<" in found[2] else Limit(name, above=end)


def check_limit_metric(name: str) -> str:
    """Returns `name` if it is the name of a metric that can be limited. Raises `InputError` otherwise."""
    try:
        return get_objective(name).name
    except InputError:
        known = [one.name for one in available_objectives()]
        raise InputError("limits", "be of metrics of runs", name, did_you_mean(name, known)) from None


def _listed(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed), PlainSerializer(",".join)]
"""Texts, joined by commas in links."""


class Weighing(Document):
    """Settings of the view Weigh: which runs are shown, two or three objectives, and limits. Raises `InputError`.

    of: the runs of the experiment, those that match the filter `where`, or all of the store.
    """

    noun = "a weighing"

    of: Literal["experiment", "filter", "store"] = "experiment"
    where: str = ""
    """A filter in words (`store.filters`)."""

    objectives: Texts = ("accuracy", "operations")
    """The first is drawn upwards, the second across, the third as colour."""

    limits: Texts = ()
    """Such as ``rate<=0.06``."""

    field: str = ""
    """Whose marginal effect is drawn; "": the most important one's."""

    across: str = ""
    down: str = ""
    """The fields of maps; "": the most important ones."""

    point: str = ""
    """The key of the group that is open."""

    @field_validator("objectives")
    @classmethod
    def _two_or_three(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not 2 <= len(value) <= 3:
            raise InputError("objectives", "be two or three metrics", Unquoted(f"{len(value)}"))
        if len(set(value)) < len(value):
            raise InputError("objectives", "be different metrics", ",".join(value))
        return tuple(get_objective(name).name for name in value)

    @field_validator("limits")
    @classmethod
    def _few(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 2 * MOST_LIMITS:
            raise InputError("limits", f"be at most {2 * MOST_LIMITS}", Unquoted(f"{len(value)}"))
        return tuple(text for limit in merge_limits([parse_limit(text) for text in value]) for text in limit.texts)

    @field_validator("where", "field", "across", "down")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value) > 500 or not value.isprintable():
            raise InputError("weighing", "have texts of at most 500 characters in one line", value[:80])
        return value.strip()

    @field_validator("point")
    @classmethod
    def _key(cls, value: str) -> str:
        if not re.fullmatch(r"[0-9A-Za-z_-]{0,80}", value, re.ASCII):
            raise InputError("point", "be the key of a group of runs", value[:80])
        return value

    @property
    def parsed_objectives(self) -> tuple[Objective, ...]:
        """The chosen objectives, parsed: metrics with their directions."""
        return tuple(get_objective(name) for name in self.objectives)

    @property
    def bounds(self) -> tuple[Limit, ...]:
        """The limits, parsed, one for each metric."""
        return merge_limits([parse_limit(text) for text in self.limits])


def merge_limits(limits: Sequence[Limit]) -> tuple[Limit, ...]:
    """Returns one limit for each metric, the tightest of the given ones.

    >>> merge_limits([Limit("rate", below=0.1), Limit("rate", above=0.01), Limit("rate", below=0.2)])
    (Limit(metric='rate', above=0.01, below=0.1),)
    """
    found: dict[str, Limit] = {}
    for limit in limits:
        known = found.get(limit.metric, Limit(limit.metric))
        above, below = _tighter(max, known.above, limit.above), _tighter(min, known.below, limit.below)
        found[limit.metric] = Limit(limit.metric, above, below)
    return tuple(found.values())


def _tighter(choose: Callable[..., float], a: float | None, b: float | None) -> float | None:
    ends: list[Any] = [end for end in (a, b) if end is not None]
    return choose(ends) if ends else None
