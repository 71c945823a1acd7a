"""Hardware limits of a TTFS network, and the task of fine-tuning it under them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from snnviz.design.design import DesignField
from snnviz.design.part import Part
from snnviz.design.registry import Range
from snnviz.design.submitted import Task
from snnviz.errors import InputError
from snnviz.events import Row
from snnviz.graph.ttfs import check_has_ttfs_twin

Axis = Literal["weight_bits", "time_bits", "jitter", "latency"]

AXES: dict[Axis, tuple[float, ...]] = {
    "weight_bits": (8, 7, 6, 5, 4, 3, 2),
    "time_bits": (8, 7, 6, 5, 4, 3, 2),
    "jitter": (0.05, 0.1, 0.2, 0.4, 0.8),
    "latency": (1, 2, 4, 8, 16),
}
"""The values of each limit on its curve, from weak to strong."""


WeightBits = Annotated[
    int, Range(0, 16, "Bits of a weight; 0: weights are as they are.", 1, "Bits of a weight (0: no limit)")
]
Levels = Literal["without-zero", "with-zero"]
"""Levels of quantised weights: 2^b, none of which is 0 (mid-rise), or 2^b - 1 with 0 in the middle (mid-tread,
symmetric).
"""

Outliers = Annotated[
    float,
    Range(
        0,
        0.1,
        "Share of a layer's weights that are beyond the range in which they are quantised.",
        0.001,
        "Outliers: share of weights beyond their range",
    ),
]
Latency = Annotated[
    float,
    Range(
        1,
        50,
        "So many times shorter are the windows of the hidden layers.",
        1,
        "Latency: windows so many times shorter",
    ),
]
Jitter = Annotated[
    float,
    Range(
        0,
        2,
        "Standard deviation of a spike's time, in tau_c: the input's window is 1 long.",
        0.05,
        "Jitter of spikes, in τ_c",
    ),
]
TimeBits = Annotated[
    int, Range(0, 16, "Bits of a spike's time in its window; 0: any time.", 1, "Bits of a spike's time (0: no limit)")
]
Epochs = Annotated[int, Range(1, 100, "Passes over the training images through the limits.", 1)]
LearningRate = Annotated[float, Range(1e-6, 1, "Step size at the first of them.", 0.0005)]


class HardwareLimits(Part):
    """Limits of a chip on weights and spikes; see `ttfs.theory.limits`. They apply in the order of the fields.

    >>> HardwareLimits(weight_bits=4).text, HardwareLimits().text
    ('weight_bits=4', 'none')
    """

    weight_bits: WeightBits = 0
    levels: Levels = "without-zero"
    outliers: Outliers = 0.0
    latency: Latency = 1.0
    jitter: Jitter = 0.0
    time_bits: TimeBits = 0

    @model_validator(mode="after")
    def _removes_outliers_of_something(self) -> HardwareLimits:
        if self.outliers and not self.weight_bits:
            raise InputError("limits.outliers", "be 0 where limits.weight_bits is 0", self.outliers)
        if self.levels == "with-zero" and self.weight_bits < 2:
            rule = "be without-zero where limits.weight_bits is below 2"
            raise InputError("limits.levels", rule, self.levels)
        return self

    @property
    def text(self) -> str:
        """The limits that are set, such as "weight_bits=4, jitter=0.1"; "none" if there are none."""
        told = self.model_dump(exclude_defaults=True)
        texts = {name: value if isinstance(value, str) else f"{value:g}" for name, value in told.items()}
        return ", ".join(f"{name}={text}" for name, text in texts.items()) or "none"


class FineTuning(Task):
    """Task: the accuracy of a trained network under hardware limits, before and while it is fine-tuned."""

    kind = "finetuning"
    noun = "a fine-tuning"
    field = "fine-tuning"

    design: DesignField
    """The network as it is trained without limits: ReLUs, or the TTFS network that computes the same."""

    limits: HardwareLimits = HardwareLimits()
    epochs: Epochs = 5
    learning_rate: LearningRate = 0.001

    @model_validator(mode="after")
    def _has_a_twin(self) -> FineTuning:
        check_has_ttfs_twin(self.design)
        if self.design.neuron.kind != "relu":
            raise InputError("design.neuron.kind", "be relu", self.design.neuron.kind)
        if self.design.ttfs.slope != "one":
            raise InputError("design.ttfs.slope", "be one where there are limits", self.design.ttfs.slope)
        return self


@dataclass(frozen=True, slots=True)
class Tuned(Row):
    """Results of a TTFS (time-to-first-spike) network under hardware limits after an epoch of fine-tuning; epoch 0:
    before fine-tuning.

    accuracy 0..1, mean loss and spikes per hidden neuron on the test images. latency: time at which the readout is
    read, in units of tau_c. validation_accuracy, validation_loss: on the images that the design holds out (None if it
    holds none out).
    """

    table: ClassVar[str] = "tunings"
    key: ClassVar[tuple[str, ...]] = ("epoch",)

    epoch: int
    accuracy: float
    loss: float
    spikes: float
    latency: float
    validation_accuracy: float | None = None
    validation_loss: float | None = None
