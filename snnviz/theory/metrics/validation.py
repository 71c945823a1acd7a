"""The metrics `validation_accuracy` and `validation_loss` on the training images that a run holds out."""

from __future__ import annotations

from snnviz.events import EpochEnd
from snnviz.theory.metrics import Metric, Outcome

NONE = "None where the design holds no images out (`data.validation`), and before the end of the first epoch."


def validation_accuracy(run: Outcome) -> float | None:
    """Returns the accuracy (0 to 1) on held-out images after the last epoch; None without held-out images or epochs."""
    ends = run.rows(EpochEnd)
    return ends[-1].validation_accuracy if ends else None


def validation_loss(run: Outcome) -> float | None:
    """Returns the mean loss on held-out images after the last epoch; None without held-out images or epochs."""
    ends = run.rows(EpochEnd)
    return ends[-1].validation_loss if ends else None


METRICS = (
    Metric(
        name="validation_accuracy",
        label="Validation accuracy",
        help="Share of the training images that are held out which are told right. To choose by; the test set's then "
        "says what the choice reaches.",
        form="share",
        better="more",
        rows=(EpochEnd,),
        read=validation_accuracy,
        none=NONE,
        listed=False,
    ),
    Metric(
        name="validation_loss",
        label="Validation loss",
        help="Of the training images that are held out, a mean; by the loss that is learnt from.",
        form="number",
        better="less",
        rows=(EpochEnd,),
        read=validation_loss,
        none=NONE,
        listed=False,
    ),
)
