"""A metric that snnviz does not know: this file, named by ``SNNVIZ_METRICS=tests.toys.metric``, is all of it."""

from __future__ import annotations

from snnviz.events import EpochEnd
from snnviz.theory.metrics import Metric, Outcome


def overfit(run: Outcome) -> float | None:
    """Training accuracy less test accuracy after the last epoch."""
    ends = run.rows(EpochEnd)
    return ends[-1].train_accuracy - ends[-1].test_accuracy if ends else None


METRICS = (
    Metric(
        name="toy_overfit",
        label="Overfitting",
        help="Training accuracy less test accuracy.",
        form="share",
        better="less",
        rows=(EpochEnd,),
        read=overfit,
        none="None before the end of the first epoch.",
    ),
)
