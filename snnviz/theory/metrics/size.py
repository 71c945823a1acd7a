"""Metrics of the size of a network: its parameters and dense operations."""

from __future__ import annotations

from snnviz.theory.costs import parameter_count
from snnviz.theory.metrics import Metric

METRICS = (
    Metric(
        name="parameters",
        label="Parameters",
        help="Weights, biases and what else is learnt.",
        form="count",
        better="less",
        read=lambda run: parameter_count(run.design),
    ),
)
