"""Metrics of the duration of a run."""

from __future__ import annotations

from snnviz.theory.metrics import Metric

METRICS = (
    Metric(
        name="seconds",
        label="Training time",
        help="Seconds that a core of this machine spent on it.",
        form="seconds",
        unit="s",
        better="less",
        read=lambda run: run.seconds or None,
        none="None before the first training step, and of runs that came with snnviz, which another machine trained.",
    ),
)
