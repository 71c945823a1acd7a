"""The metric `footprint`: memory of a network in bytes."""

from __future__ import annotations

from snnviz.graph.architectures import build_architecture
from snnviz.theory.costs import parameter_count
from snnviz.theory.metrics import Metric, Outcome

FLOAT32, FLOAT64 = 4, 8


def footprint(run: Outcome) -> float:
    """Returns the bytes of all parameters and running statistics: 4 per number, 8 in a TTFS (time-to-first-spike)
    network (with its time windows).
    """
    layers = build_architecture(run.design).layers
    statistics = sum(2 * layer.out_shape[0] for layer in layers if layer.normed)
    if run.design.network.code != "ttfs":
        return FLOAT32 * (parameter_count(run.design) + statistics)
    return FLOAT64 * (parameter_count(run.design) + statistics + len(layers))


METRICS = (
    Metric(
        name="footprint",
        label="Footprint",
        help="Bytes of all that is kept for inference: parameters and running statistics of normalisation, not the "
        "state of neurons (NeuroBench: footprint).",
        form="count",
        unit="bytes",
        better="less",
        read=footprint,
        listed=False,
    ),
)
