"""The metrics `silent_layers` and `silent_before`: number of layers that hardly spike."""

from __future__ import annotations

from snnviz.events import LayerState
from snnviz.theory.metrics import Metric, Outcome
from snnviz.theory.metrics.spikes import SILENT
from snnviz.theory.verdicts import SILENT_RATE


def silent_layers(run: Outcome) -> float | None:
    """Returns the number of layers that hardly spike, at the last measurement; None without spikes or before any."""
    return _silent(run, last=True)


def silent_before(run: Outcome) -> float | None:
    """Returns the number of layers that hardly spike, measured before training; None without spikes or before any."""
    return _silent(run, last=False)


def _silent(run: Outcome, *, last: bool) -> float | None:
    looks = run.rows(LayerState)
    step = (looks[-1].step if last else 0) if looks else 0
    rates = [look.rate for look in looks if look.step == step and look.rate is not None]
    return sum(rate < SILENT_RATE for rate in rates) if rates else None


METRICS = (
    Metric(
        name="silent_layers",
        label="Silent layers",
        help="Layers with less than one spike in 5,000 neuron-steps of the probe images, at the last look.",
        form="count",
        better="less",
        rows=(LayerState,),
        read=silent_layers,
        none=SILENT,
        listed=False,
    ),
    Metric(
        name="silent_before",
        label="Silent layers before",
        help="Layers with less than one spike in 5,000 neuron-steps of the probe images, before training.",
        form="count",
        rows=(LayerState,),
        read=silent_before,
        none=SILENT,
        listed=False,
    ),
)
