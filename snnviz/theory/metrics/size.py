"""How large a network is."""

from __future__ import annotations

from snnviz.theory.costs import parameters
from snnviz.theory.metrics import Metric

METRICS = (
    Metric(
        name="parameters",
        label="Parameters",
        help="Weights, biases and what else is learnt.",
        form="count",
        better="less",
        read=lambda run: parameters(run.design),
    ),
)
