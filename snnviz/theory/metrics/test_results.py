"""Metrics of the test set after the last epoch: accuracy and loss."""

from __future__ import annotations

from snnviz.events import EpochEnd
from snnviz.theory.metrics import Metric, Outcome

BEGUN = "None before the end of the first epoch."


def accuracy(run: Outcome) -> float | None:
    """Returns the test accuracy after the last epoch, in [0, 1], or None before the end of the first epoch."""
    ends = run.rows(EpochEnd)
    return ends[-1].test_accuracy if ends else None


def loss(run: Outcome) -> float | None:
    """Returns the mean test loss after the last epoch, or None before the end of the first epoch."""
    ends = run.rows(EpochEnd)
    return ends[-1].test_loss if ends else None


METRICS = (
    Metric(
        name="accuracy",
        label="Test accuracy",
        help="Share of the test images that are told right.",
        form="share",
        better="more",
        rows=(EpochEnd,),
        read=accuracy,
        none=BEGUN,
    ),
    Metric(
        name="loss",
        label="Test loss",
        help="Of the test images, a mean; by the loss that is learnt from.",
        form="number",
        better="less",
        rows=(EpochEnd,),
        read=loss,
        none=BEGUN,
        listed=False,
    ),
)
