"""Curves of accuracy over hardware limits, before and after fine-tuning, as lists of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

from pydantic import model_validator

from snnviz.design import naming
from snnviz.design.design import Design
from snnviz.design.links import from_sparse
from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.graph.ttfs import relu_network
from snnviz.studies.ttfs.limits import (
    AXES,
    Axis,
    Epochs,
    FineTuning,
    HardwareLimits,
    Jitter,
    Latency,
    LearningRate,
    Levels,
    Outliers,
    TimeBits,
    WeightBits,
)


class LimitStudy(Document):
    """Settings of the fine-tunings that are the points of a curve of accuracy over a hardware limit."""

    noun = "a study of limits"

    epochs: Epochs = 5
    learning_rate: LearningRate = 0.001
    levels: Levels = "without-zero"
    outliers: Outliers = 0.0
    seeds: Annotated[int, Range(1, 10, "Networks of each point; their seeds follow the design's own.", 1)] = 1


class LimitSettings(LimitStudy):
    """Settings of the page's view on hardware limits: limits that are applied together, and the limit over which a
    curve is drawn.
    """

    weight_bits: WeightBits = 4
    latency: Latency = 1.0
    jitter: Jitter = 0.0
    time_bits: TimeBits = 0
    axis: Axis = "weight_bits"

    @property
    def limits(self) -> HardwareLimits:
        """The hardware limits set by the sliders."""
        given = {name: getattr(self, name) for name in HardwareLimits.model_fields}
        return naming.from_sparse(
            HardwareLimits, **given | ({} if self.weight_bits else {"outliers": 0.0, "levels": "without-zero"})
        )

    @model_validator(mode="after")
    def _two_bits_for_a_zero(self) -> LimitSettings:
        if self.levels == "with-zero" and self.weight_bits == 1:
            raise InputError("weight_bits", "be 0 or at least 2 where levels is with-zero", self.weight_bits)
        return self


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a curve of accuracy over a hardware limit, for one seed: the limit, its value, and the fine-tuning
    task.
    """

    axis: Axis
    value: float
    task: FineTuning


def default_design() -> Design:
    """Returns the network used by default for hardware limits: a ReLU network on digits, trained in a second."""
    return from_sparse(
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


def pretrained_design(design: Design) -> Design:
    """Returns the design of the network that is trained without hardware limits. Raises `InputError` for one without a
    TTFS (time-to-first-spike) twin.
    """
    return design if design.network.code == "ttfs" else relu_network(design)


def clamp_first_seed(design: Design, seeds: int) -> int:
    """Returns the first of `seeds` consecutive seeds: the design's own, or the largest after which enough seeds are
    left.
    """
    most = next(item for item in Design.model_fields["seed"].metadata if isinstance(item, Range)).high
    return min(design.seed, int(most) - seeds + 1)


def pretrained_designs(design: Design, seeds: int) -> tuple[Design, ...]:
    """Returns the designs of the networks that are trained without hardware limits, one for each of `seeds` seeds from
    the design's own on.
    """
    first, plain = clamp_first_seed(design, seeds), pretrained_design(design)
    return tuple(plain.model_copy(update={"seed": seed}) for seed in range(first, first + seeds))


def finetuning_task(design: Design, limits: HardwareLimits, study: LimitStudy) -> FineTuning:
    """Returns the task that fine-tunes a design under these hardware limits. Raises `InputError`."""
    told = {"epochs": study.epochs, "learning_rate": study.learning_rate}
    return FineTuning.from_sparse({"design": pretrained_design(design), "limits": limits, **told})


def curve_points(design: Design, study: LimitStudy, axes: Sequence[Axis] = get_args(Axis)) -> tuple[CurvePoint, ...]:
    """Returns the points of the curves of accuracy over the given hardware limits, seed by seed, so that the first
    curves are complete early.

    >>> [point.value for point in curve_points(default_design(), LimitStudy(), ["jitter"])]
    [0.05, 0.1, 0.2, 0.4, 0.8]
    """
    found = []
    for network in pretrained_designs(design, study.seeds):
        for axis in axes:
            for value in AXES[axis]:
                given: dict[str, object] = {axis: value}
                if axis == "weight_bits":
                    given |= {"outliers": study.outliers, "levels": study.levels}
                found.append(
                    CurvePoint(
                        axis, value, finetuning_task(network, naming.from_sparse(HardwareLimits, **given), study)
                    )
                )
    return tuple(found)
