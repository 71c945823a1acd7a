"""The study of the activity penalty: one TTFS design with several weights of its penalty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from pydantic import field_validator

from snnviz.design.design import Design
from snnviz.design.parts import Ttfs
from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError
from snnviz.graph.ttfs import ttfs_network
from snnviz.studies.ttfs.curves import clamp_first_seed

MAX_PENALTIES = 20
"""Largest number of penalties in a study."""

PAPER_SPIKES = 0.3
"""Mean spikes per neuron of the networks of Stanojevic et al. 2023."""


class PenaltyStudy(Document):
    """Settings of a study of the activity penalty: the weights of the penalty that are compared, and the number of
    seeds.

    >>> PenaltyStudy(values="1, 0,0.50").values
    '0,0.5,1'
    """

    noun = "a study of penalties"

    values: str = "0,0.1,0.3,1,3,10"
    """Weights of the penalty, separated by commas."""

    seeds: Annotated[int, Range(1, 10, "Runs of each value; their seeds follow the design's own.", 1)] = 3

    @field_validator("values", mode="before")
    @classmethod
    def _numbers(cls, text: object) -> str:
        limits = next(item for item in Ttfs.model_fields["penalty"].metadata if isinstance(item, Range))
        parts = text.split(",") if isinstance(text, str) and len(text) <= 400 else []
        found = sorted({number for part in parts if (number := _number(part)) is not None})
        read = sum(bool(part.strip()) for part in parts)
        fits = found and len(found) <= MAX_PENALTIES and read == sum(_number(part) is not None for part in parts)
        if not fits or found[0] < limits.low or found[-1] > limits.high:
            rule = f"be at most {MAX_PENALTIES} numbers from {limits.low:g} to {limits.high:g}, such as 0,0.1,1"
            raise InputError("values", rule, text)
        return ",".join(f"{number:g}" for number in found)

    @property
    def penalties(self) -> tuple[float, ...]:
        """The weights of the penalty as numbers, ascending."""
        return tuple(map(float, self.values.split(",")))


def _number(text: str) -> float | None:
    try:
        number = float(f"{float(text):g}") if len(text) <= 40 and "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True, slots=True)
class PenaltyRun:
    """One run of a study of the activity penalty: the weight of the penalty and the design."""

    penalty: float
    design: Design


def penalty_runs(design: Design, study: PenaltyStudy) -> tuple[PenaltyRun, ...]:
    """Returns the runs of a study of the activity penalty, seed by seed, so that a first curve is complete early.

    Raises `InputError` for a design without a TTFS twin.

    >>> from snnviz.studies.ttfs.curves import default_design
    >>> [each.penalty for each in penalty_runs(default_design(), PenaltyStudy(values="0,1", seeds=1))]
    [0.0, 1.0]
    """
    network = ttfs_network(design)
    first = clamp_first_seed(design, study.seeds)
    return tuple(
        PenaltyRun(
            penalty,
            network.model_copy(
                update={"seed": seed, "ttfs": network.ttfs.model_copy(update={"penalty": penalty})},
            ),
        )
        for seed in range(first, first + study.seeds)
        for penalty in study.penalties
    )
