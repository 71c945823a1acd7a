"""Limits of hardware as a question: what is left of a network's accuracy before and after training on, as curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

from pydantic import model_validator

from snnviz.design import naming
from snnviz.design.design import Design
from snnviz.design.links import meant
from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.graph.ttfs import relu_network
from snnviz.studies.ttfs.limits import (
    AXES,
    Axis,
    Epochs,
    FineTuning,
    Jitter,
    Latency,
    LearningRate,
    Levels,
    Limits,
    Outliers,
    TimeBits,
    WeightBits,
)


class LimitStudy(Document):
    """How the points of a curve are made."""

    noun = "a study of limits"

    epochs: Epochs = 5
    learning_rate: LearningRate = 0.001
    levels: Levels = "without-zero"
    outliers: Outliers = 0.0
    seeds: Annotated[int, Range(1, 10, "Networks of each point; their seeds follow the design's own.", 1)] = 1


class LimitSetting(LimitStudy):
    """What the page shows: limits all at once, and of which a curve is drawn."""

    weight_bits: WeightBits = 4
    latency: Latency = 1.0
    jitter: Jitter = 0.0
    time_bits: TimeBits = 0
    axis: Axis = "weight_bits"

    @property
    def limits(self) -> Limits:
        """Those of the sliders."""
        given = {name: getattr(self, name) for name in Limits.model_fields}
        return naming.meant(Limits, **given | ({} if self.weight_bits else {"outliers": 0.0, "levels": "without-zero"}))

    @model_validator(mode="after")
    def _two_bits_for_a_zero(self) -> LimitSetting:
        if self.levels == "with-zero" and self.weight_bits == 1:
            raise InputError("weight_bits", "be 0 or at least 2 where levels is with-zero", self.weight_bits)
        return self


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve, of one seed."""

    axis: Axis
    value: float
    task: FineTuning


def start() -> Design:
    """What is limited if nothing else is asked for: a ReLU network on digits, trained in a second."""
    return meant(
        {
            "data.steps": 1,
            "network.kind": "mlp",
            "network.depth": 3,
            "network.width": 128,
            "neuron.kind": "relu",
            "init": "kaiming",
            "training.learning_rate": 0.001,
        },
    )


def trained_first(design: Design) -> Design:
    """The design of which a network under limits is made. Raises `InputError` for one without a TTFS twin."""
    return design if design.network.code == "ttfs" else relu_network(design)


def first_seed(design: Design, seeds: int) -> int:
    """The design's own, or the last one that so many others can follow."""
    most = next(item for item in Design.model_fields["seed"].metadata if isinstance(item, Range)).high
    return min(design.seed, int(most) - seeds + 1)


def networks(design: Design, seeds: int) -> tuple[Design, ...]:
    """The designs that are trained without limits, of so many seeds from the design's own on."""
    first, plain = first_seed(design, seeds), trained_first(design)
    return tuple(plain.model_copy(update={"seed": seed}) for seed in range(first, first + seeds))


def tuning(design: Design, limits: Limits, study: LimitStudy) -> FineTuning:
    """One fine-tuning of a design. Raises `InputError`."""
    told = {"epochs": study.epochs, "learning_rate": study.learning_rate}
    return FineTuning.meant({"design": trained_first(design), "limits": limits, **told})


def points(design: Design, study: LimitStudy, axes: Sequence[Axis] = get_args(Axis)) -> tuple[Point, ...]:
    """Of the curves, seed by seed, so that the first ones are whole early.

    >>> [point.value for point in points(start(), LimitStudy(), ["jitter"])]
    [0.05, 0.1, 0.2, 0.4, 0.8]
    """
    found = []
    for network in networks(design, study.seeds):
        for axis in axes:
            for value in AXES[axis]:
                given: dict[str, object] = {axis: value}
                if axis == "weight_bits":
                    given |= {"outliers": study.outliers, "levels": study.levels}
                found.append(Point(axis, value, tuning(network, naming.meant(Limits, **given), study)))
    return tuple(found)
