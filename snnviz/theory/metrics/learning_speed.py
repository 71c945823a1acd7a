"""The metric `epochs_to_90`: how soon a run reaches 90 % of its best test accuracy."""

from __future__ import annotations

from snnviz.events import EpochEnd
from snnviz.theory.metrics import Metric, Outcome

SHARE = 0.9


def epochs_to_90(run: Outcome) -> float | None:
    """Returns the first epoch whose test accuracy is at least 90 % of the run's best; None before the first epoch
    ends.
    """
    ends = run.rows(EpochEnd)
    if not ends:
        return None
    best = max(end.test_accuracy for end in ends)
    return next(end.epoch for end in ends if end.test_accuracy >= SHARE * best)


METRICS = (
    Metric(
        name="epochs_to_90",
        label="Epochs to 90 %",
        help="The first epoch after which the test accuracy is 90 % of the best of this run.",
        form="count",
        better="less",
        rows=(EpochEnd,),
        read=epochs_to_90,
        none="None before the end of the first epoch.",
        listed=False,
    ),
)
